"""Supplementary agreements: what everybody may read of one, and its seals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS
from accounts.rules import ActingRequest, acting_as
from bidding.proof import qr_svg
from contracts.actions import supplement_steps
from contracts.document import supplement_address, supplement_hash
from contracts.domain import supplements as domain
from contracts.forms.drafting import ReadForm, WordsForm
from contracts.models import Contract, Supplement
from contracts.stages import supplement_seals
from contracts.views.desk import PARTIES, READERS, contract_or_404
from contracts.views.drafting import refused_page, words_step
from contracts.views.public import public_contract
from core import clock
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.templatetags.mx import money
from ledger import domain as ledger


@require_safe
def supplement(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """What it changes, who has sealed it, and where it stands in the public log."""
    contract = public_contract(code)
    found = supplement_or_404(contract, number)
    organisation = getattr(request, "organisation", None)
    context = {
        "contract": contract,
        "supplement": found,
        "seals": supplement_seals(found),
        "now": clock.now(),
        "reads": Contract.objects.readable_by(organisation).filter(pk=contract.pk).exists(),
        "log": ledger.published(found.subject),
    }
    return render(request, "contracts/supplement.html", context)


@require_safe
def qr(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The QR code to the supplement's public page, as the PDF has it."""
    found = supplement_or_404(public_contract(code), number)
    response = HttpResponse(qr_svg(supplement_address(found)), content_type="image/svg+xml")
    patch_cache_control(response, public=True, max_age=3600)
    return response


@require_safe
@acting_as(*READERS)
@never_cache
def document(request: ActingRequest, code: str, number: int) -> FileResponse:
    """The PDF with the seals that it has."""
    found = supplement_or_404(contract_or_404(request, code), number)
    return hand_out(found.document, name=f"{found.code}.pdf", kind="application/pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
def seal(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """The last summary, and the seal."""
    contract = contract_or_404(request, code)
    found = supplement_or_404(contract, number)
    if request.method != "POST":
        if "seal" not in supplement_steps(found, request.membership):
            raise Http404
        return _seal_page(request, found, ReadForm(initial={"text_sha256": supplement_hash(found)}))
    form = ReadForm(request.POST)
    if not form.is_valid():
        return _seal_page(request, found, ReadForm(initial={"text_sha256": supplement_hash(found)}), status=422)
    read = form.cleaned_data["text_sha256"]
    try:
        domain.seal_supplement(supplement_id=found.pk, text_sha256=read, by=request.membership)
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        return refused_page(request, contract, str(refused))
    messages.success(request, _("已盖章。"))
    return redirect("contracts:mine", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
def withdraw(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """A side that has not sealed it does not want it any more."""
    contract = contract_or_404(request, code)
    found = supplement_or_404(contract, number)
    if request.method != "POST" and "withdraw" not in supplement_steps(found, request.membership):
        raise Http404
    form = WordsForm(request.POST if request.method == "POST" else None, label=_("为什么不再订立"))
    context = {
        "title": _("撤回补充协议"),
        "lead": _("撤回以后合同照旧履行，可以重新商定变更。"),
        "submit": _("撤回补充协议"),
    }

    def step(text: str) -> Supplement:
        try:
            return domain.withdraw_supplement(supplement_id=found.pk, reason=text, by=request.membership)
        except NotAllowed as refused:
            raise Http404 from refused

    return words_step(request, contract, form, step, done=_("补充协议已撤回。"), context=context)


def supplement_or_404(contract: Contract, number: int) -> Supplement:
    found = get_object_or_404(contract.supplements.select_related("matter"), number=number)
    found.contract = contract
    return found


def _seal_page(request: ActingRequest, found: Supplement, form: ReadForm, *, status: int = 200) -> HttpResponse:
    changed = _("%(before)s → %(after)s")
    days = _("%(n)d 个工作日")
    rows: list[tuple[str, Any]] = [
        (_("合同"), f"{found.contract.title} {found.contract.code}"),
        (_("补充协议"), found.code),
        (_("合同价款"), changed % {"before": money(found.price_before), "after": money(found.price)}),
        (
            _("承诺时限"),
            changed % {"before": days % {"n": found.days_before}, "after": days % {"n": found.days}},
        ),
        (_("变更原因"), found.matter.words),
        (_("盖章机构"), request.organisation.public_name),
    ]
    if found.scope:
        rows.insert(4, (_("变更后的服务内容"), found.scope))
    context = {"contract": found.contract, "supplement": found, "form": form, "rows": rows}
    return render(request, "contracts/supplement_seal.html", context, status=status)
