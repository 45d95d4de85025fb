"""Taking in a file of beneficial-ownership statements (BODS): twice over the file, so that its size does not matter.

The first time parties are read, the second time relations, each in batches. A statement that is there stays as it is, so a file
may be taken in again, and one whose import was broken off may be taken in from the beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from core import clock
from core.identifiers import normalise_uscc
from ledger import domain as ledger
from oversight.domain import matching
from oversight.domain.describing import Described, hashed, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Form, NodeKind
from oversight.identifying import is_id_number, is_uscc
from oversight.models import Record, Source
from oversight.sources import bods, streams

BATCH = 500
NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
"""What is somebody's ID number is not told, whatever a publisher uses as the id of a statement."""

REMEMBERED = 50_000
"""So many statements that were skipped are told one by one; a file with more is told by their number."""


@dataclass
class Imported:
    """What a file held: how many statements of each kind stand in the graph now, and which do not, with the reason."""

    entities: int = 0
    people: int = 0
    relations: int = 0
    new: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)
    more: int = 0

    def skip(self, statement: str, reason: str) -> None:
        statement = NUMBER.sub(lambda found: "…" if is_id_number(found[0]) else found[0], statement)
        if len(self.skipped) < REMEMBERED:
            self.skipped.append({"statement": statement, "reason": reason})
        else:
            self.more += 1

    def as_json(self) -> dict[str, Any]:
        told = list(self.skipped)
        if self.more:
            told.append({"statement": "", "reason": f"and_{self.more}_more"})
        return {"entities": self.entities, "people": self.people, "relations": self.relations, "skipped": told}


def import_bods(path: Path, *, source: str) -> Imported:
    """Take in a file as what `source` says. Raises OSError where it cannot be read, and nothing for what it holds."""
    path.open().close()  # a file that cannot be read leaves nothing behind
    own = source_of(f"bods:{source}", name=source)
    done, seen = Imported(), _Seen()
    began = clock.now()
    for batch in _batches(_parties(path, done, seen)):
        _take_parties(own, batch, done)
    for batch in _batches(_relations(path, done, seen)):
        _take_relations(own, batch, done)
    _match_new(own, since=began)
    if done.new:
        _log(own, done)
    return done


class _Seen:
    """Which keys the file has had: eight octets each, so that ten million of them fit in memory."""

    def __init__(self) -> None:
        self.keys: set[int] = set()

    def again(self, key: str) -> bool:
        mark = hash(key)
        if mark in self.keys:
            return True
        self.keys.add(mark)
        return False


def _parties(path: Path, done: Imported, seen: _Seen) -> Iterator[bods.BodsStatement]:
    """Entities and people, and on the way whatever is no statement at all."""
    for given in streams.read(path):
        if isinstance(given, streams.Broken):
            done.skip(given.where, given.reason)
            continue
        try:
            statement = bods.understand(given)
        except bods.Skipped as skipped:
            done.skip(bods.key_of(given)[: bods.LONGEST], str(skipped))
            continue
        if seen.again(statement.key):
            done.skip(statement.key, "duplicate")
        elif statement.kind != bods.RELATION:
            yield statement


def _relations(path: Path, done: Imported, seen: _Seen) -> Iterator[bods.BodsStatement]:
    told = _Seen()
    for given in streams.read(path):
        if isinstance(given, streams.Broken):
            continue
        try:
            statement = bods.understand(given)
        except bods.Skipped:
            continue
        if not told.again(statement.key) and statement.kind == bods.RELATION:
            yield statement


def _batches(statements: Iterable[bods.BodsStatement]) -> Iterator[list[bods.BodsStatement]]:
    source = iter(statements)
    while batch := list(islice(source, BATCH)):
        yield batch


def _take_parties(own: Source, batch: list[bods.BodsStatement], done: Imported) -> None:
    parties = [_described(each) for each in batch]
    before = _names_before(own, batch)
    state(own, parties=[*parties, *before])
    for each in batch:
        if each.kind == bods.ENTITY:
            done.entities += 1
        else:
            done.people += 1


def _names_before(own: Source, batch: list[bods.BodsStatement]) -> list[Described]:
    """A statement that replaces others is about the same party: their keys are its keys too."""
    replaced = {_said(key) for each in batch for key in each.replaces}
    there = {_said(each.key) for each in batch}
    if replaced:
        there |= set(Record.objects.filter(source=own, key__in=replaced).values_list("key", flat=True))
    return [
        Described(keys=(_said(each.key), *keys), kind=_kind(each), name=each.name)
        for each in batch
        if (keys := [_said(key) for key in each.replaces if _said(key) in there])
    ]


