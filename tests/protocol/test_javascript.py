"""static/js/protocol says the same as protocol/: whatever one writes, the other reads, and both come to the same result."""

from __future__ import annotations

import base64
import itertools
import os
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol import canonical, draw, envelope, tree
from protocol.entries import leaf_hash
from protocol.methods import METHODS
from protocol.methods.base import Bid
from protocol.note import Checkpoint, Signer, signed

WHOSE = {"round": "R202611220001", "lot": "1", "uscc": "91330203MA2AABCD12"}
SAID: dict[str, Any] = {"amount": "48000.00", "days": 20, "nonce": "ab" * 32, "files": []}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def code_of(read, *arguments, **named) -> str | None:
    """The code with which Python refuses, None where it does not."""
    try:
        read(*arguments, **named)
    except (canonical.NotCanonical, envelope.InvalidPlaintext) as error:
        return error.code
    return None


def code_in(answer: Any) -> str | None:
    return answer.get("error") if isinstance(answer, dict) else None


VALUES: list[Any] = [
    None,
    [True, False, [], {}, ""],
    [0, -1, 1.5, -0.0, 333333333.33333329, 1e30, 1e21, 1e-7, 0.000001, 5e-324, 1.7976931348623157e308, 2**53 - 1],
    {"\r": 1, "1": 2, "\u0080": 3, "ö": 4, "€": 5, "\U0001f600": 6, "\ufb33": 7, "__proto__": 8, "10": 9, "9": 10},
    'quotes " \\ / \b\f\n\r\t \x00\x1f\x7f \u2028\u2029 明选 \U00020000',
    {"at": "2026-11-22T08:00:00.000Z", "data": {"c": "00"}, "subject": "sealed", "type": "sealed", "v": 1},
]
BROKEN = [
    b"\xff", b'"\xed\xa0\x80"', b"", b"{", b"NaN", b"[-Infinity]", b"\xef\xbb\xbf1", b'"\n"', b"01", b"[1,]", b"1 2",
    b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"b":[{"a":1,"a":1}]}', b'{"a":1,"a":"\\ud800"}', b'{"b":1,"a":2}',
    b"1.0", b"-0", b" 1", b'"\\u0061"', b'"\\ud800"', b"9007199254740993", b"9007199254740992", b"1e999", b"1E21",
    b"100000000000000000000", b'"\\/"', b'"\\u000A"', b"1e+21", b"null", b'{"a":{"a":1},"b":[{"a":1}]}',
]  # fmt: skip

CODES = {
    "too_long", "not_utf8", "not_json", "duplicate_member", "not_canonical", "members", "pad", "other_round",
    "other_lot", "other_firm", "nonce", "amount", "days", "files",
}  # fmt: skip
"""Every code with which envelope.read_plaintext refuses."""


def test_canonical_bytes_are_the_same(ask):
    rng = random.Random(8785)
    floats = [rng.choice([-1, 1]) * rng.random() * 10.0 ** rng.randint(-30, 15) for _ in range(200)]
    values = [*VALUES, *floats]
    assert [unb64(answer) for answer in ask([["encode", value] for value in values])] == [
        canonical.encode(value) for value in values
    ]


def test_bytes_are_refused_with_the_same_codes(ask):
    written = [*BROKEN, *(canonical.encode(value) for value in VALUES)]
    answers = ask([["decode", b64(data)] for data in written])
    assert [code_in(answer) for answer in answers] == [code_of(canonical.decode, data) for data in written]
    assert answers[len(BROKEN) :] == VALUES


