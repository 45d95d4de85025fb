"""The page on which an owner picks from the short list; by a blind method it sees proposals by number, and no names."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import OWNER_KINDS, WRITERS
from accounts.rules import ActingRequest, acting_as
from bidding.domain import choosing
from bidding.domain.files import NamedFile, named_files
from bidding.forms.choosing import ChoiceForm
from bidding.models import Entry, Lot, Round
from bidding.wording import method_sentence
from core import clock
from core.errors import DomainError
from protocol.methods import METHODS


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One of the short list as its owner sees it; `name` is empty where the method is blind."""

    key: str
    uscc: str
    name: str
    amount: Decimal | None
    days: int | None
    credit: Decimal | None
    files: list[NamedFile]


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def choose(request: ActingRequest, code: str) -> HttpResponse:
    """Look at the short list, pick one, and say why."""
    round_ = _waiting(request, code)
    if round_ is None:
        return _chosen_or_404(request, code)
    lot = _lot_or_404(request, round_)
    candidates, blind = _candidates(round_, lot), METHODS[round_.method].blind
    form = ChoiceForm(
        request.POST if request.method == "POST" else None,
        candidates=[(each.key, each.name or _("方案 %(number)s") % {"number": each.key}) for each in candidates],
        each=round_.method == "proposal",
    )
    if request.method == "POST" and form.is_valid():
        whose = {each.key: each.uscc for each in candidates}
        try:
            chosen = choosing.choose(
                round_id=round_.pk,
                lot=lot.number,
                uscc=whose[form.cleaned_data["chosen"]],
                reason=form.cleaned_data["reason"],
                reasons={whose[key]: text for key, text in form.reasons.items()},
                by=request.membership,
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            if chosen.choice_due_at is not None and chosen.status == Round.Status.OPENED:
                messages.success(request, _("%(lot)s 已选定，请接着选下一个标段。") % {"lot": lot.name})
                return redirect("bidding:choose", code=code)
            messages.success(request, _("已选定，结果和理由已公布。"))
            return redirect("bidding:round", code=code)
    context = {
        "round": round_,
        "lot": lot,
        "candidates": candidates,
        "blind": blind,
        "form": form,
        "now": clock.now(),
        "sentence": method_sentence(round_.method),
    }
    return render(request, "bidding/choose.html", context, status=422 if form.errors else 200)


def _lot_or_404(request: ActingRequest, round_: Round) -> Lot:
    """The lot that was shown, which a second press of the button does not change; else the first that waits."""
    waiting = [each for each in round_.lots.order_by("number") if each.short_list]
    shown = request.POST.get("lot", "")
    found = [each for each in waiting if (each.number == shown if shown else each.choice is None)]
    if not found:
        raise Http404
    return found[0]


def _waiting(request: ActingRequest, code: str) -> Round | None:
    own = Round.objects.of_owner(request.organisation).for_list()
    return own.filter(code=code, status=Round.Status.OPENED, choice_due_at__isnull=False).first()


def _chosen_or_404(request: ActingRequest, code: str) -> HttpResponse:
    """The choice stands, and whoever comes back to this page, or presses its button again, is told that it does."""
    if not Lot.objects.filter(round__code=code, round__owner=request.organisation, choice__isnull=False).exists():
        raise Http404
    messages.info(request, _("这次比选已经选定，不能再改。"))
    return redirect("bidding:round", code=code)


def _candidates(round_: Round, lot: Lot) -> list[Candidate]:
    """In the order of the draw, by which proposals are numbered: it says nothing of whose they are."""
    entries = {
        entry.firm.uscc: entry
        for entry in Entry.objects.live().filter(lot=lot).select_related("firm__organisation", "lot")
    }
    blind = METHODS[round_.method].blind
    named = named_files(round_, entries.values()) if blind else {}
    return [
        Candidate(
            key=str(number),
            uscc=uscc,
            name="" if blind else entries[uscc].firm.organisation.public_name,
            amount=entries[uscc].amount,
            days=entries[uscc].days,
            credit=entries[uscc].credit,
            files=named.get(entries[uscc].pk, []),
        )
        for number, uscc in enumerate(lot.short_list, start=1)
    ]
