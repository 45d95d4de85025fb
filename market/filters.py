"""Filters of the public directories."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from approvals.models import District
from core.choices import InReadersLanguage
from market.domain.search import matching
from market.models import Firm, QualificationKind, RegionalAssessment, Service, ServiceVersion

STATUSES = [("listed", _("已入驻")), ("suspended", _("暂停")), ("delisted", _("已退出"))]


class NamedField(InReadersLanguage, django_filters.fields.ModelChoiceField):
    """The field of a filter by a catalogue."""


class CodeFilter(django_filters.ModelChoiceFilter):
    """One out of a catalogue, by its code, or all."""

    field_class = NamedField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(to_field_name="code", empty_label=_("全部"), **kwargs)


class FirmFilter(django_filters.FilterSet):
    """By a part of the name, pinyin or its initials, or USCC; by service, qualification and status."""

    q = django_filters.CharFilter(method="found", label=_("名称、拼音首字母或统一社会信用代码"), max_length=60)
    service = CodeFilter(queryset=Service.objects.order_by("code"), method="offering", label=_("中介服务"))
    kind = CodeFilter(queryset=QualificationKind.objects.order_by("code"), method="qualified", label=_("资质"))
    status = django_filters.ChoiceFilter(choices=STATUSES, method="standing", label=_("状态"), empty_label=_("全部"))

    class Meta:
        model = Firm
        fields: list[str] = []

    def found(self, rows: QuerySet[Firm], name: str, value: str) -> QuerySet[Firm]:
        return matching(rows, value)

    def offering(self, rows: QuerySet[Firm], name: str, value: Service) -> QuerySet[Firm]:
        return rows.filter(current__offerings__service=value)

    def qualified(self, rows: QuerySet[Firm], name: str, value: QualificationKind) -> QuerySet[Firm]:
        return rows.filter(current__qualifications__kind=value).distinct()

    def standing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "suspended":
            return rows.filter(status=Firm.Status.LISTED, is_suspended=True)
        if value == "listed":
            return rows.filter(status=Firm.Status.LISTED, is_suspended=False)
        return rows.filter(status=value)


class ServiceFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="found", label=_("名称或拼音首字母"), max_length=60)
    necessity = django_filters.ChoiceFilter(
        choices=ServiceVersion.Necessity.choices, method="of_necessity", label=_("必要性"), empty_label=_("全部")
    )

    class Meta:
        model = Service
        fields: list[str] = []

    def found(self, rows: QuerySet[Service], name: str, value: str) -> QuerySet[Service]:
        return matching(rows, value)

    def of_necessity(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(necessity_now=value)


class RegionalFilter(django_filters.FilterSet):
    """Regional assessments by district and by the service that they stand for."""

    district = CodeFilter(
        field_name="region__district", queryset=District.objects.order_by("code"), label=_("所在区县市")
    )
    service = CodeFilter(
        queryset=Service.objects.filter(regional__isnull=False).distinct().order_by("code"), label=_("中介服务")
    )

    class Meta:
        model = RegionalAssessment
        fields: list[str] = []
