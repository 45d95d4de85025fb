"""What the sides of a running contract put to each other, and giving it up."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.actions import actions_for, kinds_for
from contracts.domain import matters as domain
from contracts.forms.matters import AbandonForm, AnswerForm, ProposeForm
from contracts.models import Matter
from contracts.views.delivery import step_page
from contracts.views.desk import PARTIES, contract_or_404
from contracts.views.drafting import contract_for, take


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
def propose(request: ActingRequest, code: str, kind: str) -> HttpResponse:
    found = contract_for(request, code, "matters")
    chosen = next(
        (each for each in kinds_for(found, request.membership, actions_for(found, request.membership)) if each == kind),
        None,
    )
    if chosen is None:
        raise Http404
    form = ProposeForm(request.POST if request.method == "POST" else None, contract=found, kind=chosen)
    return step_page(
        request,
        found,
        form,
        lambda given: domain.propose_matter(contract_id=found.pk, kind=chosen, by=request.membership, **given),
        done=_("已提出，等对方答复。"),
        context={"title": chosen.label, "submit": _("提出，等对方答复")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
def answer(request: ActingRequest, code: str, number: int) -> HttpResponse:
    found = contract_or_404(request, code)
    matter = get_object_or_404(found.matters.exclude(by=request.organisation), number=number)
    if matter.status != Matter.Status.OPEN and request.method != "POST":
        raise Http404
    form = AnswerForm(request.POST) if request.method == "POST" else AnswerForm()
    return step_page(
        request,
        found,
        form,
        lambda given: domain.answer_matter(
            matter_id=matter.pk, agrees=given["agrees"], words=given["words"], by=request.membership
        ),
        done=_("已答复。"),
        context={
            "title": _("答复：%(kind)s") % {"kind": matter.get_kind_display()},
            "lead": matter.words,
            "matter": matter,
            "submit": _("答复"),
        },
    )


@require_POST
@acting_as(*PARTIES, roles=WRITERS)
def finish(request: ActingRequest, code: str, number: int) -> HttpResponse:
    found = contract_or_404(request, code)
    matter = get_object_or_404(found.matters, number=number)
    return take(
        request,
        found,
        lambda: domain.finish_matter(matter_id=matter.pk, by=request.membership),
        done=_("已记录。"),
    )


@require_POST
@acting_as(*PARTIES, roles=WRITERS)
def withdraw(request: ActingRequest, code: str, number: int) -> HttpResponse:
    found = contract_or_404(request, code)
    matter = get_object_or_404(found.matters.filter(by=request.organisation), number=number)
    return take(
        request,
        found,
        lambda: domain.withdraw_matter(matter_id=matter.pk, by=request.membership),
        done=_("已撤回。"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, Kind.OPERATOR, roles=WRITERS)
@never_cache
def abandon(request: ActingRequest, code: str) -> HttpResponse:
    """A party gives the contract up, or the service centre records that it has."""
    found = contract_or_404(request, code)
    centre = request.organisation.kind == Kind.OPERATOR
    if not found.goes_on or (not centre and "abandon" not in actions_for(found, request.membership)):
        raise Http404
    form = AbandonForm(request.POST if request.method == "POST" else None, names_party=centre)
    lead = _("弃约归责于弃约的一方。机构弃约的，暂停 %(days)d 日，联合体各成员一并暂停。") % {
        "days": found.policy.abandon_days
    }
    return step_page(
        request,
        found,
        form,
        lambda given: domain.abandon_contract(
            contract_id=found.pk,
            reason=given["text"],
            charged_to=given.get("charged_to", ""),
            by=request.membership,
        ),
        done=_("已记录弃约。"),
        context={"title": _("弃约"), "lead": lead, "submit": _("弃约，终止合同"), "danger": True},
    )
