"""Evaluations on the desks: what may be evaluated, what was given or received, the reply, and bursts for the regulator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.models import ContractLine
from core import clock
from core.downloads import hand_out
from core.errors import DomainError
from core.ratelimit import by_user, limited
from ratings.domain import evaluating, replying
from ratings.domain.access import SIDES
from ratings.domain.disputes import disputes_of
from ratings.domain.waiting import lines_of, lines_to_evaluate
from ratings.forms.evaluations import EvaluationForm, ReplyForm
from ratings.models import Burst, Dimension, Dispute, Evaluation, EvaluationPolicy, Side

RATERS = (*OWNER_KINDS, Kind.DEPARTMENT, Kind.OPERATOR)
READERS = (*RATERS, Kind.FIRM, Kind.REGULATOR)
PAGE = 30
WAITING = 50


@require_safe
@acting_as(*READERS)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """A rater's: what it may evaluate, what it has given. A firm's: what it has received. The regulator's: all."""
    now, own = clock.now(), request.organisation
    rates = own.kind in SIDES
    if own.kind == Kind.FIRM:
        rows = Evaluation.objects.about(own, now=now)
    elif own.kind == Kind.REGULATOR:
        rows = Evaluation.objects.all()
    else:
        rows = Evaluation.objects.filter(rater=own)
    waiting = lines_to_evaluate(own, now=now)
    context = {
        "now": now,
        "rates": rates,
        "may_write": request.membership.role in WRITERS,
        "is_firm": own.kind == Kind.FIRM,
        "is_regulator": own.kind == Kind.REGULATOR,
        "waiting": waiting[:WAITING] if rates else [],
        "waiting_count": waiting.count() if rates else 0,
        "policy": EvaluationPolicy.in_force(now),
        "page": Paginator(rows.for_list().order_by("-given_at", "-id"), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "ratings/evaluations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*RATERS, roles=WRITERS)
@never_cache
@limited("evaluations", "120/h", by=by_user)
def evaluate(request: ActingRequest, contract: str, number: int) -> HttpResponse:
    """Evaluate the firm of one line, or edit what was given while that is possible."""
    now = clock.now()
    own, known = _line_for(request, contract, number, now)
    if known is not None and known.is_public_at(now):
        return redirect("ratings:evaluation", code=known.code)
    initial = {name: getattr(known, name) for name in (*Dimension.values, "text")} if known is not None else {}
    form = EvaluationForm(request.POST or None, request.FILES or None, initial=initial)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            found = evaluating.evaluate(
                line_id=own.pk,
                marks=form.marks,
                text=form.cleaned_data["text"],
                evidence=form.cleaned_data["evidence"] or None,
                by=request.membership,
            )
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            status = 409
        else:
            messages.success(request, _("评价已保存，公开之前可以修改。"))
            return redirect("ratings:evaluation", code=found.code)
    is_owner = SIDES[request.organisation.kind] == Side.OWNER
    disputes = disputes_of(own.contract, now=now) if is_owner else []
    context = {
        "form": form,
        "own": own,
        "known": known,
        "policy": EvaluationPolicy.in_force(now),
        "disputes": [Dispute(each).label for each in disputes],
    }
    return render(request, "ratings/evaluate.html", context, status=status)


def _line_for(
    request: ActingRequest, contract: str, number: int, now: datetime
) -> tuple[ContractLine, Evaluation | None]:
    """The line, if this organisation may evaluate it now or has; and what it has said. Raises Http404."""
    mine = Evaluation.objects.filter(contract__code=contract, number=number, rater=request.organisation).for_list()
    known = mine.filter(side=SIDES[request.organisation.kind]).first()
    own = lines_of(request.organisation, now=now).filter(contract__code=contract, number=number).first()
    if own is None and known is not None:
        own = known.contract.lines.select_related("project", "item", "service").get(number=number)
        own.contract = known.contract
    if own is None:
        raise Http404
    return own, known


@require_safe
@acting_as(*READERS)
@never_cache
def evaluation(request: ActingRequest, code: str) -> HttpResponse:
    """One evaluation with its reply, whole."""
    return _shown(request, evaluation_or_404(request, code))


@require_safe
@acting_as(*READERS)
@never_cache
def evidence(request: ActingRequest, code: str) -> FileResponse:
    """What the rater has attached; not public."""
    found = evaluation_or_404(request, code)
    return hand_out(found.evidence)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("replies", "60/h", by=by_user)
def reply(request: ActingRequest, code: str) -> HttpResponse:
    """The firm's reply, or its change while that is possible."""
    found = evaluation_or_404(request, code)
    if request.method != "POST":
        return _shown(request, found)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, form=form, status=422)
    try:
        replying.reply_to(evaluation_id=found.pk, text=form.cleaned_data["text"], by=request.membership)
    except DomainError as refused:
        form.add_error("text" if refused.code == "text" else None, str(refused))
        return _shown(request, found, form=form, status=409)
    messages.success(request, _("回复已保存，公开之前可以修改。"))
    return redirect("ratings:evaluation", code=found.code)


@require_safe
@acting_as(Kind.REGULATOR)
@never_cache
def bursts(request: ActingRequest) -> HttpResponse:
    """Bursts of like marks, the latest first: leads, no verdicts."""
    rows = Burst.objects.select_related("organisation").prefetch_related("evaluations__firm__organisation")
    page = Paginator(rows.order_by("-found_at", "-id"), PAGE).get_page(request.GET.get("page"))
    labels = [dimension.label for dimension in Dimension]
    context = {"page": page, "labels": labels, "policy": EvaluationPolicy.in_force(clock.now())}
    return render(request, "ratings/bursts.html", context)


def evaluation_or_404(request: ActingRequest, code: str) -> Evaluation:
    """An evaluation that this organisation may read whole."""
    rows = Evaluation.objects.readable_by(request.organisation, now=clock.now()).for_list()
    return get_object_or_404(rows.select_related("policy", "contract__owner"), code=code)


def _shown(
    request: ActingRequest, found: Evaluation, *, form: ReplyForm | None = None, status: int = 200
) -> HttpResponse:
    now, own = clock.now(), request.organisation
    writes = request.membership.role in WRITERS
    replies = own.pk == found.firm.organisation_id and writes and replying.may_reply_at(found, now)
    said = found.reply_or_none
    if replies and form is None:
        form = ReplyForm(initial={"text": said.text if said else ""})
    # Before its own window is over a reply is the firm's alone.
    sees_reply = said is not None and (said.public_at <= now or own.pk == found.firm.organisation_id)
    context: dict[str, Any] = {
        "found": found,
        "now": now,
        "is_public": found.is_public_at(now),
        "may_edit": own.pk == found.rater_id and writes and not found.is_public_at(now),
        "form": form if replies or (form is not None and form.errors) else None,
        "said": said if sees_reply else None,
    }
    return render(request, "ratings/evaluation.html", context, status=status)
