"""The firm's desk: rounds it may enter and why not the others, its entries, and entering."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.domain import entries as domain
from bidding.domain.consortia import waiting_for
from bidding.domain.contesting import contestable
from bidding.domain.eligibility import reasons_between
from bidding.domain.files import TAKES_FILES
from bidding.domain.parties import all_of, led_by, reasons_to_stay_out
from bidding.domain.queries import rounds_for_firm
from bidding.domain.questions import addenda_since, overtaken
from bidding.domain.scripts import published_script
from bidding.forms.tokens import WithdrawForm
from bidding.models import Entry, Lot, Round, Stop, TracePolicy
from bidding.views.public import acting_firm
from bidding.wording import TAKES_AMOUNT, method_sentence
from core import clock
from core.errors import DomainError
from core.ratelimit import by_user, limited
from ledger.domain.receipts import receipt_for
from market.models import Firm
from protocol.files import LARGEST, MOST_FILES

PAGE = 30


@require_safe
@acting_as(Kind.FIRM)
def desk(request: ActingRequest) -> HttpResponse:
    """Rounds that take entries now: those that this firm may enter, or the others with every reason."""
    firm, now = acting_firm(request), clock.now()
    if firm is None:  # signed up, and nothing applied for yet
        return redirect("market:admission")
    taking = list(Round.objects.open_at(now).for_list().order_by("closes_at", "id"))
    seen = rounds_for_firm(firm=firm, rounds=taking, at=now)
    may = [each for each in seen if each.may_enter or each.entered]
    others = [each for each in seen if not (each.may_enter or each.entered)]
    show = "others" if request.GET.get("show") == "others" else "may"
    page = Paginator(others if show == "others" else may, PAGE).get_page(request.GET.get("page"))
    context = {"firm": firm, "page": page, "show": show, "may_count": len(may), "others_count": len(others), "now": now}
    context["waiting"] = waiting_for(firm, at=now)
    return render(request, "bidding/firm_desk.html", context)


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def entries(request: ActingRequest) -> HttpResponse:
    """The firm's own entries: that there is one and when it came; what is in it only after opening, on the round's page."""
    firm, now = firm_or_404(request), clock.now()
    own = Entry.objects.of(firm.organisation).select_related("lot__round__service", "lot__round__owner", "lot__winner")
    page = Paginator(own.defer("envelope").order_by("-received_at", "-id"), PAGE).get_page(request.GET.get("page"))
    rows = [
        {"entry": each, "round": each.lot.round, "status": each.lot.round.status_at(now)} for each in page.object_list
    ]
    out = _recused(firm, [each.lot.round for each in page.object_list], now=now)
    context = {
        "firm": firm,
        "page": page,
        "rows": rows,
        "now": now,
        "overtaken": overtaken(page.object_list),
        "out": out,
    }
    return render(request, "bidding/entries.html", context)


def _recused(firm: Firm, rounds: list[Round], *, now: datetime) -> set[int]:
    """The rounds, by primary key, in which this firm has to step aside for a tie: those that take entries, and stopped ones."""
    taking = [each for each in rounds if each.takes_entries_at(now)]
    found = reasons_between([firm], taking, at=now)
    stopped = Stop.objects.pending().filter(firm=firm, round__in=rounds).values_list("round_id", flat=True)
    return {pk for (_firm, pk), own in found.items() if any(each.is_recusal for each in own)} | set(stopped)


@require_safe
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
def enter(request: ActingRequest, code: str) -> HttpResponse:
    """The page on which a firm seals its bid in its own browser, or replaces what it sent before.

    What is typed there stays there: the page sends the envelope alone, to the API. Here are the terms, or why it cannot be.
    """
    firm, round_ = firm_or_404(request), round_or_404(code)
    now, lot = clock.now(), asked_lot(request, round_)
    mine = domain.my_entry(round_, firm, lot=lot.number) if lot else None
    asked, consortium = round_.need.days, led_by(round_, firm)
    context: dict[str, Any] = {
        "firm": firm,
        "round": round_,
        "lot": lot,
        "now": now,
        "sentence": method_sentence(round_.method),
        "priced": round_.method in TAKES_AMOUNT,
        "takes_files": round_.method in TAKES_FILES,
        "most_files": MOST_FILES,
        "largest_file": LARGEST,
        "mine": mine,
        "left": domain.REPLACEMENTS - mine.replacements if mine else 0,
        "consortium": consortium,
        "parties": list(consortium.parties.select_related("firm__organisation")) if consortium else [],
        "reasons": reasons_to_stay_out(firm=firm, round_=round_, consortium=consortium, at=now),
        "asked_days": asked,
        "days_hint": _("业主要求在 %(days)s 个工作日内完成，可以更短。") % {"days": asked} if asked else "",
        "script": published_script(),
        "traces": TracePolicy.in_force(now),
    }
    if not round_.takes_entries_at(now):
        return render(request, "bidding/entry_late.html", context)
    if context["reasons"]:
        context["contestable"] = contestable(round_, firm, at=now)
        return render(request, "bidding/entry_kept_out.html", context)
    if lot is None:
        own = {each.lot_id: each for each in domain.my_entries(round_, firm)}
        context["rows"] = [(each, own.get(each.pk)) for each in round_.lots.order_by("number")]
        return render(request, "bidding/enter_lots.html", context)
    return render(request, "bidding/enter.html", context)


def asked_lot(request: ActingRequest, round_: Round) -> Lot | None:
    """The lot that the address names; the only one of a round that is not split, None where one has still to be picked."""
    asked = request.GET.get("lot", "") if round_.has_lots else "1"
    lots = {lot.number: lot for lot in round_.lots.all()}
    if asked and asked not in lots:
        raise Http404
    return lots.get(asked)


def _own_entry_or_404(request: ActingRequest, firm: Firm, round_: Round) -> Entry:
    lot = asked_lot(request, round_)
    entry = domain.my_entry(round_, firm, lot=lot.number) if lot else None
    if entry is None:
        raise Http404
    return entry


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def receipt(request: ActingRequest, code: str) -> HttpResponse:
    """What the firm keeps of its entry: when it came and the SHA-256 of its envelope."""
    firm, round_ = firm_or_404(request), round_or_404(code)
    entry, now = _own_entry_or_404(request, firm, round_), clock.now()
    context = {
        "firm": firm,
        "round": round_,
        "entry": entry,
        "now": now,
        "takes_entries": round_.takes_entries_at(now),
        "left": domain.REPLACEMENTS - entry.replacements,
        "note": receipt_for(entry.receipt) if entry.receipt else "",
        "addenda_since": addenda_since(entry),
        "parties": all_of(entry.lot, firm) if entry.consortium_id else [],
    }
    return render(request, "bidding/receipt.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("withdraw", "30/m", by=by_user)
def withdraw(request: ActingRequest, code: str) -> HttpResponse:
    """Take the firm's entry back before the deadline; what was sealed is deleted."""
    firm, round_ = firm_or_404(request), round_or_404(code)
    entry, now = _own_entry_or_404(request, firm, round_), clock.now()
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    context = {"firm": firm, "round": round_, "entry": entry, "mine": entry, "now": now, "form": form}
    if not round_.takes_entries_at(now):
        return render(request, "bidding/entry_late.html", context, status=409 if request.method == "POST" else 200)
    if request.method != "POST" or not form.is_valid():
        return render(request, "bidding/withdraw.html", context, status=422 if form.errors else 200)
    try:
        token = form.cleaned_data["token"].strip()
        domain.withdraw_entry(round_id=round_.pk, firm=firm, user=request.user, token=token, lot=entry.lot.number)
    except domain.WrongToken as refused:
        form.add_error("token", str(refused))
        return render(request, "bidding/withdraw.html", context, status=422)
    except DomainError as refused:
        return render(request, "bidding/entry_late.html", {**context, "refused": refused}, status=409)
    messages.success(request, _("已撤回在 %(code)s 的报名，密封件已删除。") % {"code": round_.code})
    return redirect("bidding:entries")


def firm_or_404(request: ActingRequest) -> Firm:
    firm = acting_firm(request)
    if firm is None:
        raise Http404
    return firm


def round_or_404(code: str) -> Round:
    """A public round; whether this firm may enter it is said with reasons, not hidden."""
    rounds = Round.objects.public().for_list().select_related("policy", "need__item")
    return get_object_or_404(rounds, code=code)
