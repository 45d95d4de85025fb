"""The rounds of many lives, a cohort at a time: announced together, closed together, so that the custodian does them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from bidding.domain import timetable
from bidding.domain.closing import frozen_line, result_digest
from bidding.domain.frozen import private_keys
from bidding.domain.rounds import announcement_of
from bidding.models import Award, CustodianKey, Draw, Entry, Lot, Policy, Round
from core import clock, worktime
from core.codes import Letter, next_code
from market.domain.search import search_text
from market.models import Need, Project, RequiredQualification
from portal.seed.bulk.journal import Journal
from portal.seed.bulk.life import Announcement, Life
from protocol import canonical, draw, envelope
from protocol.methods import METHODS
from protocol.methods.base import RANKING, Bid
from protocol.seal import seal_bid

NOTICE_DAYS = 5
TOO_FEW = "截止时报名数少于最少数，未开启即流标。"
SECOND = timedelta(seconds=1)
Status = Round.Status
BATCH = 1000


@dataclass
class Lived:
    """A life while it is written: what of it has rows already."""

    life: Life
    project: Project = field(init=False)
    need: Need = field(init=False)
    rounds: list[Round] = field(default_factory=list)
    lot: Lot = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    award: Award | None = None

    @property
    def round(self) -> Round:
        return self.rounds[-1]

    @property
    def announcement(self) -> Announcement:
        """The one of the round that is written now."""
        return self.life.announcements[len(self.rounds) - 1]


def announce(cohort: Sequence[Lived], journal: Journal) -> None:
    """Projects, needs and rounds; each round takes one of the custodian's keys, which must be there."""
    fresh = [each for each in cohort if not each.rounds]
    for each in fresh:
        each.project, each.need = _project(each.life), _need(each.life)
    Project.objects.bulk_create([each.project for each in fresh], batch_size=BATCH)
    for each in fresh:
        each.need.project = each.project
    Need.objects.bulk_create([each.need for each in fresh], batch_size=BATCH)
    _written_at(fresh)
    RequiredQualification.objects.bulk_create(
        [RequiredQualification(need=each.need, kind=kind) for each in fresh for kind in _kinds(each.life)]
    )
    keys = list(CustodianKey.objects.filter(round=None).order_by("registered_at", "public")[: len(cohort)])
    for each, key in zip(cohort, keys, strict=True):
        each.rounds.append(_round(each, key))
    Round.objects.bulk_create([each.round for each in cohort], batch_size=BATCH)
    for each, key in zip(cohort, keys, strict=True):
        key.round = each.round
        each.lot = Lot(round=each.round, upper=each.life.budget)
    CustodianKey.objects.bulk_update(keys, ["round"])
    Lot.objects.bulk_create([each.lot for each in cohort], batch_size=BATCH)
    for each in cohort:
        Round.objects.filter(pk=each.round.pk).update(created_at=each.announcement.drafted)
        _told_of_announcement(each, journal)


def _project(life: Life) -> Project:
    at = life.announcements[0].drafted
    return Project(
        owner=life.owner_organisation,
        code=next_code(Letter.PROJECT, at=at),
        name=life.project,
        district=life.district,
        address=life.address,
        funding=life.funding,
        description="演示项目，名称与地址均为虚构。",
    )


def _need(life: Life) -> Need:
    return Need(
        code=next_code(Letter.NEED, at=life.announcements[0].drafted),
        service=life.service,
        item=life.item,
        department=life.department,
        title=f"{life.project}{life.service.name}"[:100],
        requirement=life.requirement,
        budget=life.budget,
        days=life.days,
    )


def _kinds(life: Life) -> list[Any]:
    version = life.service.version_at(life.announcements[0].drafted.astimezone(clock.LOCAL).date())
    return list(version.qualification_kinds.all()) if version is not None else []


def _written_at(lived: Sequence[Lived]) -> None:
    """The columns that Django fills with the machine's own time."""
    for each in lived:
        each.project.created_at = each.need.created_at = each.life.announcements[0].drafted
    Project.objects.bulk_update([each.project for each in lived], ["created_at"], batch_size=BATCH)
    Need.objects.bulk_update([each.need for each in lived], ["created_at"], batch_size=BATCH)


