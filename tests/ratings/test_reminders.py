"""Late is said early: to the one who has the ball, once for each mark, and taken back when it does not hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals.domain import cases
from approvals.models import Case, CaseEvent
from contracts.domain import matters
from core import clock
from ratings.domain.reminders import remind, remind_of
from ratings.models import Reminder
from ratings.tasks import remind as task
from tests import market_place as market
from tests.bidding.browse import acting, member_client
from tests.contracts import place
from tests.ratings import lives

pytestmark = pytest.mark.django_db


def told():
    return [(each.organisation, each.kind, each.mark) for each in Reminder.objects.standing().order_by("mark")]


def test_the_firm_is_told_at_half_three_quarters_and_the_limit_once_each(where):
    contract = place.running(where)
    firm, now = contract.firm.organisation, clock.now()
    contract.refresh_from_db()
    remind(now)
    assert told() == []
    half = now + (contract.service_due_at - now) * 0.6
    assert remind(half) == 1 and remind(half) == 0
    assert told() == [(firm, "service", 1)]
    remind(contract.service_due_at)
    assert told() == [(firm, "service", 1), (firm, "service", 2), (firm, "service", 3)]
    assert remind(contract.service_due_at + timedelta(days=3)) == 0
    assert [each.mark for each in Reminder.objects.of(firm)] == [3]


def test_when_the_ball_moves_it_is_gone(where):
    contract = place.agreed(where)
    late = contract.due_at + timedelta(hours=1)
    remind(late)
    assert {organisation for organisation, _kind, _mark in told()} == {contract.firm.organisation}
    owner, firm = place.people(where, contract)
    place.seal(contract, firm)
    remind(late)
    assert {organisation for organisation, _kind, _mark in told()} == {owner.organisation}
    place.seal(contract, owner)
    remind(clock.now())
    assert told() == [] and Reminder.objects.exclude(gone_at=None).count() == 6


def test_a_correction_takes_back_what_was_told_wrongly_and_the_same_again_is_the_same_row(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    by = lives.clerk(where.department)
    cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now())
    due_at = Case.objects.get(pk=case.pk).due_at
    remind(due_at)
    department = where.department.organisation
    assert told() == [(department, "examination", mark) for mark in (1, 2, 3)]
    number = case.events.get(kind=CaseEvent.Kind.ACCEPTED).number
    cases.correct_event(case_id=case.pk, number=number, by=by, kind=CaseEvent.Kind.RETRACTED)
    now = clock.now()
    remind(now)
    assert told() == []
    assert {each.kind for each in Reminder.objects.all()} == {"examination"}
    remind(due_at)
    assert {kind for _who, kind, _mark in told()} == {"check"}


def test_while_the_firm_waits_nobody_is_told_and_afterwards_by_the_date_that_moved(where):
    contract = place.running(where)
    contract.refresh_from_db()
    limit = contract.service_due_at
    remind(limit)
    assert len(told()) == 3
    with clock.travelling(clock.now() + timedelta(minutes=5)):
        asked = lives.waits(contract, "input")
    remind(limit)
    assert told() == []
    over = limit + timedelta(days=7)
    with clock.travelling(over):
        lives.goes_on(asked)
    remind(over + timedelta(minutes=1))
    assert told() == []
    remind(over + timedelta(days=90))
    assert len(told()) == 3 and Reminder.objects.count() == 3
    assert Reminder.objects.of(contract.firm.organisation).get().limit_at > over


def test_a_line_that_ended_reminds_nobody(where):
    contract = place.running(where)
    contract.refresh_from_db()
    remind(contract.service_due_at)
    by = market.member_of(contract.firm.organisation)
    matters.abandon_contract(contract_id=contract.pk, reason="人员离职", by=by)
    remind(contract.service_due_at)
    assert told() == []


def test_no_row_says_the_same_twice_or_shows_two_marks(where):
    contract = place.running(where)
    contract.refresh_from_db()
    task()
    remind(contract.service_due_at)
    first = Reminder.objects.get(mark=1)
    first.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.filter(mark=1).update(is_latest=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.filter(mark=1).update(mark=4)


def test_many_needs_cost_as_many_queries_as_one(where, django_assert_num_queries):
    needs = [lives.need_of(place.running(where)).pk]
    with CaptureQueriesContext(connection) as one:
        remind_of(need_ids=needs)
    needs += [lives.need_of(place.running(where)).pk for _number in range(2)]
    with django_assert_num_queries(len(one)):
        remind_of(need_ids=needs)


def test_two_workers_at_once_tell_once(transactional_db, in_threads, where):
    contract = place.running(where)
    contract.refresh_from_db()
    answers = in_threads(*[lambda: remind(contract.service_due_at)] * 4)
    assert sum(answers) == 3 and len(told()) == 3


def test_the_desk_shows_its_own_reminders_with_the_way_to_the_line(where):
    contract = place.running(where)
    contract.refresh_from_db()
    remind(contract.service_due_at)
    firm, need = contract.firm.organisation, lives.need_of(contract)
    for name in ("reminders", "reminders_part"):
        shown = member_client(firm).get(reverse(f"ratings:{name}")).content.decode()
        assert reverse("ratings:lines", args=[need.code]) in shown and "已到期限" in shown
        for other in (where.owner.organisation, where.department.organisation, market.firm(where).organisation):
            answer = member_client(other).get(reverse(f"ratings:{name}"))
            assert answer.status_code == 200 and need.code not in answer.content.decode()
        assert Client().get(reverse(f"ratings:{name}")).status_code == 302
        assert member_client(market.organisation("regulator")).get(reverse(f"ratings:{name}")).status_code == 404
    assert "没有要提醒的期限" in acting(where.owner).get(reverse("ratings:reminders")).content.decode()
    for client, name in ((member_client(firm), "bidding:firm_desk"), (acting(where.owner), "bidding:owner_desk"),
                         (acting(lives.clerk(where.department)), "approvals:cases")):  # fmt: skip
        assert reverse("ratings:reminders_part") in client.get(reverse(name)).content.decode()
