"""Rounds in the API: what everybody may know of them now (PROTOCOL §7)."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers

from approvals.models import Department, District
from bidding.domain.parties import all_of
from bidding.filters import PUBLIC_STATUSES, with_status
from bidding.models import Lot, Round
from bidding.models.rounds import RoundQuerySet
from bidding.rules import Disclosure, disclosure
from bidding.wording import METHOD_NAMES
from core import clock
from exchange.choices import CodeFilter
from exchange.listing import PublicDetail, PublicList
from market.models import Part, Service

PERSON = "自然人业主"
DECIDED = (Round.Status.EVALUATED, Round.Status.CANDIDATE, Round.Status.AWARDED, Round.Status.CONTRACTED)


class RoundFilters(filters.FilterSet):
    """Named as the columns; `q` finds words, pinyin initials and codes."""

    q = filters.CharFilter(field_name="search", lookup_expr="icontains", label=_("标题、编号或拼音首字母"))
    code = filters.CharFilter(label=_("编号"))
    status = filters.ChoiceFilter(choices=PUBLIC_STATUSES, method="with_status", label=_("状态"))
    method = filters.ChoiceFilter(choices=list(METHOD_NAMES.items()), label=_("选取方式"))
    district = CodeFilter(queryset=District.objects.all(), label=_("区划代码"))
    service = CodeFilter(queryset=Service.objects.all(), method="asking_for", label=_("服务代码"))
    department = CodeFilter(queryset=Department.objects.all(), method="decided_by", label=_("审批部门代码"))
    owner = filters.CharFilter(method="of_owner", label=_("业主的统一社会信用代码，自然人为其编号"))
    announced_at = filters.DateFromToRangeFilter(label=_("公告日期"))
    closes_at = filters.DateFromToRangeFilter(label=_("截止日期"))

    class Meta:
        model = Round
        fields: list[str] = []

    def with_status(self, queryset: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        return with_status(queryset, value, now=clock.now())

    def asking_for(self, queryset: RoundQuerySet, name: str, value: Service) -> RoundQuerySet:
        return queryset.asking_for(value)

    def decided_by(self, queryset: RoundQuerySet, name: str, value: Department) -> RoundQuerySet:
        return queryset.decided_by(value)

    def of_owner(self, queryset: QuerySet[Round], name: str, value: str) -> QuerySet[Round]:
        return queryset.filter(owner__uscc=value) | queryset.filter(owner__code=value.removeprefix(PERSON).strip())


class RoundSerializer(serializers.ModelSerializer[Round]):
    """A round of the list. Of entries it has nothing before the result: not even how many."""

    status = serializers.SerializerMethodField()
    service = serializers.CharField(source="service.code")
    service_name = serializers.CharField(source="service.name")
    services = serializers.SerializerMethodField(
        help_text="Codes of all services that one firm does together, `service` first"
    )
    district = serializers.CharField(source="district.code")
    department = serializers.CharField(source="department.code")
    owner = serializers.SerializerMethodField(help_text="USCC; a natural person is 自然人业主 and a code")
    owner_name = serializers.SerializerMethodField()
    sequence = serializers.IntegerField(help_text="1, or 2 for a second announcement")
    winners = serializers.SerializerMethodField(help_text="One per lot: the winner's USCC, null where there is none")

    class Meta:
        model = Round
        fields = [
            "code",
            "status",
            "method",
            "title",
            "service",
            "service_name",
            "services",
            "district",
            "department",
            "owner",
            "owner_name",
            "sequence",
            "announced_at",
            "closes_at",
            "opened_at",
            "awarded_at",
            "ended_at",
            "winners",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=PUBLIC_STATUSES))
    def get_status(self, round_: Round) -> str:
        return round_.status_at(self.context["now"]).value

    def get_services(self, round_: Round) -> list[str]:
        return [service.code for service in round_.services]

    def get_owner(self, round_: Round) -> str:
        owner = round_.owner
        return f"{PERSON} {owner.code}" if owner.is_person else owner.public_code

    def get_owner_name(self, round_: Round) -> str:
        return PERSON if round_.owner.is_person else round_.owner.name

    @extend_schema_field({"type": "array", "items": {"type": "string", "nullable": True}})
    def get_winners(self, round_: Round) -> list[str | None]:
        decided = round_.status in DECIDED
        return [lot.winner.uscc if decided and lot.winner else None for lot in round_.lots.all()]


class LotSerializer(serializers.ModelSerializer[Lot]):
    lot = serializers.CharField(source="number")
    winner = serializers.SerializerMethodField()
    members = serializers.SerializerMethodField(help_text="USCCs of the winner's consortium beside its lead firm")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = Lot
        fields = ["lot", "title", "price", "upper", "lower", "winner", "members", "amount"]

    def get_winner(self, lot: Lot) -> str | None:
        return lot.winner.uscc if self._decided(lot) and lot.winner else None

    def get_members(self, lot: Lot) -> list[str]:
        if not self._decided(lot) or lot.winner is None:
            return []
        return [firm.uscc for firm in all_of(lot, lot.winner)[1:]]

    def get_amount(self, lot: Lot) -> str | None:
        return f"{lot.amount:.2f}" if self._decided(lot) and lot.amount is not None else None

    def _decided(self, lot: Lot) -> bool:
        return disclosure(lot.round) == Disclosure.EVERYTHING


class PartSerializer(serializers.Serializer[Part]):
    """One service for one approval item: a line of the need, and of the contract."""

    number = serializers.IntegerField()
    service = serializers.CharField(source="service.code")
    item = serializers.CharField(source="item.code")
    department = serializers.CharField(source="department.code")


class RoundDetailSerializer(RoundSerializer):
    """One round with its terms; its entries are in the public record, at `record`."""

    requirement = serializers.CharField(source="need.requirement")
    days = serializers.IntegerField(source="need.days", allow_null=True)
    item = serializers.CharField(source="need.item.code")
    lines = PartSerializer(source="parts", many=True, help_text="One for each service and item")
    parameters = serializers.JSONField()
    minimum = serializers.IntegerField(help_text="Valid entrants that the round needs")
    consortium_most = serializers.IntegerField(
        allow_null=True, help_text="Of how many firms a consortium may be; null where none is accepted"
    )
    policy = serializers.CharField(source="policy.version", allow_null=True)
    previous = serializers.CharField(source="previous.code", allow_null=True, default=None)
    successor = serializers.SerializerMethodField()
    commitment = serializers.CharField()
    lots = LotSerializer(many=True)
    record = serializers.SerializerMethodField()

    class Meta(RoundSerializer.Meta):
        fields = [
            *RoundSerializer.Meta.fields,
            "reason",
            "requirement",
            "days",
            "item",
            "lines",
            "parameters",
            "minimum",
            "consortium_most",
            "policy",
            "previous",
            "successor",
            "commitment",
            "lots",
            "record",
        ]

    def get_successor(self, round_: Round) -> str | None:
        successor = round_.successor
        return successor.code if successor is not None and successor.is_public else None

    @extend_schema_field(OpenApiTypes.URI)
    def get_record(self, round_: Round) -> str:
        return str(self.context["request"].build_absolute_uri(f"/rounds/{round_.code}/record.json"))


def public_rounds() -> QuerySet[Round]:
    lots = Prefetch("lots", Lot.objects.select_related("winner__organisation", "round").order_by("number"))
    return Round.objects.public().for_list().prefetch_related(lots)


@extend_schema(summary="Rounds", description="Every round that was announced, the latest first.")
class RoundList(PublicList):
    serializer_class = RoundSerializer
    filterset_class = RoundFilters
    ordering = ("-announced_at", "-id")

    def get_queryset(self) -> QuerySet[Round]:
        return public_rounds()


@extend_schema(summary="One round", description="A round by its code; not found before it was announced.")
class RoundDetail(PublicDetail):
    serializer_class = RoundDetailSerializer
    lookup_field = "code"

    def get_queryset(self) -> QuerySet[Round]:
        return public_rounds().select_related("need__item", "policy", "previous")
