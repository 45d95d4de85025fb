"""Questions to a round: everybody reads them, firms ask, the owner or the service centre answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.discussion import may_answer, may_ask, own_numbers, questions_of
from bidding.domain import questions as domain
from bidding.forms.questions import AnswerForm, QuestionForm
from bidding.models import Question, Round
from bidding.views.public import public_round
from core import clock
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited

PAGE = 30


@require_safe
def questions(request: HttpRequest, code: str) -> HttpResponse:
    """Every question to a round, the latest first."""
    round_, now, reader = public_round(code), clock.now(), getattr(request, "membership", None)
    rows = round_.questions.select_related("answered_by").order_by("-number")
    takes = round_.takes_entries_at(now)
    context = {
        "round": round_,
        "now": now,
        "shown_status": round_.status_at(now),
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "own_numbers": own_numbers(round_, reader),
        "takes_questions": takes,
        "may_answer": takes and may_answer(round_, reader),
        "may_ask": takes and may_ask(reader),
    }
    return render(request, "bidding/questions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("questions", "20/h", by=by_user)
def ask(request: ActingRequest, code: str) -> HttpResponse:
    """Put a question to a round while it takes entries."""
    round_ = public_round(code)
    if not may_ask(request.membership):
        raise Http404
    form = QuestionForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _ask_page(request, round_, form, status=422 if form.errors else 200)
    try:
        domain.ask(round_id=round_.pk, text=form.cleaned_data["text"], by=request.membership)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _ask_page(request, round_, form, status=409)
    messages.success(request, _("问题已公开，没有人看得到是谁提的。答复会出现在这里。"))
    return redirect(f"{reverse('bidding:round', args=[code])}#questions")


def _ask_page(request: ActingRequest, round_: Round, form: QuestionForm, *, status: int) -> HttpResponse:
    now = clock.now()
    context = {
        **questions_of(round_, reader=request.membership, now=now),
        "round": round_,
        "lot": None if round_.has_lots else round_.lots.get(),
        "now": now,
        "form": form,
        "left": domain.left_to_ask(round_, request.organisation.firm),
    }
    return render(request, "bidding/question_ask.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, Kind.OPERATOR, roles=WRITERS)
@never_cache
@limited("answers", "120/h", by=by_user)
def answer(request: ActingRequest, code: str, number: int) -> HttpResponse:
    """Write the answer, read once more what it will do, publish it."""
    round_ = round_to_answer(request, code)
    question = get_object_or_404(Question, round=round_, number=number)
    closes_at = domain.closing_after_addendum(round_, at=clock.now())
    form = AnswerForm(request.POST or None, closes_at=closes_at)
    valid = request.method == "POST" and form.is_valid()
    if not valid or "change" in request.POST:
        return _answer_page(
            request, round_, question, form, closes_at, status=422 if not valid and form.errors else 200
        )
    if "publish" not in request.POST:
        return _answer_page(request, round_, question, form, closes_at, review=True)
    try:
        domain.answer(
            round_id=round_.pk,
            number=number,
            text=form.cleaned_data["answer"],
            changes=form.cleaned_data["changes"],
            by=request.membership,
        )
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        form.add_error(None, str(refused))
        question.refresh_from_db()
        return _answer_page(request, round_, question, form, closes_at, status=409)
    messages.success(request, _("答复已公布。"))
    return redirect(_back(request, code))


def _answer_page(
    request: ActingRequest,
    round_: Round,
    question: Question,
    form: AnswerForm,
    closes_at: Any,
    *,
    review: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    context = {
        "round": round_,
        "question": question,
        "now": now,
        "form": form,
        "review": review,
        "closes_at": closes_at,
        "moves": closes_at != round_.closes_at,
        "next_addendum": domain.next_addendum(round_),
        "takes_questions": round_.takes_entries_at(now),
        "back": _back(request, round_.code),
    }
    return render(request, "bidding/question_answer.html", context, status=status)


def round_to_answer(request: ActingRequest, code: str) -> Round:
    """A public round that this organisation answers for: its own, or any for the service centre."""
    rounds = Round.objects.public().for_list().select_related("policy")
    if request.organisation.kind != Kind.OPERATOR:
        rounds = rounds.of_owner(request.organisation)
    return get_object_or_404(rounds, code=code)


def _back(request: ActingRequest, code: str) -> str:
    name = "bidding:check" if request.organisation.kind == Kind.OPERATOR else "bidding:owner_round"
    return f"{reverse(name, args=[code])}#questions"
