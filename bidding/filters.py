"""Filters of the public lists of rounds, named as the columns that they filter."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from approvals.models import District
from bidding.models import Expert, HistoricalRound, Round
from bidding.models.rounds import RoundQuerySet
from bidding.wording import METHOD_NAMES
from market.domain.search import matching
from market.filters import CodeFilter
from market.models import Service

PUBLIC_STATUSES = [
    (status.value, status.label)
    for status in Round.Status
    if status not in (Round.Status.DRAFT, Round.Status.SUBMITTED, Round.Status.RETURNED)
]
METHODS = list(METHOD_NAMES.items())
PERIODS = [("7", _("最近 7 天")), ("30", _("最近 30 天")), ("90", _("最近 90 天")), ("365", _("最近一年"))]
ORDERS = [("closing", _("快截止的在前")), ("oldest", _("最早公告的在前"))]


def with_status(queryset: QuerySet[Round], status: str, *, now: datetime) -> QuerySet[Round]:
    """Rounds that are in a status at `now`: past its deadline a round is closed, whatever the worker has moved since."""
    if status == Round.Status.ANNOUNCED:
        return queryset.filter(status=status, closes_at__gt=now)
    if status == Round.Status.CLOSED:
        return queryset.filter(Q(status=status) | Q(status=Round.Status.ANNOUNCED, closes_at__lte=now))
    return queryset.filter(status=status)


class RoundFilter(django_filters.FilterSet):
    """The public list: words or a code, and what the columns say. `now` decides what is past its deadline."""

    q = django_filters.CharFilter(method="matching", label=_("标题、编号或业主"))
    status = django_filters.ChoiceFilter(
        choices=PUBLIC_STATUSES, method="with_status", label=_("状态"), empty_label=_("全部")
    )
    method = django_filters.ChoiceFilter(choices=METHODS, label=_("选取方式"), empty_label=_("全部"))
    district = CodeFilter(queryset=District.objects.all(), label=_("区县市"))
    service = CodeFilter(queryset=Service.objects.all(), method="asking_for", label=_("中介服务"))
    period = django_filters.ChoiceFilter(
        choices=PERIODS, method="announced_within", label=_("公告时间"), empty_label=_("不限")
    )
    order = django_filters.ChoiceFilter(
        choices=ORDERS, method="ordered", label=_("排序"), empty_label=_("最新公告的在前")
    )

    class Meta:
        model = Round
        fields: list[str] = []

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)

    def matching(self, queryset: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        return matching(queryset, value)

    def asking_for(self, queryset: RoundQuerySet, name: str, value: Service) -> RoundQuerySet:
        return queryset.asking_for(value)

    def with_status(self, queryset: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        return with_status(queryset, value, now=self.now)

    def announced_within(self, queryset: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        return queryset.filter(announced_at__gte=self.now - timedelta(days=int(value)))

    def ordered(self, queryset: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        if value == "oldest":
            return queryset.order_by("announced_at", "id")
        taking = When(status=Round.Status.ANNOUNCED, closes_at__gt=self.now, then=Value(0))
        first = Case(taking, default=Value(1), output_field=IntegerField())
        soonest = Case(When(status=Round.Status.ANNOUNCED, then=F("closes_at")))
        return queryset.order_by(first, soonest.asc(nulls_last=True), "-announced_at", "-id")


class HistoricalRoundFilter(django_filters.FilterSet):
    """Rounds of an older system, by words, kind and year."""

    historical = django_filters.CharFilter(method="passed_over", widget=forms.HiddenInput)
    q = django_filters.CharFilter(method="matching", label=_("标题或原编号"))
    kind = django_filters.ChoiceFilter(label=_("类别"), empty_label=_("全部"))
    year = django_filters.NumberFilter(
        field_name="opened_on",
        lookup_expr="year",
        label=_("年份"),
        min_value=1900,
        max_value=2200,
        widget=forms.NumberInput,
    )

    class Meta:
        model = HistoricalRound
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = HistoricalRound.objects.exclude(kind="").order_by("kind").values_list("kind", flat=True).distinct()
        self.filters["kind"].extra["choices"] = [(kind, kind) for kind in kinds]

    def passed_over(self, queryset: QuerySet[HistoricalRound], name: str, value: str) -> QuerySet[HistoricalRound]:
        """It says which list is asked for; that has been decided when this one is filtered."""
        return queryset

    def matching(self, queryset: QuerySet[HistoricalRound], name: str, value: str) -> QuerySet[HistoricalRound]:
        return matching(queryset, value)


class ExpertFilter(django_filters.FilterSet):
    """The registry of experts: by code, name or sign-in name, by service, by whether they may be drawn today."""

    q = django_filters.CharFilter(method="found", label=_("编号、姓名或登录名"), max_length=60)
    service = CodeFilter(queryset=Service.objects.order_by("code"), field_name="fields", label=_("可评审的服务"))
    status = django_filters.ChoiceFilter(
        choices=[("active", _("在册")), ("ended", _("已出册"))],
        method="of_status",
        label=_("状态"),
        empty_label=_("全部"),
    )

    class Meta:
        model = Expert
        fields: list[str] = []

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def found(self, rows: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        words = value.strip()
        return rows.filter(
            Q(code__icontains=words) | Q(user__name__icontains=words) | Q(user__username__icontains=words)
        )

    def of_status(self, rows: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        active = Expert.objects.active_on(self.today).values("pk")
        return rows.filter(pk__in=active) if value == "active" else rows.exclude(pk__in=active)
