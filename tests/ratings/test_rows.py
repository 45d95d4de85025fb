"""Rows follow what is recorded: every step of every life leaves its mark, and what is refreshed is what the timeline says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from approvals.domain import cases
from approvals.models import Case, CaseEvent, ItemVersion
from bidding.domain import objections, rounds, substitution
from bidding.models import Objection, Round
from contracts.domain import delivering, drafting, due, handing, matters
from contracts.models import Contract, ContractLine, Deliverable, Matter
from contracts.models.delivery import QUALITY
from core import changes, clock, holidays
from core.models import Holiday
from market.domain import projects
from market.models import ServiceVersion
from ratings.domain import anew
from ratings.models import CaseRow, LineRow
from tests import lots
from tests import market_place as market
from tests.approvals import office
from tests.bidding.discussion import objects, with_candidate
from tests.contracts import place
from tests.ratings import lives
from tests.ratings.rows import Walk, same_as_read

pytestmark = pytest.mark.django_db


def only_row():
    return LineRow.objects.get()


def test_a_whole_life_from_the_announcement_to_the_decision(where):
    walk = Walk()
    round_ = walk.step(market.announced, where)
    row = only_row()
    assert row.need_id == round_.need_id and row.firm is None and row.ball == ("selection", "platform")
    contract = walk.step(place.running, where)
    walk.step(lives.waits, contract, "input")
    asked = Matter.objects.get()
    walk.step(lives.goes_on, asked)
    first = walk.step(place.submits, contract)
    owner, _firm = place.people(where, contract)
    walk.step(delivering.return_deliverable, deliverable_id=first.pk, by=owner, words="缺噪声", reasons=[min(QUALITY)])
    second = walk.step(place.submits, contract, text="第二版")
    walk.step(lives.accept, second)
    case = walk.step(lives.received, where, contract)
    walk.step(lives.corrected, case)
    by = lives.clerk(where.department)
    walk.step(cases.resubmit_case, case_id=case.pk, by=by, occurred_at=clock.now())
    walk.step(cases.accept_case, case_id=case.pk, by=by, occurred_at=clock.now())
    row = LineRow.objects.get(contract=contract)
    assert row.ball == ("examination", "department") and row.last_case_id == case.pk
    walk.step(cases.decide_case, case_id=case.pk, by=by, outcome=Case.Outcome.GRANTED, occurred_at=clock.now())
    row.refresh_from_db()
    assert row.outcome_name == "granted" and row.decided_at == row.ended_at and row.accepted_at < row.decided_at
    assert (row.quality_returns, row.deliverable_corrections, row.late_corrections) == (1, 1, 0)
    assert CaseRow.objects.get().decided_at == row.decided_at


def test_every_step_to_the_seals(where):
    walk = Walk()
    award = walk.step(place.awarded, where)
    assert only_row().award_id == award.pk and only_row().firm_id == award.firm_id
    contract = walk.step(drafting.draft_contract, award_id=award.pk)
    assert only_row().contract_id == contract.pk
    walk.step(drafting.propose_contract, contract_id=contract.pk, by=where.owner)
    owner, firm = place.people(where, contract)
    contract.refresh_from_db()
    walk.step(drafting.agree_to_contract, contract_id=contract.pk, text_sha256=place.text_hash(contract), by=firm)
    for by in (firm, owner):
        walk.step(place.seal, Contract.objects.get(pk=contract.pk), by)
    assert only_row().ball == ("service", "firm")


def test_rounds_that_come_to_nothing(where):
    walk = Walk()
    first = walk.step(market.lived, where, amounts=[])
    assert first.status == Round.Status.FAILED and only_row().is_running
    round_ = walk.step(market.announced, where)
    walk.step(rounds.cancel_round, round_id=round_.pk, reason="项目取消", by=where.owner)
    assert LineRow.objects.get(need=round_.need_id).outcome_name == "ended"


def test_an_upheld_objection_and_whom_it_charges(where):
    walk = Walk()
    who = market.firm(where)
    round_ = walk.step(with_candidate, where, who)
    objection = walk.step(objects, round_, market.member_of(who.organisation))
    walk.step(
        objections.answer_objection, objection_id=objection.pk, outcome=Objection.Status.UPHELD, text="业绩不实",
        by=where.operator, charged_to="firm",
    )  # fmt: skip
    assert only_row().outcome_name == "ended"
    walk.step(market.announced, where, of=round_.need)
    assert only_row().ball == ("selection", "firm")


def test_a_winner_that_walks_away_takes_its_contract_with_it(where):
    walk = Walk()
    award = walk.step(place.awarded, where)
    walk.step(drafting.draft_contract, award_id=award.pk)
    by = market.member_of(award.firm.organisation)
    walk.step(substitution.walk_away, round_id=award.lot.round_id, reason="人员不足", by=by)
    row = only_row()
    assert row.award is row.firm is row.contract is row.promised_days is row.standard_days is None
    walk.step(due.move_due_contracts)


def test_what_ends_a_contract_early(where):
    walk = Walk()
    contract = walk.step(place.running, where)
    stopped = walk.step(lives.waits, contract, "suspension", charged_to="department")
    walk.step(lives.goes_on, stopped)
    by = market.member_of(contract.firm.organisation)
    walk.step(matters.abandon_contract, contract_id=contract.pk, reason="人员离职", by=by)
    assert only_row().outcome_name == "ended"


def test_an_expert_review_and_silence_about_what_was_submitted(where):
    walk = Walk()
    contract = walk.step(place.running, where)
    submitted = walk.step(place.submits, contract)
    walk.step(due.move_due_contracts, now=submitted.review_due_at + timedelta(minutes=1))
    case = walk.step(lives.received, where, contract)
    by = lives.clerk(where.department)
    walk.step(cases.accept_case, case_id=case.pk, by=by, occurred_at=clock.now())
    last = contract.milestones.get(delivers=True)
    walk.step(delivering.ask_for_revision, milestone_id=last.pk, words="补充类比数据", by=by)
    walk.step(place.submits, contract, text="第二版")


def test_corrections_of_the_record_and_cases_that_are_filed_again(where):
    walk = Walk()
    contract = walk.step(place.running, where)
    walk.step(lives.delivered, contract)
    case, by = walk.step(lives.received, where, contract), lives.clerk(where.department)
    walk.step(cases.accept_case, case_id=case.pk, by=by, occurred_at=clock.now())
    number = case.events.get(kind=CaseEvent.Kind.ACCEPTED).number
    walk.step(cases.correct_event, case_id=case.pk, number=number, by=by, kind=CaseEvent.Kind.RETRACTED)
    assert CaseRow.objects.get().counted_from is not None
    walk.step(
        cases.refuse_to_accept, case_id=case.pk, by=by, category="other", fault="other", words="改期",
        occurred_at=clock.now(),
    )  # fmt: skip
    assert only_row().ball == ("refiling", "owner") and CaseRow.objects.get().counted_from is None
    again = walk.step(lives.received, where, contract)
    assert only_row().last_case_id == again.pk and CaseRow.objects.count() == 2


def test_lots_and_further_items_are_rows_of_their_own(where):
    walk = Walk()
    walk.step(lots.lived, lots.place("lowest"), "lowest")
    assert sorted(LineRow.objects.values_list("outcome", flat=True)) == [1, 1, 5]
    contract = walk.step(place.running, where)
    own, other = contract.lines.get(), market.place()

    def further():
        ContractLine.objects.create(
            contract=contract, number=2, need=own.need, project=own.project, service=other.service, item=other.item,
            department=other.department,
        )  # fmt: skip
        place.submits(contract)

    walk.step(further)
    assert LineRow.objects.get(code=f"{own.need.code}.2").item == other.item


def two_lines_of_a_case(where):
    """Two contracts of one project for the same item, both delivered, and their one case."""
    first = place.running(where)
    need = lives.need_of(first)
    second = place.running(where)
    own = lives.need_of(second)
    own.project = need.project
    own.save()
    ContractLine.objects.filter(contract=second).update(project=need.project)
    lives.delivered(first)
    return second, lives.received(where, first)


def test_a_correction_counts_against_the_line_whose_result_is_at_fault(where):
    walk = Walk()
    second, case = walk.step(two_lines_of_a_case, where)
    walk.step(lives.accept, walk.step(place.submits, second, text="另一份报告"))
    case.refresh_from_db()
    named = Deliverable.objects.get(milestone__contract=second)
    handing.hand_over(named)
    assert {each.result for each in case.materials.all()} == set(Deliverable.objects.values_list("code", flat=True))
    walk.step(lives.corrected, case, deliverable=named.code)
    own, other = LineRow.objects.get(contract=second), LineRow.objects.exclude(contract=second).get()
    assert (own.deliverable_corrections, own.ball) == (1, ("correction", "firm"))
    assert (other.deliverable_corrections, other.ball) == (0, ("correction", "line"))
    assert anew.compute_all() == 2
    same_as_read()


def test_a_case_of_two_lines_is_charged_once_and_only_while_both_are_the_departments(where):
    walk = Walk()
    second, case = walk.step(two_lines_of_a_case, where)
    row = CaseRow.objects.get()
    assert row.lines == 2 and row.counted_from is None and row.used2 == 0
    submitted = walk.step(place.submits, second)
    walk.step(lives.accept, submitted)
    row.refresh_from_db()
    assert row.counted_from is not None
    by = lives.clerk(where.department)
    walk.step(cases.accept_case, case_id=case.pk, by=by, occurred_at=clock.now())
    walk.step(cases.decide_case, case_id=case.pk, by=by, outcome=Case.Outcome.GRANTED, occurred_at=clock.now())
    assert anew.compute_all() == 2
    same_as_read()


def in_examination(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    cases.accept_case(case_id=case.pk, by=lives.clerk(where.department), occurred_at=clock.now())
    return contract, case


def test_tables_that_operators_edit_count_for_lines_that_they_touch(where):
    walk = Walk()
    contract, case = walk.step(in_examination, where)
    today = clock.now().astimezone(clock.LOCAL).date()
    holiday = Holiday(date=today, kind="holiday", name="放假", source="通知")
    walk.step(holidays.save_holiday, holiday)
    moved = Holiday.objects.get(date=today)
    moved.date = today - timedelta(days=1)
    walk.step(holidays.save_holiday, moved)
    walk.step(holidays.forget_holidays, Holiday.objects.filter(pk=moved.pk))
    walk.step(holidays.load_holidays)
    version = ItemVersion.objects.get(pk=case.version_id)
    item = version.item
    form = {
        "code": item.code, "name": item.name, "name_en": item.name_en, "successor": "",
        "versions-TOTAL_FORMS": 1, "versions-INITIAL_FORMS": 1, "versions-0-id": version.pk, "versions-0-item": item.pk,
        "versions-0-number": version.number, "versions-0-legal_basis": version.legal_basis or "—",
        "versions-0-functions": list(version.functions.values_list("pk", flat=True)),
        "versions-0-statutory_days": 20, "versions-0-committed_days": 7, "versions-0-acceptance_days": 5,
        "versions-0-valid_from": "2017-01-01",
    }  # fmt: skip
    answer = walk.step(market.staff().post, f"/admin/approvals/approvalitem/{item.pk}/change/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert only_row().committed_days == CaseRow.objects.get().committed_days == 7
    assert only_row().contract_id == contract.pk


def test_the_guideline_of_the_service_is_that_of_the_award(where):
    walk = Walk()
    contract = walk.step(place.running, where)
    ServiceVersion.objects.filter(service=where.service).update(standard_days=33)
    changed = ServiceVersion.objects.get(service=where.service)
    ServiceVersion.objects.create(
        service=where.service, number=9, necessity=changed.necessity, legal_basis="—", requirement="—", standard_days=1,
        valid_from=date(2099, 1, 1),
    )  # fmt: skip
    walk.step(changes.recorded, f"service/{where.service.code}")
    assert only_row().standard_days == 33 and only_row().contract_id == contract.pk


def test_a_project_that_gets_its_national_code_finds_its_case(where):
    walk = Walk()
    contract = walk.step(place.running, where)
    walk.step(lives.delivered, contract)
    walk.step(lives.received, where, contract, project_code="2611-330200-04-01-000001")
    assert only_row().last_case is None
    project = lives.need_of(contract).project
    project.national_code = "2611-330200-04-01-000001"
    walk.step(projects.save_project, by=where.owner, project=project)
    assert only_row().last_case is not None


def test_a_need_that_was_not_announced_has_no_row_and_a_stranger_case_marks_nobodys_line(where):
    walk = Walk()
    walk.step(market.need, where)
    walk.step(office.received, where, at=clock.now(), by=lives.clerk(where.department), project_code="P000000000000")
    assert not LineRow.objects.exists() and not CaseRow.objects.exists()
