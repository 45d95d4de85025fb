"""The verifier of the browser gives the same verdict as that of the command line, check by check."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest

from bidding.models import Round, Stop
from core import clock
from protocol import verify as verifier
from protocol.canonical import timestamp
from protocol.methods import METHODS
from protocol.record import BadRecord, read_record
from tests import custody, lots
from tests import market_place as market
from tests.bidding import panel
from tests.bidding import test_experts as experts
from tests.bidding import test_lots as several
from tests.bidding import test_substitution as substitution
from tests.bidding.discussion import answers, asks
from tests.bidding.test_choosing import PROPOSAL, at_opening, pick
from tests.oversight import test_stopping as stopping
from tests.protocol import test_verify_auction as auctions
from tests.protocol.tables import TABLES
from tests.protocol.test_verify import TAMPERED, TERMS, entry, record_of
from tests.protocol.test_verify_methods import CHANGES, table
from tests.protocol.test_verify_methods import record_of as made_of

DRAW = "lot {lot} draw {iteration} {purpose}"
NAMES = {
    "nothing-told": "nothing is told before opening",
    "keys-together": "both keys are revealed together",
    "key-fits": "the {party}'s revealed key belongs to the announced one",
    "parameters": "the parameters are those of {method}",
    "limits": "lot {lot} limits are those of the parameters",
    "digest": "lot {lot} {uscc} envelope has its digest",
    "opens": "lot {lot} {uscc} opens to what is published",
    "every-draw": "lot {lot} has every draw that {method} needs",
    "code-belongs": f"{DRAW} code belongs to the commitment",
    "randomness": f"{DRAW} randomness is everybody's",
    "order": f"{DRAW} order",
    "every-label": f"{DRAW} has every label",
    **{
        name: f"lot {{lot}} {name}"
        for name in ("result", "winner", "amount", "reference", "ranking", "failed", "scores")
    },
    "who-is-valid": "lot {lot} who is valid",
    "events-of-round": "events are of this round",
    "in-time": "every event came before the deadline",
    "received-last": "the envelopes are those that were received last",
    "signed": "the proof can be read and its checkpoint is signed and cosigned",
    "listed": "the entries are those that the record lists",
    "included": "every entry is in the log",
    "checkpoint-there": "checkpoint {name}",
    "checkpoint-signed": "checkpoint {name} is signed and cosigned",
    "checkpoint-begins": "checkpoint {name} is the beginning of the last",
    "checkpoint-entry": "checkpoint {name} has its entry",
    "checkpoint-time": "checkpoint {name} was cosigned in time",
    "entry-subject": "entry {index} is about this round",
    "entries-order": "the entries stand in the order of the log",
    "types": "their types are those listed",
    "status": "the status is the last that the log tells",
    "steps-once": "no step was taken twice",
    "times": "times follow each other",
    "entry-time": "{type} at its time",
    **{
        f"announced-{name}": f"round.announced: {name}"
        for name in (
            "deadline",
            "commitment",
            "keys",
            "method",
            "parameters",
            "minimum",
            "policy",
            "lots",
            "limits",
            "experts",
            "consortia",
        )
    },
    "closed-pool": "round.closed: the pool of experts",
    "closed-entrants": "round.closed: the frozen entrants",
    "opened-keys": "round.opened: keys",
    "opened-code": "round.opened: code",
    "evaluated-keys": "round.evaluated: keys",
    "evaluated-panels": "round.evaluated: experts and marks",
    "evaluated-results": "round.evaluated: the results",
    "candidate-until": "round.candidate: until",
    "announced-services": "round.announced: services",
    "candidate-winners": "round.candidate: winners",
    "awarded-winners": "round.awarded: winners",
    "leaves-in-force": "lot {lot} substitution {number} is of the firm in force",
    "draws-left": "lot {lot} substitution {number} draws among all who are left",
    "follows": "lot {lot} substitution {number} follows",
    "experts-pool": "lot {lot} has a pool of experts",
    "experts-labels": "lot {lot} experts were drawn from the pool and from who was left of it",
    "experts-drawn": "lot {lot} experts are those drawn",
    "experts-asked": "experts were replaced as the log asked",
    "experts-beyond": "no expert was drawn that the log did not ask for",
    "panel-short": "lot {lot} panel could not be filled",
    "panel-whole": "lot {lot} every seat was filled",
    "marks-once": "lot {lot} every expert marked every proposal once",
    "auction-none": "lot {lot} has no auction and no offers",
    "auction-numbered": "lot {lot} offers are numbered without gaps",
    "auction-after-opening": "lot {lot} auction starts after the opening",
    "auction-played": "lot {lot} offers played again",
    "auction-over": "lot {lot} was decided after its end",
    "auction-kept-back": "lot {lot} pseudonyms are kept back",
    "auction-names": "lot {lot} offers are those of whom the pseudonyms name",
    "auction-everybody": "lot {lot} everybody who took part has one pseudonym",
    "auction-map": "lot {lot} map of pseudonyms is the one in the log",
    "auction-announced": "lot {lot} auction was announced once, as told",
    "auction-announced-early": "lot {lot} auction was announced before its start",
    "auction-offers-same": "lot {lot} offers are those of the log",
    "auction-timely": "lot {lot} offers and pauses were logged at their time",
    "auction-pauses": "lot {lot} pauses are those of the log",
    "substitutions-logged": "lot {lot} substitutions are those of the log",
    "before-closing": "every sealed event stands before the closing",
    "events-order": "sealed events stand in the order of the log",
    **dict.fromkeys(("received", "replaced", "withdrawn", "withdrawn-by-centre"), "lot {lot} {uscc} {type}"),
    "members-named": "lot {lot} {uscc} members are those that its last envelope named",
    "members-few": "lot {lot} {uscc} members are no more than announced",
    "members-once": "no firm takes part twice, alone or in a consortium",
    "few-replacements": "nobody replaced more than 10 times",
}
"""What the command line calls each check of the browser."""


def by_command_line(record) -> set[str]:
    return {check.what for check in verifier.verify(read_record(json.dumps(record))) if check.holds is False}


def in_browser(record, answer) -> set[str]:
    assert isinstance(answer, list), answer
    return {
        NAMES[check["what"]].format(
            **check, method=record["method"], name=str(check.get("type")).removeprefix("round.")
        )
        for check in answer
        if check["holds"] is False
    }


def agree(ask, records) -> list[set[str]]:
    """What both find wrong with each record, after seeing that it is the same."""
    answers = ask([["verify", json.dumps(record)] for record in records])
    found = [in_browser(record, answer) for record, answer in zip(records, answers, strict=True)]
    assert found == [by_command_line(record) for record in records]
    return found


def both_find(ask, honest, changes):
    """Nothing in an honest record, and something, the same, in every record that was changed."""
    forged = [copy.deepcopy(honest) for _ in changes]
    for record, change in zip(forged, changes.values(), strict=True):
        change(record)
    (nothing, *found) = agree(ask, [honest, *forged])
    assert nothing == set()
    assert all(found), [name for name, wrong in zip(changes, found, strict=True) if not wrong]


@pytest.mark.django_db
@pytest.mark.parametrize("method", TERMS)
def test_a_round_that_was_lived_through_and_every_change_to_it(ask, method):
    amounts = [None if method == "draw" else f"5{number}000.00" for number in range(4)]
    honest = record_of(market.lived(market.place(), method=method, amounts=amounts, parameters=TERMS[method]))
    both_find(ask, honest, TAMPERED)


@pytest.mark.django_db
def test_before_opening(ask):
    where = market.place()
    honest = record_of(market.announced(where))
    telling = copy.deepcopy(honest)
    telling["lots"][0]["entries"] = [entry(record_of(market.lived(where, amounts=["50000.00"])))]
    assert [bool(wrong) for wrong in agree(ask, [honest, telling])] == [False, True]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "parameters"), [("credit_draw", market.CREDIT), ("proposal", PROPOSAL)])
def test_a_round_in_which_the_owner_picks_before_and_after(ask, method, parameters):
    where = market.place()
    amounts = [None] * 5 if method == "credit_draw" else ["50000.00", "40000.00", "70000.00"]
    round_ = market.lived(where, method=method, parameters=parameters, amounts=amounts)
    waiting = record_of(round_)
    with at_opening(round_):
        pick(round_, where)
    market.goes_on(round_, at=round_.opened_at + timedelta(minutes=1))
    decided = record_of(round_)
    forged = [copy.deepcopy(decided) for _ in range(4)]
    forged[0]["lots"][0]["result"].update(reason="没有理由")
    forged[1]["lots"][0]["result"].update(winner=decided["lots"][0]["result"]["ranking"][1])
    forged[2]["parameters"].pop("ground" if method == "proposal" else "long_list")
    entry(forged[3]).update(credit="99.00")
    honest = [waiting, decided]
    found = agree(ask, [*honest, *forged])
    assert found[:2] == [set(), set()]
    assert all(found[2:])


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["lowest", "draw", "lowest_draw", "credit_draw"])
def test_winners_that_walk_away(ask, method):
    round_ = substitution.lived(market.place(), method)
    start, records = round_.opened_at + timedelta(seconds=40), []
    for step in range(3):
        moment = start + timedelta(seconds=20 * step)
        substitution.walks(round_, at=moment)
        with clock.travelling(moment + timedelta(seconds=1)):
            custody.attend()
        records.append(record_of(round_))  # where a new draw decides, the next code is on its way
        market.goes_on(round_, at=moment + timedelta(seconds=5))
        records.append(record_of(round_))
    forged = [copy.deepcopy(records[-1]) for _ in range(5)]
    gone = [record["lots"][0]["substitutions"] for record in forged]
    gone[0][0].update({"in": gone[0][0]["out"]})
    gone[1][1].update(out=gone[1][0]["out"])
    gone[2][0].update({"in": None})
    gone[3].clear()
    gone[4].reverse()
    found = agree(ask, [*records, *forged])
    assert not any(found[: len(records)])
    assert all(found[len(records) :])


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["lowest", "draw"])
def test_winners_that_step_aside(ask, method):
    where = market.place()
    round_ = stopping.with_candidate(where, *["50000.00" if method == "lowest" else None] * 3, method=method)
    stopping.becomes_known(where, round_.lots.get().winner)
    custody.attend()
    records = [record_of(round_)]
    stopping.decides(Stop.objects.get(), "set_aside")
    custody.attend()
    records.append(record_of(round_))
    stopping.go_on(round_)
    records.append(record_of(round_))
    assert records[-1]["status"] == "candidate"
    forged = [copy.deepcopy(records[-1]) for _ in range(2)]
    gone = [record["lots"][0]["substitutions"] for record in forged]
    gone[0][0].update({"in": gone[0][0]["out"]})
    gone[1].clear()
    found = agree(ask, [*records, *forged])
    assert not any(found[: len(records)])
    assert all(found[len(records) :])


@pytest.mark.django_db
def test_a_deadline_that_an_addendum_moved(ask):
    where = market.place()
    with clock.travelling(clock.now() - timedelta(minutes=30)):
        round_ = market.announced(where)
        custody.attend()
    with clock.travelling(round_.announced_at + timedelta(minutes=1)):
        answers(round_, asks(round_, market.firm(where)), where.owner, changes=True)
        custody.attend()
    moved = Round.objects.get(pk=round_.pk)
    assert moved.closes_at > round_.closes_at
    honest, forged = record_of(moved), record_of(moved)
    forged["timetable"]["closes_at"] = timestamp(round_.closes_at)
    assert agree(ask, [honest, forged]) == [set(), {"round.announced: deadline"}]


@pytest.mark.parametrize("count", [1, 2])
def test_every_method_that_there_is(ask, count):
    assert not any(agree(ask, [made_of(each, lots=count) for each in TABLES]))


@pytest.mark.django_db
@pytest.mark.parametrize("method", METHODS)
def test_a_round_of_several_lots_after_a_substitution_in_one(ask, method):
    round_ = lots.lived(lots.place(method), method)
    several.walks(round_, "1", seconds=10)
    honest = record_of(round_)
    forged = [copy.deepcopy(honest) for _ in several.TAMPERED] if method == "lowest" else []
    for record, change in zip(forged, several.TAMPERED.values(), strict=False):
        change(record)
    (nothing, *found) = agree(ask, [honest, *forged])
    assert nothing == set()
    assert all(found), [name for name, wrong in zip(several.TAMPERED, found, strict=True) if not wrong]


def test_every_change_to_every_method(ask):
    forged = []
    for code, change, _what in CHANGES:
        forged.append(made_of(table(code)))
        change(forged[-1])
    assert all(agree(ask, forged))


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("lots"),
        lambda record: record.update(v=2),
        lambda record: record["commitment"].update(value="xyz"),
        lambda record: entry(record).update(amount="12"),
        lambda record: entry(record).update(envelope="§"),
        lambda record: entry(record).update(sha256=None),
        lambda record: entry(record).update(credit="101.00"),
        lambda record: entry(record).update(days="3"),
        lambda record: record["timetable"].update(closes_at="2026-02-30T00:00:00.000Z"),
        lambda record: record["timetable"].pop("opened_at"),
        lambda record: record["policy"].update(minimum=True),
        lambda record: record["lots"][0]["draws"][0].update(order=[1]),
        lambda record: record["keys"]["platform"].update(public=None),
    ],
)
def test_what_is_no_record_is_said_where(ask, change):
    record = made_of(table("lowest"))
    change(record)
    with pytest.raises(BadRecord) as caught:
        read_record(json.dumps(record))
    assert ask([["verify", json.dumps(record)]]) == [{"error": "BadRecord", "where": caught.value.where}]


@pytest.mark.django_db
def test_an_auction_and_every_change_to_it(ask):
    played = auctions.play()
    played.ends()
    honest = auctions.record_of(played)
    forged = [copy.deepcopy(honest) for _ in auctions.TAMPERED]
    for record, change in zip(forged, auctions.TAMPERED.values(), strict=True):
        change(record)
    (nothing, *found) = agree(ask, [honest, *forged])
    assert nothing == set()
    assert all(found), [name for name, wrong in zip(auctions.TAMPERED, found, strict=True) if not wrong]


PANELS = {
    **{f"{number} {what}": change for number, (change, what) in enumerate(experts.CHANGES)},
    "another blind of the pool": lambda record: record["pool"].update(blind="0" * 32),
    "no blind of the pool": lambda record: record["pool"].pop("blind"),
    "a pool without codes": lambda record: record["pool"].update(codes=None),
    "a pool in another order": lambda record: record["pool"]["codes"].reverse(),
    "no number of seats": lambda record: record["policy"].update(experts=None),
    "an expert less": lambda record: experts.the_lot(record)["experts"].pop(),
    "an expert twice": lambda record: experts.the_lot(record)["experts"].append(experts.the_lot(record)["experts"][-1]),
    "an expert of another iteration": lambda record: experts.the_lot(record)["experts"][0].update(iteration=2),
    "an expert without a code": lambda record: experts.the_lot(record)["experts"][0].pop("code"),
    "an expert who is said to be at work": lambda record: experts.the_lot(record)["experts"][-1].update(
        status="accepted"
    ),
    "a seat lost without being asked for": lambda record: experts.the_lot(record)["experts"][-1].update(asked=4),
    "a seat asked for in words": lambda record: [each.update(asked="2") for each in experts.the_lot(record)["experts"]],
    "everybody lost at once": lambda record: [
        each.update(asked=2, code=None) for each in experts.the_lot(record)["experts"][:2]
    ],
    "a first draw less": lambda record: experts.the_lot(record)["draws"].remove(experts.draws(record)[0]),
    "a later draw less": lambda record: experts.the_lot(record)["draws"].remove(experts.draws(record)[-1]),
    "a draw that nobody asked for": lambda record: experts.draws(record)[-1].update(iteration=4),
    "a draw twice": lambda record: experts.the_lot(record)["draws"].append(experts.draws(record)[0]),
    "a mark of another expert": lambda record: experts.the_lot(record)["marks"][0].update(expert="X209901010001"),
    "a mark of nobody": lambda record: experts.the_lot(record)["marks"][0].pop("expert"),
    "a mark of another firm": lambda record: experts.the_lot(record)["marks"][0].update(uscc="9" * 18),
    "marks in another order": lambda record: experts.the_lot(record)["marks"].reverse(),
    "other points": lambda record: entry(record)["scores"].update(quality="40.00"),
    "another credit score": lambda record: entry(record).update(credit="99.00"),
    "other weights": lambda record: record["parameters"].update(
        weights={"price": "50", "quality": "30", "record": "20"}
    ),
}


@pytest.mark.django_db
def test_experts_who_were_replaced_and_every_change_to_them(ask):
    honest = [record_of(each) for each in panel.with_two_replaced(market.place())]
    statuses = [each["status"] for each in experts.the_lot(honest[-1])["experts"]]
    assert sorted(statuses) == ["absent", "conflict", *["submitted"] * 3]
    everything = PANELS | TAMPERED
    forged = [copy.deepcopy(honest[-1]) for _ in everything]
    for record, change in zip(forged, everything.values(), strict=True):
        change(record)
    found = agree(ask, [*honest, *forged])
    assert found[: len(honest)] == [set()] * len(honest)
    assert all(found[len(honest) :]), [
        name for name, wrong in zip(everything, found[len(honest) :], strict=True) if not wrong
    ]


@pytest.mark.django_db
def test_a_panel_that_could_not_be_filled(ask, monkeypatch):
    round_ = panel.scored(market.place(), experts=3)
    with panel.at_work(round_):
        panel.leaves(panel.seats(round_)[0])
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=30))
    kept_back = record_of(round_)
    whole = experts.shown_whole(round_, monkeypatch)
    forged = [copy.deepcopy(whole) for _ in range(4)]
    results = [experts.the_lot(record)["result"] for record in forged]
    results[0].update(failed="codes_used_up")
    results[1].update(failed=None)
    results[2].update(winner=entry(whole)["uscc"])
    experts.the_lot(forged[3])["experts"][0].update(status="submitted")
    found = agree(ask, [kept_back, whole, *forged])
    assert found[:2] == [set(), set()]
    assert all(found[2:])


@pytest.mark.django_db
def test_a_panel_for_which_the_codes_were_used_up(ask, monkeypatch):
    round_ = panel.scored(market.place(), experts=20)
    for turn in range(15):
        with panel.at_work(round_, seconds=10 + turn * 4):
            panel.leaves(next(each for each in panel.seats(round_) if each.is_running))
        market.goes_on(round_, at=round_.opened_at + timedelta(seconds=11 + turn * 4))
    whole = experts.shown_whole(round_, monkeypatch)
    forged = [copy.deepcopy(whole) for _ in range(3)]
    experts.the_lot(forged[0])["result"].update(failed="too_few_experts")
    forged[1]["commitment"].update(n=15)
    experts.the_lot(forged[2])["experts"][-1].update(asked=16)
    nothing, *found = agree(ask, [whole, *forged])
    assert experts.the_lot(whole)["result"]["failed"] == "codes_used_up" and nothing == set()
    assert all(found)


def test_a_member_that_is_no_panel_is_said_where(ask):
    for change, where in (
        (lambda record: record["policy"].update(experts="3"), "policy.experts"),
        (lambda record: record.update(pool=[]), "pool"),
        (lambda record: experts.the_lot(record).update(experts=["X"]), "lots.0.experts.0"),
        (lambda record: experts.the_lot(record)["marks"][0].update(expert=1), "lots.0.marks.0.expert"),
        (lambda record: experts.the_lot(record)["marks"][0].update(mark=None), "lots.0.marks.0.mark"),
    ):
        record = made_of(table("scored"))
        change(record)
        with pytest.raises(BadRecord) as caught:
            read_record(json.dumps(record))
        assert caught.value.where == where
        assert ask([["verify", json.dumps(record)]]) == [{"error": "BadRecord", "where": where}]
