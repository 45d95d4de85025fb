"""Finding what costs points in what the rooms have recorded. Each deed: the rows that may be one, read by a few queries,
and the rule of `ratings.conduct` that says whether it is. What was found stays with a person to decide.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from approvals.models import Case, CaseEvent
from bidding.domain.parties import all_of
from bidding.models import Round, Substitution
from contracts.models import Contract, ContractLine, ContractParty, Deliverable
from contracts.payments.models import PaymentRequest
from core import clock
from market.models import Firm, Need, Qualification, RequiredQualification
from ratings import conduct
from ratings.domain import deductions
from ratings.lines import Lines
from ratings.measures import promises
from ratings.models import ConductPolicy, Deduction, Deed
from ratings.timeline import Party

logger = logging.getLogger(__name__)
BATCH = 200
"""Rows that are read together."""
SLACK = timedelta(days=1)
OVER = (Contract.Status.TERMINATED, Contract.Status.ABANDONED, Contract.Status.REVOKED)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fact that costs points, and the firms that answer for it."""

    kind: Deed
    source: str
    at: datetime
    firms: list[Firm]
    facts: dict[str, str] = field(default_factory=dict)
    contract: Contract | None = None
    round: Round | None = None


def propose_found(now: datetime | None = None) -> int:
    """Propose a deduction for everything that is found and was not proposed before; give how many there are new.

    Any number of workers may do it at once: nothing is proposed twice. One finding that cannot be proposed stops no other.
    """
    at = now or clock.now()
    before = Deduction.objects.count()
    for find in FINDERS:
        for found in find(at):
            for firm in found.firms:
                try:
                    deductions.propose(
                        firm=firm, kind=found.kind, source=found.source, occurred_at=found.at, facts=found.facts,
                        contract=found.contract, round_=found.round, now=at,
                    )  # fmt: skip
                except Exception:  # whatever is wrong with one must not keep the others waiting
                    logger.exception("no deduction could be proposed for %s", found.source)
    return Deduction.objects.count() - before


def _fresh(rows: QuerySet[Any], kind: Deed, source: Any) -> Iterator[list[Any]]:
    """Rows, with the source by which a deduction would know them, for which none is there yet: in batches, oldest first."""
    known = Deduction.objects.filter(kind=kind, source=OuterRef("known_as"))
    rows = rows.annotate(known_as=source).filter(~Exists(known)).order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def _each_fresh(rows: QuerySet[Any], kind: Deed, source: Any) -> Iterator[Any]:
    return chain.from_iterable(_fresh(rows, kind, source))


def _of_contract(name: str = "code") -> Concat:
    return Concat(Value("contract/"), name, output_field=CharField())


def _since(now: datetime) -> datetime:
    return now - timedelta(days=ConductPolicy.in_force(now).look_back_days)


def walked_away(now: datetime) -> Iterator[Finding]:
    """Winners that gave their award up before there was a contract."""
    source = Concat(
        Value("round/"), "lot__round__code", Value("/"), "lot__number", Value("/"), Cast("number", CharField()),
        output_field=CharField(),
    )  # fmt: skip
    gave_up = Substitution.objects.filter(cause=Substitution.Cause.WALKED_AWAY, at__gt=_since(now))
    rows = gave_up.select_related("lot__round", "out__organisation")
    for gone in _each_fresh(rows, Deed.ABANDONED, source):
        if conduct.abandoned(charged_to=conduct.FIRM):
            round_ = gone.lot.round
            yield Finding(
                kind=Deed.ABANDONED, source=gone.known_as, at=gone.at, firms=all_of(gone.lot, gone.out), round=round_,
                facts={"round": round_.code},
            )  # fmt: skip


def contracts_abandoned(now: datetime) -> Iterator[Finding]:
    """Contracts that their firm gave up after the sealing; every firm of a consortium answers (招标投标法 第31条)."""
    gone = Contract.objects.filter(status=Contract.Status.ABANDONED, charged_to=conduct.FIRM, ended_at__gt=_since(now))
    rows = gone.select_related("award__lot", "firm__organisation")
    for contract in _each_fresh(rows, Deed.ABANDONED, _of_contract()):
        assert contract.ended_at is not None
        if conduct.abandoned(charged_to=contract.charged_to):
            yield Finding(
                kind=Deed.ABANDONED, source=contract.known_as, at=contract.ended_at, contract=contract,
                firms=all_of(contract.award.lot, contract.firm), facts={"contract": contract.code},
            )  # fmt: skip


