"""The service centre's desk: what waits for a check, oldest first. It sees of entries what everybody sees."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.discussion import objections_of, questions_of
from bidding.domain import entries
from bidding.domain import rounds as domain
from bidding.domain.auction_room import unfinished
from bidding.forms.checks import ReasonForm
from bidding.forms.withdrawing import WithdrawForForm
from bidding.models import Objection, Question, Round
from bidding.wording import method_sentence
from core import clock
from core.errors import DomainError
from core.ratelimit import by_user, limited
from market.models import Admission

PAGE = 30
WAITING = 50


@require_safe
@acting_as(Kind.OPERATOR)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """Objections and questions that wait for an answer, rounds and admissions for a check, oldest first; rounds that run."""
    now = clock.now()
    to_check = Round.objects.filter(status=Round.Status.SUBMITTED).for_list().order_by("submitted_at", "id")
    admissions = (
        Admission.objects.waiting_for_check().select_related("firm__organisation").order_by("submitted_at", "id")
    )
    objections = Objection.objects.to_answer().for_list()
    questions = Question.objects.to_answer(now=now).select_related("round__owner")
    running = Round.objects.open_at(now).for_list().order_by("closes_at", "id")
    context = {
        "now": now,
        "auctions": unfinished(now=now, limit=WAITING),
        "to_check": to_check[:WAITING],
        "to_check_count": to_check.count(),
        "admissions": admissions[:WAITING],
        "admissions_count": admissions.count(),
        "objections": objections[:WAITING],
        "objections_count": objections.count(),
        "questions": questions[:WAITING],
        "questions_count": questions.count(),
        "page": Paginator(running, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "bidding/operator_desk.html", context)


@require_safe
@acting_as(Kind.OPERATOR)
@never_cache
def check(request: ActingRequest, code: str) -> HttpResponse:
    """A round as its owner submitted it, with the steps that the service centre may take."""
    return _shown(request, round_or_404(code))


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def announce(request: ActingRequest, code: str) -> HttpResponse:
    round_ = round_or_404(code)
    try:
        domain.announce_round(round_id=round_.pk, by=request.membership, seen=request.POST.get("submission", ""))
    except DomainError as refused:
        return _shown(request, round_, refused=refused)
    messages.success(request, _("%(code)s 已公告。") % {"code": round_.code})
    return redirect("bidding:operator_desk")


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def send_back(request: ActingRequest, code: str) -> HttpResponse:
    round_, form = round_or_404(code), ReasonForm(request.POST)
    if not form.is_valid():
        return _shown(request, round_, form=form, step="return")
    try:
        domain.return_round(round_id=round_.pk, reason=form.cleaned_data["reason"], by=request.membership)
    except DomainError as refused:
        return _shown(request, round_, form=form, step="return", refused=refused)
    messages.success(request, _("%(code)s 已退回业主。") % {"code": round_.code})
    return redirect("bidding:operator_desk")


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def cancel(request: ActingRequest, code: str) -> HttpResponse:
    """End a round before its deadline, with a reason that everybody may read."""
    round_ = round_or_404(code)
    form = ReasonForm(request.POST or None)
    if request.method != "POST":
        return _shown(request, round_, form=form, step="cancel", status=200)
    if not form.is_valid():
        return _shown(request, round_, form=form, step="cancel")
    try:
        domain.cancel_round(round_id=round_.pk, reason=form.cleaned_data["reason"], by=request.membership)
    except DomainError as refused:
        return _shown(request, round_, form=form, step="cancel", refused=refused)
    messages.success(request, _("%(code)s 已取消。") % {"code": round_.code})
    return redirect("bidding:operator_desk")


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
@limited("withdraw_for", "20/m", by=by_user)
def withdraw_for(request: ActingRequest, code: str) -> HttpResponse:
    """Take back the entry of a firm that has lost its token; the answer is the same whether there was one."""
    round_, now = round_or_404(code), clock.now()
    if not round_.takes_entries_at(now):
        raise Http404
    lots = list(round_.lots.order_by("number"))
    form = WithdrawForForm(request.POST if request.method == "POST" else None, lots=lots)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            entries.withdraw_for(
                round_id=round_.pk,
                uscc=given["uscc"],
                reason=given["reason"],
                by=request.membership,
                lot=given.get("lot", "1"),
            )
        except DomainError as refused:
            form.add_error("uscc" if refused.code == "uscc" else None, str(refused))
        else:
            messages.success(request, _("已处理：这家机构如果报过名，密封件已删除，截止前可以重新报名。"))
            return redirect("bidding:check", code=code)
    context = {"round": round_, "lot": None if round_.has_lots else lots[0], "form": form, "now": now}
    return render(request, "bidding/withdraw_for.html", context, status=422 if form.errors else 200)


def _shown(
    request: ActingRequest,
    round_: Round,
    *,
    form: ReasonForm | None = None,
    step: str = "",
    refused: DomainError | None = None,
    status: int | None = None,
) -> HttpResponse:
    now = clock.now()
    context = {
        **questions_of(round_, reader=request.membership, now=now),
        **objections_of(round_, reader=request.membership, now=now),
        "round": round_,
        "policy": round_.policy,
        "now": now,
        "shown_status": round_.status_at(now),
        "sentence": method_sentence(round_.method),
        "asked": round_.need,
        "project": round_.need.project,
        "qualifications": list(round_.need.required_qualifications.select_related("kind")),
        "lots": list(round_.lots.order_by("number")),
        "takes_entries": round_.takes_entries_at(now),
        "form": form or ReasonForm(),
        "submission": domain.submission_of(round_),
        "step": step,
        "refused": refused,
    }
    answered = status or (409 if refused else 422 if step else 200)
    return render(request, "bidding/check.html", context, status=answered)


def round_or_404(code: str) -> Round:
    """A round that has left its owner's hands; drafts are the owner's own business."""
    return get_object_or_404(
        handed_over().select_related("policy", "previous", "need__item", "need__project"), code=code
    )


def handed_over() -> QuerySet[Round]:
    return Round.objects.filter(submitted_at__isnull=False).for_list()
