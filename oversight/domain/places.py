"""Firms with the address or telephone of a department or of its bodies: inferred from what the graph knows of both (RH6)."""

from __future__ import annotations

from django.db import connection

from core import clock
from oversight.domain.stating import Recorded, Said, snapshot, source_of
from oversight.graph import Kind
from oversight.models import Confidence, Record

_SHARED = """
WITH bodies AS (
    SELECT p.id, p.place_hash, p.phone_hash FROM oversight_party p WHERE p.merged_into_id IS NULL AND (
        p.kind = 'department'
        OR EXISTS (SELECT 1 FROM oversight_relation r WHERE r.to_party_id = p.id AND r.kind IN ('sponsors', 'supervises'))
    )
), firms AS (
    SELECT p.id, p.place_hash, p.phone_hash FROM oversight_party p
    JOIN market_firm f ON f.organisation_id = p.organisation_id WHERE p.merged_into_id IS NULL
)
SELECT 'address', b.id, f.id FROM bodies b JOIN firms f ON f.place_hash = b.place_hash AND f.id <> b.id
UNION ALL
SELECT 'phone', b.id, f.id FROM bodies b JOIN firms f ON f.phone_hash = b.phone_hash AND f.id <> b.id
ORDER BY 1, 2, 3
"""


def compare() -> int:
    """Write down which firms share a place with departments and bodies today; give how many statements are new."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED)
        pairs = cursor.fetchall()
    source = source_of("derived/places", name="地址、电话比对", confidence=Confidence.INFERRED)
    ends = sorted({party for _kind, body, firm in pairs for party in (body, firm)})
    Record.objects.bulk_create(
        [Record(source=source, key=f"party/{party}", party_id=party) for party in ends], ignore_conflicts=True
    )
    recorded = [
        Recorded(
            record=f"{kind}/{body}/{firm}",
            scope="places",
            says=(
                Said(
                    kind=Kind.ADDRESS if kind == "address" else Kind.PHONE, tail=f"party/{body}", head=f"party/{firm}"
                ),
            ),
        )
        for kind, body, firm in pairs
    ]
    today = clock.now().astimezone(clock.LOCAL).date()
    return snapshot(source, day=today, parties=[], recorded=recorded, whole={"places"})
