"""All screens of rounds at once, over open and historical rounds alike: a score for each round, bidder and group, and
why.

A round's score is made of four parts that stand for independent reasons to look, 1 − Π(1 − weight × part): what its
groups do (CL5), whether its two lowest keep clear of close contests (CL3), its prices' steps (CL1), and their spread
(CL2). A bidder's is that of its group, and of CL3 over all its rounds. No part counts how often anybody bids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from oversight.screens import meeting, missing, rings, stepped, variance
from oversight.screens.bids import Bids, Floats, Ints
from oversight.screens.chance import score

WEIGHTS = {"CL5": 1.0, "CL3": 0.5, "CL1": 0.5, "CL2": 0.2}
TOLD = 0.34
"""Parts below this are not told as a reason: that is a probability of about one in a hundred."""
IN_WORDS = {
    "turns": "the winner was the next in turn in {next_in_turn} of {rounds} meetings, {expected} expected",
    "gap": "the gap below the second lowest ranks at {mean_rank:.0%} among {against} rounds alike, over {rounds} meetings",
    "spread": "prices are near each other: at {mean_rank:.0%} among {against} rounds alike, over {rounds} meetings",
    "missing": "{close} close losing bids within {width:.2%}, {next} in the next step as wide",
    "steps": "{stepped} of {rounds} meetings have equal or evenly stepped prices, 1 in 20 expected",
}


@dataclass(frozen=True, eq=False)
class Screened:
    """Every part for every round and bidder, and the groups."""

    bids: Bids
    pairs: meeting.Pairs
    groups: list[rings.Ring]
    parts: dict[str, Floats]
    by_firm: missing.Missing
    spread: variance.Spread
    group_of: Ints = field(repr=False)

    @cached_property
    def rounds(self) -> Floats:
        """The score of each round."""
        rest = np.ones(self.bids.rounds)
        for screen, weight in WEIGHTS.items():
            rest *= 1 - weight * self.parts[screen]
        return 1 - rest

    @cached_property
    def bidders(self) -> Floats:
        """The score of each bidder."""
        scores = np.array([group.score for group in self.groups] + [0.0])
        return 1 - (1 - scores[self.group_of]) * (1 - WEIGHTS["CL3"] * score(self.by_firm.p))

    def reasons(self, round_: int) -> list[str]:
        """Why a round has its score, the strongest first."""
        found = [(float(self.parts[screen][round_]), screen) for screen in WEIGHTS]
        return [
            f"{screen}: {self._words(screen, round_)}"
            for part, screen in sorted(found, key=lambda each: (-each[0], each[1]))
            if part >= TOLD
        ]

    def _words(self, screen: str, round_: int) -> str:
        if screen == "CL5":
            firms = self.bids.firms_of(round_)
            there = self.group_of[firms]
            number = int(np.bincount(there[there >= 0]).argmax())
            return f"{int((there == number).sum())} of {len(firms)} bidders are of group {number + 1}"
        if screen == "CL3":
            return "its two lowest bidders hardly ever lose closely"
        if screen == "CL1":
            return "prices are equal or evenly stepped"
        return f"coefficient of variation {self.spread.cv[round_]:.3f}, relative distance {self.spread.rd[round_]:.2f}"

    def reasons_of_bidder(self, firm: int) -> list[str]:
        """Why a bidder has its score."""
        found = []
        if self.group_of[firm] >= 0:
            found.append(f"CL5: one of group {self.group_of[firm] + 1}")
        if score(self.by_firm.p[firm]) >= TOLD:
            close, after, width = (
                float(column[firm]) for column in (self.by_firm.close, self.by_firm.next, self.by_firm.width)
            )
            found.append(f"CL3: {close:.0f} close contests within {width:.2%}, {after:.0f} in the next step as wide")
        return found

    def reasons_of_group(self, group: rings.Ring) -> list[str]:
        """What a group's answers say, the most surprising first."""
        return [f"CL5: {IN_WORDS[each.question].format(**each.counts)} (p = {each.p:.1g})" for each in group.told]


def screened(bids: Bids) -> Screened:
    """Everything about these bids. The same bids give the same scores."""
    pairs = meeting.pairs(bids)
    groups = rings.found(rings.Measures(bids), meeting.candidates(bids, pairs))
    group_of = np.full(bids.firms, -1, np.int64)
    for number, group in enumerate(groups):
        group_of[group.members] = number
    by_firm, spread = missing.by_firm(bids), variance.spread(bids)
    parts = {
        "CL1": stepped.scores(bids),
        "CL2": spread.scores,
        "CL3": _clear(bids, score(by_firm.p)),
        "CL5": _of_groups(bids, groups),
    }
    return Screened(bids, pairs, groups, parts, by_firm, spread, group_of)


def _clear(bids: Bids, of_firm: Floats) -> Floats:
    """The mean of the scores of a round's two lowest."""
    found = np.zeros(bids.rounds)
    for rounds, _prices, firms in bids.by_size():
        found[rounds] = of_firm[firms[:, :2]].mean(axis=1)
    return found


def _of_groups(bids: Bids, groups: list[rings.Ring]) -> Floats:
    """The score of the group that has most of a round's bidders, at least two, times its share of them."""
    found = np.zeros(bids.rounds)
    for group in groups:
        within = np.zeros(bids.firms, bool)
        within[group.members] = True
        present = np.bincount(bids.places[0], within[bids.places[1]], minlength=bids.rounds)
        share = np.where(present >= 2, present / np.maximum(bids.size, 1), 0)
        found = np.maximum(found, group.score * share)
    return found
