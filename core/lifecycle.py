"""A lifecycle: one table that says which status may follow which."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.errors import WrongState


class Lifecycle:
    """The transition table of one model's `status`. A status that is no key is an end."""

    def __init__(self, transitions: Mapping[str, Iterable[str]]) -> None:
        self.transitions = {str(status): frozenset(map(str, targets)) for status, targets in transitions.items()}

    def allows(self, status: str, target: str) -> bool:
        return str(target) in self.transitions.get(str(status), frozenset())

    def before(self, target: str) -> frozenset[str]:
        """Every status from which `target` can be reached in one step."""
        return frozenset(status for status, targets in self.transitions.items() if str(target) in targets)

    def move(self, thing: Any, target: str) -> None:
        """Set `thing.status`, or raise WrongState where the table has no such step. Saving is the caller's."""
        if not self.allows(thing.status, target):
            raise WrongState
        thing.status = target
