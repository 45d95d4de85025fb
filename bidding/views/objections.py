"""Objections: the parties file and read them, the service centre answers, the regulator decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain import contesting
from bidding.domain import objections as domain
from bidding.domain.access import StepsAside
from bidding.domain.stops import reasons_of
from bidding.forms.objections import AnswerObjectionForm, ComplaintForm, DecisionForm, ObjectionForm
from bidding.forms.stops import RecusalForm
from bidding.models import Objection, ObjectionFile, Round, Stop
from core import clock
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited

PARTIES = (Kind.FIRM, *OWNER_KINDS)
READERS = (*PARTIES, Kind.OPERATOR, Kind.REGULATOR)
Status = Objection.Status


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*PARTIES, roles=WRITERS)
@never_cache
@limited("objections", "20/h", by=by_user)
def object_to(request: ActingRequest, code: str) -> HttpResponse:
    """Object to the candidate of a round, in its public notice."""
    rounds = domain.rounds_to_object_to(request.organisation)
    round_ = get_object_or_404(rounds, code=code)
    form = ObjectionForm(request.POST or None, request.FILES or None, round_=round_)
    if request.method != "POST" or not form.is_valid():
        return _object_page(request, round_, form, status=422 if form.errors else 200)
    given = form.cleaned_data
    try:
        objection = domain.file_objection(
            round_id=round_.pk,
            lot=given.get("lot"),
            text=given["text"],
            files=given["evidence"],
            by=request.membership,
        )
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _object_page(request, round_, form, status=409)
    messages.success(request, _("异议 %(code)s 已收到，答复之前不发出中选通知书。") % {"code": objection.code})
    return redirect("bidding:objection", code=objection.code)


def _object_page(request: ActingRequest, round_: Round, form: ObjectionForm, *, status: int) -> HttpResponse:
    now = clock.now()
    context = {
        "round": round_,
        "now": now,
        "form": form,
        "takes_objections": domain.takes_objections_at(round_, now),
        "mine": Objection.objects.filter(round=round_, objector=request.organisation).select_related("round", "lot"),
    }
    return render(request, "bidding/objection_file.html", context, status=status)


@require_safe
@acting_as(*READERS)
@never_cache
def objection(request: ActingRequest, code: str) -> HttpResponse:
    """An objection with everything said about it, and what this reader may do next."""
    return _shown(request, objection_or_404(request, code))


@require_safe
@acting_as(*READERS)
@never_cache
def file(request: ActingRequest, code: str, number: int) -> FileResponse:
    """A file of an objection, for those who read its text."""
    found = get_object_or_404(ObjectionFile, objection=objection_or_404(request, code), number=number)
    return hand_out(found.file, name=found.name)


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def answer(request: ActingRequest, code: str) -> HttpResponse:
    """The service centre's answer."""
    found, form = objection_or_404(request, code), AnswerObjectionForm(request.POST)
    return _step(
        request,
        found,
        form,
        lambda given: domain.answer_objection(
            objection_id=found.pk,
            outcome=Status(given["outcome"]),
            text=given["text"],
            by=request.membership,
            charged_to=given["charged_to"],
        ),
        done=_("已答复，各方可以看到。"),
        review=True,
    )


@require_POST
@acting_as(*PARTIES, roles=WRITERS)
def escalate(request: ActingRequest, code: str) -> HttpResponse:
    """The objector's complaint to the regulator."""
    found, form = objection_or_404(request, code), ComplaintForm(request.POST)
    return _step(
        request,
        found,
        form,
        lambda given: domain.escalate_objection(objection_id=found.pk, text=given["text"], by=request.membership),
        done=_("投诉已送达监管部门。"),
    )


