"""The regulator's desk of oversight: what has changed since yesterday, and every tie that was found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rules import ActingRequest, acting_as
from bidding.models import Objection, Stop
from core import clock
from oversight.domain.telling import in_words
from oversight.filters import TieFilter
from oversight.forms.graph import SearchForm
from oversight.models import Alert, Effect, Party, Scan, Tie
from oversight.rights import READERS
from oversight.views.alerts import readable
from oversight.views.files import MOST_ROWS, csv_file

PAGE, SHOWN = 30, 15
WEIGHT = Case(
    When(effect=Effect.KEPT_OUT, then=Value(0)),
    When(effect=Effect.FLAGGED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@require_safe
@acting_as(*READERS)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """What has come and gone in a day, what keeps firms out first; what waits for a decision."""
    now = clock.now()
    since = now - timedelta(days=1)
    ties = _listed(Tie.objects.all())
    found = ties.filter(found_at__gt=since, gone_at=None).annotate(weight=WEIGHT).order_by("weight", "-found_at", "id")
    gone = ties.filter(gone_at__gt=since).order_by("-gone_at", "id")
    context: dict[str, Any] = {
        "now": now,
        "since": since,
        "search": SearchForm(),
        "found": told(found[:SHOWN]),
        "found_count": found.count(),
        "gone": told(gone[:SHOWN]),
        "gone_count": gone.count(),
        "stops": Stop.objects.pending().for_list().order_by("stopped_at", "id")[:SHOWN],
        "stops_count": Stop.objects.pending().count(),
        "objections_count": Objection.objects.to_decide().count(),
        "standing_count": Tie.objects.standing().count(),
        "alerts_count": readable(request).filter(status=Alert.Status.NEW, gone_at=None).count(),
        "scan": Scan.objects.first(),
    }
    return render(request, "oversight/desk.html", context)


@require_safe
@acting_as(*READERS)
@never_cache
def ties(request: ActingRequest) -> HttpResponse:
    """Every tie that stands, or stood, by rule, effect and department."""
    chosen = TieFilter(request.GET, queryset=_listed(Tie.objects.all()))
    page = Paginator(chosen.qs.order_by("-found_at", "id"), PAGE).get_page(request.GET.get("page"))
    active = len([name for name, value in request.GET.items() if value and name != "page"])
    context = {"filter": chosen, "page": page, "rows": told(page.object_list), "active": active}
    return render(request, "oversight/ties.html", context)


@require_safe
@acting_as(*READERS)
@never_cache
def ties_file(request: ActingRequest) -> HttpResponse:
    """The same list as a file, with the paths in words; natural persons are not named in it."""
    chosen = TieFilter(request.GET, queryset=_listed(Tie.objects.all()))
    heading = [
        _("规则"),
        _("后果"),
        _("机构"),
        _("统一社会信用代码"),
        _("审批部门"),
        _("路径"),
        _("起"),
        _("止"),
        _("依据"),
        _("发现时间"),
        _("不再成立"),
    ]
    rows = [
        (
            row["tie"].rule, row["tie"].get_effect_display(), row["firm"], row["tie"].firm.organisation.public_code,
            row["tie"].department.organisation.public_name, row["words"], row["tie"].since, row["tie"].until,
            row["tie"].basis, _moment(row["tie"].found_at), _moment(row["tie"].gone_at),
        )
        for row in told(chosen.qs.order_by("-found_at", "id")[:MOST_ROWS])
    ]  # fmt: skip
    return csv_file("ties", heading, rows)


def _moment(moment: Any) -> str:
    return f"{moment.astimezone(clock.LOCAL):%Y-%m-%d %H:%M}" if moment else ""


def _listed(rows: QuerySet[Tie]) -> QuerySet[Tie]:
    return rows.select_related("firm__organisation", "department__organisation")


def told(rows: Iterable[Tie]) -> list[dict[str, Any]]:
    """Ties for a list: with the path in words, and the number of the firm in the graph."""
    listed = list(rows)
    organisations = [each.firm.organisation_id for each in listed]
    parties = Party.objects.filter(organisation__in=organisations).values_list(
        "organisation_id", "merged_into_id", "id"
    )
    numbers = {organisation: merged or own for organisation, merged, own in parties}
    return [
        {
            "tie": each,
            "firm": each.firm.organisation.public_name,
            "words": in_words(each.path),
            "party": numbers.get(each.firm.organisation_id),
            "department": each.path[0]["tail"] if each.path else None,
        }
        for each in listed
    ]
