"""One line of what a verifier computes, and what its parts share."""

from dataclasses import dataclass

from protocol.methods.base import REASONS


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was computed and whether it agrees; `holds` is None where the record keeps back what it takes."""

    what: str
    holds: bool | None
    detail: str = ""

    def __str__(self) -> str:
        mark = {True: "ok    ", False: "FAILED", None: "sealed"}[self.holds]
        return f"{mark} {self.what}{': ' + self.detail if self.detail else ''}"


def was_eligible(reason: str | None) -> bool:
    """Whether a firm was eligible at closing, by why it is kept out: every other reason follows from what was opened."""
    return reason is None or (reason != "ineligible" and reason in REASONS)
