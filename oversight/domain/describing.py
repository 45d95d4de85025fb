"""Which node a source speaks of: found by USCC, by the HMAC of an ID number or by the source's own key, else made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core.crypto import lookup_hash
from core.identifiers import half_width
from core.texts import visible
from market.forms.admission import id_hash_of
from oversight import naming
from oversight.domain import matching
from oversight.graph import Form, NodeKind, form_of
from oversight.models import Party, PartyName, Record, Source


@dataclass(frozen=True, kw_only=True)
class Described:
    """A party as a source has it, under one or more of its keys. Of a person only ID number (or its hash) and name."""

    keys: tuple[str, ...]
    kind: str = NodeKind.ORGANISATION
    name: str = ""
    former: tuple[str, ...] = ()
    uscc: str = ""
    form: str = ""
    address: str = ""
    phone: str = ""
    representative: str = ""
    id_hash: bytes | None = None
    organisation: int | None = None

    @property
    def is_person(self) -> bool:
        return self.kind == NodeKind.PERSON


def hashed(value: str, *, field: str) -> bytes | None:
    """By what two values are found equal without being readable; None for nothing."""
    return bytes.fromhex(lookup_hash(value, field=f"oversight.{field}")) if value else None


def id_hash(number: str) -> bytes:
    """By what a person is known: the same as a practitioner is known by in the market."""
    return id_hash_of(number)


@dataclass(frozen=True)
class Node:
    """A party as a source means it, what that is after matching, and whether it has a code of its own."""

    stated: int
    root: int
    coded: bool = False
    is_person: bool = False


def take_in(source: Source, parties: Sequence[Described], *, also: Collection[str] = ()) -> dict[str, Node]:
    """The node of every key; parties that nobody knows are made. Call it while holding the lock.

    `also` are keys of parties that the source described before.
    """
    known = _by(Record.objects.filter(source=source, key__in={key for each in parties for key in each.keys} | {*also}))
    groups = _same(parties)
    codes = _Codes(parties)
    nodes = [codes.find(group) or _keyed(group, known) for group in groups]
    made = iter(Party.objects.bulk_create(_new(group) for group, node in zip(groups, nodes, strict=True) if not node))
    records: dict[str, Record] = {}
    same: list[tuple[int, int]] = []
    described: list[tuple[int, Described]] = []
    for group, found in zip(groups, nodes, strict=True):
        node = found or _node(next(made))
        for each in group:
            described.append((node.stated, each))
            for key in each.keys:
                before = known.get(key)
                if before and before.root != node.root and not before.coded and before.is_person == node.is_person:
                    same.append((before.root, node.root))  # a code decides: what the key stood for is this
                if before is None or before.stated != node.stated:
                    records[key] = Record(source=source, key=key, party_id=node.stated)
                known[key] = node
    Record.objects.bulk_create(
        records.values(), update_conflicts=True, unique_fields=["source", "key"], update_fields=["party"]
    )
    _keep(described)
    matching.unite(same, evidence=["code"])
    return known


def _by(records: QuerySet[Record]) -> dict[str, Node]:
    columns = ("key", "party_id", "party__merged_into_id", "party__uscc", "party__id_hash", "party__kind")
    return {
        key: Node(own, merged or own, bool(uscc or digest), kind == NodeKind.PERSON)
        for key, own, merged, uscc, digest, kind in records.values_list(*columns)
    }


def _node(party: Party) -> Node:
    return Node(party.pk, party.pk, bool(party.uscc or party.id_hash), party.kind == NodeKind.PERSON)


class _Codes:
    """Parties by what decides who they are: the organisation of this marketplace, the USCC, the HMAC of an ID number."""

    NAMES = ("organisation", "uscc", "id_hash")

    def __init__(self, parties: Sequence[Described]) -> None:
        self.found: dict[tuple[str, object], Node] = {}
        for name in self.NAMES:
            values = {getattr(each, name) for each in parties if getattr(each, name)}
            column = "organisation_id" if name == "organisation" else name
            rows = Party.objects.filter(**{f"{name}__in": values}) if values else Party.objects.none()
            for value, own, merged in rows.values_list(column, "id", "merged_into_id"):
                self.found[name, _plain(value)] = Node(own, merged or own, True)

    def find(self, group: list[Described]) -> Node | None:
        marks = ((name, getattr(each, name)) for name in self.NAMES for each in group)
        return next((self.found[mark] for mark in marks if mark in self.found), None)


def _keyed(group: list[Described], known: Mapping[str, Node]) -> Node | None:
    """What the source's own keys stand for, unless that has a code and these have another."""
    coded = any(each.uscc or each.id_hash for each in group)
    found = (known[key] for each in group for key in each.keys if key in known)
    person = group[0].is_person
    return next((node for node in found if node.is_person == person and not (coded and node.coded)), None)


