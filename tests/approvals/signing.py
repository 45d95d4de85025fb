"""A department's system: a key pair of its own, and batches signed with it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from accounts.models import Role
from approvals.domain.clients import register_client, signed_text
from approvals.models import ApiClient, Department
from core import clock
from tests import market_place as market

ADDRESS = "/api/v1/approval-events"


@dataclass(frozen=True)
class System:
    key: Ed25519PrivateKey
    client: ApiClient

    def headers(self, body: bytes, *, shift: int = 0) -> dict[str, str]:
        moment = str(int(clock.now().timestamp()) + shift)
        return {
            "Mingxuan-Client": self.client.key_id,
            "Mingxuan-Time": moment,
            "Mingxuan-Signature": base64.b64encode(self.key.sign(signed_text(moment, body))).decode(),
        }

    def sends(self, *events: dict[str, Any]) -> Any:
        """The answer to a batch."""
        return self.posts(json.dumps({"events": events}).encode())

    def posts(self, body: bytes, *, shift: int = 0, **headers: str) -> Any:
        signed = {**self.headers(body, shift=shift), **headers}
        return Client().post(ADDRESS, body, content_type="application/json", headers=signed)


def public_text(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def system(department: Department) -> System:
    key = Ed25519PrivateKey.generate()
    by = market.member_of(department.organisation, role=Role.ADMIN)
    return System(key, register_client(department=department, label="审批系统", public_key=public_text(key), by=by))
