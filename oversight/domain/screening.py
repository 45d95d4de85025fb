"""What the screens find in this marketplace, as leads for people (线索). One call per rule; who works on leads calls
`leads_of`.

The amounts of leads are never in their evidence: counts, comparison groups, probabilities and rates are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np

from bidding.models import Round, TracePolicy
from core import clock
from market.models import Need, Service
from oversight.domain import gathering, papers, traces
from oversight.domain.gathering import Gathered
from oversight.leads import Lead
from oversight.screens import cardinal, combined, favour, missing, shared, splitting, stepped, stratified, variance
from oversight.screens.bids import Bids
from oversight.screens.chance import score

LOOKED_AT = 0.5
"""Scores from here on are leads: for a probability that is three in a thousand."""


def leads_of(rule: str, now: datetime) -> Iterator[Lead]:
    """Every lead of a rule as of now. Raises KeyError for a rule that has no screen."""
    return SCREENS[rule](now)


def weight(of: float) -> int:
    """A score as the whole number that leads are weighed by."""
    return min(100, max(0, round(100 * float(of))))


def _key(*parts: object) -> str:
    """The same parties give the same key; long lists are shortened to their hash."""
    text = "/".join(str(part) for part in parts)
    return text if len(text) <= 80 else f"{parts[0]}/{sha256(text.encode()).hexdigest()[:32]}"


class _Rounds:
    """Rounds as the screens have them, with the way back to firms and rounds."""

    def __init__(self) -> None:
        self.gathered: Gathered = gathering.rounds()
        self.bids: Bids = self.gathered.bids()
        self.keys = self.gathered.keys()

    def firms(self, numbers: Any) -> tuple[int, ...]:
        """Those that are ours, in the order of their keys."""
        return tuple(sorted(key for number in numbers if (key := self.keys[int(number)]) is not None))

    def rounds(self, places: Any) -> tuple[int, ...]:
        found = {self.gathered.rounds[int(place)] for place in places}
        return tuple(sorted(key for key in found if key is not None))

    def lead(self, rule: str, place: int, of: float, evidence: Mapping[str, Any]) -> Iterator[Lead]:
        """A lead about one round, if anybody in it is ours."""
        firms = self.firms(self.bids.firms_of(place))
        if firms:
            name = self.gathered.names[place]
            told = {"lot": name, "bidders": int(self.bids.size[place]), **evidence}
            yield Lead(rule, _key(name), weight(of), firms=firms, rounds=self.rounds([place]), evidence=told)


def _cl1(_now: datetime) -> Iterator[Lead]:
    rounds = _Rounds()
    p = stepped.probabilities(rounds.bids)
    for place in np.flatnonzero(score(p) >= LOOKED_AT).tolist():
        yield from rounds.lead("CL1", place, float(score(p[place])), {"p": float(p[place])})


def _cl2(_now: datetime) -> Iterator[Lead]:
    rounds = _Rounds()
    seen = variance.spread(rounds.bids)
    for place in np.flatnonzero(seen.conspicuous).tolist():
        measures = {"cv": round(float(seen.cv[place]), 4), "rdnor": round(float(seen.rdnor[place]), 3)}
        yield from rounds.lead("CL2", place, float(seen.scores[place]), measures)


def _cl3(_now: datetime) -> Iterator[Lead]:
    rounds = _Rounds()
    seen = missing.by_firm(rounds.bids)
    for number in np.flatnonzero(score(seen.p) >= LOOKED_AT).tolist():
        firms = rounds.firms([number])
        if firms:
            evidence = {
                "close": int(seen.close[number]), "next": int(seen.next[number]), "width": float(seen.width[number]),
                "p": float(seen.p[number]),
            }  # fmt: skip
            found = weight(float(score(seen.p[number])))
            yield Lead("CL3", _key("firm", *firms), found, firms=firms, evidence=evidence)


def _cl4(now: datetime) -> Iterator[Lead]:
    """Firms that share marks and have met in a round: who does not compete may share what it likes.

    Where entries came from, and what proposals say of themselves, is asked of opened rounds alone, while a policy is in
    force that allows it.
    """
    rounds, policy = _Rounds(), TracePolicy.in_force(now)
    marks = gathering.marks(day=now.astimezone(clock.LOCAL).date())
    if policy is not None:
        marks += traces.marks(policy, rounds=rounds.gathered.rounds)
        marks += papers.marks(rounds=rounds.gathered.rounds)
    seen = shared.shared(marks.firm, marks.kind, marks.mark)
    numbers = {key: number for number, key in enumerate(rounds.keys) if key is not None}
    bids = rounds.bids
    for low, high, of, counts in zip(
        seen.low.tolist(), seen.high.tolist(), seen.score.tolist(), seen.counts, strict=True
    ):
        if low not in numbers or high not in numbers:
            continue
        both = np.intersect1d(*(bids.places[0][bids.places[1] == numbers[key]] for key in (low, high)))
        if len(both):
            evidence: dict[str, Any] = {"shared": counts, "met": len(both)}
            if policy is not None and not counts.keys().isdisjoint(traces.KINDS):
                evidence["window_hours"] = policy.window_hours
            yield Lead(
                "CL4", _key("firms", low, high), weight(of), firms=(low, high), rounds=rounds.rounds(both), evidence=evidence
            )  # fmt: skip


def _cl5(_now: datetime) -> Iterator[Lead]:
    rounds = _Rounds()
    for group in combined.screened(rounds.bids).groups:
        firms = rounds.firms(group.members)
        if group.score < LOOKED_AT or not firms:
            continue
        evidence = {
            "members": len(group.members), "met": len(group.rounds), "p": group.p, "tried": group.tried,
            "answers": [{"question": each.question, "p": each.p, **each.counts} for each in group.asked],
        }  # fmt: skip
        yield Lead(
            "CL5", _key("firms", *firms), weight(group.score), firms=firms, rounds=rounds.rounds(group.rounds),
            evidence=evidence,
        )  # fmt: skip


def _cl6(_now: datetime) -> Iterator[Lead]:
    found = splitting.splits(gathering.needs())
    needs = Need.objects.in_bulk([need for split in found for need in split.needs])
    services = Service.objects.in_bulk([split.service for split in found])
    rounds: dict[int, list[int]] = defaultdict(list)
    for need, round_ in Round.objects.public().filter(need__in=needs).order_by("pk").values_list("need_id", "pk"):
        rounds[need].append(round_)
    for split in found:
        yield Lead(
            "CL6", _key("owner", split.owner, split.service, split.year, split.limit), weight(split.score),
            owner=split.owner, rounds=tuple(sorted(round_ for need in split.needs for round_ in rounds[need])),
            evidence={
                "service": services[split.service].code, "year": split.year,
                "needs": sorted(needs[need].code for need in split.needs), "just_under": split.near,
                "limit": f"{split.limit // 100}.{split.limit % 100:02d}",
            },
        )  # fmt: skip


def _told(found: stratified.Above) -> dict[str, Any]:
    return {
        "count": found.count, "expected": found.expected, "of_group": found.of_group, "of_mark": found.of_mark,
        "compared_with": found.others, "odds_ratio": round(found.odds, 2),
        "interval": [round(found.low, 2), round(found.high, 2) if np.isfinite(found.high) else None], "p": found.p,
        "false_discovery_rate": round(found.q, 4), "alike_in": ["service", "item", "size", "year"],
    }  # fmt: skip


def _rh8(_now: datetime) -> Iterator[Lead]:
    cases = gathering.cases()
    for found in stratified.above(cases.department, cases.firm, cases.stratum):
        if found.reported:
            yield Lead(
                "RH8", _key("department", found.group, "firm", found.mark), weight(float(score(found.p))), firms=(found.mark,),
                department=found.group, evidence=_told(found),
            )  # fmt: skip


def _rh9(_now: datetime) -> Iterator[Lead]:
    """Both questions of RH9, each at half of the false-discovery rate."""
    cases = gathering.cases()
    own = cases.decided
    for question, values in (("faster", cases.quick), ("passes_more_often", cases.first_pass)):
        for found in favour.favoured(values[own], cases.department[own], cases.firm[own], cases.stratum[own]):
            if found.low > 0 and found.q <= stratified.RATE / 2:
                yield Lead(
                    "RH9", _key("department", found.group, "firm", found.firm, question), weight(float(score(found.p))),
                    firms=(found.firm,), department=found.group,
                    evidence={
                        "question": question, "count": found.count, "compared_with": found.others,
                        "effect_size": round(found.effect, 3), "interval": [round(found.low, 3), round(found.high, 3)],
                        "here": round(found.here, 3), "elsewhere": round(found.elsewhere, 3), "p": found.p,
                        "false_discovery_rate": round(found.q, 4), "alike_in": ["service", "item", "size", "year"],
                    },
                )  # fmt: skip


def _rh10(_now: datetime) -> Iterator[Lead]:
    choices = gathering.choices()
    for who, groups in (("owner", choices.owner), ("department", choices.department)):
        for found in stratified.above(groups, choices.direct, choices.stratum, wanted={1}):
            if found.reported:
                yield Lead(
                    "RH10",
                    _key(who, found.group),
                    weight(float(score(found.p))),
                    department=found.group if who == "department" else None,
                    owner=found.group if who == "owner" else None,
                    evidence=_told(found),
                )


def indicators() -> dict[str, dict[str, int]]:
    """Of each of Cardinal's indicators: how many lots are flagged, not flagged, and outside of what it can say."""
    gathered = gathering.rounds()
    return {each.code: each.told for each in cardinal.indicators(gathered.bids(), gathered.asked())}


def _cardinal(code: str) -> Callable[[datetime], Iterator[Lead]]:
    def leads(_now: datetime) -> Iterator[Lead]:
        rounds = _Rounds()
        found = {each.code: each for each in cardinal.indicators(rounds.bids, rounds.gathered.asked())}[code]
        for place in np.flatnonzero(found.flagged).tolist():
            evidence = {"value": round(float(found.value[place]), 4), "fence": found.fence, "compared_with": found.told}
            yield from rounds.lead(code, place, LOOKED_AT, evidence)

    return leads


SCREENS: Mapping[str, Callable[[datetime], Iterator[Lead]]] = {
    "CL1": _cl1, "CL2": _cl2, "CL3": _cl3, "CL4": _cl4, "CL5": _cl5, "CL6": _cl6, "RH8": _rh8, "RH9": _rh9, "RH10": _rh10,
    **{code: _cardinal(code) for code in ("R018", "R024", "R028", "R058")},
}  # fmt: skip
"""Every rule that finds by comparing, and how its leads are made."""
