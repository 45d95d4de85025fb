"""Filters of the lists of oversight."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from approvals.models import Department, District
from core.choices import InReadersLanguage
from market.domain.search import matching
from market.models import Firm
from oversight.models import Alert, Effect, Tie
from oversight.rule_words import TITLES
from oversight.rules import RULES as OF_TIES

STANDING = [("yes", _("现在成立")), ("no", _("不再成立"))]
WEIGHTS = [("80", _("80 以上")), ("50", _("50 以上")), ("30", _("30 以上"))]
RULES = [(rule, format_lazy("{} {}", rule, title)) for rule, title in TITLES.items()]


class _DistrictField(InReadersLanguage, django_filters.fields.ModelChoiceField):
    """A district by its code, in the reader's language."""


class _DistrictFilter(django_filters.ModelChoiceFilter):
    field_class = _DistrictField


class AlertFilter(django_filters.FilterSet):
    """By a part of a firm's or department's name, by rule, least weight, status and the department's district."""

    q = django_filters.CharFilter(method="found", label=_("机构或部门"), max_length=60)
    rule = django_filters.ChoiceFilter(choices=RULES, label=_("规则"), empty_label=_("全部"))
    weight = django_filters.ChoiceFilter(choices=WEIGHTS, method="heavy", label=_("权重"), empty_label=_("全部"))
    status = django_filters.ChoiceFilter(choices=Alert.Status.choices, label=_("状态"), empty_label=_("全部"))
    district = _DistrictFilter(
        queryset=District.objects.order_by("code"), field_name="department__district", to_field_name="code",
        label=_("区县市"), empty_label=_("全市"),
    )  # fmt: skip

    class Meta:
        model = Alert
        fields: list[str] = []

    def found(self, rows: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        value = value.replace("\x00", "").strip()
        firms = Alert.firms.through.objects.filter(firm__organisation__name__icontains=value)
        return rows.filter(pk__in=firms.values("alert")) | rows.filter(department__organisation__name__icontains=value)

    def heavy(self, rows: QuerySet[Alert], name: str, value: Any) -> QuerySet[Alert]:
        return rows.filter(weight__gte=int(value))


class TieFilter(django_filters.FilterSet):
    """Ties by rule, effect, department, firm, and whether they still stand."""

    q = django_filters.CharFilter(label=_("机构名称或统一社会信用代码"), method="by_firm")
    rule = django_filters.ChoiceFilter(
        label=_("规则"), choices=[(code, code) for code in OF_TIES], empty_label=_("全部规则")
    )
    effect = django_filters.ChoiceFilter(label=_("后果"), choices=Effect.choices, empty_label=_("全部后果"))
    department = django_filters.ModelChoiceFilter(
        label=_("审批部门"),
        queryset=Department.objects.select_related("organisation").order_by("code"),
        to_field_name="code",
        empty_label=_("全部部门"),
    )
    standing = django_filters.ChoiceFilter(
        label=_("状态"), choices=STANDING, method="by_standing", empty_label=_("全部状态")
    )

    class Meta:
        model = Tie
        fields: list[str] = []

    def by_firm(self, rows: QuerySet[Tie], _name: str, value: str) -> QuerySet[Tie]:
        return rows.filter(firm__in=matching(Firm.objects.all(), value))

    def by_standing(self, rows: QuerySet[Tie], _name: str, value: str) -> QuerySet[Tie]:
        return rows.filter(gone_at__isnull=value == "yes")
