"""Refreshing: nothing that is recorded is lost, a bad one stops no other, and the whole anew says the same."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from threading import Event as Flag

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from approvals.domain import cases
from bidding.models import Round
from contracts.domain.events import record
from core import changes, clock
from core.models import Holiday
from ratings.domain import anew, refreshing
from ratings.models import CaseOfLine, CaseRow, LineEvents, LineRow, SegmentRow, StaleMark
from ratings.tasks import refresh_lines
from tests import market_place as market
from tests.contracts import place
from tests.ratings import lives
from tests.ratings.rows import same_as_read

pytestmark = pytest.mark.django_db


def in_examination(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    lives.corrected(case)
    by = lives.clerk(where.department)
    cases.resubmit_case(case_id=case.pk, by=by, occurred_at=clock.now())
    cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now())
    return contract, case


def everything():
    """All rows as they are, but for their own numbers."""
    return [
        list(LineRow.objects.order_by("code").values()),
        list(SegmentRow.objects.order_by("line__code", "number").values()),
        list(CaseRow.objects.order_by("pk").values()),
        list(CaseOfLine.objects.order_by("line_id", "case_id").values()),
    ]


def test_a_change_that_is_taken_back_leaves_no_mark(where):
    round_ = market.announced(where)
    refresh_lines()
    with transaction.atomic():
        changes.recorded(round_.subject)
        assert StaleMark.objects.exists()
        transaction.set_rollback(True)
    assert not StaleMark.objects.exists()


def test_offers_of_an_auction_mark_nothing(where):
    from ledger import domain as ledger

    refresh_lines()
    ledger.append("auction.offer", "round/R000000000000", {}, at=clock.now())
    assert not StaleMark.objects.exists()
    ledger.append("round.closed", "round/R000000000000", {}, at=clock.now())
    assert StaleMark.objects.count() == 1


def test_refreshing_twice_changes_nothing(where):
    in_examination(where)
    assert refresh_lines() > 0 and refresh_lines() == 0
    before = everything()
    refreshing.refresh_needs({LineRow.objects.get().need_id})
    assert everything() == before


def test_one_that_cannot_be_read_stops_no_other_and_is_tried_again(where):
    good, bad = market.announced(where), market.announced(where)
    market.announced(where)
    broken = bad.need
    type(bad).objects.filter(pk=bad.pk).update(announced_at=bad.announced_at.replace(year=1950))
    refresh_lines()
    assert LineRow.objects.filter(need=good.need).exists() and LineRow.objects.count() == 2
    left = StaleMark.objects.all()
    assert {each.subject for each in left} == {bad.subject} and min(each.not_before for each in left) > clock.now()
    assert not LineRow.objects.filter(need=broken).exists()
    type(bad).objects.filter(pk=bad.pk).update(announced_at=bad.announced_at)
    refresh_lines()
    assert StaleMark.objects.exists()
    StaleMark.objects.update(not_before=clock.now() - timedelta(seconds=1))
    refresh_lines()
    assert not StaleMark.objects.exists() and LineRow.objects.count() == 3


def test_what_is_recorded_during_a_refresh_is_not_lost(in_threads, where):
    """The one commits its event after the other has read the events and before it is done."""
    contract = place.running(where)
    refreshing.refresh_stale()
    held, seen = Flag(), Flag()

    def records():
        with transaction.atomic():
            record(contract, "input_asked", at=clock.now(), party="owner")
            held.set()
            assert seen.wait(timeout=30)

    def refreshes():
        assert held.wait(timeout=30)
        refreshing.refresh_needs({LineRow.objects.get().need_id})
        refreshing.refresh_stale()
        seen.set()

    assert in_threads(records, refreshes) == [None, None]
    assert StaleMark.objects.exists()
    refreshing.refresh_stale()
    assert LineRow.objects.get().ball == ("waiting_input", "owner")


def test_many_workers_at_once_write_every_line_once(in_threads, where):
    for _number in range(3):
        market.announced(where)
    contract, _case = in_examination(where)
    for _number in range(5):
        changes.recorded(contract.subject)
        changes.recorded(contract.award.lot.round.subject)
    answers = in_threads(*[refreshing.refresh_stale] * 4)
    assert all(isinstance(answer, int) for answer in answers), answers
    assert not StaleMark.objects.exists() and LineRow.objects.count() == 4
    same_as_read()


def test_while_all_are_computed_anew_a_refresh_waits(in_threads, where):
    in_examination(where)
    refreshing.refresh_stale()
    need, alone, order = LineRow.objects.get().need_id, Flag(), []

    def computes():
        with transaction.atomic():
            refreshing.hold_alone()
            alone.set()
            anew.compute_all()
            order.append("anew")

    def refreshes():
        assert alone.wait(timeout=30)
        refreshing.refresh_needs({need})
        order.append("refresh")

    assert in_threads(computes, refreshes) == [None, None]
    assert order == ["anew", "refresh"]
    same_as_read()


def test_all_lines_anew_are_what_they_were(where, monkeypatch):
    for _number in range(3):
        market.announced(where)
    in_examination(where)
    market.lived(where, amounts=[])
    refresh_lines()
    before = everything()
    SegmentRow.objects.filter(number__gt=1).delete()
    LineRow.objects.update(used1=0, used2=7, quality_returns=9)
    CaseRow.objects.update(used2=7, late_corrections=9, counted_from=None)
    CaseOfLine.objects.all().delete()
    monkeypatch.setattr(anew, "LINES", 2)
    told = []
    assert anew.compute_all(tell=told.append) == 5
    assert everything() == before and [each.lines for each in told] == [2, 4, 5]
    assert anew.compute_all(after=told[0].last) == 3


def test_several_hands_compute_what_one_computes(transactional_db, where, monkeypatch):
    for _number in range(3):
        market.announced(where)
    in_examination(where)
    refresh_lines()
    before = everything()
    SegmentRow.objects.filter(number__gt=1).delete()
    LineRow.objects.update(used1=0, used2=7)
    CaseOfLine.objects.all().delete()
    monkeypatch.setattr(anew, "LINES", 1)
    told = []
    assert anew.compute_all(hands=3, tell=told.append) == 4
    assert everything() == before and [each.lines for each in told] == [3, 4]


def test_what_one_hand_cannot_do_stops_all_and_the_next_time_goes_on(transactional_db, where, monkeypatch):
    for _number in range(4):
        market.announced(where)
    refresh_lines()
    before, third = everything(), LineRow.objects.order_by("pk")[2].pk
    LineRow.objects.update(used1=9)
    monkeypatch.setattr(anew, "LINES", 1)
    written = anew._write

    def breaks(columns, *others):
        if third in columns.lines["line"]:
            raise OSError("no space left")
        written(columns, *others)

    told = []
    with monkeypatch.context() as patch:
        patch.setattr(anew, "_write", breaks)
        with pytest.raises(OSError, match="no space left"):
            anew.compute_all(hands=2, tell=told.append)
    assert [each.lines for each in told] == [2]
    assert LineRow.objects.get(pk=third).used1 == 9
    assert anew.compute_all(after=told[-1].last, hands=2) == 2
    assert everything() == before


def test_a_holiday_that_was_entered_behind_our_back_counts_with_the_whole_anew(where):
    contract, _case = in_examination(where)
    refresh_lines()
    day = contract.award.issued_at.astimezone(clock.LOCAL).date()
    for number in range(40):
        Holiday.objects.update_or_create(
            date=day + timedelta(days=number), defaults={"kind": "holiday", "name": "放假", "source": "通知"}
        )
    anew.compute_all()
    same_as_read()


def test_the_command_reads_what_has_no_row_and_says_what_it_does(where):
    in_examination(where)
    StaleMark.objects.all().delete()
    out = StringIO()
    call_command("refresh_lines", stdout=out)
    assert not LineRow.objects.exists()
    call_command("refresh_lines", "--all", stdout=out)
    assert "1 lines computed anew" in out.getvalue()
    same_as_read()
    LineRow.objects.update(promised_days=1)
    call_command("refresh_lines", "--read", stdout=out)
    assert "1 needs to be read" in out.getvalue()
    same_as_read()


def test_one_line_takes_as_many_statements_however_many_there_are(where, django_assert_num_queries):
    in_examination(where)
    refresh_lines()
    need = LineRow.objects.get().need_id
    with CaptureQueriesContext(connection) as one:
        refreshing.refresh_needs({need})
    in_examination(where)
    refresh_lines()
    with django_assert_num_queries(len(one)):
        refreshing.refresh_needs({need})
    needs = set(LineRow.objects.values_list("need_id", flat=True))
    with django_assert_num_queries(len(one)):
        refreshing.refresh_needs(needs)


def test_the_database_refuses_segments_that_do_not_make_up_their_line(where):
    in_examination(where)
    refresh_lines()
    row = LineRow.objects.get()
    kept = list(SegmentRow.objects.filter(line=row))

    def written(change):
        with transaction.atomic():
            SegmentRow.objects.filter(line=row).delete()
            parts = [SegmentRow(**{field.attname: getattr(each, field.attname) for field in SegmentRow._meta.concrete_fields})
                     for each in kept]  # fmt: skip
            change(parts)
            SegmentRow.objects.bulk_create(parts)

    def longer(parts):
        parts[0].ended_at += timedelta(seconds=1)

    def earlier(parts):
        parts[0].started_at -= timedelta(seconds=1)

    def backwards(parts):
        parts[1].worked = -1

    def of_nobody(parts):
        parts[0].line_id = 0

    written(lambda parts: None)
    for wrong in (longer, earlier, backwards, of_nobody, lambda parts: parts.pop(1), lambda parts: parts.pop()):
        with pytest.raises(IntegrityError):
            written(wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentRow.objects.filter(line=row).update(kind=1)
    for wrong in ({"ended_at": clock.now()}, {"used1": -1}, {"firm": None}, {"decided_at": clock.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            LineRow.objects.filter(pk=row.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        LineEvents.objects.update(codes=[1])


def test_lines_that_run_and_lines_that_ended_are_told_apart(where):
    runs = market.announced(where)
    ended = market.lived(where, amounts=[])
    Round.objects.filter(pk=ended.pk).update(sequence=2)
    refresh_lines()
    assert [row.need_id for row in LineRow.objects.running()] == [runs.need_id]
    assert [row.need_id for row in LineRow.objects.ended()] == [ended.need_id]
    assert LineRow.objects.running().get().is_running and LineRow.objects.ended().get().ball is None
