"""Lines (事项链条): one service for one approval item of one project, with all that its clock reads.

A need is one line; several where its round has lots, or where it asks for several services at once. A line is called by
the code of its need, with `-2` for a lot and `.2` for a further service, from the announcement on. However many lines are
asked for, the number of queries is the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Self

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Organisation
from approvals.models import ApprovalItem, Case, Department
from bidding.models import Award, Round
from contracts.models import Contract, ContractEvent, ContractLine, Deliverable
from core import worktime
from core.workdays import Workdays
from market.models import Need, Part, Project, Service
from ratings.events import Event
from ratings.measures import Limits
from ratings.sources import contract_events, events_of_cases, last_to_deliver, results_of, round_events
from ratings.timeline import Kind, Timeline, timeline


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line. `contract` is the latest, `cases` those of its item, the earliest first."""

    code: str
    need: Need
    project: Project
    service: Service
    item: ApprovalItem
    department: Department
    rounds: tuple[Round, ...]
    award: Award | None
    contract: Contract | None
    contract_line: ContractLine | None
    cases: tuple[Case, ...]
    events: tuple[Event, ...]
    with_case: bool = True

    @property
    def name(self) -> str:
        """An identifier for parts of a page."""
        return self.code.replace(".", "-")

    @cached_property
    def blocked_by(self) -> tuple[str, ...]:
        """The lines, by the codes that contracts give them, for whose results this one has waited."""
        return tuple(sorted({event.ref for event in self.events if event.kind == "blocked" and event.ref}))

    def timeline(self, *, now: datetime) -> Timeline:
        return timeline(self.events, now=now, with_case=self.with_case)

    def limits(self, line: Timeline) -> Limits:
        """What was given, and the deadlines that the rooms keep as columns, for the segment that runs."""
        case = self.case_of(line) or next(reversed(self.cases), None)
        return Limits(
            promised=self._promised(),
            committed=case.version.committed_days if case and self.with_case else None,
            stored=self._stored(line),
        )

    def _promised(self) -> int | None:
        """The firm's working days for this line: of several under one contract, to the milestone that delivers for it."""
        if self.contract is None or self.contract_line is None or len(self.contract.lines.all()) < 2:
            given = self.contract or self.award
            return given.days if given else None
        last = last_to_deliver(self.contract, self.contract_line)
        return last.days if last else self.contract.days

    def _service_due(self) -> datetime | None:
        """When the firm's work for this line is due. The last milestone of all is due with the contract."""
        if self.contract is None or self.contract_line is None:
            return None
        last = last_to_deliver(self.contract, self.contract_line)
        if last is None or last.days == self.contract.days:
            return self.contract.service_due_at
        return last.due_at

    def case_of(self, line: Timeline) -> Case | None:
        """The case to which the running time belongs."""
        code = line.running.ball.case if line.running else ""
        return next((case for case in self.cases if case.code == code), None)

    def holder(self, line: Timeline) -> Organisation | None:
        """Who has the ball; nobody in particular where it is the platform's, the law's or another line's."""
        running = line.running
        if running is None:
            return None
        if running.party == "owner":
            return self.project.owner
        if running.party == "firm":
            return self.award.firm.organisation if self.award else None
        case = self.case_of(line)
        return (case.department if case else self.department).organisation if running.party == "department" else None

    def _stored(self, line: Timeline) -> dict[Kind, datetime]:
        case = self.case_of(line)
        found = {
            Kind.SELECTION: _end_of_selection(self.rounds[-1]) if self.rounds else None,
            Kind.CONTRACTING: self.award.contract_due_at if self.award else None,
            Kind.SERVICE: self._service_due(),
            Kind.REVIEW: _end_of_review(self.contract, self.contract_line),
            Kind.CHECK: case.due_at if case else None,
            Kind.EXAMINATION: case.due_at if case else None,
        }
        return {kind: at for kind, at in found.items() if at is not None}


def _end_of_selection(round_: Round) -> datetime | None:
    """When the award is due: while a candidate is on public notice and nothing holds it back."""
    pending = any(each.is_pending for each in [*round_.objections.all(), *round_.stops.all()])
    return round_.candidate_until if round_.status == Round.Status.CANDIDATE and not pending else None


def _end_of_review(contract: Contract | None, line: ContractLine | None) -> datetime | None:
    """When silence about what was submitted becomes acceptance."""
    last = last_to_deliver(contract, line) if contract is not None and line is not None else None
    waiting = last.deliverables.all() if last is not None else ()
    return next((each.review_due_at for each in waiting if each.status == Deliverable.Status.SUBMITTED), None)


class Lines(tuple[Line, ...]):
    """Lines that were read together, and the working days that all of them need."""

    @classmethod
    def of(cls, needs: QuerySet[Need]) -> Self:
        """The lines of some needs, in the order of the needs."""
        rows = list(
            needs.select_related("project__owner", "service", "item", "department__organisation").prefetch_related(
                "further"
            )
        )
        rounds, contracts = _rounds_of(rows), _contracts_of(rows)
        parts = [part for need in rows for part in _parts(need, rounds[need.pk], contracts)]
        cases = _cases_of(parts)
        return cls(_line(part, cases) for part in parts)

    def workdays(self, *, now: datetime) -> Workdays:
        """The calendar over all of them, by one query, and as far ahead as a limit may run."""
        first = min((event.at for line in self for event in line.events), default=now)
        return worktime.calendar(first.date(), date(now.year + 2, 12, 31))


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A line before its cases are known. `own` is the contract's line, as soon as there is one."""

    need: Need
    what: Part
    lot: str
    code: str
    rounds: tuple[Round, ...]
    awards: tuple[Award, ...]
    contracts: tuple[Contract, ...]
    own: ContractLine | None

    @property
    def project(self) -> Project:
        return self.own.project if self.own else self.need.project

    @property
    def number(self) -> int:
        """Its place among the lines of a contract."""
        return self.own.number if self.own else self.what.number

    @property
    def item_id(self) -> int:
        return self.own.item_id if self.own else self.what.item.pk


