"""The lines that say as whom to sign in, with the present second-factor codes."""

import base64
import json
import time
from pathlib import Path
from typing import TypedDict

from django_otp.oath import TOTP


class DemoAccount(TypedDict):
    """One of the accounts that the seed wrote down."""

    role: str
    login: str
    password: str
    totp_secret: str | None
    note: str


def read(path: Path) -> list[DemoAccount]:
    """The accounts of the demo city, or none when there is no such file."""
    try:
        accounts: list[DemoAccount] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return accounts


def lines(accounts: list[DemoAccount], *, now: float | None = None) -> list[str]:
    """One line for each account, codes as an authenticator app shows them at `now` (Unix time)."""
    moment = time.time() if now is None else now
    return [_line(account, moment) for account in accounts]


def code(secret: str, *, now: float) -> str:
    """The six digits of this half minute (RFC 6238)."""
    clock = TOTP(secret_bytes(secret))
    clock.time = now
    return f"{clock.token():06d}"


def secret_bytes(secret: str) -> bytes:
    """A secret in hex, as django-otp keeps it, or in base32, as an authenticator app shows it."""
    try:
        return bytes.fromhex(secret)
    except ValueError:
        return base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)


def _line(account: DemoAccount, now: float) -> str:
    secret = account["totp_secret"]
    factor = f"  验证码 {code(secret, now=now)}" if secret else ""
    return f"  {account['role']}  {account['login']} / {account['password']}{factor}  {account['note']}".rstrip()
