"""Tokens by which a program acts for a membership."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import ApiToken, Membership
from core import clock
from core.errors import DomainError

PREFIX = "mx_"
MOST = 10
"""Tokens of one membership at a time."""
NOTED_EVERY = timedelta(minutes=1)


def issue_token(*, membership: Membership, label: str) -> str:
    """A new token; this is the only time that anybody sees it. Raises DomainError beyond 10, or without a label."""
    label = label.strip()
    if not label:
        raise DomainError(_("请写明令牌的用途。"), code="label")
    with transaction.atomic():
        Membership.objects.select_for_update().get(pk=membership.pk)
        if ApiToken.objects.usable().filter(membership=membership).count() >= MOST:
            raise DomainError(_("最多同时有 %(most)d 个令牌，请先作废不用的。") % {"most": MOST}, code="too_many")
        token = PREFIX + secrets.token_urlsafe(32)
        ApiToken.objects.create(membership=membership, digest=_digest(token), label=label[:60])
    return token


def revoke_token(*, membership: Membership, token_id: int) -> None:
    """End a token of this membership; nothing happens where it was ended. Raises ApiToken.DoesNotExist for another's."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().get(pk=token_id, membership=membership)
        if token.revoked_at is None:
            token.revoked_at = clock.now()
            token.save(update_fields=["revoked_at"])


def membership_of(token: str) -> Membership | None:
    """The membership for which a token acts; None for one that is none, was revoked, or whose membership has ended."""
    found = (
        ApiToken.objects.usable()
        .select_related("membership__organisation", "membership__user")
        .filter(digest=_digest(token), membership__in=Membership.objects.active(), membership__user__is_active=True)
        .first()
    )
    if found is None:
        return None
    now = clock.now()
    if found.used_at is None or now - found.used_at > NOTED_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(used_at=now)
    return found.membership


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
