"""Typed reading of environment variables: one sentence when a value cannot be used."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return default


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def together(*names: str) -> bool:
    """Whether variables are set that only make sense together. Raises ImproperlyConfigured where some are and some are not."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing and len(missing) < len(names):
        given = ", ".join(name for name in names if name not in missing)
        raise ImproperlyConfigured(f"Set {', '.join(missing)} too, or none of these: {given}.")
    return not missing


def number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in (os.environ.get(name) or default).split(",") if word.strip()]


def folder(name: str, default: Path, *, base: Path) -> Path:
    """A folder; a relative one counts from `base`."""
    value = os.environ.get(name)
    return (base / Path(value).expanduser()).resolve() if value else default


def key(name: str, *, size: int = 32) -> bytes:
    """A secret key given in hex."""
    value = text(name)
    try:
        secret = bytes.fromhex(value)
    except ValueError:
        secret = b""
    if len(secret) != size:
        raise ImproperlyConfigured(f"{name} must be {size} bytes in hex ({size * 2} characters).")
    return secret


def keys(name: str, *, size: int = 32) -> list[bytes]:
    """Secret keys in hex separated by commas; the first one seals, every one opens."""
    found = []
    for value in words(name):
        try:
            secret = bytes.fromhex(value)
        except ValueError:
            secret = b""
        if len(secret) != size:
            raise ImproperlyConfigured(f"{name} must hold keys of {size} bytes in hex, separated by commas.")
        found.append(secret)
    if not found:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return found
