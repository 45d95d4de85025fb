"""Lives that are written at once are the lives that would have been lived: the same rows, the same log, the same timeline."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from approvals.models import Case, CaseEvent
from bidding.models import Entry, Round
from bidding.record import public_record
from contracts.models import Contract, ContractEvent, Deliverable, Filing, Matter, Milestone
from core import clock
from ledger.models import QueuedEntry
from market.models import Need
from portal.seed.build import load_rules
from portal.seed.bulk import approving, fulfilling
from portal.seed.bulk.history import History
from portal.seed.bulk.imagining import Imagination
from portal.seed.city import City, build_offices
from portal.seed.custody import attendance
from portal.seed.firms import build_firms
from portal.seed.names import Names
from portal.seed.owners import build_owners
from protocol.record import read_record
from protocol.verify import verify
from ratings.lines import Lines
from tests.seed.conftest import in_folder
from tests.seed.living import Living

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LIVES = 16
CODE = re.compile(r"\b[A-Z][0-9]{12,}\b")


@pytest.fixture
def city(db, tmp_path, settings):
    """Offices, owners and firms, and nothing that has happened, on a day that is always the same."""
    in_folder(settings, tmp_path)
    now = datetime(2026, 11, 24, 6, tzinfo=UTC)
    with clock.travelling(now):
        load_rules(now)
        made = City(names=Names(Random(3)), password="!", since=now - timedelta(days=3000))
        build_offices(made)
        owners = build_owners(made)
        guild = build_firms(made, count=60)
        yield made, owners, guild, now


def imagination(city, *, seed):
    made, owners, guild, now = city
    return Imagination(city=made, guild=guild, owners=owners, now=now, rng=Random(seed))


def told(need):
    """Everything about a life, with its codes, hashes and keys left out: they are its own in either way."""
    contracts = Contract.objects.filter(award__lot__round__need=need)
    cases = Case.objects.filter(project_code=need.project.code)
    left = {
        "id",
        "code",
        "need_id",
        "project_id",
        "created_at",
        "sha256",
        "text_sha256",
        "document",
        "file",
        "size",
        "search",
    }
    left |= {
        "platform_public",
        "platform_private",
        "custodian_public",
        "custodian_private",
        "commitment",
        "codes",
        "key",
    }
    left |= {"envelope", "envelope_sha256", "token_sha256", "receipt_id", "nonce", "lot_id", "award_id", "contract_id"}
    left |= {"milestone_id", "case_id", "application_id", "previous_id", "deliverable", "project_code", "policy_id"}
    rows = [
        Round.objects.filter(need=need).order_by("pk"),
        Entry.objects.filter(lot__round__need=need).order_by("received_at"),
        contracts,
        Milestone.objects.filter(contract__in=contracts).order_by("number"),
        Deliverable.objects.filter(milestone__contract__in=contracts).order_by("version"),
        Matter.objects.filter(contract__in=contracts).order_by("number"),
        Filing.objects.filter(contract__in=contracts),
        ContractEvent.objects.filter(contract__in=contracts).order_by("at", "pk"),
        cases.order_by("pk"),
        CaseEvent.objects.filter(case__in=cases).order_by("case_id", "number"),
    ]
    found = []
    for each in rows:
        for row in each.values():
            kept = {name: value for name, value in row.items() if name not in left}
            found.append((each.model.__name__, CODE.sub("X", repr(kept))))
    return found


def logged(need):
    """Of every entry of the log about a life its kind of subject, type, moment and the names of what it says."""
    contracts = list(Contract.objects.filter(award__lot__round__need=need))
    subjects = [each.subject for each in [*need.rounds.all(), *contracts]]
    subjects += [each.subject for each in Case.objects.filter(project_code=need.project.code)]
    rounds = [each.subject for each in need.rounds.all()]
    rows = QueuedEntry.objects.filter(subject__in=subjects) | QueuedEntry.objects.filter(sealed_for__in=rounds)
    return sorted(
        (
            row.at, row.type, row.subject.partition("/")[0],
            sorted(json.loads(bytes(row.entry))["data"]), sorted(json.loads(bytes(row.event or b"{}"))),
        )
        for row in rows
    )  # fmt: skip


def timelines(need, now):
    [line] = Lines.of(Need.objects.filter(pk=need.pk))
    return [(part.kind, part.party, part.start, part.end) for part in line.timeline(now=now).segments]


def various(imagine):
    """Lives that have everything between them that can happen."""
    left = {*fulfilling.ACTS, *approving.ACTS} - {"case_received", "retracted"}
    chosen = []
    while left:
        life = imagine()
        new = left & {act.kind for act in (*life.contract, *life.case)}
        if len(new) > 1 or (new and len(left) < 6):
            chosen.append(life)
            left -= new
    return chosen


@pytest.mark.django_db
def test_a_life_written_at_once_is_the_life_lived(city):
    made, _owners, _guild, now = city
    imagines = imagination(city, seed=5)
    oldest, newest = History(imagination=imagines, count=LIVES, now=now, rng=Random(5), attend=lambda: None).days()
    imagined = various(lambda: imagines.life(oldest))
    imagined += [imagines.life(oldest) for _each in range(LIVES // 2 - len(imagined))]
    imagined += [imagines.life(newest) for _each in imagined]
    with attendance(Random(1).randbytes) as attend:
        lived = [Living(life, made, attend, now=now).live() for life in imagined]
        before = [(told(need), logged(need), timelines(need, now)) for need in lived]
        written = _written(imagined, now, attend)
        after = [(told(need), logged(need), timelines(need, now)) for need in written]
    for life, one, other in zip(imagined, before, after, strict=True):
        for how_lived, how_written in zip(one, other, strict=True):
            assert how_written == how_lived, life


def _written(imagined, now, attend):
    """The same lives, written at once."""
    queue = iter(imagined)
    history = History(imagination=Again(queue), count=len(imagined), now=now, rng=Steady(), attend=attend)
    _through(history, now)
    return list(Need.objects.order_by("-pk")[: len(imagined)])[::-1]


class Again:
    """Imagines what was imagined before."""

    def __init__(self, lives):
        self.lives = lives

    def life(self, day, *, again=None):
        return next(self.lives)


class Steady(Random):
    """Nobody fails to come."""

    def random(self):
        return 1.0


def _through(history, now):
    steps = history.lives()
    moment = next(steps, None)
    while moment is not None and moment <= now:
        with clock.travelling(moment):
            moment = next(steps, None)


@pytest.mark.django_db
def test_records_verify_and_everything_happens(city):
    _made, _owners, _guild, now = city
    with attendance(Random(2).randbytes) as attend:
        history = History(imagination=imagination(city, seed=9), count=160, now=now, rng=Random(9), attend=attend)
        _through(history, now)
    assert Round.objects.filter(sequence=1, status=Round.Status.FAILED).exists()
    assert Round.objects.filter(sequence=2, status=Round.Status.CONTRACTED).exists()
    assert {"completed", "terminated", "abandoned"} <= set(Contract.objects.values_list("status", flat=True))
    assert {"granted", "refused"} <= set(Case.objects.values_list("outcome", flat=True))
    assert Case.objects.exclude(previous=None).exists()
    for round_ in Round.objects.public().select_related("policy").order_by("pk")[::8]:
        checks = verify(read_record(json.dumps(public_record(round_))))
        assert not [str(check) for check in checks if check.holds is False], round_.code
    assert not QueuedEntry.objects.filter(at__gt=now).exists()
