"""Records of all nine methods, made without the platform: each holds, and what was changed in it shows."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import json

import pytest

from protocol import canonical, draw, envelope
from protocol import entries as log_entries
from protocol.canonical import sha256_hex
from protocol.methods import METHODS
from protocol.methods.base import Choice, amount_text
from protocol.record import BadRecord, read_record
from protocol.verify import verify
from tests.protocol.tables import TABLES

SECRET = hashlib.sha256(b"a secret for tests").digest()
CODE = draw.one_time_code(SECRET, iteration=1)
ROUND = "R202611250001"
POOL = [f"X20261125{number:04d}" for number in range(8)]


def lot_of(table, number, *, lots, pairs):
    """One lot of a record: envelopes as firms seal them, the draws that the method asks for, and its result."""
    method, entries, told = METHODS[table.method], [], {}
    for each in table.bids:
        whose = {"round": ROUND, "lot": number, "uscc": each.uscc}
        nonce = sha256_hex(f"{number}{each.uscc}".encode())
        sealed_amount = None if table.method == "auction" else each.amount
        plaintext = envelope.plaintext(**whose, amount=sealed_amount, days=None, nonce=nonce)
        sealed = seal(plaintext, pairs, whose) if each.opened else b"noise"
        told[each.uscc] = nonce if each.opened else sha256_hex(sealed)
        entries.append(
            {
                "uscc": each.uscc, "name": each.uscc, "envelope": base64.b64encode(sealed).decode(),
                "sha256": sha256_hex(sealed), "opened": each.opened, "days": None,
                "amount": amount_text(sealed_amount) if each.opened else None,
                "nonce": nonce if each.opened else None,
                "credit": amount_text(each.credit), "scores": {}, "valid": True, "reason": None,
            }
        )  # fmt: skip
    drawn = draws_of(method, table, told, number=number, lots=lots)
    orders = {each["purpose"]: draw.out_of_lot(each["order"], lot=number, lots=lots) for each in drawn}
    seated = orders.get("experts", [])[: panel_of(table)]
    result = decided(method, table, orders)
    for entry in entries:
        entry["reason"] = result.invalid.get(entry["uscc"])
        entry["valid"] = entry["reason"] is None
        entry["scores"] = result.scores.get(entry["uscc"], {})
    marks = [
        {"uscc": each.uscc, "expert": expert, "mark": f"{mark:.2f}", "comment": "清楚"}
        for each in table.bids
        for expert, mark in zip(seated, each.marks, strict=False)
    ]
    experts = [{"code": code, "iteration": 1, "status": "submitted", "asked": None} for code in seated]
    return {
        "lot": number, "entries": entries, "draws": drawn, "result": result.as_record(), "marks": marks,
        "experts": experts, **(auction_of(table) if table.method == "auction" else {"offers": []}),
    }  # fmt: skip


def auction_of(table):
    """Offers by the last amounts of a table, the highest first, each a second after the one before it."""
    usccs = sorted(each.uscc for each in table.bids if each.opened and each.eligible)
    names = {str(number): uscc for number, uscc in enumerate(usccs, start=101)}
    offers = sorted(
        (each for each in table.bids if each.amount is not None), key=lambda each: each.amount, reverse=True
    )
    blind = b"\x07" * 16
    return {
        "offers": [
            {
                "n": n, "at": f"2026-11-25T01:10:0{n}.000Z", "uscc": each.uscc, "amount": amount_text(each.amount),
                "pseudonym": next(name for name, uscc in names.items() if uscc == each.uscc),
                "ends_at": "2026-11-25T01:40:00.000Z",
            }
            for n, each in enumerate(offers, start=1)
        ],
        "auction": {
            "starts_at": "2026-11-25T01:10:00.000Z", "ends_at": "2026-11-25T01:40:00.000Z", "pauses": [],
            "map": {
                "sha256": log_entries.blinded(canonical.encode(names).decode(), blind), "blind": blind.hex(),
                "pseudonyms": names,
            },
        },
    }  # fmt: skip


def seal(plaintext, pairs, whose):
    for party in envelope.PARTIES:
        plaintext = envelope.seal(plaintext, public=pairs[party].public, party=party, **whose)
    return plaintext


def draws_of(method, table, told, *, number, lots):
    randomness = draw.randomness(told)
    drawn = []
    experts = {"experts": POOL} if method.marked else {}
    for purpose, labels in {**method.draws(bids=table.bids, parameters=table.parameters), **experts}.items():
        labels = draw.in_lot(labels, lot=number, lots=lots)
        order = draw.order(code=CODE, randomness=randomness, labels=labels)
        drawn.append(
            {
                "purpose": purpose, "iteration": 1, "one_time_code": CODE, "randomness": randomness,
                "labels": labels, "order": order,
            }
        )  # fmt: skip
    return drawn


def decided(method, table, orders):
    terms = {"bids": table.bids, "orders": orders, "parameters": table.parameters, "minimum": 1}
    result = method.decide(**terms)
    if not result.pending:
        return result
    reasons = dict.fromkeys(result.short_list, "已比较") if table.method == "proposal" else {}
    return method.decide(**terms, choice=Choice(uscc=result.short_list[-1], reason="更合适", reasons=reasons))


def panel_of(table):
    """How many experts have marked every bid."""
    return min((len(each.marks) for each in table.bids), default=0)


def record_of(table, *, lots=1):
    size = panel_of(table)
    bids = [dataclasses.replace(each, marks=each.marks[:size]) for each in table.bids]
    table = dataclasses.replace(table, bids=bids)
    pairs = {party: envelope.generate_keypair() for party in envelope.PARTIES}
    made = [lot_of(table, str(number), lots=lots, pairs=pairs) for number in range(1, lots + 1)]
    events = [
        {
            "event": {
                "type": "envelope.received", "at": "2026-11-25T00:00:00.000Z", "round": ROUND, "lot": lot["lot"],
                "uscc": entry["uscc"], "sha256": entry["sha256"],
            }
        }
        for lot in made
        for entry in lot["entries"]
    ]  # fmt: skip
    return {
        "v": 1, "round": ROUND, "status": "awarded", "method": table.method, "parameters": table.parameters,
        "policy": {"version": "test", "minimum": 1, "experts": size}, "pool": {"blind": "00" * 16, "codes": POOL},
        "timetable": {"closes_at": "2026-11-25T01:00:00.000Z", "opened_at": "2026-11-25T01:00:01.000Z"},
        "keys": {party: {"public": pair.public, "private": pair.private} for party, pair in pairs.items()},
        "checkpoints": {"announced": None, "closed": None, "opened": None},
        "commitment": {"value": draw.commitment(SECRET), "n": draw.CHAIN_LENGTH, "sources": []},
        "lots": made, "events": events, "log": [],
    }  # fmt: skip


def failed(record):
    return [check.what for check in verify(read_record(json.dumps(record))) if check.holds is False]


@pytest.mark.parametrize("lots", [1, 2])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.method}: {table.what}")
def test_an_honest_record_of_every_method_holds(table, lots):
    assert failed(record_of(table, lots=lots)) == []


def table(method):
    return next(each for each in TABLES if each.method == method and len(each.bids) > 2)


@pytest.fixture(scope="module")
def records():
    return {code: record_of(table(code)) for code in METHODS}


def the_lot(record):
    return record["lots"][0]


def swap_winner(record):
    ranking = the_lot(record)["result"]["ranking"]
    ranking[0], ranking[1] = ranking[1], ranking[0]
    the_lot(record)["result"]["winner"] = ranking[0]


@pytest.mark.parametrize("code", sorted(set(METHODS) - {"proposal", "direct", "credit_draw"}))
def test_another_winner_shows(records, code):
    forged = copy.deepcopy(records[code])
    swap_winner(forged)
    assert "lot 1 winner" in failed(forged)


OFFER = {
    "n": 1, "at": "2026-11-25T01:10:01.000Z", "uscc": "A", "pseudonym": "101", "amount": "1.00",
    "ends_at": "2026-11-25T01:40:00.000Z",
}  # fmt: skip
CHANGES = [
    ("mean", lambda record: the_lot(record)["result"].update(reference="1.00"), "lot 1 reference"),
    ("mean", lambda record: the_lot(record)["draws"][1]["order"].reverse(), "lot 1 draw 1 coefficient order"),
    ("mean", lambda record: the_lot(record)["draws"].pop(), "lot 1 has every draw that mean needs"),
    (
        "mean",
        lambda record: the_lot(record)["draws"].append(the_lot(record)["draws"][1]),
        "lot 1 has every draw that mean needs",
    ),
    ("mean", lambda record: record.update(parameters={"coefficients": ["0.95"]}), "lot 1 draw 1 coefficient has every label"),
    ("mean", lambda record: record.update(parameters={"trim_over": "x"}), "the parameters are those of mean"),
    ("lowest_draw", lambda record: record.update(parameters={"k": "5"}), "lot 1 ranking"),
    ("lowest_draw", lambda record: record.update(parameters={}), "the parameters are those of lowest_draw"),
    ("credit_draw", lambda record: the_lot(record)["entries"][2].update(credit="100.00"), "lot 1 draw 1 ranking has every label"),
    ("credit_draw", lambda record: the_lot(record)["result"].update(winner="E"), "lot 1 result"),
    ("credit_draw", lambda record: the_lot(record)["result"].update(reason=None), "lot 1 result"),
    ("scored", lambda record: the_lot(record)["marks"].append({"uscc": "C", "mark": "100.00"}), "lot 1 scores"),
    ("scored", lambda record: the_lot(record)["entries"][0]["scores"].update(total="99.00"), "lot 1 scores"),
    ("scored", lambda record: the_lot(record)["entries"][1].update(credit="0.00"), "lot 1 scores"),
    ("proposal", lambda record: the_lot(record)["result"]["reasons"].popitem(), "lot 1 result"),
    ("proposal", lambda record: the_lot(record)["result"].update(amount="1.00"), "lot 1 amount"),
    ("auction", lambda record: the_lot(record)["offers"].pop(), "lot 1 ranking"),
    ("auction", lambda record: the_lot(record)["offers"].pop(0), "lot 1 offers are numbered without gaps"),
    ("auction", lambda record: the_lot(record).pop("auction"), "lot 1 has no auction and no offers"),
    ("direct", lambda record: the_lot(record)["result"].update(winner="B"), "lot 1 result"),
    ("direct", lambda record: record["parameters"].pop("ground"), "the parameters are those of direct"),
    (
        "lowest",  # offers mean nothing where the amounts are sealed
        lambda record: [the_lot(record).update(offers=[OFFER | {"amount": "0.01"}]), swap_winner(record)],
        "lot 1 winner",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "change", "what"), CHANGES, ids=[f"{code} {what}" for code, _, what in CHANGES])
def test_every_change_shows(records, code, change, what):
    forged = copy.deepcopy(records[code])
    change(forged)
    assert what in failed(forged)


def test_as_long_as_the_owner_has_not_picked_there_is_no_winner():
    record = record_of(table("proposal"))
    result = the_lot(record)["result"]
    orders = {"ranking": the_lot(record)["draws"][0]["order"]}
    pending = METHODS["proposal"].decide(
        bids=table("proposal").bids, orders=orders, parameters=record["parameters"], minimum=1
    )
    the_lot(record)["result"] = pending.as_record()
    assert failed(record) == [] and the_lot(record)["result"]["winner"] is None
    the_lot(record)["result"]["winner"] = result["winner"]
    assert failed(record)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda lot: lot["entries"][0].update(credit="101.00"), "lots.0.entries.0.credit"),
        (lambda lot: lot["entries"][0].update(scores=None), "lots.0.entries.0.scores"),
        (lambda lot: lot["marks"][0].update(mark="9"), "lots.0.marks.0.mark"),
        (lambda lot: lot["draws"][0].update(order=[1]), "lots.0.draws.0.order"),
        (lambda lot: lot["offers"].append(OFFER | {"amount": None}), "lots.0.offers.0.amount"),
    ],
)
def test_what_is_no_record_is_said_where(records, change, where):
    wrong = copy.deepcopy(records["scored"])
    change(the_lot(wrong))
    with pytest.raises(BadRecord) as caught:
        read_record(json.dumps(wrong))
    assert caught.value.where == where


def test_a_later_iteration_is_over_labels_of_the_first():
    record = record_of(table("lowest_draw"))
    first = the_lot(record)["draws"][0]
    labels = first["labels"][1:]
    code = draw.one_time_code(SECRET, iteration=2)
    later = {**first, "iteration": 2, "one_time_code": code, "labels": labels}
    later["order"] = draw.order(code=code, randomness=first["randomness"], labels=labels)
    the_lot(record)["draws"].append(later)
    assert failed(record) == []
    later["labels"] = [*labels[1:], "Z"]
    assert "lot 1 draw 2 ranking has every label" in failed(record)
