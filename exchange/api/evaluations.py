"""A firm's public evaluations in the API. Raters by their kind, never by name; nothing about natural persons."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers

from core import clock
from exchange.listing import PublicList
from market.models import Firm
from ratings.models import Dimension, Evaluation, Side


class EvaluationFilters(filters.FilterSet):
    side = filters.ChoiceFilter(choices=Side.choices, label=_("评价方"))
    service = filters.CharFilter(field_name="service__code", label=_("服务代码"))

    class Meta:
        model = Evaluation
        fields: list[str] = []


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    service = serializers.CharField(source="service.code")
    line = serializers.SerializerMethodField()
    marks = serializers.SerializerMethodField()
    reply = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = ["code", "line", "service", "side", "marks", "text", "dispute", "public_at", "reply"]

    def get_line(self, found: Evaluation) -> str | None:
        """None for natural persons and sole traders: the line would lead to them."""
        return None if found.rater.is_protected else found.line

    def get_marks(self, found: Evaluation) -> dict[str, int]:
        return dict(zip(Dimension.values, found.marks, strict=True))

    def get_reply(self, found: Evaluation) -> str | None:
        reply = found.public_reply_at(self.context["now"])
        return reply.text if reply else None


class EvaluationList(PublicList):
    """The public evaluations of one firm, the latest first."""

    queryset = Evaluation.objects.none()  # for the schema, which is made without a database
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilters
    ordering = ("-public_at", "-id")

    def get_queryset(self) -> QuerySet[Evaluation]:
        given: dict[str, Any] = self.kwargs
        firm = get_object_or_404(Firm.objects.public(), organisation__uscc=given["uscc"])
        rows = Evaluation.objects.public(now=clock.now()).filter(firm=firm)
        return rows.select_related("service", "rater", "reply")
