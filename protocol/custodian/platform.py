"""How the custodian talks to the platform. It asks; nobody ever calls it."""

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Protocol

from protocol.tiles import tile_path

TIMEOUT = 30
LARGEST = 32 * 1024 * 1024


class Unreachable(Exception):
    """The platform does not answer, or not in this protocol."""


class Rejected(Exception):
    """The platform took note of what was sent, and does not accept it."""


class Platform(Protocol):
    """What the custodian needs of the platform."""

    def log_key(self) -> str:
        """The log's verifier key."""

    def checkpoint(self) -> str:
        """The newest signed checkpoint; empty while there is none."""

    def bundle(self, number: int, width: int) -> bytes:
        """A bundle of log entries."""

    def missing_keys(self) -> int:
        """How many keys the stock lacks."""

    def send(self, what: str, note: str) -> None:
        """Send a signed note: `cosignature`, `stock` or `release`. Raises Rejected, Unreachable."""


class HttpPlatform:
    """The platform at an address such as `https://mingxuan.example`."""

    _where = {"cosignature": "ledger/cosignature", "stock": "custodian/stock", "release": "custodian/release"}

    def __init__(self, server: str) -> None:
        parts = urllib.parse.urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or re.search(r"\s", server):
            raise ValueError("the server is given as http://… or https://…")
        self.server = server.rstrip("/")

    def log_key(self) -> str:
        try:
            return self._get("ledger/vkey").decode().partition("\n")[0]
        except (Rejected, UnicodeDecodeError) as error:
            raise Unreachable(f"{self.server} shows no log: {error}") from error

    def checkpoint(self) -> str:
        try:
            return self._get("ledger/checkpoint").decode()
        except Rejected:
            return ""
        except UnicodeDecodeError as error:
            raise Unreachable(f"the checkpoint cannot be read: {error}") from error

    def bundle(self, number: int, width: int) -> bytes:
        return self._get(f"ledger/tile/{tile_path('entries', number, width)}")

    def missing_keys(self) -> int:
        try:
            return int(json.loads(self._get("custodian/stock"))["missing"])
        except (ValueError, KeyError, TypeError, Rejected) as error:
            raise Unreachable(f"the answer about the stock cannot be read: {error}") from error

    def send(self, what: str, note: str) -> None:
        self._ask(self._where[what], note.encode())

    def _get(self, path: str) -> bytes:
        return self._ask(path, None)

    def _ask(self, path: str, body: bytes | None) -> bytes:
        headers = {"Content-Type": "text/plain; charset=utf-8"} if body is not None else {}
        request = urllib.request.Request(f"{self.server}/{path}", data=body, headers=headers)  # noqa: S310  see __init__
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310  see __init__
                return bytes(answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            said = _detail(error.read(4096))
            if error.code < 500 and error.code != 429:
                raise Rejected(f"{error.code} {said}") from error
            raise Unreachable(f"{path} answers {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.server} does not answer: {getattr(error, 'reason', error)}") from error


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return ""