def plaintexts() -> list[bytes]:
    """A good plaintext, and one for each departure from PROTOCOL §2."""
    file = {"key": "0a" * 32, "sha256": "0b" * 32}
    members = {**WHOSE, **SAID, "pad": ""}
    changes: list[dict[str, Any]] = [
        {}, {"amount": None}, {"amount": "0.00"}, {"amount": "48000"}, {"amount": 48000}, {"amount": "048000.00"},
        {"amount": "1.00\n"}, {"amount": "١.00"}, {"days": None}, {"days": 0}, {"days": 9999}, {"days": 10000},
        {"days": 1.5}, {"days": True}, {"days": "20"}, {"days": 1e21}, {"lot": 1}, {"lot": "2"}, {"round": None},
        {"uscc": "91330203MA2AABCD13"}, {"nonce": "AB" * 32}, {"nonce": "ab"}, {"more": 1}, {"files": {}},
        {"files": [file] * 2}, {"files": [{**file, "name": "a"}]}, {"files": [{**file, "key": "0A" * 32}]},
        {"files": [None]}, {"files": [file] * 40}, {"pad": "0"}, {"pad": 0}, {"pad": "0" * 1808 + "1"},
    ]  # fmt: skip
    written = []
    for change in changes:
        changed = {**members, **change}
        if changed["pad"] == "":
            changed["pad"] = "0" * (-len(canonical.encode(changed)) % envelope.BLOCK)
        written.append(canonical.encode(changed))
    return [*written, b"\xff", b"", b"null", b"[]", b"{}", b'{"a":1,"a":1}', b" " * 5000, written[0][:-1] + b" }"]


def test_plaintexts_are_read_and_refused_alike(ask):
    written = plaintexts()
    answers = ask([["readPlaintext", b64(data), WHOSE] for data in written])
    expected = [code_of(envelope.read_plaintext, data, **WHOSE) for data in written]
    assert [code_in(answer) for answer in answers] == expected
    assert answers[0] == SAID
    assert set(expected) == {None, *CODES}


def test_a_plaintext_is_written_the_same(ask):
    files = [{"key": "0a" * 32, "sha256": "0b" * 32}]
    said: list[dict[str, Any]] = [SAID, {**SAID, "amount": None, "days": None}, {**SAID, "files": files * 14}]
    assert [unb64(answer) for answer in ask([["plaintext", WHOSE, each] for each in said])] == [
        envelope.plaintext(
            **WHOSE,
            amount=each["amount"] and Decimal(each["amount"]),
            days=each["days"],
            nonce=each["nonce"],
            files=[envelope.File(**file) for file in each["files"]],
        )
        for each in said
    ]


@pytest.fixture(scope="module")
def keys():
    return {party: envelope.generate_keypair() for party in envelope.PARTIES}


def locks(keys, half: str) -> dict[str, Any]:
    return {**{party: getattr(pair, half) for party, pair in keys.items()}, "whose": WHOSE}


def test_python_opens_what_javascript_sealed(ask, keys):
    text = envelope.plaintext(**WHOSE, amount=Decimal("48000.00"), days=20, nonce="ab" * 32)
    (answer,) = ask([["sealBoth", b64(text), locks(keys, "public")]])
    inner = envelope.unseal(unb64(answer), private=keys["custodian"].private, party="custodian", **WHOSE)
    assert envelope.unseal(inner, private=keys["platform"].private, party="platform", **WHOSE) == text
    assert len(answer) <= 8192


def test_javascript_opens_what_python_sealed(ask, keys):
    text = envelope.plaintext(**WHOSE, amount=None, days=None, nonce="cd" * 32)
    inner = envelope.seal(text, public=keys["platform"].public, party="platform", **WHOSE)
    outer = envelope.seal(inner, public=keys["custodian"].public, party="custodian", **WHOSE)
    private = locks(keys, "private")
    other = {**private, "whose": {**WHOSE, "lot": "2"}}
    swapped = {**private, "platform": private["custodian"], "custodian": private["platform"]}
    changed = outer[:-1] + bytes([outer[-1] ^ 1])
    opened, *refused = ask(
        [
            ["unsealBoth", b64(outer), private],
            ["unsealBoth", b64(outer), other],
            ["unsealBoth", b64(outer), swapped],
            ["unsealBoth", b64(changed), private],
            ["unsealBoth", b64(inner), private],
        ]
    )
    assert unb64(opened) == text
    assert refused == [{"error": "CannotOpen"}] * 4


