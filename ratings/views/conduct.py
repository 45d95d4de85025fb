"""Deductions on the desks of the firm, the service centre and the regulator."""

from __future__ import annotations

from datetime import datetime, time

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited
from ratings.conduct_words import facts_of, history_of
from ratings.domain import deductions as domain
from ratings.domain.access import OVERSEERS
from ratings.forms.conduct import ReportForm
from ratings.models import Deduction, DeductionFile
from ratings.models.deductions import DeductionQuerySet
from ratings.steps import Step, step_named, steps_for

READERS = (Kind.FIRM, *OVERSEERS)
PAGE = 30
Status = Deduction.Status
TABS = ("waiting", "standing", "over")


@require_safe
@acting_as(*READERS)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """What waits for somebody, what costs points, what is over."""
    now = clock.now()
    mine = Deduction.objects.readable_by(request.organisation)
    rows = sorted_rows(mine, now)
    counts = {name: each.count() for name, each in rows.items()}
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else next((name for name in TABS if counts[name]), "waiting")
    page = Paginator(rows[tab].for_list(), PAGE).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "tab": tab,
        "counts": counts,
        "page": page,
        "oversees": request.organisation.kind in OVERSEERS,
        "may_write": request.membership.role in WRITERS,
    }
    return render(request, "ratings/conduct.html", context)


def sorted_rows(rows: DeductionQuerySet, now: datetime) -> dict[str, DeductionQuerySet]:
    """Deductions by what becomes of them; what has to be answered stands with what waits."""
    waits = (*Deduction.WAITING, Status.APPEALED, Status.REPAIR_ASKED)
    return {
        "waiting": rows.filter(status__in=waits).order_by("proposed_at", "id"),
        "standing": rows.standing(now=now).filter(status=Status.IN_FORCE).order_by("-decided_at", "-id"),
        "over": rows.exclude(status__in=waits).exclude(status=Status.IN_FORCE, until__gt=now),
    }


@require_safe
@acting_as(*READERS)
@never_cache
def deduction(request: ActingRequest, code: str) -> HttpResponse:
    """One deduction with everything said about it, and what this reader may do next."""
    return _shown(request, deduction_or_404(request, code))


@require_POST
@acting_as(*READERS, roles=WRITERS)
@limited("deductions", "60/h", by=by_user)
def step(request: ActingRequest, code: str, step: str) -> HttpResponse:
    """Take a step, after a last look where it decides something."""
    chosen = step_named(step)
    if chosen is None or request.organisation.kind not in chosen.kinds:
        raise Http404
    found = deduction_or_404(request, code)
    form = chosen.form(request.POST, request.FILES, auto_id=chosen.auto_id)
    if not form.is_valid():
        return _shown(request, found, tried=(chosen, form), status=422)
    try:
        chosen.take(found, form.cleaned_data, request.membership)
    except NotAllowed as refused:
        form.add_error(None, str(refused))
        return _shown(request, found, tried=(chosen, form), status=403)
    except DomainError as refused:
        form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        return _shown(request, deduction_or_404(request, code), tried=(chosen, form), status=409)
    messages.success(request, str(chosen.done))
    return redirect("ratings:deduction", code=code)


@require_safe
@acting_as(*READERS)
@never_cache
def file(request: ActingRequest, code: str, event: int, number: int) -> FileResponse:
    """A file that goes with a step, for those who read its words."""
    found = get_object_or_404(
        DeductionFile, event__deduction=deduction_or_404(request, code), event__number=event, number=number
    )
    return hand_out(found.file, name=found.name)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OVERSEERS, roles=WRITERS)
@never_cache
@limited("reports", "60/h", by=by_user)
def report(request: ActingRequest) -> HttpResponse:
    """Propose a deduction that no rule can find."""
    form = ReportForm(request.POST or None, request.FILES or None, initial={"contract": request.GET.get("contract")})
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        noon = datetime.combine(given["occurred_on"], time(0), tzinfo=clock.LOCAL)
        try:
            found = domain.report_deed(
                contract=given["contract"], kind=given["kind"], occurred_at=noon, text=given["text"],
                files=given["evidence"], by=request.membership,
            )  # fmt: skip
        except DomainError as refused:
            form.add_error("occurred_on" if refused.code == "occurred_at" else None, str(refused))
            status = 409
        else:
            messages.success(request, _("已提出，下一步告知机构。"))
            return redirect("ratings:deduction", code=found.code)
    return render(request, "ratings/report.html", {"form": form}, status=status)


def deduction_or_404(request: ActingRequest, code: str) -> Deduction:
    """A deduction that this organisation may read."""
    return get_object_or_404(readable(request), code=code)


def readable(request: ActingRequest) -> QuerySet[Deduction]:
    return Deduction.objects.readable_by(request.organisation).for_list()


def _shown(
    request: ActingRequest, found: Deduction, *, tried: tuple[Step, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    steps = [
        (each, tried[1] if tried is not None and tried[0] is each else each.form(auto_id=each.auto_id))
        for each in steps_for(found, request.membership, now=now)
    ]
    offered = tried is not None and any(each is tried[0] for each, _form in steps)
    context = {
        "found": found,
        "now": now,
        "steps": steps,
        "refused": tried[1].non_field_errors() if tried is not None and not offered else None,
        "facts": facts_of(found),
        "events": history_of(found),
        "oversees": request.organisation.kind in OVERSEERS,
    }
    return render(request, "ratings/deduction.html", context, status=status)
