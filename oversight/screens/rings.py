"""CL5, second half: what the firms of a group do when they meet: take turns, keep clear of each other, lose together.

That firms meet is no evidence, since neighbours and specialists do. Each group is therefore asked five questions about
outcomes and prices, none of which saw who meets whom, each with a probability under honest bidding. The five are not
independent, so they are put together by the Cauchy combination (Liu and Xie, "Cauchy Combination Test", JASA 115,
2020), and the result is multiplied by how many sets of firms were asked.

1. Turns (bid rotation: OECD 2009; McAfee and McMillan, "Bidding Rings", American Economic Review 82, 1992): the winner
   is the firm among those bidding that has waited longest, more often than by chance. Firms that differ in cost repeat
   their wins, so they fall short of chance.
2. Gap (cover bids: Imhof, Karagök and Rutz 2018; Huber and Imhof 2019): the gap between the two lowest prices of
   members, as a part of all their prices' spread, ranks higher than in other rounds with as many prices (stratified
   rank-sum test, van Elteren 1960).
3. Spread (Abrantes-Metz, Froeb, Geweke and Taylor, "A variance screen for collusion", 2006): members' prices vary less
   than those of other rounds of the same segment.
4. Missing close losing bids (Chassang, Kawai, Nakabayashi and Ortner 2022), between members.
5. Steps (OECD 2009): more rounds than by chance have equal or evenly stepped prices of members.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import log10, sqrt

import numpy as np

from oversight.screens import missing, stepped
from oversight.screens.bids import Bids, Bools, Floats, Ints
from oversight.screens.chance import LEAST, at_least, normal_above, ranks, score, sum_of_bernoullis, together
from oversight.screens.meeting import LEAST_GROUP, LEAST_MET

LEAST_ROUNDS = 6
"""Meetings of two or more members without which a group is asked nothing."""
PRESENT = (2, 3)
"""Each question is asked of rounds with at least so many members, and the better answer counts twice."""
FEW = 5
"""Rounds that a stratum must have on either side to be compared."""
STEPPED = 0.05
"""A round has steps where they are at most this probable by chance."""
LEAST_APART = 0.2
"""Part of all rounds that must be left to compare with when those of found groups are set apart."""
MENDED = 12
"""Firms at most that are added to a group or left out of it."""
WORTH = 0.5
"""Powers of ten of evidence that such a change must bring, and that an answer is expected to bring by chance."""
CREDIBLE = 0.05
"""A set is worth mending when its answers are at most this probable, and a group when they are, times the sets asked."""
MOST_PROPOSED, MOST_ASKED = 1_000, 4_000
"""Sets that are asked at most: those proposed, the nearest first, and all with their changes."""


@dataclass(frozen=True)
class Asked:
    """An answer: how probable it is under honest bidding, and the counts that it comes from."""

    question: str
    p: float
    counts: dict[str, float]


@dataclass(frozen=True, eq=False)
class Ring:
    """A group of firms that keep meeting, the rounds in which they do, and the answers; `tried`: how many sets were
    asked.
    """

    members: Ints
    rounds: Ints
    asked: tuple[Asked, ...]
    tried: int = 1

    @property
    def p(self) -> float:
        return min(1.0, self.tried * together([each.p for each in self.asked])) if self.asked else 1.0

    @property
    def score(self) -> float:
        return float(score(self.p))

    @cached_property
    def evidence(self) -> float:
        """What all answers say together, in powers of ten, by which the members are found; what is expected by
        chance is nothing.
        """
        return sum(max(0.0, -log10(max(each.p, LEAST)) - WORTH) for each in self.asked)

    @property
    def told(self) -> list[Asked]:
        """The answers that say something by themselves, the most surprising first."""
        telling = [each for each in self.asked if score(min(1.0, each.p * len(self.asked))) > 0]
        return sorted(telling, key=lambda each: (each.p, each.question))


class Measures:
    """What all groups are compared with: the prices of every round, measured once."""

    def __init__(self, bids: Bids) -> None:
        self.bids = bids
        self.shape = shape(bids, None)
        self.apart = np.ones(bids.rounds, bool)

    def set_apart(self, rings: list[Ring]) -> None:
        """Rounds in which a group was found at work are no longer what others are compared with, while enough are
        left.
        """
        apart = np.ones(self.bids.rounds, bool)
        for ring in rings:
            apart[ring.rounds] = False
        if apart.sum() >= LEAST_APART * self.bids.rounds:
            self.apart = apart


@dataclass(frozen=True, eq=False)
class Shape:
    """By round, of some firms' prices: the gap as a part of the spread, the coefficient of variation, and how many
    there are.
    """

    gap: Floats
    cv: Floats
    count: Ints


def shape(bids: Bids, only: Bools | None) -> Shape:
    """Measure the prices of some firms, or of all."""
    gap, cv = np.full(bids.rounds, np.nan), np.full(bids.rounds, np.nan)
    count = np.zeros(bids.rounds, np.int64)
    for rounds, prices, firms in bids.by_size(only=only):
        count[rounds] = prices.shape[1]
        cv[rounds] = (np.log(prices) - bids.habit[firms]).std(axis=1, ddof=1)
        if prices.shape[1] > 2:
            whole = prices[:, -1] - prices[:, 0]
            gap[rounds] = np.where(whole > 0, (prices[:, 1] - prices[:, 0]) / np.where(whole > 0, whole, 1), np.nan)
    return Shape(gap, cv, count)


def found(measures: Measures, candidates: list[Ints]) -> list[Ring]:
    """The groups of which the answers say most; no firm is in two. Searching is paid for: each probability counts as
    often as was asked.
    """
    first = _pass(measures, candidates)
    measures.set_apart(first)
    return _pass(measures, candidates) if first else first


def _pass(measures: Measures, candidates: list[Ints]) -> list[Ring]:
    search = _Search(measures)
    taken = np.zeros(measures.bids.firms, bool)
    kept: list[Ring] = []
    rings = [search.asked(members) for members in candidates[:MOST_PROPOSED]]
    for ring in sorted(rings, key=lambda each: (-each.evidence, each.members.tolist())):
        if ring.p > CREDIBLE or taken[ring.members].any():
            continue
        mended = search.mended(ring, taken)
        if mended.p * len(search.known) <= CREDIBLE:
            taken[mended.members] = True
            kept.append(mended)
    return [replace(ring, tried=len(search.known)) for ring in kept]


class _Search:
    """Every set that was asked, once."""

    def __init__(self, measures: Measures) -> None:
        self.measures = measures
        self.known: dict[tuple[int, ...], Ring] = {}

    def asked(self, members: Ints) -> Ring:
        key = tuple(members.tolist())
        if key not in self.known:
            self.known[key] = asked(self.measures, members)
        return self.known[key]

    def mended(self, ring: Ring, taken: Bools) -> Ring:
        """One firm after the other is added or left out, while the answers then say more."""
        for _step in range(MENDED):
            if len(self.known) > MOST_ASKED:
                break
            best, most = ring, ring.evidence
            for members in self._changed(ring, taken):
                other = self.asked(members)
                worth = other.evidence - WORTH
                if worth > most:
                    best, most = other, worth
            if best is ring:
                break
            ring = best
        return ring

    def _changed(self, ring: Ring, taken: Bools) -> Iterator[Ints]:
        for firm in self._near(ring, taken).tolist():
            yield np.sort(np.append(ring.members, firm))
        if len(ring.members) > LEAST_GROUP:
            for firm in ring.members.tolist():
                yield ring.members[ring.members != firm]

    def _near(self, ring: Ring, taken: Bools) -> Ints:
        """Who else is often where the group meets, the most often first."""
        bids = self.measures.bids
        inside = np.isin(bids.places[0], ring.rounds)
        often = np.bincount(bids.places[1][inside], minlength=bids.firms)
        often[ring.members] = 0
        often[taken] = 0
        order = np.argsort(-often, kind="stable")
        return order[often[order] >= LEAST_MET]


def asked(measures: Measures, members: Ints) -> Ring:
    """A group with its answers."""
    bids = measures.bids
    within = np.zeros(bids.firms, bool)
    within[members] = True
    present = np.bincount(bids.places[0], within[bids.places[1]], minlength=bids.rounds).astype(np.int64)
    rounds = np.flatnonzero(present >= PRESENT[0])
    if len(rounds) < LEAST_ROUNDS:
        return Ring(members, rounds, ())
    group = _Group(measures, within, present)
    answers = zip(*(group.answers(least) for least in PRESENT), strict=True)
    best = (min(each, key=lambda one: one.p) for each in answers)
    return Ring(members, rounds, tuple(replace(one, p=min(1.0, len(PRESENT) * one.p)) for one in best))


class _Group:
    """The members' prices, measured once, and the questions about them."""

    def __init__(self, measures: Measures, within: Bools, present: Ints) -> None:
        self.bids, self.all, self.within, self.present = measures.bids, measures.shape, within, present
        self.apart = measures.apart & (present == 0)
        self.shape = shape(self.bids, within)
        self.close = missing.gaps(self.bids, within)
        self.even = stepped.probabilities(self.bids, within)

    def answers(self, least: int) -> list[Asked]:
        """Asked of rounds with at least so many members."""
        there = self.present >= least
        return [self.turns(there), self.gap(there), self.spread(there), self.missing(there), self.steps(there)]

    def turns(self, there: Bools) -> Asked:
        """Whether the winner is whoever among the bidding members has waited longest since its last win."""
        bids, rounds = self.bids, np.flatnonzero(there)
        waited: dict[int, int] = {}
        hits, chances = 0, []
        for turn, round_ in enumerate(rounds[np.argsort(bids.day[rounds], kind="stable")].tolist(), start=1):
            winner = int(bids.winner[round_])
            firms = [firm for firm in bids.firms_of(round_).tolist() if self.within[firm]]
            if winner not in firms:
                continue
            longest = min(waited.get(firm, 0) for firm in firms)
            waiting = [firm for firm in firms if waited.get(firm, 0) == longest]
            if len(waiting) < len(firms):
                hits += winner in waiting
                chances.append(len(waiting) / len(firms))
            waited[winner] = turn
        p = at_least(sum_of_bernoullis(np.array(chances)), hits)
        return Asked("turns", p, {"rounds": len(chances), "next_in_turn": hits, "expected": round(sum(chances), 2)})

    def gap(self, there: Bools) -> Asked:
        own, others = there & np.isfinite(self.shape.gap), self.apart & np.isfinite(self.all.gap)
        return _compared(
            "gap", self.shape.gap[own], self.all.gap[others], self.shape.count[own], self.all.count[others]
        )

    def spread(self, there: Bools) -> Asked:
        own, others = there & np.isfinite(self.shape.cv), self.apart & np.isfinite(self.all.cv)
        segment = self.bids.segment
        return _compared("spread", -self.shape.cv[own], -self.all.cv[others], segment[own], segment[others])

    def missing(self, there: Bools) -> Asked:
        seen = missing.test(self.close[there], self.bids.grain[there])
        counts = {"close": int(seen.close[0]), "next": int(seen.next[0]), "width": float(seen.width[0])}
        return Asked("missing", float(seen.p[0]), counts)

    def steps(self, there: Bools) -> Asked:
        p = self.even[there & np.isfinite(self.even)]
        even = int((p <= STEPPED).sum())
        tail = at_least(sum_of_bernoullis(np.full(len(p), STEPPED)), even)
        return Asked("steps", tail, {"rounds": len(p), "stepped": even})


def _compared(question: str, own: Floats, others: Floats, own_stratum: Ints, other_stratum: Ints) -> Asked:
    """Whether a group's values rank higher than others' of the same stratum, over all strata that have enough of
    both.
    """
    sum_, mean, variance, compared, against = 0.0, 0.0, 0.0, 0, 0
    for stratum in np.unique(own_stratum).tolist():
        mine, theirs = own[own_stratum == stratum], others[other_stratum == stratum]
        if len(mine) < FEW or len(theirs) < FEW:
            continue
        total = len(mine) + len(theirs)
        values = ranks(np.concatenate([mine, theirs]))
        sum_ += values[: len(mine)].sum() / (total + 1)
        mean += len(mine) / 2
        variance += len(mine) * len(theirs) / total * values.var(ddof=1) / (total + 1) ** 2
        compared, against = compared + len(mine), against + len(theirs)
    z = (sum_ - mean) / sqrt(variance) if variance > 0 else 0.0
    share = sum_ / compared if compared else 0.5
    return Asked(question, normal_above(z), {"rounds": compared, "against": against, "mean_rank": round(share, 3)})
