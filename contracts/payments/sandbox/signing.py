"""RSA2 as Alipay does it, written without its SDK: what the SDK signs and checks is thereby checked by something else."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from contracts.payments import keys


class Signing:
    """Alipay's private key and the public key of its one client."""

    def __init__(self, folder: Path) -> None:
        keys.make(folder)
        self._own = _private(folder / keys.ALIPAY)
        self._client = _private(folder / keys.APP).public_key()

    def sign(self, text: str) -> str:
        return base64.b64encode(self._own.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def is_clients(self, given: Mapping[str, str]) -> bool:
        """Whether the client signed exactly these parameters."""
        try:
            sign = base64.b64decode(given.get("sign", ""), validate=True)
            self._client.verify(sign, content(given, without={"sign"}).encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def content(given: Mapping[str, str], *, without: set[str]) -> str:
    """What is signed: the parameters in the order of their names, values as they are."""
    return "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name not in without and value != "")


def _private(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
