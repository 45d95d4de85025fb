"""The contracts of many lives: drafted, sealed, delivered, accepted, or ended early, as `contracts.domain` writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import Organisation
from bidding.models import Award, Round
from contracts.document import told
from contracts.domain.events import Kind
from contracts.domain.plan import steps_of
from contracts.models import (
    QUALITY,
    Contract,
    ContractEvent,
    ContractLine,
    ContractParty,
    ContractPolicy,
    ContractTemplate,
    Deliverable,
    Filing,
    Matter,
    Milestone,
)
from core import worktime
from core.codes import Letter, next_code
from portal.seed.bulk.journal import Journal
from portal.seed.bulk.life import Act
from portal.seed.bulk.selecting import BATCH, Lived
from portal.seed.papers import PDF, plain_page
from protocol import canonical

Status = Contract.Status
SHARED = "Contract of a demonstration whose history was written at once: without seals"
MATTERS = {"input": Matter.Kind.INPUT, "suspension": Matter.Kind.SUSPENSION, "termination": Matter.Kind.TERMINATION}


@dataclass
class Fulfilled:
    """A contract while it is written, with all that belongs to it."""

    lived: Lived
    journal: Journal
    contract: Contract = field(init=False)
    parties: list[ContractParty] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    line: ContractLine = field(init=False)
    events: list[ContractEvent] = field(default_factory=list)
    deliverables: list[Deliverable] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    filing: Filing | None = None

    @property
    def subject(self) -> str:
        return self.contract.subject

    @property
    def firm(self) -> Organisation:
        return self.lived.life.firm.organisation

    @property
    def owner(self) -> Organisation:
        return self.lived.life.owner_organisation

    @property
    def last(self) -> Milestone:
        """What is delivered."""
        return next(each for each in reversed(self.milestones) if each.delivers)

    def record(self, kind: str, act: Act, *, by: Organisation | None = None, party: str = "", **more: Any) -> None:
        fields = {name: more.pop(name) for name in ("milestone", "note", "at") if name in more}
        at = fields.pop("at", act.at)
        self.events.append(
            ContractEvent(
                contract=self.contract, kind=kind, at=at, recorded_at=act.at, by=by, party=party, data=more, **fields
            )
        )

    def tell(self, type: str, data: dict[str, Any], act: Act) -> None:
        self.journal.write(type, self.subject, data, at=act.at)

    def blinded(self, words: str) -> str:
        return self.journal.blinded(words, subject=self.subject)


def fulfil(awarded: Sequence[Lived], journal: Journal) -> list[Fulfilled]:
    """Contracts of awards as far as their acts go; those without any act are not drafted yet."""
    done = []
    for lived in awarded:
        if lived.life.contract:
            made = Fulfilled(lived, journal)
            for act in lived.life.contract:
                ACTS[act.kind](made, act)
            done.append(made)
    _save(done)
    return done


def _save(done: Sequence[Fulfilled]) -> None:
    Contract.objects.bulk_create([each.contract for each in done], batch_size=BATCH)
    ContractParty.objects.bulk_create([row for each in done for row in each.parties], batch_size=BATCH)
    ContractLine.objects.bulk_create([each.line for each in done], batch_size=BATCH)
    Milestone.objects.bulk_create([row for each in done for row in each.milestones], batch_size=BATCH)
    Deliverable.objects.bulk_create([row for each in done for row in each.deliverables], batch_size=BATCH)
    Matter.objects.bulk_create([row for each in done for row in each.matters], batch_size=BATCH)
    Filing.objects.bulk_create([each.filing for each in done if each.filing], batch_size=BATCH)
    ContractEvent.objects.bulk_create([row for each in done for row in each.events], batch_size=BATCH)
    signed = [each.lived for each in done if each.contract.sealed_at is not None]
    Award.objects.bulk_update([each.award for each in signed if each.award], ["signed_at"], batch_size=BATCH)
    Round.objects.bulk_update([each.round for each in signed], ["status", "contracted_at"], batch_size=BATCH)


def _draft(made: Fulfilled, act: Act) -> None:
    lived, award = made.lived, made.lived.award
    assert award is not None
    assert award.days is not None
    round_, need = lived.round, lived.need
    template = ContractTemplate.of(round_.service, now=act.at)
    made.contract = Contract(
        code=next_code(Letter.CONTRACT, at=act.at),
        award=award,
        project=lived.project,
        owner=made.owner,
        firm=award.firm,
        service=round_.service,
        template=template,
        policy=ContractPolicy.in_force(act.at),
        title=round_.title,
        scope=need.requirement,
        clauses=template.clauses,
        price=award.amount,
        days=award.days,
        drafted_at=act.at,
        due_at=award.contract_due_at,
    )
    sides = ((ContractParty.Side.OWNER, made.owner), (ContractParty.Side.FIRM, made.firm))
    made.parties = [
        ContractParty(contract=made.contract, number=number, side=side, organisation=organisation)
        for number, (side, organisation) in enumerate(sides, start=1)
    ]
    made.line = ContractLine(
        contract=made.contract,
        need=need,
        project=lived.project,
        service=round_.service,
        item=need.item,
        department=need.department,
    )
    steps = steps_of(template.plan, price=made.contract.price, days=made.contract.days)
    made.milestones = [
        Milestone(
            contract=made.contract,
            number=number,
            name=step.name,
            amount=step.amount,
            days=step.days,
            delivers=step.delivers,
        )
        for number, step in enumerate(steps, start=1)
    ]
    made.record(Kind.DRAFTED, act, party="platform")


def _propose(made: Fulfilled, act: Act) -> None:
    made.contract.status, made.contract.proposed_at = Status.PROPOSED, act.at
    made.record(Kind.PROPOSED, act, by=made.owner, party="owner")


def _agree(made: Fulfilled, act: Act) -> None:
    contract = made.contract
    contract.status, contract.agreed_at = Status.AGREED, act.at
    contract.text_sha256 = canonical.sha256_hex(
        canonical.encode(told(contract, made.milestones, made.parties, lines={}))
    )
    contract.document.name, contract.sha256 = _shared_page()
    made.record(Kind.AGREED, act, by=made.firm, party="firm")


@cache
def _kept(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _shared_page() -> tuple[str, str]:
    """The one page, kept once, and its hash."""
    content = plain_page(SHARED)
    digest = _kept(content)
    name = f"contracts/history-{digest[:16]}.pdf"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))
    return name, digest


def _seal(made: Fulfilled, act: Act) -> None:
    side = act.more["side"]
    party = next(each for each in made.parties if each.side == side)
    by = made.lived.life.owner if side == "owner" else made.lived.life.firm
    party.sealed_at, party.sealed_by, party.sha256 = act.at, by.user, made.contract.sha256
    code = made.journal.party(party.organisation, subject=made.subject)
    made.tell("contract.sealed", {"party": code, "sha256": party.sha256, "side": side}, act)
    made.record(Kind.SEALED, act, by=party.organisation, party=side)
    if all(each.sealed_at is not None for each in made.parties):
        _begin(made, act)


def _begin(made: Fulfilled, act: Act) -> None:
    contract, award, round_ = made.contract, made.lived.award, made.lived.round
    assert award is not None
    contract.status, contract.sealed_at = Status.RUNNING, act.at
    contract.service_due_at = worktime.add_working_days(act.at, contract.days)
    for each in made.milestones:
        if each.delivers:
            each.status, each.due_at = Milestone.Status.WORKING, worktime.add_working_days(act.at, each.days)
        else:
            each.status, each.due_at, each.accepted_at = Milestone.Status.ACCEPTED, act.at, act.at
    parties = [
        {"party": made.journal.party(each.organisation, subject=made.subject), "side": each.side}
        for each in made.parties
    ]
    data = {
        "amount": f"{contract.price:.2f}",
        "award": award.code,
        "days": contract.days,
        "parties": parties,
        "round": round_.code,
        "sha256": contract.sha256,
    }
    made.filing = Filing(contract=contract, due_at=contract.policy.end_of_filing(act.at))
    made.tell("contract.in_force", data, act)
    made.record(Kind.CONTRACT_SEALED, act, party="line")
    award.signed_at = act.at
    round_.status, round_.contracted_at = Round.Status.CONTRACTED, act.at
    made.journal.write("round.contracted", round_.subject, {"notices": [award.code]}, at=act.at)


def _file(made: Fulfilled, act: Act) -> None:
    filing, centre = made.filing, made.lived.life.operator
    assert filing is not None
    filing.number, filing.filed_at, filing.filed_by = next_code(Letter.FILING, at=act.at), act.at, centre.user
    made.tell("contract.filed", {"number": filing.number, "sha256": made.contract.sha256}, act)
    made.record(Kind.FILED, act, by=centre.organisation, number=filing.number)


def _put(made: Fulfilled, act: Act) -> None:
    """Something is put to the other side: an input is asked for by the firm, the rest by the owner."""
    kind = MATTERS[act.more["matter"]]
    charged = "" if kind == Matter.Kind.INPUT else act.more["charged_to"]
    made.matters.append(
        Matter(
            contract=made.contract,
            number=len(made.matters) + 1,
            kind=kind,
            by=made.firm if kind == Matter.Kind.INPUT else made.owner,
            at=act.at,
            words=act.more["words"],
            charged_to=charged,
        )
    )


def _answer(made: Fulfilled, act: Act) -> None:
    matter = made.matters[-1]
    matter.status, matter.answered_at = Matter.Status.AGREED, act.at
    if matter.kind == Matter.Kind.TERMINATION:
        _end(made, act, Status.TERMINATED, charged_to=matter.charged_to, reason=matter.words, by=made.firm)
        return
    data = {"matter": matter.number, "words": made.blinded(matter.words)}
    ref = {"ref": str(matter.number), "charged_to": matter.charged_to, "note": matter.words}
    if matter.kind == Matter.Kind.INPUT:
        made.tell("contract.input_asked", data, act)
        made.record(Kind.INPUT_ASKED, act, by=matter.by, party="owner", at=matter.at, **ref)
        return
    made.contract.status = Status.SUSPENDED
    made.tell("contract.suspended", data | {"charged_to": matter.charged_to}, act)
    made.record(Kind.SUSPENDED, act, by=matter.by, party=matter.charged_to, **ref)


def _finish(made: Fulfilled, act: Act) -> None:
    matter = made.matters[-1]
    matter.status, matter.done_at = Matter.Status.DONE, act.at
    kind = Kind.INPUT_PROVIDED if matter.kind == Matter.Kind.INPUT else Kind.RESUMED
    if matter.kind == Matter.Kind.SUSPENSION:
        made.contract.status = Status.RUNNING
    made.tell(f"contract.{kind.value}", {"matter": matter.number}, act)
    made.record(kind, act, by=made.owner, party="owner", ref=str(matter.number))


def _abandon(made: Fulfilled, act: Act) -> None:
    """By the owner: a firm that abandons is suspended with it, which is the domain's alone to do."""
    _end(made, act, Status.ABANDONED, charged_to="owner", reason=act.more["words"], by=made.owner)


