"""The stops of a round as one reader may see them: that there was one always, of whom and why once the entrants are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Kind, Membership
from bidding.domain.reasons import Reason, public_text, rule_of
from bidding.domain.stops import reasons_of
from bidding.models import Round, Stop
from bidding.rules import Disclosure
from protocol.canonical import timestamp


@dataclass(frozen=True, kw_only=True)
class ShownStop:
    """One stop. `firm`, `why` and `decision` are empty for readers to whom they are not told yet; `whole` has the paths."""

    stop: Stop
    firm: str
    why: tuple[str, ...]
    decision: str
    whole: bool = False

    def as_record(self) -> dict[str, Any]:
        stop, told = self.stop, dict.fromkeys(reasons_of(self.stop.reasons))
        return {
            "at": timestamp(stop.stopped_at),
            "uscc": stop.firm.uscc if self.firm else None,
            "reasons": [{"code": each.code, "rule": rule_of(each)} for each in told] if self.firm else [],
            "outcome": stop.outcome or None,
            "decision": self.decision or None,
            "decided_at": timestamp(stop.decided_at) if stop.decided_at else None,
        }


def shown_stops(round_: Round, known: Disclosure, *, reader: Membership | None = None) -> list[ShownStop]:
    """The regulator and the firm itself read everything from the beginning; the same for everybody else."""
    rows = round_.stops.select_related("firm__organisation", "decided_by").order_by("stopped_at", "id")
    return [_shown(each, told=known > Disclosure.NOTHING, whole=_reads_all(each, reader)) for each in rows]


def _reads_all(stop: Stop, reader: Membership | None) -> bool:
    if reader is None:
        return False
    return reader.organisation.kind == Kind.REGULATOR or reader.organisation_id == stop.firm.organisation_id


def _shown(stop: Stop, *, told: bool, whole: bool) -> ShownStop:
    reasons = reasons_of(stop.reasons)
    why = [each.text for each in reasons] if whole else [_publicly(each) for each in reasons] if told else []
    return ShownStop(
        stop=stop,
        firm=stop.firm.organisation.public_name if told or whole else "",
        why=tuple(dict.fromkeys(why)),
        decision=stop.decision if told or whole else "",
        whole=whole,
    )


def _publicly(reason: Reason) -> str:
    """As everybody may read it. Members of a consortium are told by name, as the result tells them."""
    text = public_text(reason.code, reason.detail)
    return f"{reason.party}：{text}" if reason.party else text
