"""A score file read strictly: every departure from PROTOCOL §6 is told with the place where it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from protocol.canonical import read_timestamp
from protocol.check import Check
from protocol.scores.exact import HUNDRED, read_fixed
from protocol.scores.policy import whole

T = TypeVar("T")


class BadScore(ValueError):
    """The file departs from PROTOCOL §6 at `where`."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        super().__init__(f"{where or 'score file'}: {what}")


def read_score(content: bytes) -> Told:
    """The whole file. Raises BadScore where it is no object, or tells a member twice."""
    return Told(json.loads(content, object_pairs_hook=_once), "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object, each told once, so that no two readers read two things."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadScore("", f"a member is told twice, one of {', '.join(members)}")
    return members


class Told:
    """An object of the file, read strictly."""

    def __init__(self, members: Any, where: str) -> None:
        if not isinstance(members, dict):
            raise BadScore(where, "not an object")
        self.members: dict[str, Any] = members
        self.where = where

    def read(self, name: str, how: Callable[[Any], T]) -> T:
        """A member by a function that raises for what is not of its form."""
        where = f"{self.where}.{name}" if self.where else name
        if name not in self.members:
            raise BadScore(where, "missing")
        try:
            return how(self.members[name])
        except BadScore:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise BadScore(where, str(error)) from error

    def maybe(self, name: str, how: Callable[[Any], T]) -> T | None:
        return self.read(name, lambda value: None if value is None else how(value))

    def text(self, name: str) -> str:
        return self.read(name, text_of)

    def flag(self, name: str) -> bool:
        return self.read(name, _flag)

    def whole(self, name: str) -> int:
        return self.read(name, whole)

    def number(self, name: str, places: int) -> int:
        return self.read(name, lambda value: read_fixed(value, places))

    def days(self, name: str) -> int | None:
        """Whole days, at least one, or None."""
        return self.maybe(name, _whole_days)

    def moment(self, name: str) -> datetime:
        return self.read(name, read_timestamp)

    def maybe_moment(self, name: str) -> datetime | None:
        return self.maybe(name, read_timestamp)

    def part(self, name: str) -> Told:
        return self.read(name, lambda value: Told(value, f"{self.where}.{name}" if self.where else name))

    def parts(self, name: str) -> list[Told]:
        rows = self.read(name, _list)
        return [Told(each, f"{self.where}.{name}.{place}".lstrip(".")) for place, each in enumerate(rows)]

    def same(self, what: str, computed: Mapping[str, Any], names: Sequence[str] | None = None) -> Iterator[Check]:
        """A check for each computed member: what is printed is that and nothing else."""
        for name in computed if names is None else names:
            value = computed[name]
            told = self.read(name, lambda given: given)
            holds = told == value and type(told) is type(value)
            yield Check(what=f"{what} {name}", holds=holds, detail=_short(value))


def text_of(value: Any) -> str:
    """Words, at least one."""
    if not isinstance(value, str) or not value:
        raise ValueError("not text")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("neither true nor false")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def _whole_days(value: Any) -> int:
    days, rest = divmod(read_fixed(value, 2), HUNDRED)
    if rest or not days:
        raise ValueError(f"not a limit in whole days: {value!r}")
    return days


def _short(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(value) if value and isinstance(value[0], str) else f"{len(value)} rows"
    return str(value)


def at_least_a_hundredth(told: Told, name: str) -> int:
    """A number of days that is divided by."""
    used = told.number(name, 2)
    if not used:
        raise BadScore(f"{told.where}.{name}", "less than 0.01")
    return used