@pytest.mark.parametrize("elsewhere", [{"uscc": "91330203MA2AABCD13"}, {"lot": "2"}, {"round": "R202601010002"}])
def test_an_envelope_that_was_copied_elsewhere_opens_for_neither(ask, keys, elsewhere):
    """As it is, or with the outer lock made anew by the one who copies it."""
    text = envelope.plaintext(**WHOSE, amount=Decimal("48000.00"), days=20, nonce="ab" * 32)
    inner = envelope.seal(text, public=keys["platform"].public, party="platform", **WHOSE)
    copy = {**WHOSE, **elsewhere}
    outer = [
        envelope.seal(inner, public=keys["custodian"].public, party="custodian", **whose) for whose in (WHOSE, copy)
    ]
    private = {**locks(keys, "private"), "whose": copy}
    assert ask([["unsealBoth", b64(each), private] for each in outer]) == [{"error": "CannotOpen"}] * 2
    with pytest.raises(envelope.CannotOpen):
        envelope.unseal(outer[0], private=keys["custodian"].private, party="custodian", **copy)
    with pytest.raises(envelope.CannotOpen):
        envelope.unseal(inner, private=keys["platform"].private, party="platform", **copy)


def test_public_keys_are_the_same(ask, keys):
    assert ask([["publicOf", pair.private] for pair in keys.values()]) == [pair.public for pair in keys.values()]


def test_proposal_files_go_both_ways(ask):
    text, key, iv = "方案".encode(), os.urandom(32), os.urandom(12)
    ciphertext = iv + AESGCM(key).encrypt(iv, text, None)
    file = {"key": key.hex(), "sha256": canonical.sha256_hex(ciphertext)}
    opened, sealed, refused = ask(
        [
            ["decryptFile", b64(ciphertext), file],
            ["encryptFile", b64(text)],
            ["decryptFile", b64(ciphertext), {**file, "sha256": "00" * 32}],
        ]
    )
    assert unb64(opened) == text
    theirs = unb64(sealed["ciphertext"])
    assert AESGCM(bytes.fromhex(sealed["file"]["key"])).decrypt(theirs[:12], theirs[12:], None) == text
    assert sealed["file"]["sha256"] == canonical.sha256_hex(theirs)
    assert refused == {"error": "CannotOpen"}


def test_draws_have_the_same_order(ask):
    rng = random.Random(36)
    questions: list[list[Any]] = []
    expected: list[Any] = []
    for number in range(20):
        secret, iteration = rng.randbytes(32), rng.randint(1, 15)
        firms = [f"9133020{rng.randint(0, 9**11):011d}" for _ in range(rng.randint(1, 30))] + ["\U0001f600", "～", "Z"]
        told = {firm: rng.randbytes(32).hex() for firm in firms}
        sources = ["00123", "公开"][: number % 3]
        labels = draw.in_lot(told, lot="2", lots=1 + number % 2)
        if number % 5 == 0:
            labels = [f"{label}#{k}" for label in labels for k in range(1, 9)]
        code, committed = draw.one_time_code(secret, iteration=iteration), draw.commitment(secret)
        text = draw.randomness(told, sources=sources)
        places = draw.positions(code=code, randomness=text, labels=labels)
        questions += [
            ["commitment", b64(secret)],
            ["oneTimeCode", b64(secret), iteration],
            ["codeBelongs", code, {"iteration": iteration, "committed": committed}],
            ["codeBelongs", code, {"iteration": iteration % 15 + 1, "committed": committed}],
            ["randomness", told, sources],
            ["positions", {"code": code, "randomness": text, "labels": labels}],
        ]
        placed = [{"label": place.label, "position": place.position} for place in places]
        expected += [committed, code, True, False, text, placed]
    assert ask(questions) == expected


def nodes_over(leaves: list[bytes]) -> tree.Node:
    def node(level: int, number: int) -> bytes:
        if level == 0:
            return leaves[number]
        return tree.node_hash(node(level - 1, 2 * number), node(level - 1, 2 * number + 1))

    return node


