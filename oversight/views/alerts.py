"""Leads on the regulator's desk: the list by weight, one lead with its path, and what to do with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import WRITERS, Kind, Organisation
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited
from oversight.domain import inquiries as domain
from oversight.domain import live
from oversight.domain.access import tied_to
from oversight.domain.freezing import names_of_people
from oversight.evidence_words import facts_of, steps_of
from oversight.filters import AlertFilter
from oversight.forms.alerts import DismissForm, InquireForm
from oversight.models import Alert
from oversight.models.alerts import AlertQuerySet
from oversight.rights import reads_names
from oversight.rule_words import about, title_of

PAGE = 30
MOST_FURTHER = 20
TABS = ("since", "new", "all")


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def alerts(request: ActingRequest) -> HttpResponse:
    """What changed since yesterday, what waits for triage, and everything; the heaviest first."""
    return render(request, "oversight/alerts.html", _listed(request))


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def alerts_part(request: ActingRequest) -> HttpResponse:
    """The list alone, as the page reads it again when something has changed."""
    return render(request, "oversight/parts/alert_list.html", _listed(request))


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def alert(request: ActingRequest, pk: int) -> HttpResponse:
    """One lead with its evidence, and what this reader may do with it."""
    return _shown(request, alert_or_404(request, pk))


@require_POST
@acting_as(Kind.REGULATOR, roles=WRITERS)
@limited("alerts", "120/h", by=by_user)
def dismiss(request: ActingRequest, pk: int) -> HttpResponse:
    """Not worth an inquiry, and why."""
    found = alert_or_404(request, pk)
    form = DismissForm(request.POST, auto_id="id_dismiss_%s")
    if not form.is_valid():
        return _shown(request, found, dismissing=form, status=422)
    try:
        domain.dismiss(alert_id=pk, reason=form.cleaned_data["reason"], by=request.membership)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _shown(request, alert_or_404(request, pk), dismissing=form, status=_status(refused))
    messages.success(request, _("已排除。"))
    return redirect("oversight:alert", pk=pk)


@require_POST
@acting_as(Kind.REGULATOR, roles=WRITERS)
@limited("alerts", "120/h", by=by_user)
def inquire(request: ActingRequest, pk: int) -> HttpResponse:
    """Open an inquiry."""
    found = alert_or_404(request, pk)
    form = _inquire_form(request, found, request.POST)
    if not form.is_valid():
        return _shown(request, found, inquiring=form, status=422)
    given = form.cleaned_data
    party = next(each for each in parties(found) if str(each.pk) == given["party"])
    try:
        opened = domain.open_inquiry(
            alert_ids={pk, *map(int, given.get("further", []))}, party=party, department=found.department,
            text=given["text"], by=request.membership,
        )  # fmt: skip
    except DomainError as refused:
        form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        return _shown(request, alert_or_404(request, pk), inquiring=form, status=_status(refused))
    messages.success(request, _("已立案核查，请先固定证据。"))
    return redirect("oversight:inquiry", code=opened.code)


def readable(request: ActingRequest) -> AlertQuerySet:
    """The leads that this person may read: none about organisations that the person is tied to."""
    return Alert.objects.apart_from(tied_to(request.user))


def alert_or_404(request: ActingRequest, pk: int) -> Alert:
    return get_object_or_404(readable(request).for_list().prefetch_related("rounds"), pk=pk)


def parties(found: Alert) -> list[Organisation]:
    """Whom a lead is about: its firms, and an owner."""
    own = [found.owner] if found.owner is not None else []
    return [*(firm.organisation for firm in found.firms.all()), *own]


def _listed(request: ActingRequest) -> dict[str, Any]:
    now = clock.now()
    mine = readable(request)
    midnight = now.astimezone(clock.LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    tabs = {
        "since": mine.since(midnight - timedelta(days=1)),
        "new": mine.standing().filter(status=Alert.Status.NEW),
        "all": mine,
    }
    counts = {name: rows.count() for name, rows in tabs.items()}
    filtering = any(request.GET.get(name) for name in AlertFilter.base_filters)
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else ("all" if filtering else next((each for each in TABS if counts[each]), "new"))
    filter = AlertFilter(request.GET, queryset=tabs[tab])
    rows = filter.qs.for_list().order_by("-weight", "-found_at", "-id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return {
        "tab": tab,
        "counts": counts,
        "page": page,
        "rows": [(each, title_of(each.rule), parties(each)) for each in page.object_list],
        "form": filter.form,
        "active": sum(1 for name in filter.form.fields if request.GET.get(name)),
        "query": request.GET.urlencode(),
        "socket": live.SOCKET,
    }


def _shown(
    request: ActingRequest, found: Alert, *, dismissing: DismissForm | None = None,
    inquiring: InquireForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    writes = request.membership.role in WRITERS
    names = names_of_people([found.evidence]) if reads_names(request.membership) else {}
    fresh = found.status == Alert.Status.NEW
    context = {
        "found": found,
        "title": title_of(found.rule),
        "about": about(found.rule),
        "parties": parties(found),
        "rounds": found.rounds.all()[:MOST_FURTHER],
        "steps": steps_of(found.evidence.get("path") or [], names),
        "facts": facts_of(found.evidence),
        "names_shown": bool(names),
        "inquiries": found.inquiries.readable_by(request.organisation, tied_to=tied_to(request.user)).for_list(),
        "dismissing": (dismissing or DismissForm(auto_id="id_dismiss_%s")) if writes and fresh else None,
        "inquiring": (inquiring or _inquire_form(request, found)) if writes and fresh and parties(found) else None,
        "refused": [*_errors(dismissing), *_errors(inquiring)] if not fresh else [],
    }
    return render(request, "oversight/alert.html", context, status=status)


def _errors(form: forms.Form | None) -> list[str]:
    return [str(each) for each in form.non_field_errors()] if form is not None else []


def _inquire_form(request: ActingRequest, found: Alert, given: Any = None) -> InquireForm:
    firms = [firm.pk for firm in found.firms.all()]
    others = readable(request).standing().filter(status=Alert.Status.NEW, firms__in=firms).exclude(pk=found.pk)
    further = others.distinct().select_related("department__organisation").order_by("-weight", "id")[:MOST_FURTHER]
    labelled = [(each, _label(each)) for each in further]
    return InquireForm(given, parties=parties(found), further=labelled, auto_id="id_inquire_%s")


def _label(found: Alert) -> Any:
    where = f" · {found.department.organisation.public_name}" if found.department else ""
    return format_lazy("{} {}{}", found.rule, title_of(found.rule), where)


def _status(refused: DomainError) -> int:
    return 403 if isinstance(refused, NotAllowed) else 409
