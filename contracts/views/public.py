"""What everybody may read of contracts: who, what, for how much, until when; and whether a PDF is what was sealed."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bidding.proof import qr_svg
from contracts.domain.checking import check_document
from contracts.filters import ContractFilter
from contracts.forms.checking import CheckForm
from contracts.models import Contract, Filing
from contracts.stages import ball, rail
from core import clock
from core.ratelimit import limited
from ledger import domain as ledger

PAGE = 30


@require_safe
def contracts(request: HttpRequest) -> HttpResponse:
    """Every contract that was sealed, the latest first."""
    rows = Contract.objects.public().for_list().prefetch_related("lines__service")
    chosen = ContractFilter(request.GET, queryset=rows.order_by("-sealed_at", "-id"))
    page = Paginator(chosen.qs, PAGE).get_page(request.GET.get("page"))
    return render(request, "contracts/contracts.html", {"filter": chosen, "page": page})


@require_safe
def contract(request: HttpRequest, code: str) -> HttpResponse:
    found = public_contract(code)
    organisation = getattr(request, "organisation", None)
    reads = Contract.objects.readable_by(organisation).filter(pk=found.pk).exists()
    return render(request, "contracts/public.html", {**told_of(found), "reads": reads})


def told_of(contract: Contract) -> dict[str, Any]:
    """What the page of a contract tells whoever may open it."""
    return {
        "contract": contract,
        "round": contract.award.lot.round,
        "now": clock.now(),
        "rail": rail(contract),
        "ball": ball(contract),
        "parties": list(contract.parties.select_related("organisation")),
        "lines": list(contract.lines.select_related("service", "item", "department__organisation")),
        "milestones": list(contract.milestones.prefetch_related("lines")),
        "filing": Filing.objects.filter(contract=contract).first(),
        "supplements": list(contract.supplements.select_related("matter__by")),
        "log": ledger.published(contract.subject),
    }


@require_safe
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The QR code to the contract's public page."""
    found = public_contract(code)
    address = request.build_absolute_uri(reverse("contracts:contract", args=[found.code]))
    response = HttpResponse(qr_svg(address), content_type="image/svg+xml")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@limited("check_contract", "30/m")
@never_cache
def check(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a PDF is this contract, unchanged, and by whom it was sealed."""
    found = public_contract(code)
    form = CheckForm(request.POST, request.FILES) if request.method == "POST" else CheckForm()
    verdict = None
    if request.method == "POST" and form.is_valid():
        verdict = check_document(found, form.cleaned_data["file"].read())
    context = {"contract": found, "form": form, "verdict": verdict}
    return render(request, "contracts/check.html", context, status=422 if form.errors else 200)


def public_contract(code: str) -> Contract:
    """A contract that everybody may read, or 404 as if it did not exist."""
    return get_object_or_404(Contract.objects.public().for_list(), code=code)
