"""What the custodian releases for a round (PROTOCOL §2, §3), and what becomes of a round for which nothing comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from bidding.domain import live
from bidding.domain.rounds import end_round
from bidding.domain.stock import not_signed, pinned
from bidding.models import Round
from core import clock
from core.errors import Conflict, DomainError
from ledger.domain import keys, witness
from protocol import custody, draw, envelope
from protocol.note import BadNote

Status = Round.Status
PATIENCE = timedelta(hours=24)
"""A round whose key has not come so long after its closing is void (PROTOCOL §2)."""
RELEASED_INTO = (Status.CLOSED, Status.OPENED, Status.EVALUATED, Status.CANDIDATE, Status.AWARDED)


def receive_release(note: str) -> Round:
    """Keep the key and the codes that the custodian releases for a round; what is there already changes nothing.

    Raises NotAllowed for a note that is not the custodian's, Conflict for a round that is not closed or has ended unopened,
    and DomainError for a key or a code that does not belong to what was announced: the right one may still come.
    """
    try:
        released = custody.read_release(note, origin=keys.log_signer().name, custodian=pinned())
    except BadNote as bad:
        raise not_signed(bad) from bad
    with transaction.atomic():
        round_ = Round.objects.select_for_update().filter(code=released.round).first()
        if round_ is None or round_.status not in RELEASED_INTO:
            raise Conflict(_("这次比选现在不接收密钥。"))
        _demand_fitting(round_, released)
        witness.seen(at=clock.now())
        if round_.custodian_private != released.private or len(released.codes) > len(round_.codes):
            round_.custodian_private = released.private
            round_.codes = list(released.codes) if len(released.codes) > len(round_.codes) else round_.codes
            round_.save(update_fields=["custodian_private", "codes"])
            transaction.on_commit(partial(live.changed, round_))
    return round_


def _demand_fitting(round_: Round, released: custody.Release) -> None:
    if envelope.public_of(released.private) != round_.custodian_public:
        raise DomainError(_("密钥与公告的公钥不符。"), code="wrong_key")
    for iteration, code in enumerate(released.codes, start=1):
        if not draw.code_belongs(code, iteration=iteration, committed=round_.commitment):
            raise DomainError(_("抽取码与公告的承诺值不符。"), code="wrong_code")


def void_unreleased(*, round_id: int, now: datetime) -> Round:
    """End a round for which the custodian's key has not come within 24 hours: void, unopened, naming who (PROTOCOL §2)."""
    with transaction.atomic():
        round_ = Round.objects.select_for_update(of=["self"]).select_related("need", "policy").get(pk=round_id)
        due = round_.closed_at is not None and now >= round_.closed_at + PATIENCE
        if round_.status == Status.CLOSED and not round_.custodian_private and due:
            named = keys.custodian()
            reason = _("见证方（%(name)s）没有在截止后 24 小时内交出密钥，未开启即作废。")
            end_round(
                round_,
                Status.VOID,
                reason=reason % {"name": named.name if named else "–"},
                failure="no_release",
                at=now,
            )
    return round_