def contracts_unsigned(now: datetime) -> Iterator[Finding]:
    """Contracts whose term for sealing is over while the firm has not sealed."""
    sealed = ContractParty.objects.filter(
        contract=OuterRef("pk"), organisation=OuterRef("firm__organisation"), sealed_at__isnull=False
    )
    rows = Contract.objects.late_to_seal(now=now).filter(~Exists(sealed), due_at__gt=_since(now))
    rows = rows.select_related("firm__organisation")
    for contract in _each_fresh(rows, Deed.UNSIGNED, _of_contract()):
        if conduct.unsigned(due_at=contract.due_at, proposed_at=contract.proposed_at, firm_sealed_at=None, now=now):
            yield Finding(
                kind=Deed.UNSIGNED, source=contract.known_as, at=contract.due_at, firms=[contract.firm],
                contract=contract, facts={"contract": contract.code, "due": _day(contract.due_at)},
            )  # fmt: skip


def fees_raised(now: datetime) -> Iterator[Finding]:
    """Contracts under which more was asked than their price."""
    live = Q(milestones__payment_requests__status__in=PaymentRequest.LIVE)
    rows = Contract.objects.filter(sealed_at__gt=_since(now)).annotate(
        asked=Sum("milestones__payment_requests__amount", filter=live)
    )
    rows = rows.filter(asked__gt=F("price")).select_related("firm__organisation")
    for contract in _each_fresh(rows, Deed.FEE_RAISED, _of_contract()):
        if conduct.fee_raised(asked=contract.asked, price=contract.price):
            yield Finding(
                kind=Deed.FEE_RAISED, source=contract.known_as, at=now, firms=[contract.firm], contract=contract,
                facts={"contract": contract.code, "price": f"{contract.price:.2f}", "asked": f"{contract.asked:.2f}"},
            )  # fmt: skip


def results_returned(now: datetime) -> Iterator[Finding]:
    """Cases that a department did not accept, or refused, because of the deliverable of a contract that was accepted before."""
    kinds = [CaseEvent.Kind.NOT_ACCEPTED, CaseEvent.Kind.DECIDED]
    source = Concat(Value("case/"), "case__code", Value("/"), Cast("number", CharField()), output_field=CharField())
    rows = CaseEvent.objects.filter(
        kind__in=kinds, fault="deliverable", waiting=False, corrected_by=None, occurred_at__gt=_since(now)
    ).select_related("case")
    for events in _fresh(rows, Deed.RETURNED, source):
        yield from _returned(events, _contracts_behind([each.case for each in events]), _contracts_named(events))


def _contracts_named(events: list[Any]) -> dict[str, Contract]:
    """The contracts whose results departments have named."""
    rows = Deliverable.objects.filter(code__in={each.deliverable for each in events if each.deliverable})
    return {
        each.code: each.milestone.contract for each in rows.select_related("milestone__contract__firm__organisation")
    }


def _returned(events: list[Any], behind: dict[int, Contract], named: dict[str, Contract]) -> Iterator[Finding]:
    for event in events:
        contract = named.get(event.deliverable) or behind.get(event.case_id)
        if contract is not None and conduct.returned(
            kind=event.kind, outcome=event.outcome, fault=event.fault, category=event.category
        ):
            yield Finding(
                kind=Deed.RETURNED, source=event.known_as, at=event.occurred_at, firms=[contract.firm],
                contract=contract, facts={"contract": contract.code, "case": event.case.code},
            )  # fmt: skip


def _contracts_behind(cases: list[Case]) -> dict[int, Contract]:
    """The contract on whose result each case rests: of the same item, project and owner, the latest that was sealed before it."""
    codes = {case.project_code for case in cases if case.project_code}
    lines = (
        ContractLine.objects.filter(item__in={case.item_id for case in cases})
        .filter(Q(project__code__in=codes) | Q(project__national_code__in=codes))
        .filter(contract__sealed_at__isnull=False)
        .select_related("contract__firm__organisation", "project")
        .order_by("contract__sealed_at")
    )
    by_key: dict[tuple[int, int, str], list[Contract]] = {}
    for own in lines if codes else ():
        for code in {own.project.code, own.project.national_code} - {""}:
            by_key.setdefault((own.item_id, own.project.owner_id, code), []).append(own.contract)
    found = {}
    for case in cases:
        mine = by_key.get((case.item_id, case.applicant_id, case.project_code), [])
        before = [each for each in mine if case.received_at is None or _earlier(each.sealed_at, case.received_at)]
        if before:
            found[case.pk] = before[-1]
    return found


