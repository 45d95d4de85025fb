"""The events of a line, taken from the rooms that record them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime

from approvals.domain.queries import history_of
from approvals.models import Case, CaseEvent
from bidding.models import Lot, Round
from contracts.models import Contract, ContractEvent, ContractLine, Milestone
from ratings.events import ANOTHER, CONTRACT, DELIVERY, Event

GONE = (Round.Status.FAILED, Round.Status.CANCELLED, Round.Status.VOID)
DECIDED = (Round.Status.CANDIDATE, Round.Status.AWARDED, Round.Status.CONTRACTED)
OF_CONTRACTS = {*CONTRACT, *DELIVERY, "suspended", "resumed", "review_revision_asked"}
AGREED_ON = {
    ContractEvent.Kind.INPUT_ASKED, ContractEvent.Kind.BLOCKED, ContractEvent.Kind.SUSPENDED,
}  # fmt: skip
WANTED_BACK = {ContractEvent.Kind.RETURNED, ContractEvent.Kind.REVIEW_REVISION_ASKED}
ENDED_EARLY = (ContractEvent.Kind.TERMINATED, ContractEvent.Kind.ABANDONED)


def round_events(rounds: Sequence[Round], lot: str) -> Iterator[Event]:
    """What happened to a need from round to round, for one of its lots; `rounds` are public, in the order of announcement.

    Whoever wins and walks away, or is at fault where an objection is upheld, is charged from there to the next award.
    A need that can be announced again goes on.
    """
    for round_ in rounds:
        assert round_.announced_at is not None
        yield Event(id=f"{round_.code}/announced", kind="announced", at=round_.announced_at)
        own = next((each for each in round_.lots.all() if each.number == lot), None)
        if own is not None:
            yield from _lot_events(round_, own)
        if round_.status in GONE and round_.ended_at is not None:
            again = round_ is not rounds[-1] or (round_.status == Round.Status.FAILED and not round_.is_second)
            yield Event(
                id=f"{round_.code}/ended",
                kind="round_failed" if again else "line_ended",
                at=round_.ended_at,
                charged_to=_at_fault(round_),
            )


def _at_fault(round_: Round) -> str:
    """Who is charged with what follows from a round that an objection made void."""
    return next((each.charged_to for each in round_.objections.all() if each.charged_to), "")


def _lot_events(round_: Round, lot: Lot) -> Iterator[Event]:
    for gone in lot.substitutions.all():
        charged_to = "firm" if gone.cause == gone.Cause.WALKED_AWAY else ""
        yield Event(
            id=f"{round_.code}/{lot.number}/out/{gone.number}", kind="round_failed", at=gone.at, charged_to=charged_to
        )
    for award in lot.awards.all():
        yield Event(id=award.code, kind="awarded", at=award.issued_at)
    if lot.winner_id is None and round_.status in DECIDED and round_.evaluated_at is not None:
        # A lot without a winner beside one that has: what is left goes into a need of its own.
        yield Event(id=f"{round_.code}/{lot.number}/failed", kind="line_ended", at=round_.evaluated_at)


def contract_events(contract: Contract, line: ContractLine) -> Iterator[Event]:
    """What happened under a contract to one of its lines.

    The deliverable of the last milestone that serves the line is the one that goes to the department; what serves other lines
    is theirs. What parties agree on while a line is out of the firm's hands is about the lines that are still in them.
    """
    last, accepted, is_out = last_to_deliver(contract, line), False, False
    others = {each.pk for each in contract.milestones.all() if not each.serves(line)}
    several = len(contract.lines.all()) > 1
    for each in contract.events.all():
        if each.milestone_id in others or (several and is_out and each.kind in AGREED_ON):
            continue
        of_last = each.milestone_id is None or (last is not None and each.milestone_id == last.pk)
        is_out = _is_out(is_out, each, of_last=of_last)
        if each.kind in OF_CONTRACTS:
            yield Event(
                id=f"{contract.code}/{each.pk}",
                kind=each.kind,
                at=each.at,
                ref=str(each.data.get("ref", "")),
                by=each.party if each.kind == ContractEvent.Kind.SEALED else "",
                charged_to=str(each.data.get("charged_to", "")),
                quality=bool(each.data.get("quality")),
                part=not of_last,
            )
            accepted = accepted or (each.kind == ContractEvent.Kind.ACCEPTED and of_last)
        elif each.kind in ENDED_EARLY and not accepted:
            yield Event(id=f"{contract.code}/{each.pk}", kind="line_ended", at=each.at)


def _is_out(is_out: bool, event: ContractEvent, *, of_last: bool) -> bool:
    """Whether what a line is about is out of the firm's hands after an event: accepted, and not wanted back."""
    if of_last and event.kind == ContractEvent.Kind.ACCEPTED:
        return True
    return is_out and not (of_last and event.kind in WANTED_BACK)


def last_to_deliver(contract: Contract, line: ContractLine) -> Milestone | None:
    """The milestone whose deliverable goes to the department that decides on a line."""
    going = [
        each
        for each in contract.milestones.all()
        if each.delivers and each.status != Milestone.Status.CANCELLED and each.serves(line)
    ]
    return max(going, key=lambda each: each.number, default=None)


def events_of_cases(cases: Iterable[Case], *, since: datetime | None, results: Container[str]) -> Iterator[Event]:
    """What happened to the cases of a line; one that was over before the line began is not its own.

    results: the codes of the line's own deliverables. Where a department names another, it is another line that is at fault.
    """
    for case in cases:
        if since is not None and (case.ended_at is None or case.ended_at > since):
            yield from _case_events(case, results)


def results_of(contracts: Iterable[Contract], line: int) -> set[str]:
    """The codes of everything that was delivered for a line, by its number, under any of its contracts."""
    return {
        deliverable.code
        for contract in contracts
        for own in contract.lines.all()
        if own.number == line
        for milestone in contract.milestones.all()
        if milestone.serves(own)
        for deliverable in milestone.deliverables.all()
    }


def _fault(event: CaseEvent, results: Container[str]) -> str:
    return ANOTHER if event.deliverable and event.deliverable not in results else event.fault


def _case_events(case: Case, results: Container[str]) -> list[Event]:
    """What happened to a case as the case itself takes it: corrections applied, what still waits for earlier events left out."""
    _state, taken = history_of(case)
    return [
        Event(
            id=f"{case.code}/{each.number}",
            kind=each.kind,
            at=each.occurred_at,
            order=each.number,
            case=case.code,
            fault=_fault(each, results),
            charged_to=each.charged_to,
            outcome=each.outcome,
            could_have_been_first=bool(each.first_time),
        )
        for each in taken
    ]
