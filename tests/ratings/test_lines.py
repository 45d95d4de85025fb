"""Lines from the rooms that record them: what becomes of rounds, contracts and cases on the one clock."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.domain import cases
from approvals.models import Case
from bidding.domain import objections, rounds, substitution
from bidding.models import Award, Objection, Round
from contracts.domain import delivering, drafting, matters
from contracts.domain.events import record
from contracts.models import Contract, ContractLine, Milestone
from core import clock
from market.models import Need
from ratings.lines import Lines
from ratings.measures import due
from ratings.pictures import shown
from ratings.timeline import Outcome
from tests import lots
from tests import market_place as market
from tests.approvals import office
from tests.bidding.discussion import objects, with_candidate
from tests.contracts import place
from tests.ratings import lives

pytestmark = pytest.mark.django_db


def parts(need):
    line = lives.line_of(need).timeline(now=clock.now())
    return [(part.kind, part.party) for part in line.segments], line


def now_with(need):
    line = lives.line_of(need).timeline(now=clock.now())
    return line.running.kind, line.running.party


def test_a_need_that_was_not_announced_has_not_begun(where):
    assert parts(market.need(where))[1].outcome == Outcome.NOT_STARTED


def test_from_the_announcement_to_the_seals(where):
    contract = place.agreed(where)
    need = lives.need_of(contract)
    assert now_with(need) == ("contracting", "firm")
    owner, firm = place.people(where, contract)
    place.seal(contract, firm)
    assert now_with(need) == ("contracting", "owner")
    place.seal(contract, owner)
    found, line = parts(need)
    assert found == [
        ("selection", "platform"), ("contracting", "firm"), ("contracting", "owner"), ("service", "firm"),
    ]  # fmt: skip
    assert line.start == contract.award.lot.round.announced_at
    assert line.segments[0].end == contract.award.issued_at


def test_the_case_of_the_project_and_item_is_the_lines_own(where):
    contract = place.running(where)
    need = lives.need_of(contract)
    lives.delivered(contract)
    other = lives.received(where, contract, project_code="P000000000000")
    stranger = lives.received(where, contract, applicant=market.organisation("owner"))
    assert now_with(need) == ("filing", "owner")
    case = lives.received(where, contract)
    lives.corrected(case)
    assert now_with(need) == ("correction", "firm")
    by = lives.clerk(where.department)
    cases.resubmit_case(case_id=case.pk, by=by, occurred_at=clock.now())
    cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now())
    assert now_with(need) == ("examination", "department")
    assert lives.line_of(need).cases == (case,) and {other, stranger}.isdisjoint({case})
    cases.decide_case(case_id=case.pk, by=by, outcome=Case.Outcome.GRANTED, occurred_at=clock.now())
    line = parts(need)[1]
    assert line.outcome == Outcome.GRANTED
    assert sum((part.length for part in line.segments), start=line.whole - line.whole) == line.whole


def test_a_case_that_was_over_before_the_need_does_not_count(where):
    by = office.clerk(where.department)
    of = market.need(where)
    before = office.received(where, at=office.on(2), by=by, project_code=of.project.code)
    given = {"category": "other", "fault": "other", "words": "改期", "occurred_at": office.on(3)}
    cases.refuse_to_accept(case_id=before.pk, by=by, **given)
    round_ = market.announced(where, of=of)
    assert now_with(round_.need) == ("selection", "platform")
    assert not [event for event in lives.line_of(of).events if event.case]


def test_a_failed_round_goes_on_with_the_second_announcement_and_ends_with_its_failure(where):
    first = market.lived(where, amounts=[])
    need = first.need
    assert first.status == Round.Status.FAILED and now_with(need) == ("selection", "platform")
    Round.objects.filter(pk=first.pk).update(sequence=2)
    line = parts(need)[1]
    first.refresh_from_db()
    assert line.outcome == Outcome.ENDED and line.end == first.ended_at


def test_a_cancelled_need_ends(where):
    round_ = market.announced(where)
    rounds.cancel_round(round_id=round_.pk, reason="项目取消", by=where.owner)
    assert parts(round_.need)[1].outcome == Outcome.ENDED


def test_who_is_at_fault_where_an_objection_is_upheld_is_charged_until_the_next_award(where):
    who = market.firm(where)
    round_ = with_candidate(where, who)
    objection = objects(round_, market.member_of(who.organisation))
    objections.answer_objection(
        objection_id=objection.pk,
        outcome=Objection.Status.UPHELD,
        text="业绩不实",
        by=where.operator,
        charged_to="firm",
    )
    assert parts(round_.need)[1].outcome == Outcome.ENDED
    market.announced(where, of=round_.need)
    assert parts(round_.need)[0] == [("selection", "platform"), ("selection", "firm")]


def test_who_walks_away_is_charged_until_the_next_award(where):
    award = place.awarded(where)
    round_ = award.lot.round
    drafting.draft_contract(award_id=award.pk)
    market_firm = market.member_of(award.firm.organisation)
    substitution.walk_away(round_id=round_.pk, reason="人员不足", by=market_firm)
    found, _line = parts(round_.need)
    assert found[:2] == [("selection", "platform"), ("contracting", "firm")]
    assert lives.line_of(round_.need).award is None
    assert "firm" in {event.charged_to for event in lives.line_of(round_.need).events if event.kind == "round_failed"}


def test_a_milestone_before_the_last_moves_no_ball_but_its_return_counts(where):
    contract = place.running(where)
    first = contract.milestones.filter(delivers=True).order_by("number").first()
    Milestone.objects.create(contract=contract, number=9, name="终稿", amount=0, days=contract.days, status="working")
    now = clock.now()
    record(contract, "submitted", at=now, party="firm", milestone=first)
    record(contract, "returned", at=clock.now(), party="owner", milestone=first, quality=True)
    found, line = parts(lives.need_of(contract))
    assert found[-1] == ("service", "firm") and [one.event.quality for one in line.returns] == [True]
    record(contract, "submitted", at=clock.now(), party="firm", milestone=contract.milestones.get(number=9))
    assert now_with(lives.need_of(contract)) == ("review", "owner")


def test_a_contract_that_was_abandoned_ends_its_line(where):
    contract = place.running(where)
    by = market.member_of(contract.firm.organisation)
    matters.abandon_contract(contract_id=contract.pk, reason="人员离职", by=by)
    assert parts(lives.need_of(contract))[1].outcome == Outcome.ENDED


def test_what_parties_agree_on_moves_the_ball(where):
    contract = place.running(where)
    need = lives.need_of(contract)
    asked = lives.waits(contract, "input")
    assert now_with(need) == ("waiting_input", "owner")
    lives.goes_on(asked)
    assert now_with(need) == ("service", "firm")
    stopped = lives.waits(contract, "suspension", charged_to="department")
    assert now_with(need) == ("suspension", "department")
    lives.goes_on(stopped)
    assert now_with(need) == ("service", "firm")


def test_a_line_that_waits_for_another_is_known_by_its_own_code(where):
    first = place.running(where)
    project = lives.need_of(first).project
    contract = place.running(where)
    Need.objects.filter(pk=lives.need_of(contract).pk).update(project=project)
    ContractLine.objects.filter(contract=contract).update(project=project)
    Contract.objects.filter(pk=contract.pk).update(project=project)
    lives.waits(contract, "blocked", other=Contract.objects.get(pk=first.pk))
    assert now_with(lives.need_of(contract)) == ("waiting_line", "line")
    lines, reader = Lines.of(Need.objects.filter(project=project).order_by("pk")), where.owner.organisation
    assert [row.place for row in shown(lines, reader, now=clock.now())] == [1, 2]


def test_an_expert_review_sends_the_deliverable_back_to_the_firm(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    cases.accept_case(case_id=case.pk, by=lives.clerk(where.department), occurred_at=clock.now())
    last = contract.milestones.get(delivers=True)
    delivering.ask_for_revision(milestone_id=last.pk, words="补充类比数据", by=lives.clerk(where.department))
    assert now_with(lives.need_of(contract)) == ("revision", "firm")
    place.submits(contract, text="第二版")
    assert now_with(lives.need_of(contract)) == ("examination", "department")


def test_several_lines_of_one_contract_are_lines_of_their_own(where):
    contract = place.running(where)
    own, other = contract.lines.get(), market.place()
    ContractLine.objects.create(
        contract=contract, number=2, need=own.need, project=own.project, service=other.service, item=other.item,
        department=other.department,
    )  # fmt: skip
    found = Lines.of(Need.objects.filter(pk=own.need_id))
    assert [line.code for line in found] == [own.need.code, f"{own.need.code}.2"]
    assert found[1].item == other.item and found[1].department == other.department


def test_the_lots_of_a_round_are_lines_of_their_own_and_one_without_a_winner_ends():
    round_ = lots.lived(lots.place("lowest"), "lowest")
    found = Lines.of(Need.objects.filter(pk=round_.need_id))
    assert [line.code for line in found] == [f"{round_.need.code}-{number}" for number in "123"]
    assert [line.timeline(now=clock.now()).outcome for line in found] == ["running", "running", "ended"]


def test_deadlines_are_those_of_the_columns(where):
    contract = place.agreed(where)
    need = lives.need_of(contract)

    def limit():
        line = lives.line_of(need)
        found = line.timeline(now=clock.now())
        return due(found, line.limits(found), Lines([line]).workdays(now=clock.now())).limit

    assert limit() == Award.objects.get().contract_due_at == contract.due_at
    for by in reversed(place.people(where, contract)):
        place.seal(contract, by)
    contract.refresh_from_db()
    assert limit() == contract.service_due_at
    submitted = place.submits(contract)
    assert limit() == submitted.review_due_at
    lives.accept(submitted)
    case = lives.received(where, contract)
    assert limit() == Case.objects.get(pk=case.pk).due_at
    cases.accept_case(case_id=case.pk, by=lives.clerk(where.department), occurred_at=clock.now())
    assert limit() == Case.objects.get(pk=case.pk).due_at


def test_many_lines_cost_as_many_queries_as_one(where, django_assert_num_queries):
    contract = place.running(where)
    lives.delivered(contract)
    lives.received(where, contract)

    def read():
        lines, now = Lines.of(Need.objects.order_by("pk")), clock.now()
        workdays = lines.workdays(now=now)
        for line in lines:
            found = line.timeline(now=now)
            due(found, line.limits(found), workdays)
            line.holder(found)
        return lines

    with CaptureQueriesContext(
        connection,
    ) as one:
        assert len(read()) == 1
    further = place.running(where)
    lives.delivered(further)
    lives.received(where, further)
    market.announced(where)
    with django_assert_num_queries(len(one)):
        assert len(read()) == 3
