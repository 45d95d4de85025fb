"""Rows become scores: what is read of lines, at once and one by one the same, marks, months, and what must not be told."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Kind, Organisation
from approvals.models import Case
from core import clock
from market.models import Project
from protocol.scores.lines import judge
from ratings.domain import scored, scoring, whole_city
from ratings.models import DepartmentScore, FirmScore, LineRow, ScoreMark, ScoreNorm, ScorePolicy
from ratings.tasks import refresh_lines, refresh_scores
from tests.contracts import place
from tests.ratings import lives
from tests.ratings import scores as city

pytestmark = pytest.mark.django_db


def kept(model):
    """All scores of the present, without their own numbers and moments."""
    names = [field.attname for field in model._meta.concrete_fields if field.name not in ("id", "as_of", "month")]
    return sorted(model.objects.filter(month=None).values_list(*names), key=str)


def of_a_person(contract):
    """The owner turns out to be a natural person."""
    Organisation.objects.filter(pk=contract.owner_id).update(kind=Kind.PERSON, uscc=None, code="ZR0001")


def test_a_natural_persons_line_is_without_its_case(where):
    contract, case = city.decided(where, corrected=1)
    city.spread(contract, case)
    city.scored()
    public = scored.lines_of_firms([contract.firm_id], now=clock.now())[0]
    assert public.case == case.code and public.returns == 1 and DepartmentScore.objects.exists()
    of_a_person(contract)
    city.scored()
    (line,) = scored.lines_of_firms([contract.firm_id], now=clock.now())
    assert (line.case, line.decided_at, line.used2, line.returns) == (None, None, None, 0)
    assert not line.running and line.ended == line.accepted_at and line.used1 < public.used1
    (opened,) = scored.opened_lines_of_firm(contract.firm_id, now=clock.now())
    assert sum(piece.used for piece in opened.segments if piece.party == "firm") >= line.used1
    assert {piece.name for piece in opened.segments} <= {"contracting", "service", "review", "revision"}
    assert not DepartmentScore.objects.filter(month=None).exists()


def test_what_is_read_of_a_line(where):
    contract, case = city.decided(where, returned=1, corrected=1)
    city.spread(contract, case)
    city.scored()
    row = LineRow.objects.get()
    (line,) = scored.lines_of_firms([contract.firm_id], now=clock.now())
    assert (line.line, line.service, line.firm) == (row.code, where.service.code, contract.firm.uscc)
    assert (line.returns, line.deliverable_corrections, line.committed_days) == (2, 1, 10)
    assert (line.used1, line.promised_days, line.decided_at) == (row.used1, contract.days, row.decided_at)
    assert line.case == case.code and line.department == where.department.code
    (opened,) = scored.opened_lines_of_firm(contract.firm_id, now=clock.now())
    own = [piece for piece in opened.segments if piece.name in ("service", "revision", "correction")]
    assert sum(piece.used for piece in own if piece.party == "firm") == line.used1


def test_a_line_without_a_result_is_not_read(where):
    contract = place.running(where)
    city.scored()
    assert scored.lines_of_firms([contract.firm_id], now=clock.now())
    LineRow.objects.update(
        outcome=5, ended_at=clock.now(), ball_kind=None, ball_party=None, ball_since=None, ball_counted_from=None,
        ball_counts_for=None,
    )  # fmt: skip
    assert not scored.lines_of_firms([contract.firm_id], now=clock.now())


def test_a_running_line_counts_from_the_moment_that_it_is_over_its_promise(where):
    contract = place.running(where)
    city.scored()
    assert not FirmScore.objects.exists()
    later = clock.now() + timedelta(days=contract.days * 2 + 30)
    with clock.travelling(later):
        scoring.refresh_firm(contract.firm_id)
        (line,) = scored.lines_of_firms([contract.firm_id], now=later)
    own = FirmScore.objects.get(service=where.service, district=None)
    assert line.running and own.overdue == 100 and own.median is None and own.first_pass is None and not own.ranked


def test_everybody_at_once_and_one_by_one_are_the_same(where):
    for number in range(3):
        contract, case = city.decided(where, returned=number % 2, corrected=number // 2)
        city.spread(contract, case, days=2 + number)
    delivered = place.running(where)
    lives.delivered(delivered)
    city.scored()
    firms, departments = kept(FirmScore), kept(DepartmentScore)
    assert len(firms) >= 8 and len(departments) == 2
    for pk in FirmScore.objects.values_list("firm_id", flat=True).distinct():
        scoring.refresh_firm(pk)
    scoring.refresh_department(where.department.pk)
    assert kept(FirmScore) == firms and kept(DepartmentScore) == departments
    lines = list(scored.city_lines(now=clock.now()))
    policy = ScorePolicy.in_force(clock.now()).as_policy()
    assert {each.line.firm for each in judge(lines, policy, as_of=clock.now())} == {
        each.firm.uscc for each in FirmScore.objects.select_related("firm__organisation")
    }


def test_a_decision_changes_the_score_by_the_task_that_follows_marks(where):
    first, _case = city.decided(where)
    refresh_lines()
    assert not ScoreMark.objects.exists()
    score = FirmScore.objects.get(firm=first.firm, service=None, district=None)
    assert score.n == 1 and DepartmentScore.objects.get(item=where.item, month=None).n == 1
    second, _case = city.decided(where, returned=1)
    refresh_lines()
    assert FirmScore.objects.get(firm=second.firm, service=None, district=None).n >= 1
    assert DepartmentScore.objects.get(item=where.item, month=None).n == 2
    assert FirmScore.objects.filter(month=None, service=where.service, district=None).count() == len(
        {first.firm_id, second.firm_id}
    )


def test_one_that_fails_stops_no_other(where):
    contract, _case = city.decided(where)
    refresh_lines()
    before = kept(FirmScore)
    FirmScore.objects.all().delete()
    ScoreMark.objects.bulk_create([ScoreMark(firm_id=2**40), ScoreMark(firm_id=contract.firm_id)])
    assert scoring.refresh_marked() == 2 and not ScoreMark.objects.exists()
    assert kept(FirmScore) == before


def test_a_past_score_stays_what_it_was(where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    city.scored()
    month = clock.now().astimezone(clock.LOCAL).date().replace(day=1)
    then = list(FirmScore.objects.filter(month=month).order_by("pk").values())
    assert len(then) == 4
    with clock.travelling(clock.now() + timedelta(days=400)):
        refresh_scores()
        assert list(FirmScore.objects.filter(month=month).order_by("pk").values()) == then
        now = FirmScore.objects.get(month=None, service=where.service, district=None)
    assert now.weight < then[0]["weight"]
    assert FirmScore.objects.exclude(month=None).values("month").distinct().count() == 2


def test_a_new_policy_leaves_what_the_old_one_gave(where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    city.scored()
    old = ScorePolicy.objects.get()
    today = clock.now().astimezone(clock.LOCAL).date()
    ScorePolicy.objects.update(valid_to=today - timedelta(days=1))
    new = ScorePolicy.objects.get()
    new.pk, new.version, new.par, new.valid_from, new.valid_to = None, "next", 60, today, None
    new.save()
    city.scored()
    month = {
        row.policy_id: row.score
        for row in FirmScore.objects.filter(month=today.replace(day=1), service=None, district=None)
    }
    assert set(month) == {old.pk, new.pk} and month[old.pk] > month[new.pk]
    assert set(FirmScore.objects.filter(month=None).values_list("policy", flat=True)) == {new.pk}


def test_whoever_was_refreshed_meanwhile_follows_again(where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    city.scored()
    FirmScore.objects.filter(month=None).update(as_of=clock.now() + timedelta(hours=1))
    ScoreMark.objects.all().delete()
    whole_city.refresh_all()
    assert [(mark.firm_id, mark.department_id) for mark in ScoreMark.objects.all()] == [(contract.firm_id, None)]


def test_queries_do_not_grow_with_lines(where):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            whole_city.refresh_all()
        return len(asked)

    for _number in range(3):  # of fewer firms nothing is usual
        city.decided(where)
    refresh_lines()
    few = queries()
    for _number in range(3):
        city.decided(where)
    refresh_lines()
    assert queries() <= few


def test_the_command_says_what_it_did(where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    refresh_lines()
    out = StringIO()
    call_command("refresh_scores", stdout=out)
    assert out.getvalue() == "1 lines read; 4 scores of firms and 2 of departments written.\n"
    assert ScoreNorm.objects.count() == 2 and case.outcome != Case.Outcome.REFUSED
    assert Project.objects.count() == 1 and FirmScore.objects.filter(month__gt=date(2017, 1, 1)).count() == 4
