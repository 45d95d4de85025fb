"""A case's page: everybody who may read it reads the same; the department and the applicant have their next steps there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from approvals.domain import cases as domain
from approvals.domain import materials, windows
from approvals.domain.history import State, effective, replay
from approvals.domain.limits import used_days
from approvals.forms.steps import OF_APPLICANT, OF_DEPARTMENT, Step, correcting, form_for
from approvals.models import Case, CaseEvent
from core import clock
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited

READERS = (*OWNER_KINDS, Kind.DEPARTMENT, Kind.REGULATOR)
ACTORS = (*OWNER_KINDS, Kind.DEPARTMENT)


@require_safe
@acting_as(*READERS)
@never_cache
def case(request: ActingRequest, code: str) -> HttpResponse:
    """A case with its events, its material, its limits, and what this reader may do next."""
    return shown(request, case_or_404(request, code), chosen=request.GET.get("step", ""))


@require_POST
@acting_as(*ACTORS, roles=WRITERS)
@limited("case_steps", "60/m", by=by_user)
def step(request: ActingRequest, code: str, step: str) -> HttpResponse:
    """Take one step."""
    found = case_or_404(request, code)
    known = steps_of(request)
    if step not in known:
        raise Http404
    form = form_for(known[step].form, found, request.POST)
    if not form.is_valid():
        return shown(request, found, chosen=step, form=form, status=422)
    try:
        known[step].take(case_id=found.pk, by=request.membership, **form.cleaned_data)
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        return shown(request, case_or_404(request, code), chosen=step, form=form, status=409)
    messages.success(request, _("已记录：%(step)s。") % {"step": known[step].label})
    return redirect("approvals:case", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.DEPARTMENT, roles=WRITERS)
@never_cache
def correct(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """Put an event right: another takes its place, or it did not happen."""
    found = case_or_404(request, code)
    event = get_object_or_404(found.events.exclude(kind=CaseEvent.Kind.RETRACTED), number=number)
    retracted = "retract" in request.POST
    form = correcting(event, request.POST if request.method == "POST" and not retracted else None)
    if request.method == "POST" and (retracted or form.is_valid()):
        kind = CaseEvent.Kind.RETRACTED if retracted else CaseEvent.Kind(event.kind)
        given = {} if retracted else form.cleaned_data
        try:
            domain.correct_event(case_id=found.pk, number=number, by=request.membership, kind=kind, **given)
        except DomainError as refused:
            if retracted:
                messages.error(request, str(refused))
                return redirect("approvals:correct", code=code, number=number)
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            messages.success(request, _("已更正，原来的记录保留。"))
            return redirect("approvals:case", code=code)
    context = {"case": found, "event": event, "form": form}
    return render(request, "approvals/correct.html", context, status=422 if form.errors else 200)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def refile(request: ActingRequest, code: str) -> HttpResponse:
    """Apply again."""
    found = case_or_404(request, code)
    try:
        new = windows.refile(case_id=found.pk, by=request.membership)
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect("approvals:case", code=code)
    messages.success(request, _("已重新申请，新办件是 %(code)s。") % {"code": new.code})
    return redirect("approvals:case", code=new.code)


@require_safe
@acting_as(*READERS)
@never_cache
def material(request: ActingRequest, pk: int) -> FileResponse:
    """A file of a case, for those who read the case."""
    found = get_object_or_404(materials.readable_by(request.organisation).exclude(file=""), pk=pk)
    return hand_out(found.file, name=found.name)


def shown(
    request: ActingRequest, found: Case, *, chosen: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    events = list(
        found.events.select_related("by", "client", "corrects", "corrected_by").order_by("-occurred_at", "-number")
    )
    state, _taken = replay([each for each in effective(events) if not each.waiting])
    offered = _offered(request, state)
    chosen = chosen if chosen in offered else next(iter(offered), "")
    used = used_days(found, state, now=now)
    context: dict[str, Any] = {
        "case": found,
        "now": now,
        "events": events,
        "materials": list(found.materials.all()),
        **results_of(request, found),
        "steps": _tabs(found, offered, chosen),
        "chosen": offered.get(chosen),
        "chosen_name": chosen,
        "form": form or (form_for(offered[chosen].form, found) if chosen else None),
        "refused": form.non_field_errors() if form is not None and chosen not in offered else None,
        "used": None if used is None else round(float(used), 2),
        "may_correct": request.organisation.kind == Kind.DEPARTMENT and request.membership.role in WRITERS,
        "may_refile": _may_refile(request, found),
        "successor": Case.objects.filter(previous=found).first(),
        "urgency": found.urgency_at(now),
        "overdue": found.is_overdue_at(now),
    }
    return render(request, "approvals/case.html", context, status=status)


def results_of(request: ActingRequest, found: Case) -> dict[str, Any]:
    """The documents of its decision; its department may issue one, its applicant collects."""
    results = list(found.results.all())
    writes = request.membership.role in WRITERS
    decides = request.organisation.pk == found.department.organisation_id
    return {
        "results": results,
        "may_issue": writes and decides and found.status == Case.Status.DECIDED,
        "may_collect": writes
        and request.organisation.pk == found.applicant_id
        and any(each.collected_at is None for each in results),
    }


def steps_of(request: ActingRequest) -> dict[str, Step]:
    return OF_DEPARTMENT if request.organisation.kind == Kind.DEPARTMENT else OF_APPLICANT


def _offered(request: ActingRequest, state: State) -> dict[str, Step]:
    """The steps that fit now, for who may take them."""
    if request.membership.role not in WRITERS or request.organisation.kind not in ACTORS:
        return {}
    return {name: each for name, each in steps_of(request).items() if state.fits(each.kind)}


def _tabs(found: Case, offered: dict[str, Step], chosen: str) -> list[dict[str, Any]]:
    address = reverse("approvals:case", args=[found.code])
    return [
        {"url": f"{address}?step={name}#next", "label": each.label, "is_here": name == chosen}
        for name, each in offered.items()
    ]


def _may_refile(request: ActingRequest, found: Case) -> bool:
    own = request.organisation.pk == found.applicant_id and request.membership.role in WRITERS
    over = found.ended_at is not None and found.outcome != Case.Outcome.GRANTED
    return own and over and found.application_id is not None and not Case.objects.filter(previous=found).exists()


def case_or_404(request: ActingRequest, code: str) -> Case:
    """A case that this organisation may read."""
    return get_object_or_404(readable(request), code=code)


def readable(request: ActingRequest) -> QuerySet[Case]:
    rows = Case.objects.readable_by(request.organisation).for_list()
    return rows.select_related("application__lead__organisation", "previous")
