"""A winner that walks away: who follows by each method, what it costs, and that a stranger can compute it again."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest
from django.test import Client

from bidding.domain import choosing, due, substitution
from bidding.models import Award, Round
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from market.models import Suspension
from protocol.record import read_record
from protocol.verify import verify
from tests import custody
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db
Status = Round.Status
TERMS = {
    "lowest": ({"upper": "60000.00"}, True),
    "draw": ({"price": "48000.00"}, False),
    "mean": ({"upper": "60000.00", "trim_over": "3"}, True),
    "lowest_draw": ({"upper": "60000.00", "k": "3"}, True),
    "credit_draw": ({"price": "48000.00", "long_list": "4", "short_list": "2"}, False),
}
REDRAWN = {"draw", "lowest_draw", "credit_draw"}


def record_of(round_):
    return Client().get(f"/rounds/{round_.code}/record.json").json()


def failed(record):
    return [str(check) for check in verify(read_record(json.dumps(record))) if check.holds is False]


def winner(round_):
    return Round.objects.get(pk=round_.pk).lots.get().winner


def walks(round_, by=None, *, at, reason="人员调离，不能承接"):
    with clock.travelling(at):
        member = by or market.member_of(winner(round_).organisation)
        return substitution.walk_away(round_id=round_.pk, reason=reason, by=member)


def lived(where, method, count=5):
    parameters, priced = TERMS[method]
    amounts = [f"5{number}000.00" if priced else None for number in range(count)]
    round_ = market.lived(where, method=method, parameters=parameters, amounts=amounts)
    if method == "credit_draw":
        with clock.travelling(round_.opened_at + timedelta(seconds=10)):
            listed = round_.lots.get().short_list
            choosing.choose(round_id=round_.pk, uscc=listed[0], reason="合适", reasons={}, by=where.owner)
        market.goes_on(round_, at=round_.opened_at + timedelta(seconds=20))
    return Round.objects.get(pk=round_.pk)


@pytest.mark.parametrize("method", TERMS)
def test_the_next_one_follows_and_is_on_notice_anew(method):
    round_ = lived(market.place(), method)
    first, moment = winner(round_), round_.opened_at + timedelta(seconds=40)
    out = []
    for step in range(3):
        out.append(winner(round_))
        walks(round_, at=moment + timedelta(seconds=20 * step))
        market.goes_on(round_, at=moment + timedelta(seconds=20 * step + 5))
        after = Round.objects.get(pk=round_.pk)
        assert after.status == Status.CANDIDATE and winner(round_) not in out
    record = record_of(round_)
    told = record["lots"][0]["substitutions"]
    assert [each["out"] for each in told] == [each.uscc for each in out]
    assert record["lots"][0]["result"]["winner"] == first.uscc  # the first result stays as it was
    assert [each["iteration"] for each in told] == ([2, 3, 4] if method in REDRAWN else [None] * 3)[
        :3
    ] or method != "draw"
    assert failed(record) == []


def test_the_record_of_a_substitution_cannot_be_changed():
    round_ = lived(market.place(), "draw")
    moment = round_.opened_at + timedelta(seconds=40)
    walks(round_, at=moment)
    market.goes_on(round_, at=moment + timedelta(seconds=5))
    honest = record_of(round_)
    assert failed(honest) == []
    (lot,) = honest["lots"]
    others = [each["uscc"] for each in lot["entries"] if each["uscc"] not in str(lot["substitutions"])]
    for change in (
        lambda gone: gone.update({"in": others[0]}),
        lambda gone: gone.update({"out": others[0]}),
        lambda gone: gone.update({"iteration": 3}),
        lambda gone: gone.update({"in": None}),
    ):
        forged = copy.deepcopy(honest)
        change(forged["lots"][0]["substitutions"][0])
        assert failed(forged)
    forged = copy.deepcopy(honest)
    forged["lots"][0]["substitutions"].clear()
    assert failed(forged)


def test_only_the_winner_and_the_service_centre_may():
    where = market.place()
    round_ = lived(where, "lowest")
    moment = round_.opened_at + timedelta(seconds=40)
    stranger = market.member_of(market.firm(where).organisation)
    for member in (where.owner, stranger):
        with pytest.raises(NotAllowed):
            walks(round_, member, at=moment)
    with pytest.raises(DomainError):
        walks(round_, at=moment, reason=" ")
    first = winner(round_)
    walks(round_, where.operator, at=moment)
    assert winner(round_) != first
    market.goes_on(round_, at=moment + timedelta(seconds=5))
    with pytest.raises(NotAllowed):
        walks(round_, market.member_of(first.organisation), at=moment + timedelta(seconds=30))


def test_it_costs_a_suspension_and_the_award_is_void():
    where = market.place()
    round_ = lived(where, "lowest")
    market.goes_on(round_, at=round_.candidate_until)
    first, moment = winner(round_), round_.candidate_until + timedelta(seconds=10)
    award = Award.objects.get(lot__round=round_)
    walks(round_, at=moment)
    award.refresh_from_db()
    assert award.revoked_at is not None
    assert Suspension.objects.get(firm=first).until == moment + timedelta(days=90)
    market.goes_on(round_, at=moment + timedelta(seconds=5))
    market.goes_on(round_, at=Round.objects.get(pk=round_.pk).candidate_until)
    again = Award.objects.in_force().get(lot__round=round_)
    assert again.firm == winner(round_) != first
    page = Client().get(f"/rounds/{round_.code}/").content.decode()
    assert "放弃中选，原因：人员调离，不能承接" in page and first.organisation.name in page
    assert failed(record_of(round_)) == []


def test_while_the_next_code_is_on_its_way_nobody_follows():
    round_ = lived(market.place(), "draw")
    moment = round_.opened_at + timedelta(seconds=40)
    gone = walks(round_, at=moment)
    assert (gone.iteration, gone.successor) == (2, None)
    assert walks(round_, market.member_of(gone.out.organisation), at=moment) == gone  # twice is once
    record = record_of(round_)
    assert record["status"] == "evaluated" and record["lots"][0]["substitutions"][0]["settled"] is False
    with clock.travelling(moment + timedelta(seconds=1)):
        custody.attend()
    assert failed(record_of(round_)) == []


def test_when_nobody_is_left_the_round_fails():
    round_ = lived(market.place(), "lowest", count=2)
    moment = round_.opened_at + timedelta(seconds=40)
    for step in range(2):
        walks(round_, at=moment + timedelta(seconds=20 * step))
        market.goes_on(round_, at=moment + timedelta(seconds=20 * step + 5))
    after = Round.objects.get(pk=round_.pk)
    assert (after.status, after.failure) == (Status.FAILED, "nobody_left")
    with pytest.raises(WrongState):
        walks(round_, market.member_of(market.organisation("operator")), at=moment + timedelta(minutes=2))


def test_codes_that_are_used_up_end_cleanly():
    round_ = lived(market.place(), "draw", count=16)
    moment = round_.opened_at + timedelta(seconds=40)
    for step in range(14):
        walks(round_, at=moment + timedelta(seconds=20 * step))
        market.goes_on(round_, at=moment + timedelta(seconds=20 * step + 5))
    assert Round.objects.get(pk=round_.pk).status == Status.CANDIDATE  # iterations 2 to 15
    walks(round_, at=moment + timedelta(seconds=400))
    after = Round.objects.get(pk=round_.pk)
    assert (after.status, after.failure) == (Status.FAILED, "codes_used_up")
    assert QueuedEntry.objects.filter(subject=round_.subject, type="draw.asked").count() == 14


def test_the_firm_gives_up_on_its_own_page():
    where = market.place()
    round_ = lived(where, "lowest")
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() + timedelta(hours=1))
    client, first = acting(market.member_of(winner(round_).organisation)), winner(round_)
    assert "放弃中选" in client.get("/desk/firm/entries/").content.decode()
    address = f"/desk/rounds/{round_.code}/1/walk-away/"
    assert "暂停 90 日" in client.get(address).content.decode()
    asked = {"reason": "不能承接", "out": first.uscc}
    assert client.post(address, asked | {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "不能承接"}).status_code == 422
    assert client.post(address, asked).status_code == 302
    assert winner(round_) != first
    assert client.get(address).status_code == 404


def test_a_second_press_does_not_reach_who_has_followed():
    """The service centre records it in two tabs, or goes back and presses again: the one that followed keeps its place."""
    where = market.place()
    round_ = lived(where, "lowest")
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() + timedelta(hours=1))
    client, first = acting(where.operator), winner(round_)
    address = f"/desk/rounds/{round_.code}/1/walk-away/"
    assert f'name="out" value="{first.uscc}"' in client.get(address).content.decode()
    asked = {"reason": "书面放弃", "out": first.uscc}
    assert client.post(address, asked).status_code == 302
    assert client.post(address, asked).status_code == 302  # before it is on notice again
    due.move_due_rounds()
    second = winner(round_)
    assert client.post(address, asked).status_code == 302
    assert client.post(address, asked | {"out": "91330201MA0000000X"}).status_code == 422
    after = Round.objects.get(pk=round_.pk)
    assert (after.status, winner(round_)) == (Status.CANDIDATE, second)
    assert list(Suspension.objects.values_list("firm", flat=True)) == [first.pk]
