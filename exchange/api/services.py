"""The service catalogue in the API, as it is today."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core import clock
from exchange.listing import PublicDetail, PublicList
from market.models import Service, ServiceVersion


class ServiceFilters(filters.FilterSet):
    q = filters.CharFilter(field_name="search", lookup_expr="icontains", label=_("名称、拼音首字母或代码"))
    code = filters.CharFilter(label=_("代码"))
    necessity = filters.ChoiceFilter(choices=ServiceVersion.Necessity.choices, method="needed", label=_("必要性"))

    class Meta:
        model = Service
        fields: list[str] = []

    def needed(self, queryset: QuerySet[Service], name: str, value: str) -> QuerySet[Service]:
        return queryset.filter(pk__in=in_force().filter(necessity=value).values("service"))


class VersionSerializer(serializers.ModelSerializer[ServiceVersion]):
    items: Any = serializers.SlugRelatedField(many=True, read_only=True, slug_field="code")
    qualification_kinds: Any = serializers.SlugRelatedField(many=True, read_only=True, slug_field="code")

    class Meta:
        model = ServiceVersion
        fields = [
            "number",
            "valid_from",
            "valid_to",
            "necessity",
            "legal_basis",
            "requirement",
            "standard_days",
            "items",
            "qualification_kinds",
            "note",
        ]


class ServiceSerializer(serializers.ModelSerializer[Service]):
    """A service with its version of today; null where the catalogue has none any more."""

    version = serializers.SerializerMethodField()

    class Meta:
        model = Service
        fields = ["code", "name", "name_en", "version"]

    @extend_schema_field(VersionSerializer(allow_null=True))
    def get_version(self, service: Service) -> dict[str, Any] | None:
        current: list[ServiceVersion] = getattr(service, "in_force")  # noqa: B009 (set by the prefetch)
        return dict(VersionSerializer(current[0]).data) if current else None


class ServiceDetailSerializer(ServiceSerializer):
    versions = VersionSerializer(many=True)
    successor = serializers.CharField(source="successor.code", allow_null=True, default=None)

    class Meta(ServiceSerializer.Meta):
        fields = [*ServiceSerializer.Meta.fields, "versions", "successor"]


def in_force() -> QuerySet[ServiceVersion]:
    today = clock.now().astimezone(clock.LOCAL).date()
    return ServiceVersion.objects.valid_at(today).order_by("-number")


def catalogue() -> QuerySet[Service]:
    current = in_force().prefetch_related("items", "qualification_kinds")
    return Service.objects.select_related("successor").prefetch_related(
        Prefetch("versions", current, to_attr="in_force")
    )


class ServiceList(PublicList):
    """The catalogue, by code."""

    queryset = Service.objects.none()  # for the schema, which is made without a database
    serializer_class = ServiceSerializer
    filterset_class = ServiceFilters
    ordering = ("code", "id")

    def get_queryset(self) -> QuerySet[Service]:
        return catalogue()


class ServiceDetail(PublicDetail):
    """One service by its code, with all its versions."""

    serializer_class = ServiceDetailSerializer
    lookup_field = "code"

    def get_queryset(self) -> QuerySet[Service]:
        return catalogue().prefetch_related("versions__items", "versions__qualification_kinds")
