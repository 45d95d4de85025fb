"""The custodian of the tests: one key for all of them."""

from __future__ import annotations

from protocol.note import Signer

CUSTODIAN = Signer("custodian.test", b"\x2a" * 32)
