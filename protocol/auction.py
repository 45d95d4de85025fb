"""The offers of an open descending auction (PROTOCOL §4, 多轮竞价): which are taken, when it ends, and playing them again.

Nothing here reads a clock or keeps anything: an auction is its terms, and where it stands is a value that each step replaces.
Moments are those of the log, in whole milliseconds, so that the public record gives the same ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from protocol.envelope import AMOUNT
from protocol.methods.base import ABOVE_UPPER, BELOW_LOWER
from protocol.parameters import Parameters, amount, count

NOT_STARTED = "not_started"
PAUSED = "paused"
ENDED = "ended"
NOT_AN_AMOUNT = "not_an_amount"
STEP_TOO_SMALL = "step_too_small"
REFUSALS = (NOT_STARTED, PAUSED, ENDED, NOT_AN_AMOUNT, ABOVE_UPPER, STEP_TOO_SMALL, BELOW_LOWER)
"""Why an offer is refused, in the order in which it is asked."""
ANOTHER_END = "another_end"
OUT_OF_ORDER = "out_of_order"
NO_SUCH_PAUSE = "no_such_pause"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an auction stands: the best amount so far, when it ends, how often an offer has moved the end."""

    ends_at: datetime
    best: Decimal | None = None
    extensions: int = 0
    paused_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An offer that was taken, and where the auction stands with it."""

    standing: Standing

    @property
    def ends_at(self) -> datetime:
        return self.standing.ends_at


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An offer that was not taken: a code of REFUSALS, and nothing has changed."""

    code: str


@dataclass(frozen=True, kw_only=True)
class Auction:
    """The terms of an auction; `ends_at` is its end as announced, `max_extensions` None sets no limit to them."""

    starts_at: datetime
    ends_at: datetime
    upper: Decimal | None
    lower: Decimal | None
    step: Decimal
    extend_within: timedelta
    extend_by: timedelta
    max_extensions: int | None = None

    @classmethod
    def of(cls, parameters: Parameters, *, starts_at: datetime, ends_at: datetime) -> "Auction":
        """The auction of a round's parameters, which have passed METHODS["auction"].check_parameters."""
        return cls(
            starts_at=starts_at,
            ends_at=ends_at,
            upper=amount(parameters, "upper"),
            lower=amount(parameters, "lower"),
            step=Decimal(parameters["step"]),
            extend_within=timedelta(seconds=int(parameters["extend_within_s"])),
            extend_by=timedelta(seconds=int(parameters["extend_by_s"])),
            max_extensions=count(parameters, "max_extensions"),
        )

    def opening(self) -> Standing:
        """Where the auction stands before the first offer."""
        return Standing(ends_at=self.ends_at)

    def highest_allowed(self, standing: Standing) -> Decimal | None:
        """The most that an offer may be now: the upper limit at first, then the best less the step; None without a limit."""
        return self.upper if standing.best is None else standing.best - self.step

    def accept(self, standing: Standing, *, offer: Decimal, at: datetime) -> Accepted | Refused:
        """Take an offer made at `at`, or say why not. At its end an auction is over."""
        code = self._reason_against(standing, offer=offer, at=at)
        if code is not None:
            return Refused(code=code)
        return Accepted(standing=self._extended(replace(standing, best=offer), at=at))

    def _reason_against(self, standing: Standing, *, offer: Decimal, at: datetime) -> str | None:
        if at < self.starts_at:
            return NOT_STARTED
        if standing.paused_at is not None:
            return PAUSED
        if at >= standing.ends_at:
            return ENDED
        if not AMOUNT.fullmatch(str(offer)) or offer <= 0:
            return NOT_AN_AMOUNT
        most = self.highest_allowed(standing)
        if most is not None and offer > most:
            return ABOVE_UPPER if standing.best is None else STEP_TOO_SMALL
        return BELOW_LOWER if self.lower is not None and offer < self.lower else None

    def _extended(self, standing: Standing, *, at: datetime) -> Standing:
        """An offer in the last seconds moves the end to itself + extend_by, and never to an earlier moment."""
        used_up = self.max_extensions is not None and standing.extensions >= self.max_extensions
        late = at >= standing.ends_at - self.extend_within
        end = at + self.extend_by
        if used_up or not late or end <= standing.ends_at:
            return standing
        return replace(standing, ends_at=end, extensions=standing.extensions + 1)

    def pause(self, standing: Standing, *, at: datetime) -> Standing:
        """Stop the auction. Raises ValueError unless it is running."""
        if standing.paused_at is not None or not self.starts_at <= at < standing.ends_at:
            raise ValueError("only a running auction can be paused")
        return replace(standing, paused_at=at)

    def resume(self, standing: Standing, *, at: datetime) -> Standing:
        """Go on after a pause, which moves the end by its length and is no extension. Raises ValueError without a pause."""
        if standing.paused_at is None or at < standing.paused_at:
            raise ValueError("the auction is not paused")
        return replace(standing, ends_at=standing.ends_at + (at - standing.paused_at), paused_at=None)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An offer as the record has it; `ends_at` is the end that it is said to have given, None where nothing is said."""

    at: datetime
    uscc: str
    amount: Decimal
    ends_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Paused:
    """The auction was stopped."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """The auction went on."""

    at: datetime


@dataclass(kw_only=True)
class Played:
    """An auction played again: where it stands, each firm's last accepted offer, and which steps do not hold, by code."""

    standing: Standing
    amounts: dict[str, Decimal] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


def replay(auction: Auction, steps: Iterable[Offer | Paused | Resumed]) -> Played:
    """Play the accepted offers and the pauses of a record again, in the order of the log; it holds without `problems`.

    A problem is the place of a step, from 0, with a code of REFUSALS, `out_of_order` where it is earlier than the one before
    it, `another_end`, or `no_such_pause`; a step that does not hold changes nothing, except for `another_end`.
    """
    played = Played(standing=auction.opening())
    last: datetime | None = None
    for place, step in enumerate(steps):
        code = OUT_OF_ORDER if last is not None and step.at < last else _play(auction, played, step)
        if code is not None:
            played.problems.append((place, code))
        last = step.at if last is None else max(last, step.at)
    return played


def _play(auction: Auction, played: Played, step: Offer | Paused | Resumed) -> str | None:
    if not isinstance(step, Offer):
        move = auction.pause if isinstance(step, Paused) else auction.resume
        try:
            played.standing = move(played.standing, at=step.at)
        except ValueError:
            return NO_SUCH_PAUSE
        return None
    taken = auction.accept(played.standing, offer=step.amount, at=step.at)
    if isinstance(taken, Refused):
        return taken.code
    played.standing = taken.standing
    played.amounts[step.uscc] = step.amount
    return ANOTHER_END if step.ends_at not in (None, taken.ends_at) else None
