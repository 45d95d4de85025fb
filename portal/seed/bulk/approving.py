"""The approval cases of many lives: filed at the one window and decided, as `approvals.domain` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from uuid import UUID

from approvals.domain import materials, recording
from approvals.domain.history import replay
from approvals.domain.limits import set_deadlines
from approvals.models import Application, Case, CaseEvent, Material
from contracts.domain.handing import title_of
from core import clock
from core.codes import Letter, next_code
from portal.seed.bulk.fulfilling import Fulfilled
from portal.seed.bulk.journal import Journal
from portal.seed.bulk.life import Act
from portal.seed.bulk.selecting import BATCH

Kind, Source = CaseEvent.Kind, CaseEvent.Source
BY_APPLICANT = (Kind.RECEIVED, Kind.RESUBMITTED, Kind.WITHDRAWN)
FILED, REFILED = "filed", "refiled"
ACTS = (FILED, REFILED, *Kind.values)
"""What may happen: an application, another after one that did not succeed, and the kinds of events with their details."""


@dataclass
class Filed:
    """An application while it is written, with its cases, the last of which is the one that goes on."""

    made: Fulfilled
    journal: Journal
    application: Application = field(init=False)
    material: Material = field(init=False)
    cases: list[Case] = field(default_factory=list)
    events: dict[str, list[CaseEvent]] = field(default_factory=dict)


def approve(fulfilled: Sequence[Fulfilled], journal: Journal, *, rng: Random) -> None:
    """Applications for what contracts were made for, and their cases as far as their acts go."""
    done = []
    for made in fulfilled:
        if made.lived.life.case:
            filed = Filed(made, journal)
            for act in made.lived.life.case:
                _take(filed, act, rng)
            done.append(filed)
    Application.objects.bulk_create([each.application for each in done], batch_size=BATCH)
    _save_cases(done)
    Material.objects.bulk_create([each.material for each in done], batch_size=BATCH)
    through = Material.cases.through
    pairs = [(each.material, case) for each in done for case in each.cases]
    through.objects.bulk_create(
        [through(material_id=material.pk, case_id=case.pk) for material, case in pairs], batch_size=BATCH
    )


def _save_cases(done: Sequence[Filed]) -> None:
    """The first case of each application, then the one that follows it, and so on: each knows its predecessor."""
    for place in range(max((len(each.cases) for each in done), default=0)):
        rows = [each.cases[place] for each in done if place < len(each.cases)]
        for each in done:
            if 0 < place < len(each.cases):
                each.cases[place].previous = each.cases[place - 1]
        Case.objects.bulk_create(rows, batch_size=BATCH)
    events = [event for each in done for case in each.cases for event in each.events[case.code]]
    CaseEvent.objects.bulk_create(events, batch_size=BATCH)


def _take(filed: Filed, act: Act, rng: Random) -> None:
    if act.kind == FILED:
        filed.application = _application(filed, act, rng)
        filed.material = _material(filed, act)
    if act.kind in (FILED, REFILED):
        case = _case(filed, act)
        filed.cases.append(case)
        filed.events[case.code] = []
        blinded = partial(filed.journal.blinded, subject=case.subject)
        filed.journal.write(
            "case.material", case.subject, materials.told_of(filed.material, blinded=blinded), at=act.at
        )
    _happen(filed, act, Kind.RECEIVED if act.kind in (FILED, REFILED) else Kind(act.kind))


def _application(filed: Filed, act: Act, rng: Random) -> Application:
    life, project = filed.made.lived.life, filed.made.lived.project
    return Application(
        code=next_code(Letter.APPLICATION, at=act.at),
        key=UUID(int=rng.getrandbits(128)),
        applicant=life.owner_organisation,
        project_code=project.code,
        project_name=project.name,
        filed_in=life.district,
        district=life.district,
        filed_at=act.at,
        filed_by=life.owner.user,
    )


def _material(filed: Filed, act: Act) -> Material:
    result = filed.made.deliverables[-1]
    return Material(
        application=filed.application,
        title=title_of(result),
        reference=result.reference,
        sha256=result.sha256,
        size=result.size,
        added_at=act.at,
    )


def _case(filed: Filed, act: Act) -> Case:
    life, project = filed.made.lived.life, filed.made.lived.project
    version = life.item.version_at(act.at.astimezone(clock.LOCAL).date())
    assert version is not None
    return Case(
        code=next_code(Letter.CASE, at=act.at),
        application=filed.application,
        item=life.item,
        version=version,
        department=life.department,
        filed_in=life.district,
        district=life.district,
        applicant=life.owner_organisation,
        project_code=project.code,
        project_name=project.name,
        created_at=act.at,
    )


def _happen(filed: Filed, act: Act, kind: CaseEvent.Kind) -> None:
    life, case = filed.made.lived.life, filed.cases[-1]
    events, applies = filed.events[case.code], kind in BY_APPLICANT
    event = CaseEvent(
        case=case,
        number=len(events) + 1,
        kind=kind,
        occurred_at=act.at,
        recorded_at=act.at,
        source=Source.APPLICANT if applies else Source.DESK,
        by=life.owner.user if applies else life.clerk,
        department=life.department,
        **act.more,
    )
    events.append(event)
    state, taken = replay(events)
    assert len(taken) == len(events), (case.code, kind)
    case.status, case.outcome, case.suspended, case.special = (
        state.status,
        state.outcome,
        state.suspended,
        state.special,
    )
    case.received_at, case.accepted_at, case.ended_at = state.received_at, state.accepted_at, state.ended_at
    set_deadlines(case, state)
    data = recording.told_of(case, event, blinded=partial(filed.journal.blinded, subject=case.subject))
    filed.journal.write(recording.log_type(event), case.subject, data, at=act.at)
