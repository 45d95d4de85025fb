"""Who enters rounds with whom: the strongest pairs as a picture, as the same table, as a file; and the rounds of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rules import ActingRequest, acting_as
from bidding.models import Entry, Lot
from core.templatetags.mx import day, translated
from market.models import Firm
from oversight.domain import meetings as domain
from oversight.domain.access import tied_to
from oversight.filters import MetFilter, NetworkFilter
from oversight.models import Alert, Meeting, Network, Party
from oversight.rights import READERS
from oversight.views.alerts import readable
from oversight.views.files import MOST_ROWS, csv_file

PAGE = 30
DRAWN = 60
"""Pairs of the picture."""
COLOURS, MARKS = 4, 3
"""Of groups: the picture has so many of each, so that no two of the groups look the same."""
GROUPS = COLOURS * MARKS


@require_safe
@acting_as(*READERS)
@never_cache
def network(request: ActingRequest) -> HttpResponse:
    """The pairs of firms that meet beyond what their activity explains, and the groups that the screens have found."""
    tied = tied_to(request.user)
    filter = NetworkFilter(request.GET, queryset=Meeting.objects.all())
    chosen = Network.objects.filter(**filter.chosen).select_related("service").first()
    rows = filter.qs.exclude(low__organisation__in=tied).exclude(high__organisation__in=tied)
    groups = _groups(request)
    pairs = _told(rows.select_related("low__organisation", "high__organisation").order_by("place"), groups)
    if request.GET.get("format") == "csv":
        return _file(pairs)
    page = Paginator(pairs, PAGE).get_page(request.GET.get("page"))
    drawn = pairs[:DRAWN]
    context = {
        "filter": filter,
        "active": sum(1 for name in filter.form.fields if request.GET.get(name)),
        "network": chosen,
        "page": page,
        "kept": len(pairs),
        "left": max(0, chosen.tied - domain.MOST) if chosen else 0,
        "drawn": len(drawn),
        "groups": groups,
        "picture": _picture(drawn, groups, filter) if drawn else None,
        "steps_aside": bool(tied),
        "pair_query": filter.query(),
        "file_query": urlencode({**request.GET.dict(), "format": "csv"}),
    }
    return render(request, "oversight/network.html", context)


def _groups(request: ActingRequest) -> list[dict[str, Any]]:
    """What CL5 has found and nobody has dismissed, as far as this person may read it; the heaviest first, each with its look."""
    found = readable(request).standing().filter(rule="CL5").exclude(status=Alert.Status.DISMISSED).for_list()
    return [
        {
            "number": number,
            "alert": each,
            "firms": list(each.firms.all()),
            "colour": (number - 1) % COLOURS,
            "mark": (number - 1) % MARKS,
        }
        for number, each in enumerate(found.order_by("-weight", "id")[:GROUPS], start=1)
    ]


def _told(rows: Any, groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    of = _group_of(groups)
    return [
        {
            "meeting": each,
            "group": of[each.low_id] if each.low_id in of and of[each.low_id] is of.get(each.high_id) else None,
            "times": f"{each.met / each.expected:.1f}" if each.expected else "–",
        }
        for each in rows
    ]


def _group_of(groups: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The group of each firm; of two the heavier."""
    return {firm.pk: group for group in reversed(groups) for firm in group["firms"]}


def _picture(
    pairs: Sequence[dict[str, Any]], groups: Sequence[dict[str, Any]], filter: NetworkFilter
) -> dict[str, Any]:
    of = _group_of(groups)
    firms = {firm.pk: firm for row in pairs for firm in (row["meeting"].low, row["meeting"].high)}
    nodes = [
        {
            "id": str(firm.pk),
            "name": firm.organisation.public_name,
            "kind": "organisation",
            **(
                {"colour": of[firm.pk]["colour"], "mark": of[firm.pk]["mark"], "said": _group_named(of[firm.pk])}
                if firm.pk in of
                else {}
            ),
            "query": filter.query(q=firm.uscc),
        }
        for firm in firms.values()
    ]
    links = [
        {
            "source": str(row["meeting"].low_id), "target": str(row["meeting"].high_id), "both": True, "quiet": True,
            "label": _("同场 %(met)s 次（预期 %(expected)s 次）")
            % {"met": row["meeting"].met, "expected": row["meeting"].expected},
            **({"colour": row["group"]["colour"]} if row["group"] else {}),
        }
        for row in pairs
    ]  # fmt: skip
    return {"nodes": nodes, "links": links}


