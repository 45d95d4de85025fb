"""The systems of departments: their keys, and what they have signed (docs/decisions: departments sign with Ed25519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from datetime import timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Role
from approvals.models import ApiClient, Department
from core import clock
from core.errors import DomainError, NotAllowed

PREFIX = "mingxuan/approval-events/v1"
MOST = 5
"""Usable systems of a department at a time."""
FRESH = timedelta(minutes=5)
"""By how much the moment of a signature may differ from ours."""
NOTED_EVERY = timedelta(minutes=1)
OCTETS = 32


def register_client(*, department: Department, label: str, public_key: str, by: Membership) -> ApiClient:
    """Let a system of this department send events, signed with the private half of a key that never comes here.

    Raises NotAllowed for who does not administer the department, DomainError for a key that is none or beyond 5 systems.
    """
    _demand_administrator(department, by)
    label, octets = label.strip(), read_key(public_key)
    if not label:
        raise DomainError(_("请填写系统名称。"), code="label")
    with transaction.atomic():
        Department.objects.select_for_update().get(pk=department.pk)
        usable = ApiClient.objects.usable().filter(department=department)
        known = next((each for each in usable if bytes(each.public_key) == octets), None)
        if known is not None:
            return known
        if usable.count() >= MOST:
            raise DomainError(_("最多同时接入 %(most)d 个系统，请先作废不用的。") % {"most": MOST}, code="label")
        return ApiClient.objects.create(
            department=department,
            key_id=f"dc_{secrets.token_hex(8)}",
            label=label[:60],
            public_key=octets,
            created_at=clock.now(),
            created_by=by.user,
        )


def revoke_client(*, department: Department, client_id: int, by: Membership) -> None:
    """End a system's right to send; nothing happens where it was ended. Raises ApiClient.DoesNotExist for another's."""
    _demand_administrator(department, by)
    with transaction.atomic():
        client = ApiClient.objects.select_for_update().get(pk=client_id, department=department)
        if client.revoked_at is None:
            client.revoked_at = clock.now()
            client.save(update_fields=["revoked_at"])


def read_key(text: str) -> bytes:
    """The 32 octets of an Ed25519 public key, from PEM or base64. Raises DomainError for anything else."""
    wrong = DomainError(_("这不是 Ed25519 公钥：请粘贴 PEM 文件的全文，或 32 字节公钥的 base64。"), code="public_key")
    if "-----BEGIN" in text:
        try:
            key = load_pem_public_key(text.strip().encode())
        except (ValueError, UnsupportedAlgorithm) as bad:
            raise wrong from bad
        if not isinstance(key, Ed25519PublicKey):
            raise wrong
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        octets = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as bad:
        raise wrong from bad
    if len(octets) != OCTETS:
        raise wrong
    return octets


def signed_text(moment: str, body: bytes) -> bytes:
    """What a system signs: what it is, when, and the SHA-256 of the body, a line each."""
    return f"{PREFIX}\n{moment}\n{hashlib.sha256(body).hexdigest()}".encode()


def client_of(*, key_id: str, moment: str, signature: str, body: bytes) -> ApiClient | None:
    """The system that has signed this body within the last five minutes; None for everything else."""
    client = ApiClient.objects.usable().select_related("department__organisation").filter(key_id=key_id[:24]).first()
    now = clock.now()
    if client is None or not moment.isascii() or not moment.isdigit() or len(moment) > 12:
        return None
    if abs(now.timestamp() - int(moment)) > FRESH.total_seconds():
        return None
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes(client.public_key))
        key.verify(base64.b64decode(signature, validate=True), signed_text(moment, body))
    except (InvalidSignature, binascii.Error, ValueError):
        return None
    if client.used_at is None or now - client.used_at > NOTED_EVERY:
        ApiClient.objects.filter(pk=client.pk).update(used_at=now)
    return client


def _demand_administrator(department: Department, by: Membership) -> None:
    if by.organisation_id != department.organisation_id or by.role != Role.ADMIN:
        raise NotAllowed
