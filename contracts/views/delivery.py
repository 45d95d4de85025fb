"""Handing in, accepting and returning what a contract delivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.domain import delivering
from contracts.forms.delivery import ReturnForm, SubmitForm
from contracts.forms.drafting import WordsForm
from contracts.models import Contract, Deliverable, Milestone
from contracts.views.desk import contract_or_404
from contracts.views.drafting import contract_for, take, words_step
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited

SEES_FILES = (Kind.FIRM, *OWNER_KINDS, Kind.DEPARTMENT, Kind.REGULATOR)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("deliverables", "30/h", by=by_user)
def submit(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """The next version of what a milestone delivers."""
    found = contract_for(request, code, "submit")
    milestone = get_object_or_404(found.milestones, number=number)
    if not milestone.takes_deliverables and request.method != "POST":
        raise Http404
    form = SubmitForm(request.POST, request.FILES) if request.method == "POST" else SubmitForm()
    context = {"title": _("提交成果：%(name)s") % {"name": milestone.name}, "submit": _("提交业主验收")}
    return step_page(
        request,
        found,
        form,
        lambda given: delivering.submit_deliverable(
            milestone_id=milestone.pk,
            content=given["file"],
            kind=given["file"].content_type,
            note=given["note"],
            by=request.membership,
        ),
        done=_("已提交，等业主验收。"),
        context=context,
    )


@require_safe
@acting_as(*SEES_FILES)
@never_cache
def file(request: ActingRequest, code: str) -> FileResponse:
    """The file of a version, for the parties, the departments of its lines and the regulator."""
    found = deliverable_or_404(request, code)
    return hand_out(found.file, name=found.name, kind=found.kind)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def accept(request: ActingRequest, code: str) -> HttpResponse:
    found = deliverable_or_404(request, code)
    return take(
        request,
        contract_or_404(request, found.milestone.contract.code),
        lambda: delivering.accept_deliverable(deliverable_id=found.pk, by=request.membership),
        done=_("已验收。"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def send_back(request: ActingRequest, code: str) -> HttpResponse:
    """Why a version is not accepted."""
    found = deliverable_or_404(request, code)
    contract = contract_for(request, found.milestone.contract.code, "review")
    form = ReturnForm(request.POST) if request.method == "POST" else ReturnForm()
    title = _("退回成果：%(name)s 第 %(version)s 版") % {"name": found.milestone.name, "version": found.version}
    return step_page(
        request,
        contract,
        form,
        lambda given: delivering.return_deliverable(
            deliverable_id=found.pk, reasons=given["reasons"], words=given["words"], by=request.membership
        ),
        done=_("已退回机构修改。"),
        context={"title": title, "submit": _("退回机构修改")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, Kind.DEPARTMENT, roles=WRITERS)
@never_cache
def revision(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """An expert review wants what was accepted to be revised."""
    found = contract_or_404(request, code)
    milestone = get_object_or_404(
        found.milestones.filter(delivers=True, status=Milestone.Status.ACCEPTED), number=number
    )
    if request.organisation.kind == Kind.DEPARTMENT and milestone not in delivering.served_by(
        found, request.organisation
    ):
        raise Http404
    form = WordsForm(request.POST if request.method == "POST" else None, label=_("评审要求怎样修改"))
    context = {
        "title": _("专家评审要求修改：%(name)s") % {"name": milestone.name},
        "lead": _("已验收的成果仍然有效、仍可付款；机构另交修改后的版本。"),
        "submit": _("要求机构修改"),
    }
    return words_step(
        request,
        found,
        form,
        lambda text: delivering.ask_for_revision(milestone_id=milestone.pk, words=text, by=request.membership),
        done=_("已通知机构修改。"),
        context=context,
    )


def step_page(
    request: ActingRequest,
    found: Contract,
    form: forms.Form,
    step: Callable[[dict[str, Any]], Any],
    *,
    done: str,
    context: dict[str, Any],
) -> HttpResponse:
    """A page with a form, and the step that takes what was filled in."""
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            step(form.cleaned_data)
        except NotAllowed as refused:
            raise Http404 from refused
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            status = 409
        else:
            messages.success(request, done)
            return redirect("contracts:mine", code=found.code)
    return render(request, "contracts/words.html", {"contract": found, "form": form, **context}, status=status)


def deliverable_or_404(request: ActingRequest, code: str) -> Deliverable:
    """A version that this organisation may read."""
    rows = Deliverable.objects.readable_by(request.organisation).select_related("milestone__contract")
    return get_object_or_404(rows, code=code)