def _end(made: Fulfilled, act: Act, status: str, *, charged_to: str, reason: str, by: Organisation) -> None:
    contract = made.contract
    contract.status, contract.ended_at, contract.charged_to, contract.end_reason = status, act.at, charged_to, reason
    for each in made.milestones:
        if each.status != Milestone.Status.ACCEPTED:
            each.status = Milestone.Status.CANCELLED
    for matter in made.matters:
        if matter.status == Matter.Status.OPEN:
            matter.status = Matter.Status.WITHDRAWN
    made.tell(f"contract.{status}", {"charged_to": charged_to, "reason": made.blinded(reason)}, act)
    made.record(str(status), act, by=by, party=charged_to, note=reason, charged_to=charged_to)


def _submit(made: Fulfilled, act: Act) -> None:
    code = next_code(Letter.DELIVERABLE, at=act.at)
    content = plain_page(f"{code} (demonstration)")
    name = default_storage.save(f"deliverables/{made.contract.code}/{code}.pdf", ContentFile(content))
    found = Deliverable(
        milestone=made.last,
        version=len(made.deliverables) + 1,
        code=code,
        file=name,
        kind=PDF,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        note=act.more["note"],
        submitted_at=act.at,
        submitted_by=made.lived.life.firm.user,
        review_due_at=made.contract.policy.end_of_silence(act.at),
    )
    made.deliverables.append(found)
    made.last.status = Milestone.Status.SUBMITTED
    _tell(made, "submitted", {"sha256": found.sha256, "size": found.size, "version": found.version}, act)
    more = {"milestone": made.last, "deliverable": code, "version": found.version}
    made.record(Kind.SUBMITTED, act, by=made.firm, party="firm", **more)


