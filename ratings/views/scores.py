"""Pages of scores: a firm's, a department's, and the league table. Public, and the same for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.models import ApprovalItem, Department
from core import clock
from core.ratelimit import limited
from market.models import Firm
from protocol.scores.exact import fixed
from protocol.scores.lines import Judged
from ratings.domain import published
from ratings.domain.published import FirmOpened, Version
from ratings.domain.standings import standings_at
from ratings.filters import LeagueForm
from ratings.models import DepartmentScore, FirmScore
from ratings.score_words import case_words, line_words, told
from ratings.standing_words import in_sum
from ratings.standing_words import told as told_standing
from ratings.trend import months_of, trend
from ratings.views.score_files import public_department, public_firm

PAGE = 30
LINES = 30
"""Lines or cases of a service or an item on a page; the others are a page further."""
MOST_COMPARED = 5


@require_safe
@limited("scores", "240/m", methods=("GET",))
def firm(request: HttpRequest, uscc: str) -> HttpResponse:
    """What made a firm's score, what would raise it most, and every line of it."""
    found = public_firm(uscc)
    version = published.version_of_firm(found)
    opened = published.firm_opened(found, version)
    overall, parts = _of_firm(found)
    sections = _paged(request, {part["row"].service.code: part for part in parts}, opened.figures.lines)
    judged = [each for section in sections for each in section["page"]]
    items = _by_code(ApprovalItem.objects.filter(code__in={each.line.item for each in judged}))
    departments = _by_code(
        Department.objects.filter(code__in={each.line.department for each in judged}).select_related("organisation")
    )
    context = {
        **_standing_of(found, opened, version),
        "firm": found,
        "overall": overall,
        "trend": trend(months_of(FirmScore.objects.filter(firm=found, service=None, district=None))),
        "parts": parts,
        "sections": [
            {**section, "lines": [
                {"judged": each, "need": need_of(each), "item": items[each.line.item],
                 "department": departments[each.line.department], "words": line_words(each, opened.policy)}
                for each in section["page"]
            ]}
            for section in sections
        ],
        "raised": opened.raised,
        "raised_to": fixed(opened.raised.score, 2) if opened.raised else "",
        "rules": version.rules,
        "as_of": opened.as_of,
    }  # fmt: skip
    return render(request, "ratings/firm_score.html", context)


@require_safe
@limited("scores", "240/m", methods=("GET",))
def firm_part(request: HttpRequest, uscc: str) -> HttpResponse:
    """The score as the firm's own page shows it."""
    found = public_firm(uscc)
    overall, parts = _of_firm(found)
    stands = standings_at([found], clock.now())[found.pk]
    context = {
        "firm": found,
        "overall": overall,
        "parts": parts,
        "standing": told_standing(stands.standing, stands.policy),
    }
    return render(request, "ratings/firm_score_part.html", context)


def _standing_of(firm: Firm, opened: FirmOpened, version: Version) -> dict[str, Any]:
    """The standing as the score file has it, and the way back of a firm that rounds keep out now."""
    now = clock.now()
    stands, kept = published.standing_opened(firm, opened, version), standings_at([firm], now)[firm.pk]
    return {
        "now": now,
        "standing": told_standing(stands.standing, opened.policy),
        "deductions": stands.deductions,
        "standing_at": stands.at,
        "way_back": in_sum(kept) if kept.is_kept_out else "",
    }


def _of_firm(firm: Firm) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The kept score over all services, and those of each."""
    rows = FirmScore.objects.filter(firm=firm, month=None, district=None).select_related("service", "policy")
    found = [told(row) for row in rows.order_by("service__code")]
    overall = next((each for each in found if each["row"].service_id is None), None)
    return overall, [each for each in found if each["row"].service_id is not None]


def _paged(
    request: HttpRequest, parts: Mapping[str, dict[str, Any]], rows: Mapping[str, Sequence[Any]]
) -> list[dict[str, Any]]:
    """The beginning of what made each part (`page`); of the part that is asked for alone, any page of it."""
    asked = request.GET.get("of", "")
    shown = {asked: parts[asked]} if asked in parts else parts
    number = request.GET.get("page") if asked in parts else 1
    return [
        {**part, "code": code, "asked": code == asked, "page": Paginator(rows.get(code, ()), LINES).get_page(number)}
        for code, part in shown.items()
    ]


def need_of(judged: Judged) -> str:
    """The need to which a line belongs: its code begins the line's, before a lot and a number where there are several."""
    return judged.line.line.partition(".")[0].partition("-")[0]


