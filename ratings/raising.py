"""What would raise a firm's score most: the same lines scored once more without its returns, and with its promises kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from protocol.scores.exact import HUNDRED, MICROSECONDS_OF_HUNDREDTH, hundredths_of_days
from protocol.scores.figures import Norm
from protocol.scores.firms import firms
from protocol.scores.lines import Habit, ScoredLine, judge
from protocol.scores.policy import Policy

RETURNS, PROMISES = "returns", "promises"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """What, and the score over all services that the firm would have, in hundredths."""

    what: str
    score: int


def without_returns(line: ScoredLine) -> ScoredLine:
    """The same line, passed at the first go."""
    return replace(line, returns=0, deliverable_corrections=0)


def promise_kept(line: ScoredLine) -> ScoredLine:
    """The same line, within the days by which it is measured."""
    if hundredths_of_days(line.used1) <= line.reference_days * HUNDRED:
        return line
    return replace(line, used1=line.reference_days * HUNDRED * MICROSECONDS_OF_HUNDREDTH)


CHANGES: dict[str, Callable[[ScoredLine], ScoredLine]] = {RETURNS: without_returns, PROMISES: promise_kept}


def raises_most(
    lines: Sequence[ScoredLine],
    *,
    score: int,
    known: Mapping[tuple[str, str], Habit],
    usual: Mapping[str, Norm],
    policy: Policy,
    as_of: datetime,
) -> Raise | None:
    """The change that would raise the score of one firm most; None where neither would. A running line keeps its place."""
    counting = [line for line in lines if line.counts]
    best = None
    for what, change in CHANGES.items():
        judged = judge([change(line) for line in counting], policy, as_of=as_of, known=known)
        found = [firm.overall.score for firm in firms(judged, usual, policy).values() if firm.overall is not None]
        if found and found[0] > (best.score if best else score):
            best = Raise(what=what, score=found[0])
    return best
