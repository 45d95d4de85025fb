"""The custodian's stock of keys (PROTOCOL §2, §3): registered ahead, each used by one round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bidding.models import CustodianKey, Round
from core import clock
from core.errors import DomainError, NotAllowed
from ledger.domain import keys, witness
from protocol import custody, draw
from protocol.note import BadNote, Verifier

STOCK = 100
"""Keys that should lie ready; each round takes one."""

AWAY = timedelta(minutes=2)
"""After so long without a visit people are told that the custodian stays away; it comes every 30 seconds at least."""


class NoStock(DomainError):
    """The custodian has no key left for another round."""

    code = "no_custodian_key"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the custodian stands: keys in stock, and closed rounds that wait for it, the oldest first."""

    stock: int
    missing: int
    waiting: list[Round]


def standing() -> Standing:
    """What everybody may know of the custodian."""
    stock = CustodianKey.objects.filter(round=None).count()
    return Standing(stock=stock, missing=max(0, STOCK - stock), waiting=list(waiting().order_by("closed_at", "id")))


def waiting() -> QuerySet[Round]:
    """Closed rounds whose key has not come."""
    return Round.objects.filter(status=Round.Status.CLOSED, custodian_private="")


def pinned() -> Verifier:
    """The key with which the custodian signs its notes. Raises NotAllowed while none is pinned."""
    verifier = keys.custodian_notes()
    if verifier is None:
        raise NotAllowed
    return verifier


def not_signed(bad: BadNote) -> NotAllowed:
    """What whoever sends a note is told that is not the custodian's."""
    return NotAllowed(_("不是见证方为本日志签署的内容：%(why)s。") % {"why": bad})


def register_stock(note: str) -> int:
    """Keep the keys that the custodian registers; those that are there already change nothing. Tells how many are new.

    Raises NotAllowed for a note that is not the custodian's, DomainError for a chain of another length than ours.
    """
    try:
        offered = custody.read_stock(note, origin=keys.log_signer().name, custodian=pinned())
    except BadNote as bad:
        raise not_signed(bad) from bad
    if any(key.n != draw.CHAIN_LENGTH for key in offered):
        raise DomainError(_("抽取码的链长应为 %(n)d。") % {"n": draw.CHAIN_LENGTH}, code="chain_length")
    now = clock.now()
    before = CustodianKey.objects.count()
    CustodianKey.objects.bulk_create(
        [
            CustodianKey(public=key.public, commitment=key.commitment, n=key.n, note=note, registered_at=now)
            for key in offered
        ],
        ignore_conflicts=True,
    )
    witness.seen(at=now)
    return CustodianKey.objects.count() - before


def take_key(round_: Round) -> None:
    """Give a locked round that is about to be announced its key and its commitment. Raises NoStock."""
    key = (
        CustodianKey.objects.select_for_update(skip_locked=True)
        .filter(round=None)
        .order_by("registered_at", "public")
        .first()
    )
    if key is None:
        raise NoStock(_("见证方的密钥已用完，暂时不能公告。请联系见证方；密钥补足后再点一次即可。"))
    key.round = round_
    key.save(update_fields=["round"])
    round_.custodian_public, round_.commitment = key.public, key.commitment