def _said(key: str) -> str:
    """The key of a statement, told from those of records and of registers."""
    return f"s:{key}"


def _means(statement: bods.BodsStatement, reference: str) -> str:
    """What a relation refers to: statements until 0.3, records from 0.4 on."""
    return f"r:{reference}" if statement.record else _said(reference)


def _kind(statement: bods.BodsStatement) -> str:
    return NodeKind.PERSON if statement.kind == bods.PERSON else NodeKind.ORGANISATION


def _described(statement: bods.BodsStatement) -> Described:
    keys = [_said(statement.key), *([f"r:{statement.record}"] if statement.record else [])]
    if statement.kind == bods.PERSON:
        return _person(statement, keys)
    numbers = [number for _scheme, number in statement.identifiers]
    return Described(
        keys=(*keys, *(f"i:{scheme}:{number}" for scheme, number in statement.identifiers if scheme)),
        name=statement.name,
        former=statement.former,
        uscc=next((normalise_uscc(number) for number in numbers if is_uscc(number)), ""),
        form=Form.GOVERNMENT if statement.is_state else "",
        address=statement.address,
    )


def _person(statement: bods.BodsStatement, keys: list[str]) -> Described:
    """A person's numbers are kept as HMAC alone."""
    numbers = [(scheme, number) for scheme, number in statement.identifiers if scheme]
    hidden = [hashed(f"{scheme}:{number}", field="register") or b"" for scheme, number in numbers]
    identity = next((number for _scheme, number in statement.identifiers if is_id_number(number)), "")
    return Described(
        keys=(*keys, *(f"i:{each.hex()}" for each in hidden)),
        kind=NodeKind.PERSON,
        name=statement.name,
        id_hash=id_hash(identity) if identity else None,
    )


def _take_relations(own: Source, batch: list[bods.BodsStatement], done: Imported) -> None:
    ends = {_means(each, key) for each in batch for key in (each.subject, each.party) if key}
    known = set(Record.objects.filter(source=own, key__in=ends).values_list("key", flat=True))
    taken: list[bods.BodsStatement] = []
    for each in batch:
        reason = _unknown(each, known)
        if reason:
            done.skip(each.key, reason)
        else:
            done.relations += 1
        if not reason or each.because:
            taken.append(each)
    done.new += state(own, statements=[_stated(each) for each in taken])


def _unknown(statement: bods.BodsStatement, known: set[str]) -> str:
    """Why no relation follows from a statement; nothing where one does."""
    if statement.because and statement.because != "closed":
        return statement.because
    if _means(statement, statement.subject) not in known:
        return "unknown_subject"
    if _means(statement, statement.party) not in known:
        return "unknown_interested_party"
    return "owns_itself" if statement.subject == statement.party else ""


def _stated(statement: bods.BodsStatement) -> Stated:
    says = tuple(
        Said(
            kind=each.kind,
            tail=_means(statement, statement.party),
            head=_means(statement, statement.subject),
            low=each.low,
            high=each.high,
            since=each.since,
            until=each.until,
            detail=each.detail,
        )
        for each in statement.interests
    )
    record, replaces = statement.record, statement.replaces
    return Stated(key=statement.key, day=statement.day, record=record, replaces=replaces, says=says)


def _match_new(own: Source, *, since: datetime) -> None:
    """Compare what this import has made with all that the graph knows."""
    made = Record.objects.filter(source=own, party__created_at__gte=since, party__kind=NodeKind.ORGANISATION)
    ids = list(dict.fromkeys(made.order_by("party_id").values_list("party_id", flat=True)))
    for start in range(0, len(ids), BATCH):
        matching.look_for(ids[start : start + BATCH])


def _log(own: Source, done: Imported) -> None:
    """That something was taken in, by numbers; what a source is called may name somebody."""
    with transaction.atomic():
        subject = f"affiliation/{own.pk}"
        told = {"entities": done.entities, "people": done.people, "relations": done.relations, "new": done.new}
        ledger.append("affiliation.imported", subject, {"kind": "bods", **told}, at=clock.now())
