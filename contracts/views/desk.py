"""The desks' contracts: of a party its own, of the service centre and the regulator all, what is late first."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind, Organisation
from accounts.rules import ActingRequest, acting_as
from contracts.actions import actions_for, kinds_for, supplement_steps
from contracts.document import text_hash
from contracts.domain.delivering import served_by
from contracts.forms.drafting import ReadForm
from contracts.history import history_of
from contracts.models import Contract, Deliverable, Milestone
from contracts.models.contracts import ContractQuerySet
from contracts.stages import supplement_seals
from contracts.views.public import told_of
from core import clock
from core.downloads import hand_out

PARTIES = (Kind.FIRM, *OWNER_KINDS)
READERS = (*PARTIES, Kind.DEPARTMENT, Kind.OPERATOR, Kind.REGULATOR)
TABS = ("waiting", "running", "ended")
PAGE = 30
Status = Contract.Status


@require_safe
@acting_as(*READERS)
@never_cache
def contracts(request: ActingRequest) -> HttpResponse:
    """What waits for a text or a seal, what is under way, what is over."""
    now = clock.now()
    mine = Contract.objects.readable_by(request.organisation)
    rows: dict[str, ContractQuerySet] = {
        "waiting": mine.unsealed().order_by("due_at", "id"),
        "running": mine.filter(status__in=Contract.GOING_ON).order_by("service_due_at", "id"),
        "ended": mine.exclude(status__in=[*Contract.BEFORE_SEALING, *Contract.GOING_ON]).order_by("-drafted_at", "-id"),
    }
    counts = {name: each.count() for name, each in rows.items()}
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else next((name for name in TABS if counts[name]), "waiting")
    page = Paginator(rows[tab].for_list().prefetch_related("parties__organisation", "lines__service"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {"now": now, "tab": tab, "counts": counts, "page": page, "late": mine.late_to_seal(now=now).count()}
    return render(request, "contracts/desk.html", context)


@require_safe
@acting_as(*READERS)
@never_cache
def contract(request: ActingRequest, code: str) -> HttpResponse:
    return shown(request, contract_or_404(request, code))


@require_safe
@acting_as(*READERS)
@never_cache
def document(request: ActingRequest, code: str) -> FileResponse:
    """The PDF with the seals that it has."""
    found = contract_or_404(request, code)
    if not found.document or not found.text_sha256:
        raise Http404
    return hand_out(found.document, name=f"{found.code}.pdf", kind="application/pdf")


def shown(
    request: ActingRequest, found: Contract, *, form: forms.Form | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The page of a contract, with what this reader may do next."""
    actions = actions_for(found, request.membership)
    context = {
        **told_of(found),
        "events": history_of(found, with_notes=True),
        "actions": actions,
        **_delivery(request, found, actions),
        "agree_form": ReadForm(initial={"text_sha256": text_hash(found)}) if "agree" in actions else None,
        "form": form,
        **more,
    }
    return render(request, "contracts/contract.html", context, status=status)


def _delivery(request: ActingRequest, found: Contract, actions: set[str]) -> dict[str, Any]:
    """What was delivered and agreed since the sealing."""
    if not found.is_public:
        return {}
    organisation = request.organisation
    reviews = organisation.kind == Kind.DEPARTMENT and request.membership.role in WRITERS
    rows = Deliverable.objects.filter(milestone__contract=found)
    return {
        "deliverables": list(rows.select_related("milestone").order_by("-submitted_at")),
        "readable": set(rows.readable_by(organisation).values_list("pk", flat=True)),
        "matters": list(found.matters.select_related("by", "other")),
        "kinds": kinds_for(found, request.membership, actions),
        "waiting": _waiting(request, found),
        "is_centre": organisation.kind == Kind.OPERATOR and request.membership.role in WRITERS,
        "to_revise": _to_revise(found, organisation if reviews else None)
        if found.delivers_now and ("revision" in actions or reviews)
        else [],
    }


def _waiting(request: ActingRequest, found: Contract) -> dict[str, Any] | None:
    """The supplementary agreement that waits for seals, and whether this reader is one of those who have not sealed it."""
    supplement = found.supplements.waiting().select_related("matter").first()
    if supplement is None:
        return None
    supplement.contract = found
    return {
        "supplement": supplement,
        "seals": supplement_seals(supplement),
        "steps": supplement_steps(supplement, request.membership),
    }


def _to_revise(found: Contract, department: Organisation | None) -> list[Milestone]:
    """Accepted milestones that may be wanted back: a department speaks of those that are for its own lines."""
    rows = found.milestones.filter(delivers=True) if department is None else served_by(found, department)
    return [each for each in rows if each.status == Milestone.Status.ACCEPTED and each.revision_asked_at is None]


def contract_or_404(request: ActingRequest, code: str) -> Contract:
    """A contract whose text this organisation may read."""
    rows = Contract.objects.readable_by(request.organisation).for_list().select_related("policy", "template")
    return get_object_or_404(rows, code=code)