def _round(lived: Lived, key: CustodianKey) -> Round:
    life, told = lived.life, lived.life.announcements[len(lived.rounds)]
    policy, again = Policy.in_force(told.submitted), bool(lived.rounds)
    pair = envelope.generate_keypair()
    code, owner = next_code(Letter.ROUND, at=told.drafted), life.owner_organisation
    known_as = owner.public_code if owner.is_person else owner.name
    return Round(
        need=lived.need,
        previous=lived.rounds[-1] if again else None,
        sequence=2 if again else 1,
        code=code,
        status=Status.ANNOUNCED,
        owner=owner,
        service=life.service,
        district=life.district,
        department=life.department,
        title=lived.need.title,
        search=search_text(code, lived.need.title, life.service.name, known_as),
        method="lowest",
        parameters={"upper": f"{life.budget:.2f}"},
        policy=policy,
        notice_length=NOTICE_DAYS,
        minimum=policy.minimum(public_money=life.funding == Project.Funding.PUBLIC, second=again),
        submitted_at=told.submitted,
        check_due_at=worktime.add_working_days(told.submitted, policy.check_days),
        announced_at=told.announced,
        closes_at=timetable.closing_of(policy, NOTICE_DAYS, announced_at=told.announced),
        platform_public=pair.public,
        platform_private=pair.private,
        custodian_public=key.public,
        commitment=key.commitment,
    )


def _told_of_announcement(lived: Lived, journal: Journal) -> None:
    round_, told = lived.round, lived.announcement
    journal.write("round.submitted", round_.subject, {"sequence": round_.sequence}, at=told.submitted)
    data = announcement_of(
        round_, lots=[lived.lot], blinded=partial(journal.blinded, subject=round_.subject),
        owner=journal.party(round_.owner, subject=round_.subject),
    )  # fmt: skip
    journal.write("round.announced", round_.subject, data, at=told.announced)


def receive(cohort: Sequence[Lived], journal: Journal, *, rng: Random) -> None:
    """The envelopes, sealed under both locks, as entries that wait for the flush of the journal."""
    for each in cohort:
        each.entries = [_sealed(each, offer, journal, rng=rng) for offer in each.announcement.offers]


def _sealed(lived: Lived, offer: Any, journal: Journal, *, rng: Random) -> Entry:
    round_, firm = lived.round, offer.firm
    whose = {"round": round_.code, "lot": lived.lot.number, "uscc": firm.uscc}
    bid = seal_bid(
        **whose,
        platform=round_.platform_public,
        custodian=round_.custodian_public,
        amount=offer.amount,
        days=offer.days,
        nonce=rng.randbytes(32).hex(),
    )
    hashes = {"sha256": bid.sha256, "token_sha256": bid.token_sha256}
    event = {"at": canonical.timestamp(offer.at), "type": "envelope.received", **whose, **hashes}
    return Entry(
        lot=lived.lot,
        firm=firm,
        admission=firm.current,
        submitted_by=offer.user,
        received_at=offer.at,
        envelope=bid.envelope,
        envelope_sha256=bid.sha256,
        token_sha256=bid.token_sha256,
        receipt=journal.write_sealed(round_.subject, event, at=offer.at),
        eligible=True,
        amount=offer.amount,
        days=offer.days,
        nonce=bid.nonce,
    )


def close(cohort: Sequence[Lived], journal: Journal) -> None:
    """Past the deadline: who has entered is frozen, and a round with nobody in it has failed."""
    for each in cohort:
        _closed(each, journal)
    journal.flush(max(each.round.closed_at for each in cohort if each.round.closed_at))
    entries = [entry for each in cohort for entry in each.entries]
    Entry.objects.bulk_create(entries, batch_size=BATCH)
    fields = ["status", "closed_at", "ended_at", "reason", "failure", "platform_private"]
    Round.objects.bulk_update([each.round for each in cohort], fields, batch_size=BATCH)


def _closed(lived: Lived, journal: Journal) -> None:
    round_ = lived.round
    assert round_.closes_at is not None
    round_.closed_at = round_.closes_at
    lived.entries.sort(key=lambda entry: entry.firm.uscc)
    frozen = [frozen_line(entry) for entry in lived.entries]
    data = {"count": len(frozen), "sha256": canonical.sha256_hex(canonical.encode(frozen))}
    journal.write("round.closed", round_.subject, data, at=round_.closed_at)
    round_.status = Status.CLOSED
    if len(lived.entries) < (round_.minimum or 1):
        round_.status, round_.ended_at, round_.platform_private = Status.FAILED, round_.closed_at, ""
        round_.reason, round_.failure = TOO_FEW, "too_few_entries"
        journal.write("round.failed", round_.subject, {"failure": round_.failure}, at=round_.closed_at)


