"""What a firm says to an evaluation: once, edited for a while, then public with it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Kind, Membership
from core import clock
from core.errors import NotAllowed, NotDue
from ledger import domain as ledger
from ratings.domain.access import demand_kind, public_words
from ratings.models import Evaluation, EvaluationReply


def reply_to(*, evaluation_id: int, text: str, by: Membership) -> EvaluationReply:
    """Reply to a public evaluation of one's firm, or edit the reply until it is public. The same words change nothing.

    Raises NotAllowed for others and before the evaluation is public, NotDue when the term is over.
    """
    with transaction.atomic():
        found = (
            Evaluation.objects.select_for_update(of=["self"])
            .select_related("firm__organisation", "policy")
            .get(pk=evaluation_id)
        )
        demand_kind(by, (Kind.FIRM,))
        now = clock.now()
        if by.organisation_id != found.firm.organisation_id or not found.is_public_at(now):
            raise NotAllowed
        said = public_words(text, required=True)
        reply = EvaluationReply.objects.filter(evaluation=found).first()
        if reply is not None and reply.text == said:
            return reply
        if reply is None:
            return _say(found, said, by=by, at=now)
        if reply.public_at <= now:
            raise NotDue(_("回复已经公开，不能再修改；每条评价只回复一次。"))
        reply.text, reply.edited_at = said, now
        reply.save()
        _log(found, "reply_edited", said, at=now)
    return reply


def may_reply_at(found: Evaluation, now: datetime) -> bool:
    """Whether the firm may say or edit something at `now`."""
    reply = found.reply_or_none
    if reply is not None:
        return now < reply.public_at
    return found.is_public_at(now) and now < found.reply_until


def publish_reply(*, reply_id: int, now: datetime) -> EvaluationReply:
    """Write down that a reply is final. Unchanged if it was done; raises NotDue before."""
    with transaction.atomic():
        reply = EvaluationReply.objects.select_for_update(of=["self"]).select_related("evaluation").get(pk=reply_id)
        if reply.published_at is not None:
            return reply
        if now < reply.public_at:
            raise NotDue
        reply.published_at = now
        reply.save(update_fields=["published_at"])
        _log(reply.evaluation, "reply_published", reply.text, at=now)
    return reply


def _say(found: Evaluation, text: str, *, by: Membership, at: datetime) -> EvaluationReply:
    if at >= found.reply_until:
        raise NotDue(_("已过回复期限。"))
    public_at = found.policy.end_of(found.policy.reply_edit, since=at)
    reply = EvaluationReply.objects.create(evaluation=found, text=text, at=at, by=by.user, public_at=public_at)
    _log(found, "replied", text, at=at)
    return reply


def _log(found: Evaluation, step: str, text: str, *, at: datetime) -> None:
    ledger.append(
        f"evaluation.{step}", found.subject, {"text": ledger.blinded(text, subject=found.subject)}, at=at
    )  # fmt: skip
