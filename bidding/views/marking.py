"""The desk of an expert: rounds to mark, by number and without names, and conflicts to declare.

An expert acts as a person: who is in the registry has this desk, whatever organisation the same person acts for beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.rules import SessionRequest
from bidding.domain import experts as registry
from bidding.domain import files as proposal_files
from bidding.domain import marking as domain
from bidding.forms.experts import ConflictForm, MarksForm, StepAsideForm
from bidding.models import Expert, Mark, Round, Seat
from core import clock
from core.errors import DomainError

SHOWN = 50
View = Callable[..., HttpResponseBase]


def as_expert(view: View) -> View:
    """Let in whoever is or was in the registry; for everybody else the page does not exist."""

    @wraps(view)
    def guarded(request: SessionRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not Expert.objects.filter(user=request.user).exists():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@as_expert
@never_cache
def desk(request: SessionRequest) -> HttpResponse:
    """What waits for this expert, what is due first; and the conflicts that it has declared."""
    step = request.POST.get("step", "")
    form = ConflictForm(request.POST if step == "declare" else None)
    if step == "withdraw" and request.POST.get("conflict", "").isascii() and request.POST["conflict"].isdigit():
        registry.withdraw_conflict(user=request.user, conflict_id=int(request.POST["conflict"][:18]))
        messages.success(request, _("已撤销。"))
        return redirect("bidding:expert_desk")
    if step == "declare" and form.is_valid():
        try:
            registry.declare_conflict(user=request.user, **form.cleaned_data)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            messages.success(request, _("已申报，以后与该单位有关的比选不会抽到您。"))
            return redirect("bidding:expert_desk")
    own = Seat.objects.of(request.user).select_related("lot__round__service", "lot__round__owner", "lot__round__need")
    own = own.prefetch_related("lot__round__need__further")
    waiting = own.running().filter(lot__round__status=Round.Status.OPENED).order_by("due_at", "id")
    past = own.exclude(pk__in=waiting.values("pk")).order_by("-drawn_at", "-id")
    context = {
        "expert": Expert.objects.get(user=request.user),
        "waiting": list(waiting),
        "past": list(past[:SHOWN]),
        "conflicts": list(request.user.expert.conflicts.filter(withdrawn_at=None)),
        "form": form,
        "now": clock.now(),
    }
    return render(request, "bidding/expert_desk.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@as_expert
@never_cache
def mark(request: SessionRequest, code: str, lot: str) -> HttpResponse:
    """One seat: accept it or step aside, then mark every proposal, look at it once more, submit."""
    seat = seat_or_404(request, code, lot)
    step = request.POST.get("step", "")
    if request.method == "POST" and step in ("accept", "decline", "conflict"):
        return _answer(request, seat, step)
    form = _form(request, seat, whole=step in ("submit", "confirm"))
    if request.method != "POST" or step == "change":
        return _shown(request, seat, form=form)
    if not form.is_valid():
        return _shown(request, seat, form=form, status=422)
    if step == "submit":
        return _shown(request, seat, form=form, review=True)
    act = domain.submit_marks if step == "confirm" else domain.save_marks
    try:
        act(seat_id=seat.pk, user=request.user, given=form.given)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _shown(request, seat, form=form, status=409)
    messages.success(request, _("评分已提交。") if step == "confirm" else _("草稿已保存。"))
    return redirect("bidding:mark", code=code, lot=lot)


def _answer(request: SessionRequest, seat: Seat, step: str) -> HttpResponse:
    aside = StepAsideForm(request.POST if step != "accept" else None)
    try:
        if step == "accept":
            domain.accept_seat(seat_id=seat.pk, user=request.user)
            messages.success(request, _("已应邀，可以评分了。"))
        elif aside.is_valid():
            domain.step_aside(
                seat_id=seat.pk, user=request.user, conflict=step == "conflict", reason=aside.cleaned_data["reason"]
            )
            messages.success(request, _("已退出，由下一位专家接替。"))
            return redirect("bidding:expert_desk")
        else:
            return _shown(request, seat, aside=aside, status=422)
    except DomainError as refused:
        messages.error(request, str(refused))
    return redirect("bidding:mark", code=seat.lot.round.code, lot=seat.lot.number)


def _form(request: SessionRequest, seat: Seat, *, whole: bool) -> MarksForm:
    numbers = range(1, len(seat.lot.short_list) + 1)
    of_entry = {each.entry_id: each for each in Mark.objects.filter(seat=seat)}
    kept = {
        number: of_entry[entry.pk]
        for number, entry in enumerate(domain.proposals(seat.lot), start=1)
        if entry.pk in of_entry
    }
    data = request.POST if request.method == "POST" and request.POST.get("step") else None
    return MarksForm(data, numbers=numbers, kept=kept, whole=whole)


def _shown(
    request: SessionRequest,
    seat: Seat,
    *,
    form: MarksForm | None = None,
    aside: StepAsideForm | None = None,
    review: bool = False,
    status: int = 200,
) -> HttpResponse:
    now, round_ = clock.now(), seat.lot.round
    form = form or _form(request, seat, whole=False)
    open_ = round_.status == Round.Status.OPENED
    context = {
        "seat": seat,
        "round": round_,
        "lot": seat.lot,
        "asked": round_.need,
        "now": now,
        "form": form,
        "aside": aside or StepAsideForm(),
        "review": review,
        "may_accept": open_ and seat.status == Seat.Status.DRAWN and now < seat.due_at,
        "may_mark": open_ and seat.takes_marks_at(now),
        "may_leave": open_ and seat.is_running and now < seat.due_at,
        "proposals": _proposals(seat, form) if seat.status in (Seat.Status.ACCEPTED, Seat.Status.SUBMITTED) else [],
    }
    return render(request, "bidding/mark.html", context, status=status)


def _proposals(seat: Seat, form: MarksForm) -> list[dict[str, Any]]:
    """What is shown of each: number, days, files, and the fields for its mark. Nothing tells whose it is, nor its price."""
    round_ = seat.lot.round
    entries = domain.proposals(seat.lot)
    named = proposal_files.named_files(round_, entries)
    return [
        {
            "number": number,
            "days": entry.days,
            "files": named[entry.pk],
            "mark": form[f"mark_{number}"],
            "comment": form[f"comment_{number}"],
        }
        for number, entry in enumerate(entries, start=1)
    ]


def seat_or_404(request: SessionRequest, code: str, lot: str) -> Seat:
    """This person's own seat in a lot; there is at most one."""
    seats = Seat.objects.of(request.user).select_related(
        "lot__round__owner", "lot__round__service", "lot__round__need__item", "lot__round__department__organisation",
        "expert",
    )  # fmt: skip
    found = seats.filter(lot__round__code=code, lot__number=lot).first()
    if found is None:
        raise Http404
    return found
