"""Sealed entries: received, replaced and withdrawn until the deadline, and read by nobody before it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from bidding.domain import parties, traces
from bidding.domain.access import demand_operator
from bidding.domain.reasons import Reason, demand_reason
from bidding.models import Entry, Lot, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue
from ledger import domain as ledger
from ledger.domain.receipts import receipt_for
from market.models import Firm
from protocol import canonical, envelope
from protocol.seal import token_hash

REPLACEMENTS = 10
"""Per firm and lot (PROTOCOL §2)."""
_LOCK = "SELECT clock_timestamp() FROM (SELECT 1 FROM bidding_round WHERE id = %s FOR SHARE) AS held"
_UPSERT = """
INSERT INTO bidding_entry (lot_id, firm_id, admission_id, consortium_id, submitted_by_id, received_at, envelope,
                           envelope_sha256, token_sha256, receipt_id, replacements, reason, reason_detail, nonce)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', '', '')
ON CONFLICT (lot_id, firm_id) DO UPDATE
SET admission_id = excluded.admission_id, consortium_id = excluded.consortium_id,
    submitted_by_id = excluded.submitted_by_id, received_at = excluded.received_at, withdrawn_at = NULL,
    envelope = excluded.envelope, envelope_sha256 = excluded.envelope_sha256, token_sha256 = excluded.token_sha256,
    receipt_id = excluded.receipt_id, replacements = bidding_entry.replacements + 1
WHERE bidding_entry.replacements < %s AND (bidding_entry.withdrawn_at IS NOT NULL OR bidding_entry.token_sha256 = %s)
RETURNING id, replacements
"""


class KeptOut(NotAllowed):
    """The firm may not enter this round; `reasons` say why."""

    code = "kept_out"

    def __init__(self, reasons: list[Reason]) -> None:
        self.reasons = reasons
        ways_back = [sentence for reason in reasons for sentence in reason.way_back]
        super().__init__(" ".join(["；".join(reason.text for reason in reasons), *ways_back]))


class WrongToken(NotAllowed):
    """Only the token of the envelope that is there replaces or withdraws it (PROTOCOL §2)."""

    code = "wrong_token"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the firm keeps of an entry: when it came, the SHA-256 of its envelope (empty after a withdrawal), and the note."""

    entry: Entry
    at: datetime
    sha256: str
    replaced: bool
    note: str


def submit_envelope(
    *,
    round_id: int,
    firm: Firm,
    user: User,
    sealed: bytes,
    token_sha256: str,
    token: str = "",
    lot: str = "1",
    origin: traces.Origin = traces.UNKNOWN,
) -> Receipt:
    """Keep a firm's envelope, or put it in the place of the one that the firm sent before.

    `sealed` is locked twice (PROTOCOL §2): nobody here can read it. `token_sha256` is the SHA-256 of the token that the firm
    keeps; `token` is that of the envelope which this one replaces, and is revealed with the event. Whoever leads a consortium
    (bidding.domain.consortia) enters for all of it, and the event names its members. Of `origin` hashes alone are kept
    (bidding.domain.traces). Raises NotDue at or after the deadline, KeptOut with the reasons, WrongToken, Conflict beyond 10
    replacements, DomainError for what is no envelope.
    """
    _demand_envelope(sealed, token_sha256)
    with transaction.atomic():
        round_, now = taking_entries(round_id)
        consortium = parties.held_consortium(round_, firm)
        if reasons := parties.reasons_to_stay_out(firm=firm, round_=round_, consortium=consortium, at=now):
            raise KeptOut(reasons)
        target = _lot(round_, lot)
        before = _live(target, firm)
        _demand_token(before, token)
        digest = canonical.sha256_hex(sealed)
        told = {"sha256": digest, "token_sha256": token_sha256, **({"token": token} if before else {})}
        event = _event("envelope.replaced" if before else "envelope.received", round_, target, firm, at=now, **told)
        event |= parties.told_members(consortium, round_)
        queued = ledger.append_sealed(round_.subject, event, at=now)
        entry = Entry(
            lot=target,
            firm=firm,
            admission=firm.current,
            consortium=consortium,
            submitted_by=user,
            received_at=now,
            envelope=sealed,
            envelope_sha256=digest,
            token_sha256=token_sha256,
            receipt=queued,
        )
        _put(entry, before)
        traces.keep(entry, origin, round_=round_, at=now)
    return Receipt(entry=entry, at=now, sha256=digest, replaced=before is not None, note=receipt_for(queued))


def withdraw_entry(*, round_id: int, firm: Firm, user: User, token: str, lot: str = "1") -> Receipt:
    """Take a firm's entry back before the deadline; its envelope is deleted. Nothing happens where it was taken back before.

    Raises NotDue at or after the deadline, WrongToken, and Entry.DoesNotExist where the firm has no entry.
    """
    return _withdraw(round_id, firm, user, lot, token=token)


