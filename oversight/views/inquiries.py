"""Inquiries on the desk of the regulator, and of the party that they are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.downloads import hand_out, harmless
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited
from oversight.domain.access import tied_to
from oversight.domain.freezing import names_of_people
from oversight.evidence_words import facts_of, steps_of
from oversight.models import FrozenEvidence, Inquiry, InquiryEvent, InquiryFile
from oversight.models.inquiries import InquiryQuerySet
from oversight.rights import reads_names
from oversight.rule_words import title_of
from oversight.steps import Step, step_named, steps_for

READERS = (Kind.FIRM, *OWNER_KINDS, Kind.REGULATOR)
PAGE = 30
TABS = ("running", "decided", "over")
Status = Inquiry.Status


@require_safe
@acting_as(*READERS)
@never_cache
def inquiries(request: ActingRequest) -> HttpResponse:
    """What runs, what is decided, what is over."""
    rows = _sorted(readable(request))
    counts = {name: each.count() for name, each in rows.items()}
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else next((name for name in TABS if counts[name]), "running")
    page = Paginator(rows[tab].for_list(), PAGE).get_page(request.GET.get("page"))
    context = {"tab": tab, "counts": counts, "page": page, "now": clock.now(), "regulates": _regulates(request)}
    return render(request, "oversight/inquiries.html", context)


@require_safe
@acting_as(*READERS)
@never_cache
def inquiry(request: ActingRequest, code: str) -> HttpResponse:
    """One inquiry with everything that this reader may know of it, and what may be done next."""
    return _shown(request, inquiry_or_404(request, code))


@require_POST
@acting_as(*READERS, roles=WRITERS)
@limited("inquiries", "120/h", by=by_user)
def step(request: ActingRequest, code: str, step: str) -> HttpResponse:
    """Take a step."""
    chosen, found = step_named(step), inquiry_or_404(request, code)
    if chosen is None:
        raise Http404
    form = _form(chosen, found, request, request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, found, tried=(chosen, form), status=422)
    try:
        chosen.take(found, form.cleaned_data, request.membership)
    except NotAllowed as refused:
        form.add_error(None, str(refused))
        return _shown(request, found, tried=(chosen, form), status=403)
    except DomainError as refused:
        form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        return _shown(request, inquiry_or_404(request, code), tried=(chosen, form), status=409)
    messages.success(request, str(chosen.done))
    return redirect("oversight:inquiries") if step == "abstain" else redirect("oversight:inquiry", code=code)


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def frozen(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """Frozen evidence, the very bytes whose digest is in the log."""
    found = get_object_or_404(FrozenEvidence, inquiry=inquiry_or_404(request, code), number=number)
    response = HttpResponse(found.content.encode(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{code}-{number}.json"'
    harmless(response)
    return response


@require_safe
@acting_as(*READERS)
@never_cache
def file(request: ActingRequest, code: str, event: int, number: int) -> FileResponse:
    """A file that goes with a step, for those who read its words."""
    found = get_object_or_404(
        InquiryFile.objects.select_related("event"),
        event__inquiry=inquiry_or_404(request, code), event__number=event, number=number,
    )  # fmt: skip
    if found.event.kind in InquiryEvent.INTERNAL and not _regulates(request):
        raise Http404
    return hand_out(found.file, name=found.name)


def readable(request: ActingRequest) -> InquiryQuerySet:
    """The inquiries that this person may read; who is tied to the party does not, at a regulator's."""
    tied = tied_to(request.user) if _regulates(request) else set()
    return Inquiry.objects.readable_by(request.organisation, tied_to=tied)


def inquiry_or_404(request: ActingRequest, code: str) -> Inquiry:
    return get_object_or_404(readable(request).for_list().select_related("suspension"), code=code)


def _regulates(request: ActingRequest) -> bool:
    return request.organisation.kind == Kind.REGULATOR


def _sorted(rows: InquiryQuerySet) -> dict[str, InquiryQuerySet]:
    """An appeal stands with what runs: somebody waits for an answer."""
    runs = (*Inquiry.RUNNING, Status.APPEALED)
    return {
        "running": rows.filter(status__in=runs).order_by("opened_at", "id"),
        "decided": rows.filter(status=Status.DECIDED).order_by("-decided_at", "-id"),
        "over": rows.filter(status__in=(Status.CLOSED, Status.REVOKED)).order_by("-decided_at", "-id"),
    }


def _form(chosen: Step, found: Inquiry, request: ActingRequest, *given: Any) -> forms.Form:
    return chosen.form(*given, auto_id=chosen.auto_id, inquiry=found, by=request.membership)


def _shown(
    request: ActingRequest, found: Inquiry, *, tried: tuple[Step, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    now, regulates = clock.now(), _regulates(request)
    offered = [
        (each, tried[1] if tried is not None and tried[0] is each else _form(each, found, request))
        for each in steps_for(found, request.membership, now=now)
    ]
    open_step = tried[0].name if tried is not None else ""
    known = tried is not None and any(each is tried[0] for each, _form in offered)
    context = {
        "found": found,
        "now": now,
        "steps": [pair for pair in offered if not pair[0].aside],
        "others": [pair for pair in offered if pair[0].aside],
        "open_step": open_step,
        "refused": tried[1].non_field_errors() if tried is not None and not known else None,
        "regulates": regulates,
        "events": _history(found, regulates),
        "in_force": found.is_in_force_at(now),
        "leads": _leads(request, found, now) if regulates else [],
        "frozen": found.frozen.order_by("-number") if regulates else [],
    }
    return render(request, "oversight/inquiry.html", context, status=status)


def _leads(request: ActingRequest, found: Inquiry, now: datetime) -> list[dict[str, Any]]:
    alerts = list(found.alerts.for_list().order_by("-weight", "id"))
    shown = reads_names(request.membership)
    names = names_of_people([each.evidence for each in alerts]) if shown else {}
    return [
        {
            "alert": each,
            "title": title_of(each.rule),
            "steps": steps_of(each.evidence.get("path") or [], names),
            "facts": facts_of(each.evidence),
        }
        for each in alerts
    ]


def _history(found: Inquiry, regulates: bool) -> list[InquiryEvent]:
    """Every step that this reader may know of, with its words and files, the latest first."""
    rows = found.events.select_related("by").prefetch_related("files").order_by("-number")
    return list(rows if regulates else rows.exclude(kind__in=InquiryEvent.INTERNAL))
