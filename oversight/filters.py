"""Filters of the lists of oversight."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind
from approvals.models import Department, District
from bidding.models import Lot
from contracts.payments.models import PaymentRequest
from core import clock
from core.choices import InReadersLanguage
from core.workdays import midnight
from market.domain.search import matching
from market.models import Firm, Project, Service
from oversight.domain.late import MONTHS
from oversight.domain.meetings import ROLLING, periods
from oversight.models import Alert, Effect, Meeting, Network, Tie
from oversight.rule_words import TITLES
from oversight.rules import RULES as OF_TIES

OVERDUE = (30, 60, 90, 180)
"""Days by which overdue payments are sifted."""
STANDING = [("yes", _("现在成立")), ("no", _("不再成立"))]
WEIGHTS = [("80", _("80 以上")), ("50", _("50 以上")), ("30", _("30 以上"))]
RULES = [(rule, format_lazy("{} {}", rule, title)) for rule, title in TITLES.items()]


class _NamedField(InReadersLanguage, django_filters.fields.ModelChoiceField):
    """A district or a service by its code, in the reader's language."""


class _NamedFilter(django_filters.ModelChoiceFilter):
    field_class = _NamedField


class AlertFilter(django_filters.FilterSet):
    """By a part of a firm's or department's name, by rule, least weight, status and the department's district."""

    q = django_filters.CharFilter(method="found", label=_("机构或部门"), max_length=60)
    rule = django_filters.ChoiceFilter(choices=RULES, label=_("规则"), empty_label=_("全部"))
    weight = django_filters.ChoiceFilter(choices=WEIGHTS, method="heavy", label=_("权重"), empty_label=_("全部"))
    status = django_filters.ChoiceFilter(choices=Alert.Status.choices, label=_("状态"), empty_label=_("全部"))
    district = _NamedFilter(
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


def _periods() -> list[tuple[str, Any]]:
    """The periods of which meetings are counted, named for people."""
    named = []
    for period in periods(clock.now().astimezone(clock.LOCAL).date()):
        months = ROLLING.get(period.code)
        text = format_lazy(_("最近 {n} 个月"), n=months) if months else format_lazy(_("{year} 年"), year=period.code)
        named.append((period.code, text))
    return named


class NetworkFilter(django_filters.FilterSet):
    """One of the networks that are kept, by period and service; of it the pairs of some firms."""

    q = django_filters.CharFilter(label=_("机构名称或统一社会信用代码"), max_length=60)
    period = django_filters.ChoiceFilter(choices=_periods, label=_("时间范围"), empty_label=None)
    service = _NamedFilter(
        queryset=Service.objects.filter(pk__in=Network.objects.values("service")).order_by("code"),
        to_field_name="code", label=_("服务"), empty_label=_("全部服务"),
    )  # fmt: skip

    class Meta:
        model = Meeting
        fields: list[str] = []

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """Which network: the usual period where none is chosen, or one that is not there."""
        given = self.form.cleaned_data if self.form.is_valid() else {}
        return {"period": given.get("period") or next(iter(ROLLING)), "service": given.get("service")}

    def filter_queryset(self, rows: QuerySet[Meeting]) -> QuerySet[Meeting]:
        rows = rows.filter(**{f"network__{name}": value for name, value in self.chosen.items()})
        text = self.form.cleaned_data.get("q", "")
        if text:
            firms = matching(Firm.objects.all(), text)
            rows = rows.filter(Q(low__in=firms) | Q(high__in=firms))
        return rows

    def query(self, **more: str) -> str:
        """What is chosen, as an address's query."""
        service = self.chosen["service"]
        return urlencode({"period": self.chosen["period"], **({"service": service.code} if service else {}), **more})


class MetFilter(django_filters.FilterSet):
    """Rounds of a pair by the same periods and services."""

    period = django_filters.ChoiceFilter(
        choices=_periods, method="within", label=_("时间范围"), empty_label=_("全部时间")
    )
    service = _NamedFilter(
        queryset=Service.objects.order_by("code"), field_name="round__service", to_field_name="code", label=_("服务"),
        empty_label=_("全部服务"),
    )  # fmt: skip

    class Meta:
        model = Lot
        fields: list[str] = []

    def within(self, rows: QuerySet[Lot], _name: str, value: str) -> QuerySet[Lot]:
        today = clock.now().astimezone(clock.LOCAL).date()
        period = next(each for each in periods(today) if each.code == value)
        end = midnight(period.until + timedelta(days=1))
        return rows.filter(round__opened_at__gte=midnight(period.since), round__opened_at__lt=end)


class LateFilter(django_filters.FilterSet):
    """Departments by a part of the name and by district; and how far back what was decided is looked at."""

    q = django_filters.CharFilter(
        field_name="organisation__name", lookup_expr="icontains", label=_("审批部门"), max_length=60
    )
    months = django_filters.ChoiceFilter(
        choices=[(str(n), format_lazy(_("最近 {n} 个月"), n=n)) for n in MONTHS], method="unchanged", label=_("办结时间"),
        empty_label=None,
    )  # fmt: skip
    district = _NamedFilter(
        queryset=District.objects.order_by("code"), to_field_name="code", label=_("区县市"), empty_label=_("全市")
    )

    class Meta:
        model = Department
        fields: list[str] = []

    @property
    def chosen_months(self) -> int:
        """The fewest where none are chosen, or a number that is not offered."""
        chosen = self.form.cleaned_data.get("months") if self.form.is_valid() else ""
        return int(chosen or MONTHS[0])

    def unchanged(self, rows: QuerySet[Department], _name: str, _value: str) -> QuerySet[Department]:
        return rows


class UnpaidFilter(django_filters.FilterSet):
    """Overdue requests by the owner's name, how long, and whose money it is; natural persons are not found by name."""

    q = django_filters.CharFilter(method="by_owner", label=_("业主名称或代码"), max_length=60)
    days = django_filters.ChoiceFilter(
        choices=[(str(n), format_lazy(_("逾期 {n} 日以上"), n=n)) for n in OVERDUE], method="for_long", label=_("逾期"),
        empty_label=_("全部"),
    )  # fmt: skip
    funding = django_filters.ChoiceFilter(
        choices=Project.Funding.choices, field_name="milestone__contract__project__funding", label=_("资金来源"),
        empty_label=_("全部"),
    )  # fmt: skip

    class Meta:
        model = PaymentRequest
        fields: list[str] = []

    def by_owner(self, rows: QuerySet[PaymentRequest], _name: str, value: str) -> QuerySet[PaymentRequest]:
        value = value.replace("\x00", "").strip()
        named = Q(owner__name__icontains=value) & ~Q(owner__kind=Kind.PERSON)
        return rows.filter(named | Q(owner__uscc=value) | Q(owner__code=value))

    def for_long(self, rows: QuerySet[PaymentRequest], _name: str, value: str) -> QuerySet[PaymentRequest]:
        return rows.filter(due_at__lte=clock.now() - timedelta(days=int(value)))