def test_proofs_of_our_tree_hold(ask):
    leaves = [leaf_hash(b"%d" % number) for number in range(21)]
    node = nodes_over(leaves)
    roots = [tree.root_of(size, node) for size in range(len(leaves) + 1)]
    questions: list[list[Any]] = []
    for size in (1, 2, 3, 7, 8, 13, 21):
        for index in range(size):
            proof = [b64(each) for each in tree.inclusion_proof(index, size, node)]
            claim = {"leaf": b64(leaves[index]), "index": index, "size": size, "proof": proof, "root": b64(roots[size])}
            questions.append(["verifyInclusion", claim])
        for old in range(size + 1):
            proof = [b64(each) for each in tree.consistency_proof(old, size, node)]
            ends = {"from": old, "to": size, "fromRoot": b64(roots[old]), "toRoot": b64(roots[size])}
            questions.append(["verifyConsistency", {**ends, "proof": proof}])
    assert ask(questions) == [True] * len(questions)


def test_one_proof_for_many_entries(ask):
    leaves = [leaf_hash(b"%d" % number) for number in range(21)]
    node, rng = nodes_over(leaves), random.Random(9162)
    questions: list[list[Any]] = []
    expected: list[Any] = []
    for size in (1, 2, 3, 7, 8, 13, 21):
        for _ in range(10):
            told = sorted(rng.sample(range(size), rng.randint(0, size)))
            proof = [b64(each) for each in tree.multiproof(told, size, node)]
            mine = [[index, b64(leaves[index])] for index in told]
            questions += [["rootFrom", mine, size, proof], ["rootFrom", mine, size, [*proof, b64(leaves[0])]]]
            expected += [b64(tree.root_of(size, node)), None]
            if proof:
                questions.append(["rootFrom", mine, size, proof[1:]])
                expected.append(None)
    questions += [["rootFrom", [[3, b64(leaves[3])]], 3, []], ["rootFrom", [], 0, []]]
    assert ask(questions) == [*expected, None, None]


def test_checkpoints_of_our_log_are_verified(ask):
    log, custodian = Signer("log.example/1", b"\x01" * 32), Signer("notary.example", b"\x02" * 32)
    head = Checkpoint(origin="log.example/1", size=7, root=b"\x07" * 32)
    lines = [log.sign(head.text), custodian.cosign(head.text, time=1_700_000_000)]
    vkeys = {"log": log.verifier.text, "witness": custodian.cosigner.text}
    note = signed(head.text, lines)
    moved = note.replace("\n7\n", "\n8\n", 1)
    read = {"origin": "log.example/1", "size": 7, "root": b64(head.root)}
    assert ask(
        [
            ["verifiedCheckpoint", note, vkeys],
            ["verifiedCheckpoint", signed(head.text, lines[:1]), vkeys],
            ["verifiedCheckpoint", moved, vkeys],
            ["verifiedCheckpoint", signed(head.text, lines[1:]), vkeys],
        ]
    ) == [{**read, "cosignedAt": 1_700_000_000}, {**read, "cosignedAt": None}, *[{"error": "BadNote"}] * 2]


def entrants(rng: random.Random) -> list[dict[str, Any]]:
    """Bids of a lot, with ties and invalid ones among them."""
    return [
        {
            "uscc": f"F{number}",
            "amount": rng.choice([None, *[f"{rng.randint(100, 140)}.{rng.choice(['00', '50', '99'])}"] * 6]),
            "opened": rng.random() < 0.95,
            "eligible": rng.random() < 0.95,
            "credit": f"{rng.randint(0, 99)}.{rng.randint(0, 99):02d}",
            "marks": [f"{rng.randint(0, 100)}" for _ in range(rng.randint(1, 8))],
        }
        for number in range(rng.randint(1, 12))
    ]


