"""Taking in lists: company-register extracts, staff and former staff of departments, institutions and associations.

A list is as of a day. What it says as before is no new statement; a staff list is whole for the departments that are in it, so
whoever is in it no longer has left by its day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.db import transaction

from approvals.models import Department
from core import clock
from core.identifiers import normalise_uscc
from ledger import domain as ledger
from oversight import naming
from oversight.domain import matching
from oversight.domain.describing import Described, hashed, id_hash
from oversight.domain.stating import Recorded, Said, snapshot, source_of
from oversight.graph import WHOLE, Form, Kind, NodeKind
from oversight.identifying import is_id_number, is_uscc
from oversight.models import Record, Relation, Source, Statement
from oversight.sources import tables

Row = Mapping[str, str]
LEADERS = {"是", "领导", "领导成员", "1", "y", "yes", "true"}
RELATIONS = {
    "举办": Kind.SPONSORS, "举办单位": Kind.SPONSORS, "sponsors": Kind.SPONSORS,
    "业务主管": Kind.SUPERVISES, "业务主管单位": Kind.SUPERVISES, "supervises": Kind.SUPERVISES,
}  # fmt: skip


class BadRow(Exception):
    """What is wrong with a row: the column and one word. What stands in it is not told: it may be of a person."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


@dataclass
class Listed:
    """What a list gave: rows taken, statements that were new, and lines that were passed over with column and reason."""

    rows: int = 0
    new: int = 0
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    parties: list[Described] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)


def import_list(kind: str, path: Path, *, source: str, day: date, said: Mapping[str, str] | None = None) -> Listed:
    """Take in a list of one of the kinds in `tables.LISTS` as of a day. Raises tables.NoTable and OSError.

    A row that is wrong is passed over and told by its line; the others are taken.
    """
    read = READERS[kind]
    own = source_of(f"{kind}:{source}", name=source)
    done = Listed()
    departments = _departments()
    for line, row in tables.rows(kind, path, said):
        try:
            read(row, done, departments)
        except BadRow as bad:
            done.wrong.append((line, bad.column, bad.reason))
        else:
            done.rows += 1
    with transaction.atomic():
        if kind == "staff":
            _leave(own, done, day)
        done.new = snapshot(own, day=day, parties=done.parties, recorded=_latest(done.recorded), whole=set())
        if done.new:
            told = {"kind": kind, "rows": done.rows, "new": done.new}
            ledger.append("affiliation.imported", f"affiliation/{own.pk}", told, at=clock.now())
    keys = [key for party in done.parties for key in party.keys if not party.is_person]
    matching.look_for(set(Record.objects.filter(source=own, key__in=keys).values_list("party_id", flat=True)))
    return done


def _latest(recorded: Sequence[Recorded]) -> list[Recorded]:
    """One of each record: a list that names somebody twice means the last row."""
    return list({each.record: each for each in recorded}.values())


def _departments() -> dict[str, Department]:
    """Departments by code, USCC and name."""
    found: dict[str, Department] = {}
    for each in Department.objects.select_related("organisation"):
        names = (each.code, each.organisation.uscc or "", naming.full(each.organisation.name))
        found |= {name: each for name in names if name}
    return found


def _department(row: Row, departments: Mapping[str, Department], done: Listed) -> str:
    written = row["department"]
    department = departments.get(written) or departments.get(naming.full(written))
    if department is None:
        raise BadRow("department", "unknown")
    organisation = department.organisation
    key = f"org/{organisation.pk}"
    done.parties.append(
        Described(
            keys=(key,),
            kind=NodeKind.DEPARTMENT,
            name=organisation.name,
            uscc=organisation.uscc or "",
            form=Form.GOVERNMENT,
            organisation=organisation.pk,
        )
    )
    return key