def _rounds_of(needs: Sequence[Need]) -> dict[int, tuple[Round, ...]]:
    """The public rounds of needs, in the order of announcement."""
    rows = (
        Round.objects.public()
        .filter(need__in=[need.pk for need in needs])
        .prefetch_related(
            "objections",
            "stops",
            "lots__substitutions",
            Prefetch("lots__awards", Award.objects.select_related("firm__organisation").order_by("issued_at", "id")),
        )
        .order_by("announced_at", "id")
    )
    found: defaultdict[int, tuple[Round, ...]] = defaultdict(tuple)
    for round_ in rows:
        found[round_.need_id] += (round_,)
    return found


def _contracts_of(needs: Sequence[Need]) -> dict[int, Contract]:
    """The contracts of needs by their award."""
    lines = ContractLine.objects.select_related("project__owner", "service", "item", "department__organisation")
    rows = Contract.objects.filter(award__lot__round__need__in=[need.pk for need in needs]).prefetch_related(
        Prefetch("lines", lines.order_by("number")),
        Prefetch("events", ContractEvent.objects.defer("note").order_by("at", "id")),
        "milestones__lines",
        Prefetch("milestones__deliverables", Deliverable.objects.defer("note", "words")),
    )
    return {contract.award_id: contract for contract in rows}


def _parts(need: Need, rounds: tuple[Round, ...], contracts: dict[int, Contract]) -> list[_Part]:
    last = rounds[-1] if rounds else None
    lots = sorted((lot.number for lot in last.lots.all()), key=lambda number: (len(number), number)) if last else ["1"]
    parts = []
    for lot in lots:
        awards = tuple(
            award for round_ in rounds for own in round_.lots.all() if own.number == lot for award in own.awards.all()
        )
        of_lot = tuple(contracts[award.pk] for award in awards if award.pk in contracts)
        code = f"{need.code}-{lot}" if last is not None and last.has_lots else need.code
        for what, own in _services(need, of_lot[-1] if of_lot else None):
            number = own.number if own else what.number
            further = f".{number}" if number > 1 else ""
            parts.append(
                _Part(
                    need=need,
                    what=what,
                    lot=lot,
                    code=code + further,
                    rounds=rounds,
                    awards=awards,
                    contracts=of_lot,
                    own=own,
                )
            )
    return parts


def _services(need: Need, contract: Contract | None) -> list[tuple[Part, ContractLine | None]]:
    """What a need asks for, with the line of its contract for each: a contract has the last word of what is done."""
    asked = {part.number: part for part in need.parts}
    if contract is None:
        return [(part, None) for part in asked.values()]
    return [(asked.get(own.number, asked[1]), own) for own in contract.lines.all()]


CaseKey = tuple[int, int, str]


def _keys(part: _Part) -> set[CaseKey]:
    """Under which item, applicant and project code a case of this line is found."""
    project = part.project
    return {(part.item_id, project.owner_id, code) for code in (project.code, project.national_code) if code}


def _cases_of(parts: Iterable[_Part]) -> dict[CaseKey, list[Case]]:
    keys = {key for part in parts for key in _keys(part)}
    rows = (
        Case.objects.filter(project_code__in={code for _item, _owner, code in keys})
        .filter(item__in={item for item, _owner, _code in keys})
        .filter(~Q(status=Case.Status.PLANNED))
        .select_related("version", "department__organisation")
        .prefetch_related("events")
        .order_by("created_at", "id")
    )
    found: defaultdict[CaseKey, list[Case]] = defaultdict(list)
    for case in rows if keys else ():
        found[case.item_id, case.applicant_id, case.project_code].append(case)
    return found


def _events_under(contract: Contract, part: _Part) -> Iterable[Event]:
    """What happened under a contract, of which several may have followed one another, to the line of this number."""
    own = next((line for line in contract.lines.all() if line.number == part.number), None)
    return contract_events(contract, own) if own is not None else ()


def _line(part: _Part, cases: dict[CaseKey, list[Case]]) -> Line:
    own, need = part.own, part.need
    since = part.rounds[0].announced_at if part.rounds else None
    mine = [case for key in sorted(_keys(part)) for case in cases.get(key, ())]
    standing = [award for award in part.awards if award.revoked_at is None]
    award = standing[-1] if standing else None
    contracts = [each for each in part.contracts if award is not None and each.award_id == award.pk]
    return Line(
        code=part.code,
        need=need,
        project=part.project,
        service=own.service if own else part.what.service,
        item=own.item if own else part.what.item,
        department=own.department if own else part.what.department,
        rounds=part.rounds,
        award=award,
        contract=contracts[-1] if contracts else None,
        contract_line=own,
        cases=tuple(sorted(mine, key=lambda case: (case.created_at, case.pk))),
        events=(
            *round_events(part.rounds, part.lot),
            *(event for contract in part.contracts for event in _events_under(contract, part)),
            *events_of_cases(mine, since=since, results=results_of(part.contracts, part.number)),
        ),
    )
