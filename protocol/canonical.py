"""Canonical JSON (RFC 8785, JCS), SHA-256 and the one form in which time is written."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


class NotCanonical(ValueError):
    """The bytes are not the canonical form of one JSON value. `code` says in which way."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


def encode(value: Mapping[str, Any] | Sequence[Any] | str | float | bool | None) -> bytes:
    """The RFC 8785 form of a value, in UTF-8.

    Raises NotCanonical for what JCS cannot hold: NaN, integers beyond 2^53, lone surrogates, keys that are not text.
    """
    try:
        return _plain_dumps(value).encode() if _is_plain(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise NotCanonical("not_canonical", str(error)) from error


# For text, whole numbers and their nesting under ASCII names the standard library writes the very bytes of RFC 8785, and
# twenty times as fast; that is all that entries and envelopes hold. Tests compare the two.
_plain_dumps = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_SAFE = 2**53 - 1


def _is_plain(value: object) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return -_SAFE <= value <= _SAFE  # type: ignore[operator]
    if kind is dict:
        members: dict[Any, Any] = value  # type: ignore[assignment]
        return all(type(name) is str and name.isascii() and _is_plain(each) for name, each in members.items())
    return kind in (list, tuple) and all(map(_is_plain, value))  # type: ignore[call-overload]


def decode(data: bytes) -> Json:
    """Read bytes that must be exactly the RFC 8785 form of what they say.

    Raises NotCanonical with the code `not_utf8`, `not_json`, `duplicate_member` or `not_canonical`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonical("not_utf8", str(error)) from error
    try:
        value: Json = _decoder.decode(text)
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical("not_json", str(error)) from error
    if encode(value) != data:
        raise NotCanonical("not_canonical", "the bytes differ from the RFC 8785 form of the same value")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotCanonical("duplicate_member", repr(twice))
    return members


def _no_constant(name: str) -> Any:
    raise NotCanonical("not_json", name)


_decoder = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)


def sha256(data: bytes) -> bytes:
    """SHA-256 as 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def timestamp(moment: datetime) -> str:
    """An aware time as `2026-11-22T08:00:00.000Z`: UTC, milliseconds, cut and not rounded.

    Raises ValueError for a naive one.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be written down")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def read_timestamp(text: str) -> datetime:
    """The time that `timestamp` wrote. Raises ValueError for any other form."""
    if not isinstance(text, str) or not _TIMESTAMP.fullmatch(text):
        raise ValueError(f"not a time of the form 2026-11-22T08:00:00.000Z: {text!r}")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def is_hex(value: object, *, octets: int) -> bool:
    """Whether a value is text of exactly that many octets in lower-case hex."""
    return isinstance(value, str) and len(value) == 2 * octets and not value.strip("0123456789abcdef")