@require_safe
@limited("scores", "240/m", methods=("GET",))
def department(request: HttpRequest, code: str) -> HttpResponse:
    """A department's score by item, and every case of it."""
    found = public_department(code)
    version = published.version_of_department(found)
    figures, as_of = published.department_figures(found, version)
    rows = DepartmentScore.objects.filter(department=found, month=None).select_related("item", "policy")
    told_rows = [told(row) for row in rows.order_by("item__code")]
    parts = [each for each in told_rows if each["row"].item_id is not None]
    context = {
        "department": found,
        "overall": next((each for each in told_rows if each["row"].item_id is None), None),
        "trend": trend(months_of(DepartmentScore.objects.filter(department=found, item=None))),
        "parts": parts,
        "sections": [
            {**section, "cases": [{"case": case, "words": case_words(case)} for case in section["page"]]}
            for section in _paged(request, {part["row"].item.code: part for part in parts}, figures.cases)
        ],
        "rules": version.rules,
        "as_of": as_of,
    }  # fmt: skip
    return render(request, "ratings/department_score.html", context)


@require_safe
@limited("scores", "240/m", methods=("GET",))
def league(request: HttpRequest) -> HttpResponse:
    """Firms by evidence: the ranked by the low end of their interval, then the provisional. Nobody can pay for a place."""
    form = LeagueForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    service, district = chosen.get("service"), chosen.get("district")
    rows = (
        FirmScore.objects.filter(month=None, service=service, district=district, firm__in=Firm.objects.public())
        .select_related("firm__organisation", "policy")
        .order_by("-ranked", "-low", "-score", "id")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "active": len([each for each in (service, district) if each]),
        "service": service,
        "district": district,
        "page": page,
        "rows": [
            {**told(row), "place": place if row.ranked else None}
            for place, row in enumerate(page.object_list, start=page.start_index())
        ],
    }
    return render(request, "ratings/league.html", context)


@require_safe
@limited("scores", "240/m", methods=("GET",))
def compare(request: HttpRequest) -> HttpResponse:
    """Up to five firms side by side: over all services first, then each that any of them has worked for."""
    asked = list(dict.fromkeys(code[:18].upper() for code in request.GET.getlist("firm")))
    rows = (
        FirmScore.objects.filter(month=None, district=None, firm__in=Firm.objects.public())
        .filter(firm__organisation__uscc__in=asked[:MOST_COMPARED])
        .select_related("firm__organisation", "service", "policy")
        .order_by(F("service__code").asc(nulls_first=True), "-ranked", "-low", "-score", "id")
    )
    groups = [
        {"service": service, "rows": [told(row) for row in found]}
        for service, found in groupby(rows, key=lambda row: row.service)
    ]
    context = {
        "groups": groups,
        "standings": _compared_standings(asked[:MOST_COMPARED]),
        "too_many": len(asked) > MOST_COMPARED,
        "most": MOST_COMPARED,
    }
    return render(request, "ratings/compare.html", context)


def _compared_standings(usccs: Collection[str]) -> list[dict[str, Any]]:
    """Some firms with their standings, the highest first; among equals by their code."""
    firms = list(Firm.objects.public().filter(organisation__uscc__in=usccs).select_related("organisation"))
    found = standings_at(firms, clock.now())
    firms.sort(key=lambda firm: (-found[firm.pk].standing.value, firm.uscc))
    return [{"firm": firm, "told": told_standing(found[firm.pk].standing, found[firm.pk].policy)} for firm in firms]


def _by_code(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.code: row for row in rows}
