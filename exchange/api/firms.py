"""Firms in the API: the public part of their material in force. Nothing about natural persons."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers

from core import clock
from exchange.choices import CodeFilter
from exchange.listing import PublicDetail, PublicList
from market.models import Firm, Offering, Qualification, Service

STATUSES = [(status.value, status.label) for status in (Firm.Status.LISTED, Firm.Status.DELISTED)]


class FirmFilters(filters.FilterSet):
    """Named as the columns; `q` finds parts of a name, pinyin initials and USCCs."""

    q = filters.CharFilter(field_name="search", lookup_expr="icontains", label=_("名称、拼音首字母或统一社会信用代码"))
    uscc = filters.CharFilter(field_name="organisation__uscc", label=_("统一社会信用代码"))
    name = filters.CharFilter(field_name="organisation__name", lookup_expr="icontains", label=_("名称"))
    status = filters.ChoiceFilter(choices=STATUSES, label=_("状态"))
    service = CodeFilter(queryset=Service.objects.all(), field_name="current__offerings__service", label=_("服务代码"))
    listed_at = filters.DateFromToRangeFilter(label=_("入驻日期"))

    class Meta:
        model = Firm
        fields: list[str] = []


class FirmSerializer(serializers.ModelSerializer[Firm]):
    uscc = serializers.CharField(source="organisation.uscc")
    name = serializers.CharField(source="organisation.public_name")
    suspended = serializers.BooleanField(source="is_suspended")
    services = serializers.SerializerMethodField()

    class Meta:
        model = Firm
        fields = ["uscc", "name", "status", "suspended", "listed_at", "delisted_at", "services"]

    def get_services(self, firm: Firm) -> list[str]:
        return [each.service.code for each in firm.current.offerings.all()] if firm.current else []


class OfferingSerializer(serializers.ModelSerializer[Offering]):
    service = serializers.CharField(source="service.code")
    service_name = serializers.CharField(source="service.name")

    class Meta:
        model = Offering
        fields = ["service", "service_name", "promised_days", "price_from", "price_to"]


class QualificationSerializer(serializers.ModelSerializer[Qualification]):
    kind = serializers.CharField(source="kind.code")
    kind_name = serializers.CharField(source="kind.name")

    class Meta:
        model = Qualification
        fields = ["kind", "kind_name", "level", "number", "issuer", "valid_from", "valid_to"]


class FirmDetailSerializer(FirmSerializer):
    version = serializers.IntegerField(source="current.number")
    introduction = serializers.CharField(source="current.introduction")
    established_on = serializers.DateField(source="current.established_on", allow_null=True)
    offerings = OfferingSerializer(source="current.offerings", many=True)
    qualifications = QualificationSerializer(source="current.qualifications", many=True)

    class Meta(FirmSerializer.Meta):
        fields = [
            *FirmSerializer.Meta.fields,
            "delisted_reason",
            "version",
            "introduction",
            "established_on",
            "offerings",
            "qualifications",
        ]


def public_firms() -> QuerySet[Firm]:
    firms = Firm.objects.public().with_suspension(now=clock.now()).select_related("organisation", "current")
    return firms.prefetch_related("current__offerings__service")


class FirmList(PublicList):
    """Firms that were admitted, the latest first; suspended and delisted ones say so."""

    queryset = Firm.objects.none()  # for the schema, which is made without a database
    serializer_class = FirmSerializer
    filterset_class = FirmFilters
    ordering = ("-listed_at", "-id")

    def get_queryset(self) -> QuerySet[Firm]:
        return public_firms()


class FirmDetail(PublicDetail):
    """One firm by its USCC, with what it offers and the qualifications that it holds."""

    serializer_class = FirmDetailSerializer
    lookup_field = "organisation__uscc"
    lookup_url_kwarg = "uscc"

    def get_queryset(self) -> QuerySet[Firm]:
        return public_firms().prefetch_related("current__qualifications__kind")
