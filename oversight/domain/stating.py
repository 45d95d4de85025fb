"""Taking in what a source says: parties and statements, many at once; said again, nothing changes.

Everything here runs under one lock for all sources, so that the same organisation is not made twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q

from core import clock
from oversight.domain.describing import Described, Node, take_in
from oversight.domain.holding import hold
from oversight.models import Confidence, Relation, Source, Statement


@dataclass(frozen=True, kw_only=True)
class Said:
    """One relation of a statement, between two parties by the keys of the source. Shares in millionths, days inclusive."""

    kind: str
    tail: str
    head: str
    low: int | None = None
    high: int | None = None
    since: date | None = None
    until: date | None = None
    confidence: str = ""
    leader: bool = False
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Stated:
    """One statement: its key, the record that it is about, when it was said, what it replaces, what it says."""

    key: str
    day: date | None = None
    record: str = ""
    scope: str = ""
    replaces: tuple[str, ...] = ()
    says: tuple[Said, ...] = ()


def source_of(code: str, *, name: str = "", confidence: str = Confidence.RECORDED) -> Source:
    """The source of a code; made at its first statement."""
    made, _new = Source.objects.get_or_create(
        code=code[:80], defaults={"name": (name or code)[:120], "confidence": confidence}
    )
    return made


def state(source: Source, *, parties: Sequence[Described] = (), statements: Sequence[Stated] = ()) -> int:
    """Take in parties and statements of a source; give how many statements are new.

    A statement that is there is left as it is. Relations between parties that the source has not described are left out.
    """
    with transaction.atomic():
        hold()
        known = take_in(source, parties, also={key for each in statements for said in each.says for key in ends(said)})
        there = set(
            Statement.objects.filter(source=source, key__in=[each.key for each in statements]).values_list(
                "key", flat=True
            )
        )
        new = list({each.key: each for each in statements if each.key not in there}.values())
        if new:
            _write(source, new, known, now=clock.now())
    return len(new)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a list says of one record on its day; `scope` is whose list it is."""

    record: str
    scope: str = ""
    says: tuple[Said, ...] = ()

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.says).encode()).hexdigest()[:40]


GONE = "gone"


def snapshot(
    source: Source,
    *,
    day: date,
    parties: Sequence[Described],
    recorded: Sequence[Recorded],
    whole: Collection[str] = (),
) -> int:
    """Take in lists as they were on a day: what is as it was said before is no new statement. Gives how many are new.

    Of the scopes in `whole` the lists are complete: what was said of a record that is no longer in it ends.
    """
    with transaction.atomic():
        hold()
        records = [each.record for each in recorded]
        said = _in_force(source, Q(record__in=records) | Q(scope__in=whole) if whole else Q(record__in=records), day)
        new = [
            Stated(
                key=f"{each.record}#{each.digest}@{day}", record=each.record, scope=each.scope, day=day, says=each.says
            )
            for each in recorded
            if not said.get(each.record, ("", ""))[0].startswith(f"{each.record}#{each.digest}@")
        ]
        gone = [
            Stated(key=f"{record}#{GONE}@{day}", record=record, scope=scope, day=day)
            for record, (key, scope) in said.items()
            if scope in whole and record not in set(records) and f"#{GONE}@" not in key
        ]
        return state(source, parties=parties, statements=[*new, *gone])


def _in_force(source: Source, which: Q, day: date) -> dict[str, tuple[str, str]]:
    """Key and scope of the last statement about each record up to a day."""
    rows = Statement.objects.filter(which, source=source, day__lte=day).exclude(record="")
    last = rows.order_by("record", "-day", "-id").distinct("record")
    return {record: (key, scope) for record, key, scope in last.values_list("record", "key", "scope")}


def ends(said: Said) -> tuple[str, str]:
    return said.tail, said.head


