"""The part of the graph that can tie a firm to a department, read with two queries.

Everything is walked from the firm upwards: who owns, sponsors and supervises it and whoever has its address; its people,
their kin and where all of these are or were employed. How large a department's own world is does not matter.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import connection

from oversight.graph import Edge, Graph, Kind, Node
from oversight.models import Party

MOST = 5_000
"""So many relations of a kind are looked at; a firm with more owners or people than that is seen in part."""

HOLDS = "(r.holds_from IS NULL OR r.holds_from <= %(day)s) AND (r.holds_to IS NULL OR r.holds_to >= %(day)s)"
NOT_REPLACED = "(r.begins_on IS NULL OR r.begins_on <= %(day)s) AND (r.ends_on IS NULL OR r.ends_on >= %(day)s)"
COLUMNS = "r.id, r.kind, r.from_party_id, r.to_party_id, r.share_low, r.share_high, r.holds_from, r.holds_to, \
s.code, r.confidence, r.leader"


def _of(ends: str, name: str, *kinds: str, holding: str = HOLDS) -> str:
    """The relations of some kinds that have an end in a list; OFFSET 0 leaves the planner only to ask the index for each."""
    wanted = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"SELECT r.* FROM {name} CROSS JOIN LATERAL (SELECT * FROM oversight_relation r WHERE r.{ends}_party_id = {name}.id \
AND r.kind IN ({wanted}) AND {holding} OFFSET 0) r"  # noqa: S608 - made of constants
    )


ABOVE = (Kind.OWNS, Kind.SPONSORS, Kind.SUPERVISES)
AROUND = f"""
WITH RECURSIVE start(id) AS (
    SELECT unnest(%(firms)s::bigint[])
), near AS MATERIALIZED (
    {_of("to", "start", Kind.ADDRESS, Kind.PHONE)} UNION ALL {_of("from", "start", Kind.ADDRESS, Kind.PHONE)}
), up(id) AS (
    (SELECT id FROM start UNION SELECT from_party_id FROM near UNION SELECT to_party_id FROM near)
    UNION
    SELECT r.from_party_id FROM ({_of("to", "up", *ABOVE)}) r
), above AS MATERIALIZED (
    {_of("to", "up", *ABOVE)}
), roles AS MATERIALIZED (
    {_of("to", "start", Kind.REPRESENTS, Kind.OFFICER, Kind.PRACTITIONER)} UNION ALL {_of("from", "start", Kind.EMPLOYS)}
), people(id) AS MATERIALIZED (
    SELECT p.id FROM (SELECT from_party_id AS id FROM roles UNION SELECT to_party_id FROM roles UNION SELECT id FROM up) e
    CROSS JOIN LATERAL (SELECT id FROM oversight_party p WHERE p.id = e.id AND p.kind = 'person' OFFSET 0) p
), kin AS MATERIALIZED (
    {_of("to", "people", Kind.KIN)} UNION ALL {_of("from", "people", Kind.KIN)}
), known(id) AS MATERIALIZED (
    SELECT id FROM people UNION SELECT from_party_id FROM kin UNION SELECT to_party_id FROM kin
), posts AS MATERIALIZED (
    {_of("to", "known", *Kind.LASTING, holding=NOT_REPLACED)}
), found AS (
    (SELECT * FROM near LIMIT {MOST}) UNION (SELECT * FROM above LIMIT {MOST}) UNION (SELECT * FROM roles LIMIT {MOST})
    UNION (SELECT * FROM kin LIMIT {MOST}) UNION (SELECT * FROM posts LIMIT {MOST})
)
SELECT {COLUMNS} FROM found r JOIN oversight_source s ON s.id = r.source_id ORDER BY r.id
"""  # noqa: S608 - made of constants


def around(firms: Collection[int], *, at: date) -> Graph:
    """What surrounds some firms, by the keys of their parties, on a day."""
    with connection.cursor() as cursor:
        cursor.execute(AROUND, {"firms": list(firms), "day": at})
        edges = [Edge(*row) for row in cursor.fetchall()]
    ids = {*firms, *(edge.tail for edge in edges), *(edge.head for edge in edges)}
    rows = Party.objects.filter(pk__in=ids).values_list("id", "kind", "form")
    return Graph({row[0]: Node(*row) for row in rows}, edges, at)
