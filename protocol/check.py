"""One line of what a verifier computes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was computed and whether it agrees; `holds` is None where the record keeps back what it takes."""

    what: str
    holds: bool | None
    detail: str = ""

    def __str__(self) -> str:
        mark = {True: "ok    ", False: "FAILED", None: "sealed"}[self.holds]
        return f"{mark} {self.what}{': ' + self.detail if self.detail else ''}"