def _write(source: Source, new: Sequence[Stated], known: Mapping[str, Node], *, now: datetime) -> None:
    today = now.astimezone(clock.LOCAL).date()
    rows = Statement.objects.bulk_create(
        [
            Statement(
                source=source,
                key=each.key,
                record=each.record,
                scope=each.scope,
                day=each.day or today,
                replaces=list(each.replaces),
            )
            for each in new
        ],
        batch_size=1000,
    )
    relations = [
        relation
        for row, each in zip(rows, new, strict=True)
        for relation in _relations(source, row, each.says, known, now)
    ]
    Relation.objects.bulk_create(relations, batch_size=1000)
    settle(source, [each.key for each in new], now=now)


def _relations(
    source: Source, row: Statement, says: Iterable[Said], known: Mapping[str, Node], now: datetime
) -> Iterable[Relation]:
    for part, said in enumerate(says):
        if said.tail not in known or said.head not in known:
            continue
        tail, head = known[said.tail], known[said.head]
        yield Relation(
            statement=row,
            part=part,
            source=source,
            kind=said.kind,
            from_stated_id=tail.stated,
            to_stated_id=head.stated,
            from_party_id=tail.root,
            to_party_id=head.root,
            share_low=said.low,
            share_high=said.high,
            confidence=said.confidence or source.confidence,
            leader=said.leader,
            detail=said.detail[:200],
            since=said.since,
            until=said.until,
            changed_at=now,
        )


_SETTLE = """
WITH touched AS (
    SELECT s.* FROM oversight_statement s WHERE s.source_id = %(source)s AND s.key = ANY(%(keys)s)
), affected AS (
    SELECT * FROM touched
    UNION SELECT s.* FROM touched t JOIN oversight_statement s
        ON s.source_id = t.source_id AND s.record = t.record AND s.record <> ''
    UNION SELECT s.* FROM touched t JOIN oversight_statement s ON s.source_id = t.source_id AND s.key = ANY(t.replaces)
    UNION SELECT s.* FROM oversight_statement s
        WHERE s.source_id = %(source)s AND s.replaces <> '{}' AND s.replaces && %(keys)s::varchar[]
), bounds AS (
    SELECT a.id,
        CASE WHEN EXISTS (
            SELECT 1 FROM oversight_statement e WHERE e.source_id = a.source_id AND e.record = a.record AND e.record <> ''
                AND (e.day, e.id) < (a.day, a.id)
        ) OR EXISTS (
            SELECT 1 FROM oversight_statement e WHERE e.source_id = a.source_id AND e.key = ANY(a.replaces)
        ) THEN a.day END AS begins,
        LEAST((
            SELECT min(l.day) FROM oversight_statement l WHERE l.source_id = a.source_id AND l.record = a.record
                AND l.record <> '' AND (l.day, l.id) > (a.day, a.id)
        ), (
            SELECT min(l.day) FROM oversight_statement l WHERE l.source_id = a.source_id AND l.replaces <> '{}'
                AND l.replaces @> ARRAY[a.key]::varchar[] AND l.key <> a.key
        )) - 1 AS ends
    FROM affected a
)
UPDATE oversight_statement s SET begins_on = b.begins, ends_on = b.ends FROM bounds b
WHERE s.id = b.id AND (s.begins_on IS DISTINCT FROM b.begins OR s.ends_on IS DISTINCT FROM b.ends)
RETURNING s.id
"""

_CARRY = """
UPDATE oversight_relation r SET begins_on = s.begins_on, ends_on = s.ends_on, changed_at = %(now)s
FROM oversight_statement s WHERE s.id = r.statement_id AND s.id = ANY(%(ids)s)
"""


def settle(source: Source, keys: Sequence[str], *, now: datetime) -> None:
    """Bound statements by what the source said before and after: within a record by day, and by what is replaced."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"source": source.pk, "keys": list(keys)})
        moved = [row[0] for row in cursor.fetchall()]
        if moved:
            cursor.execute(_CARRY, {"ids": moved, "now": now})