def _return(made: Fulfilled, act: Act) -> None:
    found, words, reasons = made.deliverables[-1], act.more["words"], list(act.more["reasons"])
    found.status, found.reviewed_at, found.reviewed_by = Deliverable.Status.RETURNED, act.at, made.lived.life.owner.user
    found.reasons, found.quality, found.words = reasons, bool(QUALITY & set(reasons)), words
    made.last.status = Milestone.Status.RETURNED
    data = {"quality": found.quality, "reasons": reasons, "version": found.version, "words": made.blinded(words)}
    _tell(made, "returned", data, act)
    more = {"milestone": made.last, "note": words, "deliverable": found.code, "quality": found.quality}
    made.record(Kind.RETURNED, act, by=made.owner, party="owner", **more)


def _accept(made: Fulfilled, act: Act) -> None:
    found, silent = made.deliverables[-1], act.kind == "accepted-silently"
    found.status, found.reviewed_at, found.silent = Deliverable.Status.ACCEPTED, act.at, silent
    found.reviewed_by = None if silent else made.lived.life.owner.user
    made.last.status, made.last.accepted_at = Milestone.Status.ACCEPTED, act.at
    _tell(made, "accepted", {"silent": silent, "version": found.version}, act)
    by = None if silent else made.owner
    more = {"milestone": made.last, "deliverable": found.code, "silent": silent}
    made.record(Kind.ACCEPTED, act, by=by, party="owner", **more)
    if all(each.status == Milestone.Status.ACCEPTED for each in made.milestones):
        made.contract.status, made.contract.completed_at = Status.COMPLETED, act.at
        made.tell("contract.completed", {}, act)
        made.record(Kind.COMPLETED, act, party="line")


def _tell(made: Fulfilled, what: str, data: dict[str, Any], act: Act) -> None:
    found = made.deliverables[-1]
    made.tell(f"deliverable.{what}", {"deliverable": found.code, "milestone": made.last.number, **data}, act)


ACTS: dict[str, Callable[[Fulfilled, Act], None]] = {
    "drafted": _draft,
    "proposed": _propose,
    "agreed": _agree,
    "sealed": _seal,
    "filed": _file,
    "put": _put,
    "answered": _answer,
    "finished": _finish,
    "abandoned": _abandon,
    "submitted": _submit,
    "returned": _return,
    "accepted": _accept,
    "accepted-silently": _accept,
}
"""What may happen to a contract: `side` of a seal; `matter`, `words`, `charged_to` of what is put; `note`; `reasons`, `words`."""