def _mark(*parts: str) -> str:
    """A key that can be found again and not be read."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _person(done: Listed, name: str, number: str, column: str, *, at: str) -> str:
    """The key of a person: by ID number where there is one, else of this name at this place alone."""
    if number and not is_id_number(number):
        raise BadRow(column, "no_id_number")
    digest = id_hash(number) if number else None
    named = hashed(naming.person_key(name), field="person_name") or b""
    key = f"person/{digest.hex()}" if digest else f"person/{_mark(at, named.hex())}"
    done.parties.append(Described(keys=(key,), kind=NodeKind.PERSON, name=name, id_hash=digest))
    return key


def _days(row: Row, last: str = "until") -> tuple[date | None, date | None]:
    since, until = _day(row, "since"), _day(row, last)
    if since and until and until < since:
        raise BadRow(last, "before_since")
    return since, until


def _day(row: Row, column: str) -> date | None:
    text = row[column].replace("/", "-").replace(".", "-")
    if not text:
        return None
    try:
        return date(*(int(part) for part in text.split("-")))
    except (ValueError, TypeError, OverflowError) as bad:
        raise BadRow(column, "no_date") from bad


def _share(row: Row) -> int | None:
    text = row["share"].removesuffix("%").removesuffix("％")
    if not text:
        return None
    try:
        share = Decimal(text)
        whole = share.is_finite() and 0 <= share <= 100
    except InvalidOperation as bad:
        raise BadRow("share", "no_number") from bad
    if not whole:
        raise BadRow("share", "out_of_range")
    return int(share * (WHOLE // 100))


def _code(row: Row, column: str) -> str:
    if row[column] and not is_uscc(row[column]):
        raise BadRow(column, "no_uscc")
    return normalise_uscc(row[column]) if row[column] else ""


def _company(done: Listed, about: Described) -> str:
    """The key of a company: its code, or its name where it has none."""
    key = f"uscc/{about.uscc}" if about.uscc else f"name/{naming.full(about.name)}"[:200]
    done.parties.append(replace(about, keys=(key,)))
    return key


def read_register(row: Row, done: Listed, departments: Mapping[str, Department]) -> None:
    """A company, with its representative, and where the row has them one holder and one officer."""
    if not row["name"]:
        raise BadRow("name", "empty")
    (since, until), share = _days(row), _share(row)
    described = Described(
        keys=(),
        name=row["name"],
        uscc=_code(row, "uscc"),
        former=tuple(each for each in row["former"].replace("；", ";").split(";") if each),
        address=row["address"],
        phone=row["phone"],
        representative=row["representative"],
    )
    company = _company(done, described)
    if row["representative"]:
        person = _person(done, row["representative"], row["representative_id"], "representative_id", at=company)
        done.recorded.append(
            Recorded(
                record=f"represents/{_mark(company)}", says=(Said(kind=Kind.REPRESENTS, tail=person, head=company),)
            )
        )
    if row["holder"]:
        holder = _holder(row, done, company)
        owns = Said(kind=Kind.OWNS, tail=holder, head=company, low=share, high=share, since=since, until=until)
        done.recorded.append(Recorded(record=f"owns/{_mark(holder, company)}", says=(owns,)))
    if row["officer"]:
        officer = _person(done, row["officer"], row["officer_id"], "officer_id", at=company)
        post = Said(kind=Kind.OFFICER, tail=officer, head=company, since=since, until=until)
        done.recorded.append(Recorded(record=f"officer/{_mark(officer, company)}", says=(post,)))


def _holder(row: Row, done: Listed, company: str) -> str:
    uscc = _code(row, "holder_uscc")
    if uscc or (not row["holder_id"] and naming.looks_like_organisation(row["holder"])):
        return _company(done, Described(keys=(), name=row["holder"], uscc=uscc))
    return _person(done, row["holder"], row["holder_id"], "holder_id", at=company)


def read_staff(row: Row, done: Listed, departments: Mapping[str, Department]) -> None:
    """Somebody on a department's staff, or who has left it on a day."""
    if not row["id_number"]:
        raise BadRow("id_number", "empty")
    since, left = _days(row, "left")
    department = _department(row, departments, done)
    person = _person(done, row["person"], row["id_number"], "id_number", at=department)
    kind = Kind.EMPLOYED if left else Kind.EMPLOYS
    leader = row["leader"].lower() in LEADERS
    said = Said(kind=kind, tail=department, head=person, since=since, until=left, leader=leader)
    scope = f"staff/{department}"
    done.scopes.add(scope)
    done.recorded.append(Recorded(record=f"staff/{_mark(department, person)}", scope=scope, says=(said,)))


def read_bodies(row: Row, done: Listed, departments: Mapping[str, Department]) -> None:
    """An institution that a department sponsors, or an association whose 业务主管单位 it is."""
    if not row["name"]:
        raise BadRow("name", "empty")
    kind = RELATIONS.get(row["relation"].lower())
    if kind is None:
        raise BadRow("relation", "unknown")
    since, until = _days(row)
    department = _department(row, departments, done)
    form = Form.INSTITUTION if kind == Kind.SPONSORS else Form.ASSOCIATION
    body = _company(done, Described(keys=(), name=row["name"], uscc=_code(row, "uscc"), form=form))
    said = Said(kind=kind, tail=department, head=body, since=since, until=until)
    done.recorded.append(Recorded(record=f"{kind}/{_mark(department, body)}", says=(said,)))


READERS: dict[str, Callable[[Row, Listed, Mapping[str, Department]], None]] = {
    "register": read_register,
    "staff": read_staff,
    "bodies": read_bodies,
}


def _leave(own: Source, done: Listed, day: date) -> None:
    """Whoever was on the staff by an earlier list and is in this one no longer has left on the day before it."""
    there = {each.record for each in done.recorded}
    last = (
        Statement.objects.filter(source=own, scope__in=done.scopes, day__lte=day)
        .exclude(record__in=there)
        .order_by("record", "-day", "-id")
        .distinct("record")
    )
    current = Relation.objects.filter(statement__in=last, kind=Kind.EMPLOYS).select_related("statement")
    for each, keys in _ends(own, list(current)):
        said = Said(
            kind=Kind.EMPLOYED,
            tail=keys[0],
            head=keys[1],
            since=each.since,
            until=day - timedelta(days=1),
            leader=each.leader,
        )
        done.recorded.append(Recorded(record=each.statement.record, scope=each.statement.scope, says=(said,)))


def _ends(own: Source, relations: list[Relation]) -> Iterator[tuple[Relation, tuple[str, str]]]:
    parties = {party for each in relations for party in (each.from_stated_id, each.to_stated_id)}
    keys = dict(Record.objects.filter(source=own, party__in=parties).values_list("party_id", "key"))
    for each in relations:
        yield each, (keys[each.from_stated_id], keys[each.to_stated_id])
