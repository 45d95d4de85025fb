"""From the draft to the seals: the owner edits and proposes, the firm agrees or asks for a change, everybody seals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.actions import actions_for
from contracts.document import text_hash
from contracts.domain import drafting, sealing
from contracts.forms.drafting import EditForm, ReadForm, WordsForm
from contracts.models import Contract
from contracts.views.desk import PARTIES, contract_or_404, shown
from core.errors import DomainError, NotAllowed
from core.templatetags.mx import money


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def edit(request: ActingRequest, code: str) -> HttpResponse:
    found = contract_for(request, code, "edit")
    form = EditForm(request.POST if request.method == "POST" else None, contract=found)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            drafting.edit_contract(
                contract_id=found.pk, scope=form.cleaned_data["scope"], steps=form.steps, by=request.membership
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, _("已保存。核对以后交给机构确认。"))
            return redirect("contracts:mine", code=code)
    return render(request, "contracts/edit.html", {"contract": found, "form": form}, status=status)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def propose(request: ActingRequest, code: str) -> HttpResponse:
    found = contract_or_404(request, code)
    return take(
        request,
        found,
        lambda: drafting.propose_contract(contract_id=found.pk, by=request.membership),
        done=_("已交给机构确认。"),
    )


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def agree(request: ActingRequest, code: str) -> HttpResponse:
    found, form = contract_or_404(request, code), ReadForm(request.POST)
    if not form.is_valid():
        return refused_page(request, found, _("请重新打开页面，看过合同文本再确认。"), status=422)
    read = form.cleaned_data["text_sha256"]
    return take(
        request,
        found,
        lambda: drafting.agree_to_contract(contract_id=found.pk, text_sha256=read, by=request.membership),
        done=_("合同文本已定，双方可以盖章了。"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
def ask_for_change(request: ActingRequest, code: str) -> HttpResponse:
    found = contract_for(request, code, "change")
    form = WordsForm(request.POST if request.method == "POST" else None, label=_("希望怎样修改"))
    context = {
        "title": _("要求修改合同文本"),
        "lead": _("价款、承诺时限和当事人来自选取的结果，不能改；服务内容和付款计划可以商量。"),
        "submit": _("发给业主"),
    }
    return words_step(
        request,
        found,
        form,
        lambda text: drafting.ask_for_change(contract_id=found.pk, text=text, by=request.membership),
        done=_("已发给业主。"),
        context=context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
def reopen(request: ActingRequest, code: str) -> HttpResponse:
    found = contract_for(request, code, "reopen")
    form = WordsForm(request.POST if request.method == "POST" else None, label=_("为什么要改"))
    context = {"title": _("退回修改"), "lead": _("还没有人盖章，文本可以退回起草。"), "submit": _("退回修改")}
    return words_step(
        request,
        found,
        form,
        lambda text: drafting.reopen_contract(contract_id=found.pk, reason=text, by=request.membership),
        done=_("合同文本已退回起草。"),
        context=context,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
def seal(request: ActingRequest, code: str) -> HttpResponse:
    """The last summary, and the seal."""
    found = contract_for(request, code, "seal", done=request.method == "POST")
    if request.method != "POST":
        return _seal_page(request, found, ReadForm(initial={"text_sha256": text_hash(found)}))
    form = ReadForm(request.POST)
    if not form.is_valid():
        return _seal_page(request, found, ReadForm(initial={"text_sha256": text_hash(found)}), status=422)
    try:
        sealing.seal_contract(contract_id=found.pk, text_sha256=form.cleaned_data["text_sha256"], by=request.membership)
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        return refused_page(request, found, str(refused))
    messages.success(request, _("已盖章。"))
    return redirect("contracts:mine", code=code)


def _seal_page(request: ActingRequest, found: Contract, form: forms.Form, *, status: int = 200) -> HttpResponse:
    rows = [
        (_("合同"), f"{found.title} {found.code}"),
        (_("甲方"), found.owner.public_name),
        (_("乙方"), found.firm.organisation.public_name),
        (_("合同价款"), money(found.price)),
        (_("承诺时限"), _("%(n)d 个工作日") % {"n": found.days}),
        (_("盖章机构"), request.organisation.public_name),
    ]
    return render(request, "contracts/seal.html", {"contract": found, "form": form, "rows": rows}, status=status)


def words_step(
    request: ActingRequest,
    found: Contract,
    form: forms.Form,
    step: Callable[[str], Any],
    *,
    done: str,
    context: dict[str, Any],
) -> HttpResponse:
    """A page that asks why, and the step that takes the answer."""
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            step(form.cleaned_data["text"])
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, done)
            return redirect("contracts:mine", code=found.code)
    return render(request, "contracts/words.html", {"contract": found, "form": form, **context}, status=status)


def take(request: ActingRequest, found: Contract, step: Callable[[], Any], *, done: str) -> HttpResponse:
    """One step without anything to fill in."""
    try:
        step()
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        return refused_page(request, found, str(refused))
    messages.success(request, done)
    return redirect("contracts:mine", code=found.code)


def refused_page(request: ActingRequest, found: Contract, why: str, *, status: int = 409) -> HttpResponse:
    """The contract as it is now, with why a step was not taken."""
    return shown(request, contract_or_404(request, found.code), status=status, refused=why)


def contract_for(request: ActingRequest, code: str, step: str, *, done: bool = False) -> Contract:
    """A contract with which this reader may take a step; `done` lets in who has taken it, to be told so."""
    found = contract_or_404(request, code)
    if step not in actions_for(found, request.membership) and not done:
        raise Http404
    return found
