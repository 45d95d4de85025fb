"""An auction from its opening to the award: the rules at their boundaries, who may, pauses, extensions, and its end."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from bidding.domain import auction as domain
from bidding.domain import closing, due, rounds, substitution
from bidding.domain.auction_room import own_standing, public_state
from bidding.models import Auction, Bidder, Entry, Offer, Round
from bidding.rules import Disclosure, disclosure
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from protocol import canonical, entries
from tests import auctions
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db
State = Auction.State


def log_of(played, type):
    rows = QueuedEntry.objects.filter(subject=played.round.subject, type=type).order_by("id")
    return [json.loads(bytes(row.entry))["data"] for row in rows]


def refused(work):
    with pytest.raises(DomainError) as caught:
        work()
    return caught.value.code


def test_without_an_upper_limit_an_auction_is_not_submitted():
    terms = {name: value for name, value in auctions.TERMS.items() if name != "upper"}
    assert refused(lambda: market.submitted(market.place(), method="auction", parameters=terms)) == "upper"


def test_opening_fixes_the_time_and_the_pseudonyms_in_the_log_before_the_start():
    played = auctions.opened()
    auction, opened_at = played.auction, played.round.opened_at
    assert played.round.status == Round.Status.OPENED
    assert auction.starts_at - domain.whole_ms(opened_at) == timedelta(minutes=auctions.LEAD)
    assert auction.ends_at == auction.planned_end == auction.starts_at + timedelta(minutes=auctions.LENGTH)
    names = dict(Bidder.objects.values_list("pseudonym", "entry__firm__organisation__uscc"))
    assert len(names) == 3 and all(len(name) == 3 for name in names)
    (data,) = log_of(played, "auction.scheduled")
    blind = bytes.fromhex(domain.ledger.unblinded(auction.map_digest))
    assert data["map"] == auction.map_digest == entries.blinded(canonical.encode(names).decode(), blind)
    told = bytes(QueuedEntry.objects.get(type="auction.scheduled").entry).decode()
    assert not any(uscc in told for uscc in names.values())


def test_with_fewer_entrants_than_the_minimum_there_is_no_auction():
    played = auctions.opened(firms=1, minimum_private=1)
    assert Auction.objects.count() == 1
    lone = auctions.opened(firms=2, minimum_private=2)
    Round.objects.filter(pk=lone.round.pk)  # two are enough for two
    assert Auction.objects.filter(lot__round=lone.round).exists() and played.auction


def test_who_is_not_eligible_at_closing_has_no_pseudonym_and_fails_the_round_with_too_few():
    where = market.place(auction_lead_minutes=1, auction_minutes=10, minimum_private=2)
    round_ = market.announced(where, method="auction", parameters=auctions.TERMS)
    firms = [market.firm(where) for _ in range(2)]
    for each in firms:
        market.enters(round_, each)
    firms[0].status = "delisted"
    firms[0].save()
    round_ = market.closed_and_evaluated(round_)
    assert (round_.status, round_.failure) == (Round.Status.FAILED, "too_few") and not Auction.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "amount", "code"),
    [
        (-0.001, "50000.00", "not_started"),
        (0, "50000.00", None),
        (599.999, "50000.00", None),
        (600, "50000.00", "ended"),
        (10, "50000.01", "above_upper"),
        (10, "30000.00", None),
        (10, "29999.99", "below_lower"),
        (10, "0.00", "not_an_amount"),
    ],
)
def test_the_first_offer_at_its_boundaries(seconds, amount, code):
    played = auctions.opened(firms=2)
    if code is None:
        assert played.offers_at(seconds, 0, amount).n == 1
    else:
        assert refused(lambda: played.offers_at(seconds, 0, amount)) == code
        assert not Offer.objects.exists() and played.auction.best is None
        assert not QueuedEntry.objects.filter(type="auction.offer").exists()


def test_an_offer_is_below_the_standing_best_by_the_step():
    played = auctions.opened()
    played.offers_at(1, 0, "48000.00")
    assert refused(lambda: played.offers_at(2, 1, "48000.00")) == "step_too_small"
    assert refused(lambda: played.offers_at(2, 1, "47500.01")) == "step_too_small"
    offer = played.offers_at(2, 1, "47500.00")
    auction = played.auction
    assert (auction.best, auction.count, auction.leader_id) == (Decimal("47500.00"), 2, offer.bidder_id)
    assert [data["n"] for data in log_of(played, "auction.offer")] == [1, 2]
    last = log_of(played, "auction.offer")[-1]
    assert set(last) == {"lot", "n", "pseudonym", "amount", "at", "ends_at"}
    assert (last["amount"], last["pseudonym"]) == ("47500.00", played.pseudonym(1))


def test_a_refusal_says_what_would_be_taken():
    played = auctions.opened()
    played.offers_at(1, 0, "48000.00")
    with pytest.raises(domain.OfferRefused, match=r"¥ 47,500\.00"):
        played.offers_at(2, 1, "47800.00")
    played.offers_at(3, 1, "30400.00")
    with pytest.raises(domain.OfferRefused, match="没有再降的余地"):
        played.offers_at(4, 0, "29900.00")


def test_an_offer_in_the_last_minute_moves_the_end_until_the_extensions_are_used_up():
    played = auctions.opened()
    start = played.auction.starts_at
    assert not played.offers_at(539.999, 0, "50000.00").extended
    ends = [600]
    for number, amount in enumerate(("49000.00", "48000.00", "47000.00", "46000.00")):
        at = ends[-1] - 1
        offer = played.offers_at(at, number % 2, amount)
        if number < 3:
            ends.append(at + 120)
        assert offer.extended is (number < 3)
        assert offer.ends_at == played.auction.ends_at == start + timedelta(seconds=ends[-1])
    assert played.auction.extensions == 3


def test_a_firm_that_has_not_entered_may_not_offer():
    played = auctions.opened()
    played.firms.append(market.firm(played.where))
    with pytest.raises(NotAllowed) as caught:
        played.offers_at(5, 3, "48000.00")
    assert caught.value.code == "not_entered" and not Offer.objects.exists()


def test_a_pause_moves_the_end_by_its_length_and_nothing_is_taken_meanwhile():
    played = auctions.opened()
    lot, by = played.auction.lot_id, played.where.operator
    played.offers_at(10, 0, "48000.00")
    with played.at(100):
        first = domain.pause_auction(lot_id=lot, reason="机构反映网络中断", by=by)
        assert domain.pause_auction(lot_id=lot, reason="再点一次", by=by).pk == first.pk
        assert refused(lambda: played.offer(1, "47000.00")) == "paused"
        assert public_state(played.auction)["reason"] == "机构反映网络中断"
    with played.at(900):  # past the announced end: what is paused does not end
        assert played.auction.state_at(clock.now()) == State.PAUSED
        assert auctions.evaluates(clock.now()) == 0
        domain.resume_auction(lot_id=lot, reason="网络已恢复", by=by)
    assert played.auction.ends_at == played.auction.starts_at + timedelta(seconds=600 + 800)
    assert played.offers_at(1399, 1, "47000.00").n == 2
    assert not any("网络" in json.dumps(data, ensure_ascii=False) for data in log_of(played, "auction.paused"))
    assert log_of(played, "auction.resumed")[0]["ends_at"] == canonical.timestamp(
        played.auction.starts_at + timedelta(seconds=1400)
    )


def test_only_a_running_auction_is_paused_and_only_a_paused_one_goes_on():
    played = auctions.opened()
    lot, by = played.auction.lot_id, played.where.operator
    for seconds in (-1, 600):
        with played.at(seconds), pytest.raises(WrongState):
            domain.pause_auction(lot_id=lot, reason="x", by=by)
    with played.at(5), pytest.raises(WrongState):
        domain.resume_auction(lot_id=lot, reason="x", by=by)
    with played.at(5):
        assert refused(lambda: domain.pause_auction(lot_id=lot, reason=" ", by=by)) == "reason"


def test_only_the_service_centre_pauses():
    played = auctions.opened()
    lot = played.auction.lot_id
    outsiders = [market.member_of(market.organisation(kind)) for kind in Kind if kind != Kind.OPERATOR]
    outsiders += [played.where.owner, market.member_of(market.organisation(Kind.OPERATOR), role=Role.VIEWER)]
    for by in outsiders:
        for verb in (domain.pause_auction, domain.resume_auction):
            with played.at(5), pytest.raises(NotAllowed):
                verb(lot_id=lot, reason="x", by=by)


def test_the_lowest_last_offer_wins_and_who_made_none_is_not_valid():
    played = auctions.opened()
    played.offers_at(1, 0, "48000.00")
    played.offers_at(2, 1, "47000.00")
    played.offers_at(3, 0, "46000.00")
    round_ = played.ends()
    lot = round_.lots.get()
    assert round_.status == Round.Status.CANDIDATE
    assert (lot.winner, lot.amount) == (played.firms[0], Decimal("46000.00"))
    assert lot.result["ranking"] == [played.firms[0].uscc, played.firms[1].uscc]
    silent = Entry.objects.get(firm=played.firms[2])
    assert (silent.valid, silent.reason) == (False, "no_amount")
    assert Entry.objects.get(firm=played.firms[0]).amount is None  # the envelope held none
    assert played.auction.ended_at is not None
    due.move_due_rounds(round_.candidate_until)
    assert played.now().status == Round.Status.AWARDED


def test_fewer_offers_than_the_minimum_fail_and_names_stay_back():
    played = auctions.opened(firms=3, minimum_private=2)
    played.offers_at(1, 0, "48000.00")
    round_ = played.ends()
    assert (round_.status, round_.failure) == (Round.Status.FAILED, "too_few")
    record = Client().get(reverse("bidding:record", args=[round_.code])).json()
    (offer,) = record["lots"][0]["offers"]
    assert offer["uscc"] is None and record["lots"][0]["auction"]["map"]["pseudonyms"] is None


def test_it_ends_on_time_although_the_worker_is_down():
    played = auctions.opened()
    played.offers_at(1, 0, "48000.00")
    end = played.auction.ends_at
    with clock.travelling(end):
        assert played.auction.state_at(clock.now()) == State.ENDED
        assert public_state(played.auction)["state"] == "ended"
        assert refused(lambda: played.offer(1, "40000.00")) == "ended"
        assert played.now().status == Round.Status.OPENED  # nobody has moved it
    later = end + timedelta(hours=3)
    assert auctions.evaluates(later) == 1
    assert played.auction.lateness == timedelta(hours=3)
    assert refused(lambda: played.offers_at(599, 1, "40000.00")) == "ended"  # sealed: even if a clock went back


def test_before_its_end_nothing_evaluates_it():
    played = auctions.opened()
    just_before = played.auction.ends_at - timedelta(milliseconds=1)
    assert auctions.evaluates(just_before) == 0
    assert closing.evaluate_round(round_id=played.round.pk, now=just_before).status == Round.Status.OPENED
    due.move_due_rounds(just_before)
    assert played.now().status == Round.Status.OPENED


def test_nobody_reads_who_is_who_until_the_result():
    played = auctions.opened()
    played.offers_at(1, 0, "48000.00")
    assert disclosure(played.now()) == Disclosure.NOTHING
    usccs = [firm.uscc for firm in played.firms]
    room = {"code": played.round.code, "lot": "1"}
    address = reverse("bidding:auction", kwargs=room)
    pages = [address, reverse("bidding:auction_state", kwargs=room), reverse("bidding:record", args=[played.round.code]),
             reverse("bidding:round", args=[played.round.code]), f"/api/v1/rounds/{played.round.code}"]  # fmt: skip
    readers = [Client(), acting(played.where.operator), acting(market.member_of(played.firms[2].organisation))]
    for page in pages:
        for reader in readers:
            answer = reader.get(page)
            told = answer.content.decode()
            assert answer.status_code == 200, page
            assert not any(uscc in told for uscc in usccs[:2]), page
            assert not any(firm.organisation.name in told for firm in played.firms[:2]), page
    played.ends()
    record = Client().get(pages[2]).json()
    assert record["lots"][0]["offers"][0]["uscc"] == usccs[0]
    assert record["lots"][0]["auction"]["map"]["pseudonyms"][played.pseudonym(0)] == usccs[0]


def test_the_state_since_a_number_is_what_a_reader_lacks():
    played = auctions.opened()
    for number in range(5):
        played.offers_at(number + 1, number % 3, f"{50 - number}000.00")
    with played.at(10):
        whole, rest = public_state(played.auction), public_state(played.auction, since=3)
        assert [offer["n"] for offer in whole["offers"]] == [1, 2, 3, 4, 5] and whole["n"] == 5
        assert [offer["n"] for offer in rest["offers"]] == [4, 5] and rest["since"] == 3
        assert (rest["best"], rest["most"], rest["leader"]) == ("46000.00", "45500.00", played.pseudonym(1))
        assert public_state(played.auction, since=5)["offers"] == []
        assert public_state(played.auction, since=99)["n"] == 5
        assert own_standing(played.auction, played.firms[1])["rank"] == 1
        assert own_standing(played.auction, played.firms[0])["rank"] == 2
        assert own_standing(played.auction, played.firms[2])["rank"] == 3
        assert own_standing(played.auction, market.firm(played.where)) is None


def test_a_second_announcement_after_an_auction_that_failed():
    played = auctions.opened(firms=3, minimum_private=2, minimum_private_second=1)
    failed = played.ends()
    assert failed.status == Round.Status.FAILED
    again = rounds.announce_again(round_id=failed.pk, by=played.where.owner)
    assert (again.method, again.parameters) == ("auction", failed.parameters)


def test_when_the_winner_walks_away_the_next_follows_for_its_own_last_offer():
    played = auctions.opened(firms=3)
    for seconds, who, amount in ((1, 0, "48000.00"), (2, 1, "47000.00"), (3, 2, "46000.00")):
        played.offers_at(seconds, who, amount)
    round_ = played.ends()
    with clock.travelling(round_.candidate_at + timedelta(seconds=5)):
        winner = market.member_of(played.firms[2].organisation)
        substitution.walk_away(round_id=round_.pk, reason="人手不足", by=winner)
        due.move_due_rounds(clock.now())
    lot = played.now().lots.get()
    assert (lot.winner, lot.amount) == (played.firms[1], Decimal("47000.00"))


def test_the_service_centre_finds_the_rooms_on_its_desk_and_pauses_there():
    played = auctions.running(firms=2)
    client = acting(played.where.operator)
    room = {"code": played.round.code, "lot": "1"}
    assert reverse("bidding:auction", kwargs=room) in client.get(reverse("bidding:operator_desk")).content.decode()
    pause, resume = (reverse(f"bidding:auction_{verb}", kwargs=room) for verb in ("pause", "resume"))
    assert client.post(resume, {"reason": "x"}).status_code == 409
    assert client.post(pause, {"reason": ""}).status_code == 422
    assert client.post(pause, {"reason": "网络中断"}).status_code == 302
    assert "网络中断" in Client().get(reverse("bidding:auction", kwargs=room)).content.decode()
    assert client.post(resume, {"reason": "已恢复"}).status_code == 302
    assert played.auction.state_at(clock.now()) == State.RUNNING


def test_the_whole_list_is_shown_on_request_and_what_is_no_number_is_refused():
    played = auctions.running(firms=2, terms={"step": "1.00"})
    for number in range(105):
        played.offer(number % 2, f"{49000 - number}.00")
    room = {"code": played.round.code, "lot": "1"}
    address, state = reverse("bidding:auction", kwargs=room), reverse("bidding:auction_state", kwargs=room)
    assert Client().get(address).content.decode().count("48,9") < Client().get(
        f"{address}?all=1"
    ).content.decode().count("48,9")
    assert "49,000.00" in Client().get(f"{address}?all=1").content.decode()
    told = Client().get(f"{state}?since=100").json()
    assert [offer["n"] for offer in told["offers"]] == [101, 102, 103, 104, 105]
    for since in ("-1", "x", "", "1" * 30):
        assert Client().get(state, {"since": since}).status_code == 400