def _earlier(sealed_at: datetime | None, at: datetime) -> bool:
    return sealed_at is not None and sealed_at <= at


def work_late(now: datetime) -> Iterator[Finding]:
    """Contracts whose firm took, by the one clock, more than the policy's days beyond its promise; or takes, running."""
    over = ConductPolicy.in_force(now).late_over
    calendar = timedelta(days=over) - SLACK  # working days are at least as many days of the calendar
    late = Q(completed_at=None) | Q(completed_at__gt=F("service_due_at") + calendar)
    rows = (
        Contract.objects.public()
        .filter(late, service_due_at__lt=now - calendar, service_due_at__gt=_since(now))
        .exclude(status__in=OVER)
        .select_related("firm__organisation", "award__lot__round")
    )
    for batch in _fresh(rows, Deed.LATE, _of_contract()):
        yield from _late({each.pk: each for each in batch}, over=over, now=now)


def _late(contracts: dict[int, Contract], *, over: int, now: datetime) -> Iterator[Finding]:
    needs = {each.award.lot.round.need_id for each in contracts.values()}
    lines = Lines.of(Need.objects.filter(pk__in=needs).order_by("pk"))
    workdays = lines.workdays(now=now)
    seen = set()
    for line in lines:
        contract = contracts.get(line.contract.pk) if line.contract else None
        if contract is None or contract.pk in seen:
            continue
        found = line.timeline(now=now)
        for each in promises(found, line.limits(found), workdays):
            if each.party == Party.FIRM and conduct.late(used=each.used, promised=each.given, over=over):
                seen.add(contract.pk)
                yield Finding(
                    kind=Deed.LATE, source=f"contract/{contract.code}", at=contract.completed_at or now,
                    firms=[contract.firm], contract=contract,
                    facts={
                        "contract": contract.code, "line": line.code, "promised": str(each.given),
                        "used": hundredths(each.used),
                    },
                )  # fmt: skip


def qualifications_lapsed(now: datetime) -> Iterator[Finding]:
    """Running contracts whose firm lost a qualification that the need asks for, without another of its kind."""
    today = timezone.localdate(now)
    contracts = "need__contract_lines__contract"
    held = Qualification.objects.filter(admission=OuterRef(f"{contracts}__firm__current"), kind=OuterRef("kind"))
    valid = held.filter(Q(valid_to=None) | Q(valid_to__gte=today), valid_from__lte=today)
    ended = held.filter(valid_to__lt=today, valid_to__gt=timezone.localdate(_since(now)))
    source = Concat(Value("contract/"), f"{contracts}__code", Value("/"), "kind__code", output_field=CharField())
    running = {f"{contracts}__status": Contract.Status.RUNNING}
    rows = RequiredQualification.objects.filter(Exists(ended), ~Exists(valid), **running)
    rows = rows.annotate(contract_id=F(contracts)).select_related("kind")
    for required in _fresh(rows, Deed.LAPSED, source):
        yield from _lapsed(required, today)


def _lapsed(required: list[Any], today: date) -> Iterator[Finding]:
    contracts = (
        Contract.objects.select_related("firm__organisation", "firm__current")
        .prefetch_related("firm__current__qualifications__kind")
        .in_bulk([each.contract_id for each in required])
    )
    for each in required:
        contract = contracts[each.contract_id]
        last = _last_day(contract.firm, each, today) if each.kind.is_valid_at(today) else None
        if last is not None:
            yield Finding(
                kind=Deed.LAPSED, source=each.known_as, at=_end_of(last), firms=[contract.firm], contract=contract,
                facts={"contract": contract.code, "qualification": each.kind.name, "lapsed": last.isoformat()},
            )  # fmt: skip


def _last_day(firm: Firm, required: RequiredQualification, today: date) -> date | None:
    rows = firm.current.qualifications.all() if firm.current else ()
    held = [conduct.Held(each.kind.code, each.valid_from, each.valid_to) for each in rows]
    return conduct.lapsed(held, required=required.kind.code, day=today)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=clock.LOCAL)


def _day(at: datetime) -> str:
    return timezone.localdate(at - timedelta(microseconds=1)).isoformat()


def hundredths(days: Any) -> str:
    """Working days with two decimals, half up, exactly."""
    whole = (days.numerator * 200 + days.denominator) // (2 * days.denominator)
    return f"{whole // 100}.{whole % 100:02d}"


FINDERS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    walked_away, contracts_abandoned, contracts_unsigned, fees_raised, results_returned, work_late, qualifications_lapsed,
)  # fmt: skip