def _same(parties: Iterable[Described]) -> list[list[Described]]:
    """Those of one batch that are one: by USCC, by ID number, by organisation, by a key in common."""
    groups: list[list[Described]] = []
    place: dict[object, int] = {}
    for each in parties:
        marks: list[object] = [("key", key) for key in each.keys]
        marks += [(what, value) for what in ("uscc", "id_hash", "organisation") if (value := getattr(each, what))]
        found = sorted({place[mark] for mark in marks if mark in place and _agrees(groups[place[mark]], each)})
        at = found[0] if found else len(groups)
        if not found:
            groups.append([])
        for other in found[1:]:
            groups[at] += groups[other]
            groups[other] = []
            place |= {mark: at for mark, number in place.items() if number == other}
        groups[at].append(each)
        place |= dict.fromkeys(marks, at)
    return [group for group in groups if group]


def _agrees(group: list[Described], each: Described) -> bool:
    """A key in common makes no one of two that have different codes, or of a person and an organisation."""
    if any(other.is_person != each.is_person for other in group):
        return False
    for what in ("uscc", "id_hash"):
        codes = {getattr(other, what) for other in group if getattr(other, what)}
        if getattr(each, what) and codes and getattr(each, what) not in codes:
            return False
    return True


def _new(group: list[Described]) -> Party:
    first = group[0]
    uscc = next((each.uscc for each in group if each.uscc), None)
    form = next((each.form for each in group if each.form), "") or form_of(uscc)
    return Party(
        kind=first.kind,
        form=form if not first.is_person else Form.OTHER,
        name="" if first.is_person else visible(first.name)[:200],
        person_name=visible(first.name)[:200] if first.is_person else "",
        name_hash=hashed(naming.person_key(first.name), field="person_name") if first.is_person else None,
        uscc=uscc,
        id_hash=next((each.id_hash for each in group if each.id_hash), None),
        organisation_id=next((each.organisation for each in group if each.organisation), None),
    )


EVIDENCE = ("place_hash", "phone_hash", "representative_hash")


def _keep(described: Sequence[tuple[int, Described]]) -> None:
    """Write down names and evidence of organisations, and codes that were not known; what is the same is not written."""
    rows = Party.objects.in_bulk([pk for pk, _each in described])
    names: dict[tuple[int, str], PartyName] = {}
    changed: dict[int, Party] = {}
    for pk, each in described:
        row = rows[pk]
        if _completed(row, each):
            changed[pk] = row
        if each.is_person:
            continue
        for name, former in ((each.name, False), *((name, True) for name in each.former)):
            if (written := visible(name)[:200]) and (key := naming.full(written)):
                names.setdefault(
                    (pk, key),
                    PartyName(party_id=pk, name=written, full=key, core=naming.core(written), is_former=former),
                )
    Party.objects.bulk_update(
        changed.values(), ["name", "form", "kind", "uscc", "id_hash", "organisation", *EVIDENCE], batch_size=500
    )
    PartyName.objects.bulk_create(names.values(), ignore_conflicts=True, batch_size=1000)


def _completed(row: Party, each: Described) -> bool:
    """Add what was not known; whether anything was added."""
    told: dict[str, object] = {"id_hash": each.id_hash} if each.is_person else {
        "uscc": each.uscc or None,
        "organisation_id": each.organisation,
        "place_hash": hashed(naming.address_key(each.address), field="place"),
        "phone_hash": hashed(half_width(each.phone), field="phone"),
        "representative_hash": hashed(naming.person_key(each.representative), field="person_name"),
    }  # fmt: skip
    if not each.is_person and row.form == Form.OTHER:
        told["form"] = each.form or form_of(each.uscc)
    if each.kind == NodeKind.DEPARTMENT:
        told["kind"] = each.kind
    before = {name: getattr(row, name) for name in told}
    for name, value in told.items():
        if value and (name in EVIDENCE or name in ("form", "kind") or not before[name]):
            setattr(row, name, value)
    return any(_plain(getattr(row, name)) != _plain(before[name]) for name in told)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
