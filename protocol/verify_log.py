"""What a record says of the log, checked (PROTOCOL §1, §5): signatures, inclusion, consistency and times.

The record carries one proof for all its entries, in a checkpoint that the log has signed and the custodian has cosigned. Whoever
got the two keys by another way gives them; else the record's own are used, and said to be.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocol import entries, tree
from protocol.canonical import read_timestamp
from protocol.check import Check
from protocol.note import BadNote, Checkpoint, Note, Verifier
from protocol.record import Record
from protocol.verify_told import histories, rising, told_by


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys that are trusted: the log's, and the custodian's for cosignatures."""

    log: Verifier
    custodian: Verifier


def checks(record: Record, *, log: str | None = None, custodian: str | None = None) -> Iterator[Check]:
    """Every check of the log that the record allows. `log` and `custodian` are verifier keys known by another way."""
    proof = record.proof
    if proof is None:
        yield Check(what="log", holds=None, detail="the last entries are not in a cosigned checkpoint yet")
        return
    for name, given in (("log", log), ("custodian", custodian)):
        if given is not None:
            yield Check(what=f"the {name}'s key is the one given", holds=proof.get(name) == given.strip())
    try:
        keys = Keys(log=Verifier.parse(log or proof["log"]), custodian=Verifier.parse(custodian or proof["custodian"]))
        head = _signed(str(proof["checkpoint"]), keys)
        told = [_told(each) for each in proof["entries"]]
        hashes = _hashes(proof["hashes"])
    except (BadNote, KeyError, TypeError, ValueError) as bad:
        yield Check(
            what="the proof can be read and its checkpoint is signed and cosigned", holds=False, detail=str(bad)
        )
        return
    yield Check(what="the checkpoint is signed by the log and cosigned", holds=True, detail=f"{head.size} entries")
    yield from _inclusion(record, head, told, hashes)
    yield from _checkpoints(record, head, keys)
    yield from told_by(record, told)
    yield from _events(record)


def live(record: Record, fetch: Callable[[str], bytes]) -> Iterator[Check]:
    """Checks against the log as it is now, read by `fetch` from addresses below `…/ledger/`. Raises OSError."""
    proof = record.proof
    if proof is None:
        return
    mine = (str(proof.get("log")), str(proof.get("custodian")))
    theirs = (fetch("vkey").decode().partition("\n")[0], fetch("witnesses").decode().partition("\n")[0])
    yield Check(what="the keys are those that the log shows", holds=mine == theirs)
    try:
        early = _signed(str(proof["checkpoint"]), Keys(log=Verifier.parse(mine[0]), custodian=Verifier.parse(mine[1])))
        newest = Checkpoint.verified(fetch("checkpoint").decode(), log=Verifier.parse(mine[0]))
        hashes = _hashes(json.loads(fetch(f"proof/consistency?from={early.size}&to={newest.size}"))["hashes"])
    except (BadNote, KeyError, TypeError, ValueError) as bad:
        yield Check(what="the log as it is now can be read", holds=False, detail=str(bad))
        return
    holds = tree.verify_consistency(
        old=early.size, new=newest.size, old_root=early.root, new_root=newest.root, proof=hashes
    )
    yield Check(
        what="the log as it is now goes on from the record's checkpoint", holds=holds, detail=f"{newest.size} entries"
    )


def _told(each: dict[str, Any]) -> tuple[int, bytes]:
    """An entry of the proof: its index and its text. Raises KeyError, TypeError."""
    if type(each["index"]) is not int:
        raise TypeError("the index of an entry is no integer")
    return each["index"], str(each["entry"]).encode()


def _signed(text: str, keys: Keys) -> Checkpoint:
    head = Checkpoint.verified(text, log=keys.log)
    if Note.parse(text).time_by(keys.custodian) is None:
        raise BadNote("the custodian has not cosigned the checkpoint")
    return head


def _hashes(values: Sequence[str]) -> list[bytes]:
    return [base64.b64decode(value, validate=True) for value in values]


def _inclusion(record: Record, head: Checkpoint, told: list[tuple[int, bytes]], hashes: list[bytes]) -> Iterator[Check]:
    """All entries that the record names, sealed ones too, give the signed root together."""
    leaves = {index: entries.leaf_hash(entry) for index, entry in told}
    listed = [(each.get("index"), each.get("leaf")) for each in record.log]
    same = listed == [(index, leaf.hex()) for index, leaf in leaves.items()] and len(leaves) == len(told)
    yield Check(what="the entries are those that the record lists", holds=same)
    together = dict(leaves)
    for each in record.events:
        index, leaf = each.get("index"), _sealed_leaf(each)
        if isinstance(index, int) and leaf is not None:
            together[index] = leaf
    whole = len(together) == len(leaves) + len(record.events)
    root = tree.root_from(together, head.size, hashes) if whole else None
    yield Check(what="every entry is in the log", holds=root == head.root, detail=f"{len(together)} entries")


def _sealed_leaf(told: Mapping[str, Any]) -> bytes | None:
    """The leaf of a sealed entry, computed from what it has turned out to say."""
    try:
        event, blind = told["event"], bytes.fromhex(told["blind"])
        at = read_timestamp(event["at"])
        return entries.leaf_hash(
            entries.entry(type="sealed", subject="sealed", data=entries.sealed_data(event, blind), at=at)
        )
    except (KeyError, TypeError, ValueError):
        return None


def _checkpoints(record: Record, head: Checkpoint, keys: Keys) -> Iterator[Check]:
    """Those of the announcement, the closing and the opening: signed, cosigned, in time, and beginnings of the last one."""
    assert record.proof is not None
    shown = {each.get("size"): each.get("hashes") for each in record.proof.get("consistency") or []}
    index_of = {each.get("type"): each.get("index") for each in record.log}
    for name, text in record.checkpoints.items():
        index = index_of.get(f"round.{name}")
        if text is None:
            yield Check(what=f"checkpoint {name}", holds=None if index is None else False, detail="not there")
            continue
        try:
            early = _signed(text, keys)
            at = Note.parse(text).time_by(keys.custodian) or 0
            proof = _hashes(shown[early.size])
        except (BadNote, KeyError, TypeError, ValueError) as bad:
            yield Check(what=f"checkpoint {name} is signed and cosigned", holds=False, detail=str(bad))
            continue
        holds = tree.verify_consistency(
            old=early.size, new=head.size, old_root=early.root, new_root=head.root, proof=proof
        )
        yield Check(what=f"checkpoint {name} is the beginning of the last", holds=holds)
        has = isinstance(index, int) and index < early.size
        yield Check(what=f"checkpoint {name} has its entry", holds=has)
        yield Check(what=f"checkpoint {name} was cosigned in time", holds=_in_time(name, at, record), detail=str(at))


def _in_time(name: str, at: int, record: Record) -> bool:
    """The announcement of what was opened was public before the deadline; the closing was not before it."""
    deadline = record.closes_at.timestamp()
    return record.opened_at is None or at < deadline if name == "announced" else at >= int(deadline)


def _events(record: Record) -> Iterator[Check]:
    """The sealed log: everything stands before the closing, and follows from what stood before it."""
    if record.opened_at is None:
        return
    closed = next((each.get("index") for each in record.log if each.get("type") == "round.closed"), None)
    early = isinstance(closed, int) and all(
        isinstance(each.get("index"), int) and each["index"] < closed for each in record.events
    )
    yield Check(what="every sealed event stands before the closing", holds=early)
    indexes = [each.get("index") for each in record.events]
    yield Check(what="sealed events stand in the order of the log", holds=rising(indexes))
    yield from histories(record)
