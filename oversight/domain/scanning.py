"""Which ties there are: nightly between all firms and departments, by day where something has changed. Leads, never verdicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime

from django.db import connection, transaction

from core import clock
from ledger import domain as ledger
from oversight import rules
from oversight.arrays import findings
from oversight.domain.holding import SCAN, hold
from oversight.domain.loading import load
from oversight.domain.telling import kept, names_of
from oversight.domain.ties import department_nodes, firm_nodes, terms_at
from oversight.domain.view import around
from oversight.graph import Graph, Kind
from oversight.models import RuleException, Scan, Tie
from oversight.rules.base import Finding, Terms

BATCH = 200
MOST = 5_000
"""If more firms than this are concerned, everything is scanned."""

_CONCERNED = """
WITH RECURSIVE changed AS (
    SELECT r.* FROM oversight_relation r WHERE r.changed_at > %(since)s
), reached(id) AS (
    SELECT to_party_id FROM changed
    UNION
    SELECT c.from_party_id FROM changed c JOIN oversight_party p ON p.id = c.from_party_id
        WHERE c.kind IN ('kin', 'address', 'phone', 'employs', 'employed') AND p.kind <> 'department'
    UNION
    SELECT CASE WHEN r.from_party_id = reached.id THEN r.to_party_id ELSE r.from_party_id END
        FROM reached JOIN LATERAL (
            SELECT * FROM oversight_relation o WHERE o.from_party_id = reached.id AND o.kind NOT IN ('employs', 'employed')
            UNION ALL
            SELECT * FROM oversight_relation i
                WHERE i.to_party_id = reached.id AND i.kind IN ('kin', 'address', 'phone', 'employs')
        ) r ON true
        JOIN oversight_party t
            ON t.id = CASE WHEN r.from_party_id = reached.id THEN r.to_party_id ELSE r.from_party_id END
        WHERE t.kind <> 'department'
)
SELECT f.id FROM reached JOIN oversight_party p ON p.id = reached.id
    JOIN market_firm f ON f.organisation_id = p.organisation_id LIMIT %(most)s
"""


def scan_everything(*, now: datetime | None = None) -> Scan:
    """Ask every rule of all firms and departments that anything ties, and keep what was found (ARCHITECTURE, rule 1)."""
    with transaction.atomic():
        hold(SCAN)
        seen, day = _moment(now)
        world = load(day)
        firms, departments = firm_nodes(), department_nodes()
        found = list(findings(world, firms, departments, terms_at(day)))
        return _keep(Scan.Scope.ALL, found, firms, departments, day, seen, of=None)


def scan_changed(*, now: datetime | None = None) -> Scan | None:
    """The same for the firms that a change since the last scan can concern; None where there was none."""
    with transaction.atomic():
        hold(SCAN)
        seen, day = _moment(now)
        last = Scan.objects.first()
        if last is None:
            return scan_everything(now=now)
        concerned = sorted({*_concerned(since=last.seen_until), *_excepted(since=last.seen_until)})
        if len(concerned) > MOST:
            return scan_everything(now=now)
        if not concerned:
            return None
        firms, departments, terms = firm_nodes(concerned), department_nodes(), terms_at(day)
        found = []
        for some in _batches(sorted(firms)):
            graph = around(some, at=day)
            found += [each for firm in some for each in _of_firm(graph, firm, departments, terms)]
        return _keep(Scan.Scope.CHANGED, found, firms, departments, day, seen, of=set(firms.values()))


def _moment(now: datetime | None) -> tuple[datetime, date]:
    """The moment up to which everything that was written is seen: whoever was writing has ended."""
    hold()
    seen = now or clock.now()
    return seen, seen.astimezone(clock.LOCAL).date()


def _concerned(*, since: datetime) -> list[int]:
    """The firms to which a change since a moment can lead, by key; one more than MOST where there are more."""
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, {"since": since, "most": MOST + 1})
        return sorted({row[0] for row in cursor.fetchall()})


def _excepted(*, since: datetime) -> list[int]:
    """The firms of which an exception was made or changed since a moment; one for all firms waits for the night."""
    rows = RuleException.objects.filter(changed_at__gt=since, firm__isnull=False)
    return list(rows.values_list("firm_id", flat=True))


def _of_firm(graph: Graph, firm: int, departments: Collection[int], terms: Terms) -> Iterator[Finding]:
    for department in departments_above(graph, firm):
        if department in departments:
            yield from rules.applying(graph, firm, department, terms)


def departments_above(graph: Graph, firm: int) -> list[int]:
    """The departments to which any way leads up from a firm."""
    seen, waiting = {firm}, [firm, *(link.head for link in graph.staff(firm))]
    for node in waiting:
        links = [*graph.into(node, *(kind for kind in Kind.ALL if kind != Kind.EMPLOYED)), *graph.past_employers(node)]
        for link in links:
            if link.tail not in seen:
                seen.add(link.tail)
                waiting.append(link.tail)
    return [node for node in graph.departments() if node in seen]


def _batches(firms: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(firms), BATCH):
        yield firms[start : start + BATCH]


def _keep(
    scope: str,
    found: list[Finding],
    firms: Mapping[int, int],
    departments: Mapping[int, int],
    day: date,
    seen: datetime,
    *,
    of: Collection[int] | None,
) -> Scan:
    """Write what is new, and end what was not found again among the firms that were asked."""
    rows = {(row.firm_id, row.department_id, row.rule): row for row in _rows(found, firms, departments, day, seen)}
    standing = Tie.objects.standing() if of is None else Tie.objects.standing().filter(firm__in=of)
    before = {
        (firm, department, rule): (pk, digest)
        for pk, firm, department, rule, digest in standing.values_list(
            "id", "firm_id", "department_id", "rule", "digest"
        )
    }
    new = [row for key, row in rows.items() if before.get(key, (0, ""))[1] != row.digest]
    gone = [pk for key, (pk, digest) in before.items() if key not in rows or rows[key].digest != digest]
    Tie.objects.filter(pk__in=gone).update(gone_at=seen)
    Tie.objects.bulk_create(new, batch_size=1000)
    asked = len(firms) if of is None else len(of)
    scan = Scan.objects.create(
        scope=scope, day=day, seen_until=seen, firms=asked, found=len(new), gone=len(gone), at=clock.now()
    )
    if new or gone:
        told = {"scope": scope, "found": len(new), "gone": len(gone)}
        ledger.append("ties.scanned", f"scan/{scan.pk}", told, at=scan.at)
    return scan


def _rows(
    found: list[Finding], firms: Mapping[int, int], departments: Mapping[int, int], day: date, seen: datetime
) -> Iterator[Tie]:
    names = names_of(found)
    for each in found:
        path = kept(each.path, names, day=day)
        row = Tie(
            firm_id=firms[each.firm],
            department_id=departments[each.department],
            rule=each.rule,
            effect=each.effect,
            path=path,
            share_low=each.low,
            share_high=each.high,
            since=each.since,
            until=each.until,
            basis=each.basis[:300],
            found_at=seen,
        )
        told = [row.effect, path, row.share_low, row.share_high, str(row.since), str(row.until), row.basis]
        row.digest = hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        yield row
