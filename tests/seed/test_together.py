"""Needs of several services in the demo city: one that is under way, and one that was delivered and decided line by line."""

from __future__ import annotations

import json

import pytest

from approvals.models import Case
from bidding.models import Round
from bidding.record import public_record
from contracts.models import Contract
from core import clock
from market.models import Need
from portal.seed import plans
from portal.seed.build import Size, build
from protocol.record import read_record
from protocol.verify import verify
from ratings.lines import Lines
from tests.seed.conftest import in_folder


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_runs_and_one_went_through_to_its_decisions(tmp_path, settings, monkeypatch):
    in_folder(settings, tmp_path)
    every = plans.plans
    monkeypatch.setattr(plans, "plans", lambda now, awarded: [each for each in every(now, awarded=3) if each.together])
    build(size=Size(firms=60, awarded=0), seed=3)

    running, over = Round.objects.get(status="announced"), Round.objects.get(status="contracted")
    assert [part.service.code for part in running.parts] == list(plans.ASSESSMENTS)
    assert [part.service.code for part in over.parts] == list(plans.SURVEYS)
    contract = Contract.objects.get()
    assert contract.status == Contract.Status.COMPLETED
    assert [case.outcome for case in Case.objects.all()] == ["granted"] * 3
    assert [case.materials.count() for case in Case.objects.all()] == [1, 1, 1]
    lines = Lines.of(Need.objects.filter(pk=over.need_id))
    assert [line.timeline(now=clock.now()).outcome for line in lines] == ["granted"] * 3
    for round_ in (running, over):
        checks = verify(read_record(json.dumps(public_record(Round.objects.get(pk=round_.pk)))))
        assert not [str(check) for check in checks if check.holds is False], round_.code
