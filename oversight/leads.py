"""What a rule or a screen hands to people: a lead (线索), never a verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Lead:
    """Something that a rule has found and a person should look at.

    `rule` is RH1 to RH10, CL1 to CL6 or an indicator's number; `key` makes it the same lead when it is found again;
    `weight` is a whole number from 0 to 100. Parties are primary keys. `evidence` is JSON with counts, comparison
    group and paths; natural persons are in it by primary key alone.
    """

    rule: str
    key: str
    weight: int
    firms: tuple[int, ...] = ()
    department: int | None = None
    rounds: tuple[int, ...] = ()
    owner: int | None = None
    """The organisation of a project owner."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