def withdraw_for(*, round_id: int, uscc: str, reason: str, by: Membership, lot: str = "1") -> None:
    """Take back the entry of a firm that has lost its token and asks the service centre to do it, with a logged reason.

    For a member of a consortium that is the entry of its lead firm, and the end of the consortium.

    Whether the firm had an entry is not told: nobody is to know that before opening. Raises NotDue, NotAllowed.
    """
    firm = Firm.objects.select_related("organisation", "current").filter(organisation__uscc=uscc).first()
    demand_operator(by, firms=[firm] if firm else [])
    written = demand_reason(reason)
    if firm is None:
        raise DomainError(_("没有这个统一社会信用代码的机构。"), code="uscc")
    try:
        _withdraw(round_id, parties.lead_for(round_id, firm), by.user, lot, reason=written)
    except Entry.DoesNotExist:
        return


def _withdraw(round_id: int, firm: Firm, user: User, lot: str, *, token: str = "", reason: str = "") -> Receipt:
    with transaction.atomic():
        round_, now = taking_entries(round_id)
        consortium = parties.held_consortium(round_, firm)
        entry = Entry.objects.select_for_update(of=["self"]).select_related("lot").get(
            lot__round=round_, lot__number=lot, firm=firm
        )  # fmt: skip
        if entry.withdrawn_at is None:
            if not reason:
                _demand_token(entry, token)
            told = {"reason": reason} if reason else {"token": token}
            event = _event("envelope.withdrawn", round_, entry.lot, firm, at=now, sha256=entry.envelope_sha256, **told)
            entry.receipt = ledger.append_sealed(round_.subject, event, at=now)
            entry.withdrawn_at, entry.submitted_by = now, user
            entry.envelope, entry.envelope_sha256, entry.token_sha256 = None, "", ""
            entry.save()
            traces.forget_entry(entry)
            parties.end_without_entry(consortium, at=now)
    assert entry.receipt is not None
    return Receipt(entry=entry, at=entry.withdrawn_at or now, sha256="", replaced=True, note=receipt_for(entry.receipt))


def my_entry(round_: Round, firm: Firm, *, lot: str = "1") -> Entry | None:
    """The firm's own live entry: whether and when, never what is in it."""
    return next((each for each in my_entries(round_, firm) if each.lot.number == lot), None)


def my_entries(round_: Round, firm: Firm) -> list[Entry]:
    """The firm's own live entries, lot by lot."""
    own = Entry.objects.live().filter(lot__round=round_, firm=firm).select_related("lot__round", "receipt")
    return list(own.order_by("lot__number"))


def taking_entries(round_id: int) -> tuple[Round, datetime]:
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


def _lot(round_: Round, number: str) -> Lot:
    found = Lot.objects.filter(round=round_, number=number).first()
    if found is None:
        raise DomainError(_("这次比选没有这个标段。"), code="lot")
    return found


def _live(lot: Lot, firm: Firm) -> Entry | None:
    """The firm's own entry that is there."""
    return Entry.objects.live().defer("envelope").filter(lot=lot, firm=firm).first()


def _demand_envelope(sealed: bytes, token_sha256: str) -> None:
    """What can be known of an envelope without opening it: that it has one of the sizes that two locks give."""
    if len(sealed) - 2 * envelope.LOCK not in range(envelope.BLOCK, envelope.LONGEST + 1, envelope.BLOCK):
        raise DomainError(_("这不是按协议密封的信封，没有收下。请刷新本页后重新密封。"), code="envelope")
    if not canonical.is_hex(token_sha256, octets=32):
        raise DomainError(_("缺少更换凭证的哈希值，没有收下。"), code="token_sha256")


def _demand_token(entry: Entry | None, token: str) -> None:
    if entry is not None and not hmac.compare_digest(token_hash(token), entry.token_sha256):
        raise WrongToken(
            _("更换和撤回需要上次提交时保存的凭证，这个凭证不对。凭证丢失的，请联系中介管理服务中心撤回。")
        )


def _put(entry: Entry, before: Entry | None) -> None:
    """Insert the entry or put it in the place of the firm's own, in one statement.

    Raises Conflict beyond the replacements allowed, and where another hand of the firm was quicker: what is there now has
    another token.
    """
    values: list[Any] = [
        entry.lot_id, entry.firm_id, entry.admission_id, entry.consortium_id, entry.submitted_by_id, entry.received_at,
        entry.envelope, entry.envelope_sha256, entry.token_sha256, entry.receipt_id,
        REPLACEMENTS, before.token_sha256 if before else "",
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, values)
        put = cursor.fetchone()
    if put is None and (before is None or before.replacements < REPLACEMENTS):
        raise Conflict(_("贵机构刚刚在别处提交过，先前的密封件仍然有效。请刷新本页后再看。"))
    if put is None:
        raise Conflict(_("每家机构最多更换 %(times)d 次，先前的密封件仍然有效。") % {"times": REPLACEMENTS})
    entry.pk, entry.replacements = put
    entry._state.adding = False


def _event(type: str, round_: Round, lot: Lot, firm: Firm, *, at: datetime, **told: str) -> dict[str, Any]:
    whose = {"lot": lot.number, "round": round_.code, "uscc": firm.uscc}
    return {"at": canonical.timestamp(at), "type": type, **whose, **told}
