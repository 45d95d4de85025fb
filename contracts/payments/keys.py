"""The keys of the Alipay account: from the environment, or, where an embedded installation has none, those of its own sandbox."""

from __future__ import annotations

import base64
import fcntl
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

BITS = 2048
APP, ALIPAY = "app.pem", "alipay.pem"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom the gateway knows us as; `app_key` signs what we send (PKCS#1, PEM), `alipay_key` checks what comes back."""

    app_id: str
    seller_id: str
    gateway: str
    app_key: str
    alipay_key: str


class AlipayOff(DomainError):
    """This installation has no account at Alipay."""

    code = "alipay_off"
    default_message = _("本平台没有开通支付宝在线付款，款项由银行转账支付。")


def account() -> Account:
    """The account of this installation. Raises AlipayOff where there is none, ImproperlyConfigured for keys that are none."""
    if not settings.ALIPAY_ENABLED:
        raise AlipayOff
    private, public = settings.ALIPAY_APP_KEY, settings.ALIPAY_PUBLIC_KEY
    if not private or not public:
        folder = settings.ALIPAY_STATE
        make(folder)
        private, public = (folder / APP).read_text(), public_pem((folder / ALIPAY).read_text())
    return Account(
        app_id=settings.ALIPAY_APP_ID,
        seller_id=settings.ALIPAY_SELLER_ID,
        gateway=settings.ALIPAY_GATEWAY,
        app_key=pkcs1(private),
        alipay_key=_spki(public),
    )


def make(folder: Path) -> None:
    """Make the two key pairs of a sandbox, once: ours, and the one with which it signs as Alipay does."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first of two processes makes them, and both read the same
        for name in (APP, ALIPAY):
            if not (folder / name).exists():
                draft = folder / f"{name}.draft"
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    file.write(_private_pem(rsa.generate_private_key(65537, BITS)))
                draft.replace(folder / name)


@lru_cache(maxsize=8)
def pkcs1(key: str) -> str:
    """A private key as the SDK reads it, from PEM or the bare base64 of Alipay's own tool, PKCS#1 or PKCS#8."""
    try:
        loaded = serialization.load_der_private_key(_der(key), password=None)
    except ValueError:
        raise ImproperlyConfigured("ALIPAY_APP_KEY must be an RSA private key, as PEM or base64.") from None
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise ImproperlyConfigured("ALIPAY_APP_KEY must be an RSA private key, as PEM or base64.")
    return _private_pem(loaded)


@lru_cache(maxsize=8)
def public_pem(private: str) -> str:
    """The public key that belongs to a private one."""
    loaded = serialization.load_der_private_key(_der(private), password=None)
    return _public_pem(loaded.public_key())


@lru_cache(maxsize=8)
def _spki(key: str) -> str:
    try:
        loaded = serialization.load_der_public_key(_der(key))
    except ValueError:
        raise ImproperlyConfigured("ALIPAY_PUBLIC_KEY must be Alipay's RSA public key, as PEM or base64.") from None
    return _public_pem(loaded)


def _der(key: str) -> bytes:
    lines = [line.strip() for line in key.replace("\\n", "\n").splitlines()]
    return base64.b64decode("".join(line for line in lines if line and not line.startswith("-----")))


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _public_pem(key: object) -> str:
    assert isinstance(key, rsa.RSAPublicKey)
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip
