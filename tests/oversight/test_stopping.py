"""A tie that becomes known while a round runs: before closing nobody learns of it but the firm, after closing the round stops."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts.models import Kind, Role
from bidding import record
from bidding.domain import closing, due, stop_decisions, stops
from bidding.models import Award, Entry, Lot, Round, Stop, Substitution
from bidding.rules import disclosure
from bidding.stopped import shown_stops
from core import clock
from core.errors import NotAllowed, WrongState
from ledger.models import QueuedEntry
from market.models import Firm
from oversight.domain import marketplace, scanning, stopping
from oversight.models import Tie
from protocol.record import read_record
from protocol.verify import verify
from ratings.domain.finding import walked_away
from tests import custody
from tests import market_place as market
from tests.oversight.place import body_of, holds, regulator

pytestmark = pytest.mark.django_db
Status = Round.Status


def becomes_known(where, firm, *, key="s1"):
    """A register says that a body of the department half owns the firm; the change is scanned, and what follows follows."""
    body = body_of(where)
    marketplace.import_everything()
    if not scanning.Scan.objects.exists():
        scanning.scan_everything()
    holds(body, firm, key=key)
    scanning.scan_changed()
    return stopping.after_scan()


def types(round_):
    return [each.type for each in QueuedEntry.objects.filter(subject=round_.subject).order_by("pk")]


def fresh(round_):
    return Round.objects.get(pk=round_.pk)


def with_candidate(where, *amounts, method="lowest"):
    round_ = market.lived(where, method=method, amounts=amounts)
    assert round_.status == Status.CANDIDATE
    return round_


def just_closed(where):
    """A round of two firms, the cheaper one first, that has closed in its own time and is not opened."""
    start, firms = clock.now() - timedelta(minutes=30), (market.firm(where), market.firm(where))
    with clock.travelling(start):
        round_ = market.announced(where)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for firm, amount in zip(firms, ("1.00", "2.00"), strict=True):
            market.enters(round_, firm, amount)
    with clock.travelling(round_.closes_at):
        due.move_due_rounds(clock.now())
    return fresh(round_), *firms


def decides(stop, outcome, by=None, text="经查，关联成立。"):
    return stop_decisions.decide_stop(stop_id=stop.pk, outcome=outcome, text=text, by=by or regulator())


def go_on(round_):
    """As far as beat and the custodian take it."""
    for _step in range(3):
        due.move_due_rounds()
        custody.attend(deadlines_passed=True)
    return fresh(round_)


def after_notice(round_):
    """The round as beat leaves it when the public notice is over."""
    with clock.travelling(fresh(round_).candidate_until + timedelta(seconds=1)):
        due.move_due_rounds(clock.now())
        custody.attend()
    return fresh(round_)


def verified(round_):
    """Every check that an outsider makes of the record."""
    custody.attend(deadlines_passed=True)
    checks = verify(read_record(json.dumps(record.public_record(fresh(round_)))))
    assert [str(each) for each in checks if each.holds is False] == []
    return checks


# Before closing


def test_before_closing_nothing_is_stopped_and_nothing_shows():
    where = market.place()
    round_, tied = market.announced(where), market.firm(where)
    market.enters(round_, tied, "1.00")
    before = record.public_record(fresh(round_)), types(round_)
    assert becomes_known(where, tied).stopped == 0
    assert (record.public_record(fresh(round_)), types(round_)) == before
    assert not Stop.objects.exists()
    round_ = market.closed_and_evaluated(round_)
    assert Entry.objects.get(firm=tied).reason == "tie_found"
    assert stopping.after_scan().stopped == 0


# After closing


def test_a_closed_round_is_stopped_and_is_not_opened():
    where = market.place()
    round_, tied, free = just_closed(where)
    assert becomes_known(where, tied).stopped == 1
    assert stopping.after_scan().stopped == 0
    round_ = go_on(round_)
    assert round_.status == Status.CLOSED and round_.custodian_private
    (shown,) = shown_stops(round_, disclosure(round_))
    assert (shown.firm, shown.why, shown.decision) == ("", (), "")
    public = json.dumps(record.public_record(round_), ensure_ascii=False)
    assert tied.uscc not in public and tied.organisation.name not in public and "RH1" not in public
    entry = QueuedEntry.objects.get(subject=round_.subject, type="round.stopped")
    assert tied.uscc.encode() not in bytes(entry.entry)
    decides(Stop.objects.get(), "set_aside")
    round_ = go_on(round_)
    assert round_.status == Status.CANDIDATE
    lot = round_.lots.get()
    assert (lot.result["winner"], lot.winner) == (tied.uscc, free)
    verified(round_)


def test_whoever_is_concerned_reads_why_and_everybody_once_the_entrants_are_told():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    stop = Stop.objects.get()
    for reader in (None, market.member_of(tied.organisation), regulator()):
        (shown,) = shown_stops(round_, disclosure(round_), reader=reader)
        assert shown.firm == tied.organisation.name
        assert "RH1" in shown.why[0] and "51%" in shown.why[0]
    told = record.public_record(round_)["stops"]
    assert told[0]["uscc"] == tied.uscc and told[0]["outcome"] is None
    assert {each["rule"] for each in told[0]["reasons"]} == {"RH1", "RH2"}
    assert stop.reasons[0]["key"]


def test_a_stopped_round_is_not_awarded_and_goes_on_with_the_firm():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    assert after_notice(round_).status == Status.CANDIDATE
    later = round_.candidate_until + timedelta(seconds=2)
    assert closing.award_round(round_id=round_.pk, now=later).status == Status.CANDIDATE
    decides(Stop.objects.get(), "kept", text="登记有误，已更正。")
    round_ = after_notice(round_)
    assert round_.status == Status.AWARDED
    assert Award.objects.get().firm == tied
    assert stopping.after_scan().stopped == 0
    assert Tie.objects.standing().filter(firm=tied).exists()
    verified(round_)


def test_a_winner_steps_aside_and_the_next_follows_at_no_cost():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00", "3.00")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    by, stop = regulator(), Stop.objects.get()
    decides(stop, "set_aside", by=by)
    assert decides(stop, "set_aside", by=by).outcome == "set_aside"
    gone = Substitution.objects.get()
    assert (gone.out, gone.cause, gone.reason) == (tied, "recused", "经查，关联成立。")
    assert not tied.suspensions.exists()
    assert [each for each in walked_away(clock.now()) if each.source] == []
    round_ = go_on(round_)
    assert round_.status == Status.CANDIDATE
    assert round_.lots.get().winner == gone.successor
    assert after_notice(round_).status == Status.AWARDED
    told = types(round_)
    assert told[told.index("round.stopped") :] == [
        "round.stopped", "round.stop_decided", "round.recused", "round.substituted", "round.candidate", "round.awarded",
    ]  # fmt: skip
    verified(round_)


def test_where_the_method_draws_again_it_draws_with_the_next_code():
    where = market.place()
    round_ = with_candidate(where, None, None, None, method="draw")
    tied = round_.lots.get().winner
    becomes_known(where, tied)
    decides(Stop.objects.get(), "set_aside")
    assert Substitution.objects.get().iteration == 2
    round_ = go_on(round_)
    assert round_.status == Status.CANDIDATE and round_.lots.get().winner != tied
    verified(round_)


def test_if_nobody_is_left_the_round_fails():
    where = market.place()
    round_ = with_candidate(where, "1.00")
    becomes_known(where, round_.lots.get().winner)
    decides(Stop.objects.get(), "set_aside")
    assert fresh(round_).status == Status.FAILED
    verified(round_)


def test_an_owner_who_had_to_wait_has_the_whole_term_and_without_a_list_the_round_fails():
    where = market.place()
    round_ = market.lived(where, method="credit_draw", parameters=market.CREDIT, amounts=[None] * 4)
    first, second = [Firm.objects.get(organisation__uscc=uscc) for uscc in round_.lots.get().short_list]
    becomes_known(where, first)
    with clock.travelling(round_.choice_due_at + timedelta(days=1)):
        due.move_due_rounds(clock.now())  # while it stands still nobody is late
        decides(Stop.objects.get(), "set_aside")
        assert fresh(round_).status == Status.OPENED
        assert fresh(round_).choice_due_at > clock.now() + timedelta(days=4)
        becomes_known(where, second, key="s2")
        decides(Stop.objects.get(firm=second), "set_aside")
    assert (fresh(round_).status, fresh(round_).failure) == (Status.FAILED, "nobody_left")
    verified(round_)


def test_the_regulator_may_void_it():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    becomes_known(where, round_.lots.get().winner)
    decides(Stop.objects.get(), "voided", text="竞争已受影响。")
    round_ = fresh(round_)
    assert (round_.status, round_.reason) == (Status.VOID, "竞争已受影响。")
    with pytest.raises(WrongState):
        decides(Stop.objects.get(), "kept")
    verified(round_)


def test_a_tie_of_whoever_follows_stops_it_again():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00", "3.00")
    first, second = Lot.objects.get().result["ranking"][:2]
    tied = [Entry.objects.get(firm__organisation__uscc=each).firm for each in (first, second)]
    becomes_known(where, tied[0])
    becomes_known(where, tied[1], key="s2")
    assert Stop.objects.count() == 2
    decides(Stop.objects.get(firm=tied[0]), "set_aside")
    assert go_on(round_).status == Status.EVALUATED
    decides(Stop.objects.get(firm=tied[1]), "set_aside")
    round_ = go_on(round_)
    assert (round_.status, Substitution.objects.count()) == (Status.CANDIDATE, 2)
    assert round_.lots.get().winner not in tied
    verified(round_)


def test_an_entry_that_is_out_anyway_stops_nothing():
    where = market.place()
    round_ = market.announced(where)
    out, free = market.firm(where), market.firm(where)
    market.enters(round_, out, "99999.00")
    market.enters(round_, free, "2.00")
    round_ = market.closed_and_evaluated(round_)
    assert Entry.objects.get(firm=out).valid is False
    assert becomes_known(where, out).stopped == 0


def test_a_tie_to_a_further_department_of_several_services_counts(monkeypatch):
    where, other = market.place(), market.place()
    round_, tied = market.announced(where), market.firm(where)
    monkeypatch.setattr(Round, "departments", property(lambda _self: (where.department, other.department)))
    becomes_known(other, tied)
    from bidding.domain import eligibility

    told = eligibility.reasons_against(firm=tied, round_=fresh(round_), at=clock.now())
    assert "tie_found" in {each.code for each in told}


def test_only_a_regulator_decides():
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    becomes_known(where, round_.lots.get().winner)
    stop = Stop.objects.get()
    outsiders = [
        where.operator, where.owner, market.member_of(round_.lots.get().winner.organisation), regulator(role=Role.VIEWER),
        market.member_of(market.organisation(Kind.DEPARTMENT)),
    ]  # fmt: skip
    for by in outsiders:
        with pytest.raises(NotAllowed):
            decides(stop, "kept", by=by)


# Races


@pytest.mark.django_db(transaction=True)
def test_closing_and_a_tie_at_one_moment_never_let_it_by(in_threads):
    """Either closing has seen the tie and set the entry aside, or the round stands still afterwards."""
    where = market.place()
    for number in range(4):
        round_, tied, free = market.announced(where), market.firm(where), market.firm(where)
        market.enters(round_, tied, "1.00")
        market.enters(round_, free, "2.00")
        at = market.pass_deadline(round_)
        body = body_of(where)
        marketplace.import_everything()
        scanning.scan_everything()
        holds(body, tied, key=f"r{number}")

        def found():
            scanning.scan_changed()
            return stopping.after_scan(now=clock.now())

        outcome = in_threads(found, lambda pk=round_.pk, at=at: closing.close_round(round_id=pk, now=at))
        assert not [each for each in outcome if isinstance(each, Exception)]
        entry = Entry.objects.get(firm=tied)
        stopped = Stop.objects.filter(round=round_, firm=tied).count()
        assert (entry.eligible, stopped) in ((False, 0), (True, 1))
        Stop.objects.all().delete()
        Tie.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_award_and_stop_at_one_moment(in_threads):
    """A tie that stands is seen by the award itself, whoever comes first; and it is stopped once."""
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    body, tied = body_of(where), round_.lots.get().winner
    marketplace.import_everything()
    holds(body, tied)
    scanning.scan_everything()
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    now = clock.now()
    outcome = in_threads(
        lambda: closing.award_round(round_id=round_.pk, now=now),
        lambda: stops.look_again(now=now),
        lambda: closing.award_round(round_id=round_.pk, now=now),
    )
    assert not [each for each in outcome if isinstance(each, Exception)]
    assert (fresh(round_).status, Stop.objects.count(), Award.objects.count()) == (Status.CANDIDATE, 1, 0)
    assert types(round_).count("round.stopped") == 1


@pytest.mark.django_db(transaction=True)
def test_two_regulators_at_one_moment(in_threads):
    where = market.place()
    round_ = with_candidate(where, "1.00", "2.00")
    becomes_known(where, round_.lots.get().winner)
    stop, one, other = Stop.objects.get(), regulator(), regulator()
    outcome = in_threads(
        lambda: decides(stop, "set_aside", by=one),
        lambda: decides(stop, "kept", by=other),
    )
    assert sorted(type(each).__name__ for each in outcome) == ["Stop", "WrongState"]
    assert types(round_).count("round.stop_decided") == 1
