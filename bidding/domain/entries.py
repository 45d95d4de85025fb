"""Sealed entries: received, replaced and withdrawn until the deadline, and read by nobody before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from bidding.domain.eligibility import reasons_against
from bidding.domain.reasons import Reason
from bidding.models import Entry, Lot, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue
from core.money import MAXIMUM, yuan
from ledger import domain as ledger
from market.models import Firm
from protocol import canonical, envelope
from protocol.methods import METHODS

REPLACEMENTS = 10
"""Per firm and lot (PROTOCOL §2)."""
_LOCK = "SELECT clock_timestamp() FROM (SELECT 1 FROM bidding_round WHERE id = %s FOR SHARE) AS held"
_UPSERT = """
INSERT INTO bidding_entry (lot_id, firm_id, admission_id, submitted_by_id, received_at, envelope, envelope_sha256,
                           replacements, reason, reason_detail, nonce)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '', '', '')
ON CONFLICT (lot_id, firm_id) DO UPDATE
SET admission_id = excluded.admission_id, submitted_by_id = excluded.submitted_by_id,
    received_at = excluded.received_at, withdrawn_at = NULL, envelope = excluded.envelope,
    envelope_sha256 = excluded.envelope_sha256, replacements = bidding_entry.replacements + 1
WHERE bidding_entry.replacements < %s
RETURNING id, replacements
"""


class KeptOut(NotAllowed):
    """The firm may not enter this round; `reasons` say why."""

    code = "kept_out"

    def __init__(self, reasons: list[Reason]) -> None:
        self.reasons = reasons
        super().__init__("；".join(reason.text for reason in reasons))


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the firm keeps of an entry: when it came and the SHA-256 of its envelope, empty after a withdrawal."""

    entry: Entry
    at: datetime
    sha256: str
    replaced: bool


def submit_entry(
    *, round_id: int, firm: Firm, user: User, amount: Decimal | None, days: int | None, nonce: str, lot: str = "1"
) -> Receipt:
    """Seal a firm's bid and keep it, or put it in the place of the one that the firm sent before.

    `amount` in yuan for priced methods, else None; `days` are the promised working days; `nonce` 64 hex digits from the firm.
    Raises NotDue at or after the deadline, KeptOut with the reasons, Conflict beyond 10 replacements, DomainError for a
    bid that is not one.
    """
    with transaction.atomic():
        round_, now = _taking_entries(round_id)
        _demand_bid(round_, amount=amount, days=days, nonce=nonce)
        if reasons := reasons_against(firm=firm, round_=round_, at=now):
            raise KeptOut(reasons)
        target = Lot.objects.get(round=round_, number=lot)
        whose: dict[str, Any] = {"round": round_.code, "lot": target.number, "uscc": firm.uscc}
        plaintext = envelope.plaintext(**whose, amount=amount, days=days, nonce=nonce)
        sealed = envelope.seal(plaintext, public=round_.platform_public, **whose)
        digest = canonical.sha256_hex(sealed)
        entry = Entry(
            lot=target,
            firm=firm,
            admission=firm.current,
            submitted_by=user,
            received_at=now,
            envelope=sealed,
            envelope_sha256=digest,
        )
        replaced = _put(entry)
        event = "envelope.replaced" if replaced else "envelope.received"
        ledger.append_sealed(round_.subject, _event(event, whose, sha256=digest, at=now), at=now)
    return Receipt(entry=entry, at=now, sha256=digest, replaced=replaced)


def withdraw_entry(*, round_id: int, firm: Firm, user: User, lot: str = "1") -> Receipt:
    """Take a firm's entry back before the deadline; its envelope is deleted. Nothing happens where it was taken back before.

    Raises NotDue at or after the deadline and Entry.DoesNotExist where the firm has no entry.
    """
    with transaction.atomic():
        round_, now = _taking_entries(round_id)
        entry = Entry.objects.select_for_update(of=["self"]).get(lot__round=round_, lot__number=lot, firm=firm)
        if entry.withdrawn_at is None:
            whose: dict[str, Any] = {"round": round_.code, "lot": lot, "uscc": firm.uscc}
            ledger.append_sealed(
                round_.subject, _event("envelope.withdrawn", whose, sha256=entry.envelope_sha256, at=now), at=now
            )
            entry.withdrawn_at, entry.envelope, entry.envelope_sha256, entry.submitted_by = now, None, "", user
            entry.save()
    return Receipt(entry=entry, at=entry.withdrawn_at or now, sha256="", replaced=True)


def my_entry(round_: Round, firm: Firm, *, lot: str = "1") -> Entry | None:
    """The firm's own live entry: whether and when, never what is in it."""
    return Entry.objects.live().filter(lot__round=round_, lot__number=lot, firm=firm).first()


def _taking_entries(round_id: int) -> tuple[Round, datetime]:
    """The round, held FOR SHARE against whoever moves it, and the clock read after the lock (ARCHITECTURE rule 3).

    The clock is read once the row is held: a volatile function in the outer query runs on the rows that the lock lets by.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [round_id])
        held = cursor.fetchone()
    if held is None:
        raise Round.DoesNotExist
    now: datetime = clock.standing() or held[0]
    round_ = Round.objects.select_related("need", "department__organisation").get(pk=round_id)
    if not round_.takes_entries_at(now):
        raise NotDue(_("这次比选不在报名时间内，没有收下任何内容。"))
    return round_, now


def _demand_bid(round_: Round, *, amount: Decimal | None, days: int | None, nonce: str) -> None:
    if not canonical.is_hex(nonce, octets=32):
        raise DomainError(_("缺少随机数，请打开浏览器的脚本后重新提交。"), code="nonce")
    if METHODS[round_.method].priced:
        if amount is None or amount != yuan(amount) or not 0 < amount <= MAXIMUM:
            raise DomainError(_("报价须为大于零、最多两位小数的金额（元）。"), code="amount")
    elif amount is not None:
        raise DomainError(_("随机选取的价格由业主给定，不需报价。"), code="amount")
    if days is not None and days < 1:
        raise DomainError(_("承诺时限须为一个工作日以上。"), code="days")
    if days is not None and round_.need.days is not None and days > round_.need.days:
        raise DomainError(_("承诺时限不得长于要求的 %(days)d 个工作日。") % {"days": round_.need.days}, code="days")


def _put(entry: Entry) -> bool:
    """Insert the entry or put it in the place of the firm's own, in one statement; whether it replaced one.

    Two first entries of one firm at once become one and a replacement. Raises Conflict beyond the replacements allowed.
    """
    values: list[Any] = [
        entry.lot_id, entry.firm_id, entry.admission_id, entry.submitted_by_id, entry.received_at, entry.envelope,
        entry.envelope_sha256, REPLACEMENTS,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, values)
        put = cursor.fetchone()
    if put is None:
        raise Conflict(_("每家机构最多更换 %(times)d 次，先前的密封件仍然有效。") % {"times": REPLACEMENTS})
    entry.pk, entry.replacements = put
    entry._state.adding = False
    return entry.replacements > 0


def _event(type: str, whose: dict[str, str], *, sha256: str, at: datetime) -> dict[str, Any]:
    return {"at": canonical.timestamp(at), "sha256": sha256, "type": type, **whose}
