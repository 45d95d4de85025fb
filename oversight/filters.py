"""Filters of the lists of oversight."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.models import Department
from market.domain.search import matching
from market.models import Firm
from oversight.models import Effect, Tie
from oversight.rules import RULES

STANDING = [("yes", _("现在成立")), ("no", _("不再成立"))]


class TieFilter(django_filters.FilterSet):
    """Ties by rule, effect, department, firm, and whether they still stand."""

    q = django_filters.CharFilter(label=_("机构名称或统一社会信用代码"), method="by_firm")
    rule = django_filters.ChoiceFilter(
        label=_("规则"), choices=[(code, code) for code in RULES], empty_label=_("全部规则")
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