def cases(parameters: dict[str, Any], *, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    found = []
    for _ in range(100):
        bids = entrants(rng)
        ranking = [bid["uscc"] for bid in bids]
        rng.shuffle(ranking)
        coefficient = rng.sample(["0.95", "0.96", "0.97", "0.98"], 4)
        orders = {"ranking": ranking, "coefficient": coefficient}
        minimum = rng.randint(1, 3)
        found.append({"bids": bids, "orders": orders, "parameters": parameters, "minimum": minimum, "choice": None})
    return found


@pytest.mark.parametrize(
    ("method", "parameters"),
    [("draw", {"price": "48000.00"}), ("lowest", {"upper": "135.00", "lower": "105.00"})],
)
def test_lots_are_decided_alike(ask, method, parameters):
    lots = cases(parameters, seed=1)
    expected = []
    for lot in lots:
        bids = [
            Bid(
                uscc=bid["uscc"],
                amount=bid["amount"] and Decimal(bid["amount"]),
                opened=bid["opened"],
                eligible=bid["eligible"],
            )
            for bid in lot["bids"]
        ]
        result = METHODS[method].decide(bids=bids, orders=lot["orders"], parameters=parameters, minimum=lot["minimum"])
        expected.append({**result.as_record(), "invalid": result.invalid, "scores": {}})
    assert ask([["decide", method, lot] for lot in lots]) == expected


def half_up(value: Fraction) -> Decimal:
    return Decimal((value * 100 + Fraction(1, 2)).__floor__()) / 100


def test_the_mean_is_that_of_exact_fractions(ask):
    lots = cases({}, seed=2)
    for lot, answer in zip(lots, ask([["decide", "mean", lot] for lot in lots]), strict=True):
        if answer["failed"]:
            continue
        order = lot["orders"]["ranking"]
        amounts = {bid["uscc"]: Fraction(bid["amount"]) for bid in lot["bids"] if bid["uscc"] not in answer["invalid"]}
        kept = sorted(amounts, key=order.index)
        if len(kept) > 5:
            kept.remove(max(kept, key=lambda uscc: (amounts[uscc], order.index(uscc))))
            kept.remove(min(kept, key=lambda uscc: (amounts[uscc], -order.index(uscc))))
        mean = sum((amounts[uscc] for uscc in kept), Fraction(0)) / len(kept)
        reference = half_up(mean * Fraction(lot["orders"]["coefficient"][0]))
        assert Decimal(answer["reference"]) == reference

        def place(uscc, kept=kept, amounts=amounts, reference=reference, order=order):
            return uscc not in kept, abs(amounts[uscc] - Fraction(reference)), amounts[uscc], order.index(uscc)

        assert answer["ranking"] == sorted(amounts, key=place)


def test_scores_are_those_of_exact_fractions(ask):
    lots = cases({"weights": {"price": "33.33", "quality": "46.67", "record": "20"}}, seed=3)
    for lot, answer in zip(lots, ask([["decide", "scored", lot] for lot in lots]), strict=True):
        if answer["failed"]:
            continue
        valid = {bid["uscc"]: bid for bid in lot["bids"] if bid["uscc"] not in answer["invalid"]}
        lowest = min(Fraction(bid["amount"]) for bid in valid.values())
        for uscc, bid in valid.items():
            marks = sorted(Fraction(mark) for mark in bid["marks"])
            marks = marks[1:-1] if len(marks) >= 5 else marks
            parts = [
                half_up(Fraction("33.33") * lowest / Fraction(bid["amount"])),
                half_up(Fraction("46.67") * sum(marks, Fraction(0)) / len(marks) / 100),
                half_up(Fraction(20) * Fraction(bid["credit"]) / 100),
            ]
            scores = answer["scores"][uscc]
            assert [Decimal(scores[name]) for name in ("price", "quality", "record")] == parts
            assert Decimal(scores["total"]) == sum(parts)
        totals = [Decimal(answer["scores"][uscc]["total"]) for uscc in answer["ranking"]]
        assert all(one >= other for one, other in itertools.pairwise(totals))
