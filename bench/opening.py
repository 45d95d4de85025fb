"""Opening 10,000 envelopes, beside a bare loop over the same calls of `cryptography`."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from itertools import islice, product
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from django.conf import settings

from accounts.models import Membership
from bench.market import SERVICE, open_round
from bench.serving import say, verdict
from bidding.domain import opening
from bidding.models import Entry, Lot, Round
from core import clock
from ledger.domain import sequencer
from ledger.models import Checkpoint
from market.models import Firm, Service
from protocol import envelope
from protocol.seal import seal_bid

ENVELOPES = 10_000
PASSES = 3
AIM = 1 / 1.5
"""Envelopes per second beside the bare loop, which may take two thirds of our time."""

Sealed = tuple[str, str, bytes]
"""A lot, a USCC, and what that firm has sent."""


def opened() -> bool:
    """Envelopes opened per second by the function that opens a round, rows read and written, and by the bare loop."""
    say(f"{ENVELOPES:,} envelopes …")
    round_, sealed = _closed()
    pairs = []
    for _pass in range(PASSES):
        Round.objects.filter(pk=round_.pk).update(status=Round.Status.CLOSED, opened_at=None)
        ours = _timed(lambda: opening.open_round(round_id=round_.pk, now=clock.now()))
        assert Entry.objects.filter(lot__round=round_, opened=True).count() == ENVELOPES
        pairs.append((ENVELOPES / ours, ENVELOPES / _timed(lambda: _bare(round_, sealed))))
    say("\nenvelopes opened per second, with reading and writing their rows")
    say("  reference: a bare loop over the same two calls of `cryptography` for each, in memory")
    return verdict(pairs, aim=AIM)


def _closed() -> tuple[Round, list[Sealed]]:
    """A closed round of as many lots as the firms need to make 10,000 entries, with both keys there."""
    round_, custodian = open_round(Service.objects.get(code=SERVICE)), envelope.generate_keypair()
    sequencer.sequence(settings.LEDGER_STATE)
    unseen = Checkpoint.objects.filter(cosignature="")
    unseen.update(cosignature="–", cosigned_at=clock.now())  # as if the custodian had been there
    now, firms = clock.now(), list(Firm.objects.listed().select_related("organisation", "current"))
    Round.objects.filter(pk=round_.pk).update(
        status=Round.Status.CLOSED, closes_at=now, closed_at=now, codes=["0" * 64],
        custodian_public=custodian.public, custodian_private=custodian.private,
    )  # fmt: skip
    round_.refresh_from_db()
    count = -(-ENVELOPES // len(firms))
    Lot.objects.bulk_create(Lot(round=round_, number=str(number)) for number in range(2, count + 1))
    keys: dict[str, Any] = {"platform": round_.platform_public, "custodian": custodian.public}
    users = dict(Membership.objects.values_list("organisation_id", "user_id"))
    sealed, entries = [], []
    for lot, firm in islice(product(round_.lots.all(), firms), ENVELOPES):
        bid = seal_bid(round=round_.code, lot=lot.number, uscc=firm.uscc, **keys, amount=Decimal("20000.00"), days=15)
        sealed.append((lot.number, firm.uscc, bid.envelope))
        entries.append(_entry(lot, firm, bid.envelope, user=users[firm.organisation_id]))
    Entry.objects.bulk_create(entries, batch_size=1_000)
    return round_, sealed


def _entry(lot: Lot, firm: Firm, sealed: bytes, *, user: int) -> Entry:
    return Entry(
        lot=lot, firm=firm, admission=firm.current, submitted_by_id=user, received_at=clock.now(),
        envelope=sealed, envelope_sha256="0" * 64, eligible=True,
    )  # fmt: skip


def _bare(round_: Round, sealed: list[Sealed]) -> None:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    platform = X25519PrivateKey.from_private_bytes(bytes.fromhex(round_.platform_private))
    custodian = X25519PrivateKey.from_private_bytes(bytes.fromhex(round_.custodian_private))
    for lot, uscc, outer in sealed:
        whose = f"{round_.code}\n{lot}\n{uscc}"
        inner = suite.decrypt(outer, custodian, info=f"mingxuan/envelope/v1/custodian\n{whose}".encode())
        suite.decrypt(inner, platform, info=f"mingxuan/envelope/v1/platform\n{whose}".encode())


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