def decide(cohort: Sequence[Lived], journal: Journal, *, now: datetime, attend: Callable[[], None]) -> list[Lived]:
    """Both keys are there: opened, drawn, decided, on public notice and, if that is over, awarded. Gives who has an award."""
    attend()
    going = [each for each in cohort if each.round.status == Status.CLOSED]
    released = Round.objects.in_bulk([each.round.pk for each in going])
    draws = []
    for each in going:
        each.round.custodian_private = released[each.round.pk].custodian_private
        each.round.codes = released[each.round.pk].codes
        draws.append(_decided(each, journal))
        _published(each, journal, now=now)
    Draw.objects.bulk_create(draws, batch_size=BATCH)
    Entry.objects.bulk_update(
        [entry for each in going for entry in each.entries], ["opened", "valid"], batch_size=BATCH
    )
    Lot.objects.bulk_update([each.lot for each in going], ["result", "winner", "amount"], batch_size=BATCH)
    fields = ["status", "opened_at", "evaluated_at", "candidate_at", "candidate_until", "awarded_at"]
    Round.objects.bulk_update([each.round for each in going], fields, batch_size=BATCH)
    awarded = [each for each in going if each.award is not None]
    Award.objects.bulk_create([each.award for each in awarded if each.award], batch_size=BATCH)
    return awarded


def _decided(lived: Lived, journal: Journal) -> Draw:
    round_, lot, method = lived.round, lived.lot, METHODS[lived.round.method]
    assert round_.closed_at is not None
    round_.opened_at = round_.closed_at + 2 * SECOND
    journal.write(
        "round.opened", round_.subject, {"code": round_.codes[0], "keys": private_keys(round_)}, at=round_.opened_at
    )
    bids = [Bid(uscc=entry.firm.uscc, amount=entry.amount, opened=True, eligible=True) for entry in lived.entries]
    labels = method.draws(bids=bids, parameters=lot.terms)[RANKING]
    randomness = draw.randomness({entry.firm.uscc: entry.nonce for entry in lived.entries})
    order = draw.order(code=round_.codes[0], randomness=randomness, labels=labels)
    result = method.decide(
        bids=bids, orders={RANKING: order}, parameters=lot.terms, minimum=round_.minimum or 1, choice=None
    )
    for entry in lived.entries:
        entry.opened = entry.valid = True
    lot.result, lot.amount = result.as_record(), result.amount
    lot.winner = next(entry.firm for entry in lived.entries if entry.firm.uscc == result.winner)
    round_.status, round_.evaluated_at = Status.EVALUATED, round_.opened_at + 2 * SECOND
    data = {"lots": 1, "sha256": result_digest({lot.number: result})}
    journal.write("round.evaluated", round_.subject, data, at=round_.evaluated_at)
    drawn = {"one_time_code": round_.codes[0], "randomness": randomness, "labels": labels, "order": order}
    return Draw(lot=lot, purpose=RANKING, iteration=1, **drawn)


def award_after(closed: datetime, policy: Policy) -> datetime:
    """When a round that was closed then is awarded: two seconds each to open, evaluate and publish, and the public notice."""
    return timetable.end_of_candidate_notice(policy, published_at=closed + 6 * SECOND)


def _published(lived: Lived, journal: Journal, *, now: datetime) -> None:
    round_, lot = lived.round, lived.lot
    assert round_.evaluated_at is not None
    assert round_.policy is not None
    assert lot.winner is not None
    round_.status, round_.candidate_at = Status.CANDIDATE, round_.evaluated_at + 2 * SECOND
    until = award_after(round_.closed_at, round_.policy) if round_.closed_at else now
    winner = journal.party(lot.winner.organisation, subject=round_.subject)
    winners = [{"amount": str(lot.amount), "lot": lot.number, "uscc": winner}]
    round_.candidate_until = until
    journal.write(
        "round.candidate",
        round_.subject,
        {"until": canonical.timestamp(until), "winners": winners},
        at=round_.candidate_at,
    )
    if until > now:
        return
    round_.status, round_.awarded_at = Status.AWARDED, until
    entry = next(entry for entry in lived.entries if entry.firm == lot.winner)
    lived.award = Award(
        lot=lot,
        code=next_code(Letter.AWARD, at=until),
        firm=lot.winner,
        amount=lot.amount,
        days=entry.days,
        issued_at=until,
        contract_due_at=worktime.add_working_days(until, timetable.CONTRACT_DAYS),
    )
    journal.write("round.awarded", round_.subject, {"notices": [lived.award.code], "winners": winners}, at=until)
