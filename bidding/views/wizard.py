"""The wizard: from a need to a submitted round, in steps that can be left and taken up again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import OWNER_KINDS, WRITERS
from accounts.rules import ActingRequest, acting_as
from bidding.discussion import objections_of, questions_of
from bidding.domain import rounds as domain
from bidding.domain.eligibility import reasons_between
from bidding.domain.files import files_of_winners
from bidding.domain.lots import whole_terms
from bidding.forms.checks import ReasonForm
from bidding.forms.lots import terms_form
from bidding.forms.terms import AMOUNTS
from bidding.forms.wizard import MethodForm
from bidding.models import Policy, Round
from bidding.wording import method_sentence
from core import clock
from core.errors import DomainError
from market.domain.guidance import guidance
from market.models import Firm, Need
from protocol.methods import METHODS

STEPS = (
    ("method", gettext_lazy("选取方式")),
    ("terms", gettext_lazy("价格与时长")),
    ("review", gettext_lazy("核对并提交")),
)
COUNTED = 500
"""So many firms are asked whether they qualify; beyond that the page says "more than"."""


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
def start(request: ActingRequest, need: str) -> HttpResponse:
    """The draft of a need's round, begun or taken up again."""
    found = get_object_or_404(Need.objects.of(request.organisation), code=need)
    try:
        round_ = domain.draft_round(need=found, by=request.membership)
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect("market:project", code=found.project.code)
    return redirect(
        "bidding:wizard", code=round_.code, step="review" if round_.method and round_.notice_length else "method"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def wizard(request: ActingRequest, code: str, step: str) -> HttpResponse:
    round_ = _round_or_404(request, code)
    if not round_.is_editable:
        return redirect("bidding:owner_round", code=code)
    if step == "method":
        return _method(request, round_)
    if not round_.method:
        return redirect("bidding:wizard", code=code, step="method")
    if step == "terms":
        return _terms(request, round_)
    if round_.notice_length is None:
        return redirect("bidding:wizard", code=code, step="terms")
    return _review(request, round_)


def _method(request: ActingRequest, round_: Round) -> HttpResponse:
    form = MethodForm(request.POST or None, initial={"method": round_.method})
    if request.method == "POST" and form.is_valid():
        method = form.cleaned_data["method"]
        kept = {name: text for name, text in round_.parameters.items() if name in METHODS[method].parameters}
        try:
            domain.edit_round(
                round_id=round_.pk,
                method=method,
                parameters=kept,
                notice_length=round_.notice_length,
                by=request.membership,
                named=round_.named,
                consortium_most=round_.consortium_most,
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("bidding:wizard", code=round_.code, step="terms")
    return _page(request, round_, "method", form, method=form.data.get("method") or round_.method)


def _terms(request: ActingRequest, round_: Round) -> HttpResponse:
    posted, policy = request.POST or None, Policy.in_force(clock.now())
    form = terms_form(posted, round_=round_, policy=policy, asked=request.GET.get("lots", ""))
    if form.is_bound and form.is_valid():
        try:
            domain.edit_round(
                round_id=round_.pk,
                method=round_.method,
                parameters=form.parameters,
                notice_length=form.cleaned_data["notice_length"],
                by=request.membership,
                named=form.cleaned_data.get("named"),
                lots=form.lots,
                consortium_most=form.cleaned_data.get("consortium_most"),
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("bidding:wizard", code=round_.code, step="review")
    return _page(request, round_, "terms", form)


def _review(request: ActingRequest, round_: Round) -> HttpResponse:
    if request.method != "POST":
        return _page(request, round_, "review", None)
    try:
        domain.submit_round(round_id=round_.pk, by=request.membership)
    except DomainError as refused:
        return _page(request, round_, "review", None, refused=refused)
    messages.success(request, _("已提交服务中心审核。"))
    return redirect("bidding:owner_round", code=round_.code)


def _page(
    request: ActingRequest,
    round_: Round,
    step: str,
    form: Any,
    *,
    refused: DomainError | None = None,
    method: str | None = None,
) -> HttpResponse:
    now = clock.now()
    findings = guidance(
        need=round_.need, method=method if method is not None else round_.method, parameters=whole_terms(round_), at=now
    )
    context = {
        **_facts(round_),
        "step": step,
        "steps": _steps(round_, step),
        "form": form,
        "refused": refused,
        "findings": findings,
        "stopped": any(each.severity == "stop" for each in findings),
        "policy": Policy.in_force(now),
        "amounts": AMOUNTS,
        "market": _market(round_) if step == "review" else None,
    }
    status = 409 if refused else 422 if form is not None and form.errors else 200
    return render(request, f"bidding/wizard_{step}.html", context, status=status)


def _steps(round_: Round, present: str) -> list[dict[str, Any]]:
    names = [name for name, _label in STEPS]
    at = names.index(present)
    return [
        {
            "label": label,
            "state": "now" if index == at else "done" if index < at else "next",
            "url": reverse("bidding:wizard", args=[round_.code, name]) if index < at else "",
        }
        for index, (name, label) in enumerate(STEPS)
    ]


def _market(round_: Round) -> dict[str, Any]:
    """How many firms qualify, and which requirement keeps out the others (DOMAIN "What a need may and may not do")."""
    now = clock.now()
    offering = list(Firm.objects.listed().offering(round_.service).select_related("organisation", "current")[:COUNTED])
    found = reasons_between(offering, [round_], at=now)
    reasons: dict[str, int] = {}
    for each in found.values():
        for reason in {one.code: one for one in each}.values():
            text = reason.text
            reasons[text] = reasons.get(text, 0) + 1
    may = sum(1 for firm in offering if not found[firm.pk, round_.pk])
    return {"offering": len(offering), "may": may, "reasons": sorted(reasons.items(), key=lambda pair: -pair[1])[:8]}


@require_http_methods(["GET", "HEAD"])
@acting_as(*OWNER_KINDS)
@never_cache
def owner_round(request: ActingRequest, code: str) -> HttpResponse:
    """A round as its owner sees it: what is asked, where it stands, what to do next."""
    return _shown(request, _round_or_404(request, code), ReasonForm())


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def cancel(request: ActingRequest, code: str) -> HttpResponse:
    """End a round before its deadline."""
    round_, form = _round_or_404(request, code), ReasonForm(request.POST)
    if not form.is_valid():
        return _shown(request, round_, form, status=422)
    try:
        domain.cancel_round(round_id=round_.pk, reason=form.cleaned_data["reason"], by=request.membership)
    except DomainError as refused:
        return _shown(request, round_, form, refused=refused, status=409)
    messages.success(request, _("%(code)s 已取消。") % {"code": round_.code})
    return redirect("bidding:owner_desk")


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def again(request: ActingRequest, code: str) -> HttpResponse:
    """Begin the second announcement of a failed round."""
    round_ = _round_or_404(request, code)
    try:
        successor = domain.announce_again(round_id=round_.pk, by=request.membership)
    except DomainError as refused:
        return _shown(request, round_, ReasonForm(), refused=refused, status=409)
    return redirect("bidding:wizard", code=successor.code, step="review")


def _shown(
    request: ActingRequest, round_: Round, form: ReasonForm, *, refused: DomainError | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    context = {
        **_facts(round_),
        **questions_of(round_, reader=request.membership, now=now),
        **objections_of(round_, reader=request.membership, now=now),
        "form": form,
        "refused": refused,
        "now": now,
        "shown_status": round_.status_at(now),
        "policy": round_.policy,
        "may_cancel": round_.status in ("draft", "submitted", "returned") or round_.takes_entries_at(now),
        "may_again": round_.status == Round.Status.FAILED and not round_.is_second and round_.successor is None,
        "successor": round_.successor,
        "may_write": request.membership.role in WRITERS,
        "proposals": files_of_winners(round_),
    }
    return render(request, "bidding/owner_round.html", context, status=status)


def _facts(round_: Round) -> dict[str, Any]:
    return {
        "round": round_,
        "asked": round_.need,
        "project": round_.need.project,
        "qualifications": list(round_.need.required_qualifications.select_related("kind")),
        "lots": list(round_.lots.order_by("number")),
        "sentence": method_sentence(round_.method),
    }


def _round_or_404(request: ActingRequest, code: str) -> Round:
    rounds = (
        Round.objects.of_owner(request.organisation)
        .for_list()
        .select_related("policy", "previous", "need__item", "need__project")
    )
    found = rounds.filter(code=code).first()
    if found is None:
        raise Http404
    return found