@require_POST
@acting_as(Kind.REGULATOR, roles=WRITERS)
def decide(request: ActingRequest, code: str) -> HttpResponse:
    """The regulator's order."""
    found = objection_or_404(request, code)
    if found.is_about_recusal:
        return _settle(request, found)
    form = DecisionForm(request.POST, is_stopped=found.status == Status.STOPPED)
    return _step(
        request,
        found,
        form,
        lambda given: domain.decide_objection(
            objection_id=found.pk,
            decision=domain.Decision(given["decision"]),
            text=given["text"],
            by=request.membership,
            charged_to=given["charged_to"],
        ),
        done=_("决定已记录，各方可以看到。"),
        review=True,
    )


def _settle(request: ActingRequest, found: Objection) -> HttpResponse:
    return _step(
        request,
        found,
        RecusalForm(request.POST),
        lambda given: contesting.settle(
            objection_id=found.pk,
            sustained=given["decision"] == "sustain",
            text=given["text"],
            by=request.membership,
        ),
        done=_("决定已记录，机构可以看到。"),
        review=True,
    )


def _step(
    request: ActingRequest,
    found: Objection,
    form: forms.Form,
    take: Callable[[dict[str, str]], Objection],
    *,
    done: str,
    review: bool = False,
) -> HttpResponse:
    """Check the form, let it be read once more where `review` says so, take the step, and tell what came of it."""
    if not form.is_valid():
        return _shown(request, found, form=form, status=422)
    if review and "confirm" not in request.POST:
        return _shown(request, found, form=form, review="change" not in request.POST)
    try:
        take(form.cleaned_data)
    except StepsAside as refused:
        form.add_error(None, str(refused))
        return _shown(request, found, form=form, status=409)
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _shown(request, objection_or_404(request, found.code), form=form, status=409)
    messages.success(request, done)
    return redirect("bidding:objection", code=found.code)


def _shown(
    request: ActingRequest,
    found: Objection,
    *,
    form: forms.Form | None = None,
    review: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    step = next_step(request, found, now=now)
    context = {
        "objection": found,
        "round": found.round,
        "files": list(found.files.all()),
        "now": now,
        "step": step,
        "stop": Stop.objects.pending().filter(round=found.round_id, firm__organisation=found.objector_id).first(),
        "recusal": reasons_of(found.recusal),
        "review": review and bool(step),
        "voids": review and form is not None and _voids(form),
        "form": form or empty_form(step, found),
        "refused": form.non_field_errors() if form is not None and not step else None,
    }
    return render(request, "bidding/objection.html", context, status=status)


def _voids(form: forms.Form) -> bool:
    """Whether what is about to be done ends the round for good."""
    given = form.cleaned_data
    return given.get("outcome") == Status.UPHELD or given.get("decision") == domain.Decision.VOID


def next_step(request: ActingRequest, found: Objection, *, now: datetime) -> str:
    """What this reader may do with an objection now: answer, escalate, decide, or nothing."""
    if request.membership.role not in WRITERS:
        return ""
    kind = request.organisation.kind
    if found.is_about_recusal:
        return "recusal" if kind == Kind.REGULATOR and found.is_pending else ""
    if kind == Kind.OPERATOR and found.status == Status.FILED and found.is_pending:
        return "answer"
    if kind == Kind.REGULATOR and found.status in (Status.ESCALATED, Status.STOPPED) and found.is_pending:
        return "decide"
    mine = request.organisation.pk == found.objector_id
    return "escalate" if mine and domain.may_escalate_at(found, now) else ""


def empty_form(step: str, found: Objection) -> forms.Form | None:
    match step:
        case "answer":
            return AnswerObjectionForm()
        case "escalate":
            return ComplaintForm()
        case "recusal":
            return RecusalForm()
        case "decide":
            return DecisionForm(is_stopped=found.status == Status.STOPPED)
    return None


def objection_or_404(request: ActingRequest, code: str) -> Objection:
    """An objection that this organisation may read."""
    return get_object_or_404(readable(request), code=code)


def readable(request: ActingRequest) -> QuerySet[Objection]:
    return (
        Objection.objects.readable_by(request.organisation)
        .for_list()
        .select_related("answered_by", "stopped_by", "decided_by", "round__policy")
    )