def _group_named(group: dict[str, Any]) -> str:
    return _("群组 %(number)s") % {"number": group["number"]}


def _file(pairs: Sequence[dict[str, Any]]) -> HttpResponse:
    heading = [
        _("机构"), _("统一社会信用代码"), _("另一机构"), _("统一社会信用代码"), _("同场"), _("预期"), _("倍数"),
        _("该机构参加"), _("另一机构参加"), _("群组"),
    ]  # fmt: skip
    return csv_file("network", heading, [_cells(row["meeting"], row) for row in pairs])


def _cells(each: Meeting, row: dict[str, Any]) -> tuple[object, ...]:
    return (
        each.low.organisation.public_name, each.low.uscc, each.high.organisation.public_name, each.high.uscc, each.met,
        each.expected, row["times"], each.bids_low, each.bids_high, row["group"]["number"] if row["group"] else "",
    )  # fmt: skip


@require_safe
@acting_as(*READERS)
@never_cache
def pair(request: ActingRequest, one: str, other: str) -> HttpResponse:
    """The rounds in which two firms met, the latest first."""
    tied = tied_to(request.user)
    firms = Firm.objects.exclude(organisation__in=tied).select_related("organisation")
    first, second = (get_object_or_404(firms, organisation__uscc=uscc) for uscc in (one, other))
    if first == second:
        raise Http404
    filter = MetFilter(request.GET, queryset=domain.met_in(first, second))
    lots = filter.qs.select_related("round__service", "round__department__organisation", "winner__organisation")
    if request.GET.get("format") == "csv":
        return _pair_file(first, second, _rounds(list(lots[:MOST_ROWS]), first, second))
    page = Paginator(lots, PAGE).get_page(request.GET.get("page"))
    context = {
        "first": first,
        "second": second,
        "filter": filter,
        "active": sum(1 for name in filter.form.fields if request.GET.get(name)),
        "page": page,
        "rows": _rounds(list(page.object_list), first, second),
        "parties": _parties(first, second),
        "file_query": urlencode({**request.GET.dict(), "format": "csv"}),
    }
    return render(request, "oversight/pair.html", context)


def _rounds(lots: Sequence[Lot], first: Firm, second: Firm) -> list[dict[str, Any]]:
    entries = Entry.objects.filter(lot__in=lots, firm__in=[first, second]).values_list("lot", "firm", "amount")
    amounts = {(lot, firm): amount for lot, firm, amount in entries}
    return [
        {
            "lot": each,
            "round": each.round,
            "first": amounts.get((each.pk, first.pk)),
            "second": amounts.get((each.pk, second.pk)),
            "winner": each.winner.organisation.public_name if each.winner else "",
            "won": each.winner_id in (first.pk, second.pk),
        }
        for each in lots
    ]


def _parties(first: Firm, second: Firm) -> tuple[int, int] | None:
    """Both in the graph, where both are there."""
    organisations = [first.organisation_id, second.organisation_id]
    rows = Party.objects.filter(organisation__in=organisations).values_list("organisation", "merged_into", "pk")
    found = {organisation: merged or pk for organisation, merged, pk in rows}
    return (found[organisations[0]], found[organisations[1]]) if len(found) > 1 else None


def _pair_file(first: Firm, second: Firm, rows: Sequence[dict[str, Any]]) -> HttpResponse:
    names = (first.organisation.public_name, second.organisation.public_name)
    heading = [_("比选"), _("编号"), _("服务"), _("开启日期"), *names, _("中选机构")]
    cells = [
        (
            row["round"].title, row["round"].code, translated(row["round"].service), day(row["round"].opened_at), row["first"],
            row["second"], row["winner"],
        )
        for row in rows
    ]  # fmt: skip
    return csv_file("pair", heading, cells)
