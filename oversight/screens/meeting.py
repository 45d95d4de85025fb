"""CL5, first half: firms that meet far more often than their activity explains, and the groups that they form.

The null model conditions on how often each firm bids in each segment and on how large the rounds are (the configuration
model of Newman, "Modularity and community structure in networks", PNAS 103, 2006; on bidding networks Wachs and
Kertész, "A network approach to cartel detection in public auction markets", Scientific Reports 9, 2019). Two firms that
bid on everything meet all the time and are expected to; so activity alone makes no tie.

Groups are found by average linkage over the share of their bids that two firms make together beyond expectation.
Everything is deterministic: of equals the firm with the smaller number comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from oversight.screens.bids import MOST_IN_A_ROUND, Bids, Floats, Ints
from oversight.screens.chance import poisson_at_least

RARE = 0.2
"""Two firms are worth a look when so many meetings are at most this probable: what they do there decides, not that
they meet.
"""
LEAST_MET = 3
SHRINK = 2.0
"""Bids added to the fewer of two firms', so that two firms with three bids each are not the closest of all."""
TOGETHER = 0.05
"""Groups are joined while their firms make on average this share of their bids together, beyond expectation."""
LEAST_GROUP = 3
MOST_LINKED = 3_000
"""Firms of one connected part that are grouped at once; the most tied first."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of firms that met at all: how often, how often expected, and how probable that many meetings are."""

    low: Ints
    high: Ints
    met: Ints
    expected: Floats
    p: Floats

    @property
    def tied(self) -> Ints:
        """Those that meet more often than expected."""
        return np.flatnonzero((self.p <= RARE) & (self.met >= LEAST_MET))


def pairs(bids: Bids) -> Pairs:
    """Every pair that met, against the null model."""
    key = _meetings(bids)
    unique, met = np.unique(key, return_counts=True)
    low, high = unique // max(1, bids.firms), unique % max(1, bids.firms)
    expected = _expected(bids, low, high)
    return Pairs(low, high, met, expected, poisson_at_least(met, expected))


def _meetings(bids: Bids) -> Ints:
    """A key for each meeting of two firms in a round."""
    found = [np.zeros(0, np.int64)]
    for size in np.unique(bids.size[(bids.size >= 2) & (bids.size <= MOST_IN_A_ROUND)]).tolist():
        rounds = np.flatnonzero(bids.size == size)
        firms = bids.places[1][bids.first[rounds][:, None] + np.arange(size)]
        one, other = np.triu_indices(size, 1)
        found.append((firms[:, one] * bids.firms + firms[:, other]).ravel())
    return np.concatenate(found)


def _expected(bids: Bids, low: Ints, high: Ints) -> Floats:
    """Meetings expected of two firms, given in how many rounds of each segment each bids and how many bid in those."""
    expected = np.zeros(len(low))
    round_, firm = bids.places
    for segment in np.unique(bids.segment).tolist():
        within = (bids.segment == segment) & (bids.size <= MOST_IN_A_ROUND)
        sizes = bids.size[within]
        if not sizes.sum():
            continue
        often = np.bincount(firm[within[round_]], minlength=bids.firms).astype(float)
        weight = (sizes * (sizes - 1)).sum() / (sizes.sum() ** 2 - (often**2).sum() or 1)
        one, other = often[low], often[high]
        expected += np.minimum(np.maximum(weight, 0) * one * other, np.minimum(one, other))
    return expected


def together(pairs_: Pairs, bids: Bids, firms: Ints) -> Floats:
    """For some firms: the share of the less active one's bids that two make together beyond expectation; 0 on the
    diagonal.
    """
    place = np.full(bids.firms, -1)
    place[firms] = np.arange(len(firms))
    one, other = place[pairs_.low], place[pairs_.high]
    inside = (one >= 0) & (other >= 0)
    fewer = np.minimum(bids.activity[pairs_.low], bids.activity[pairs_.high])[inside]
    share = (pairs_.met - pairs_.expected)[inside] / (fewer + SHRINK)
    found = np.zeros((len(firms), len(firms)))
    found[one[inside], other[inside]] = found[other[inside], one[inside]] = share
    return found


def candidates(bids: Bids, pairs_: Pairs) -> list[Ints]:
    """Sets of firms that may be groups: every step of an average linkage of firms that meet more often than expected.

    Each set is within a later one or apart from it; the nearest come first.
    """
    found = []
    for part in _connected(pairs_, bids):
        found += [(near, part[members]) for near, members in _linked(together(pairs_, bids, part))]
    kept = [(near, np.sort(group)) for near, group in found if len(group) >= LEAST_GROUP]
    return [group for _near, group in sorted(kept, key=lambda each: (-each[0], len(each[1]), each[1].tolist()))]


def _connected(pairs_: Pairs, bids: Bids) -> list[Ints]:
    """The connected parts of what the ties tie."""
    label = np.arange(bids.firms)
    low, high = pairs_.low[pairs_.tied], pairs_.high[pairs_.tied]
    while True:
        before = label.copy()
        least = np.minimum(label[low], label[high])
        np.minimum.at(label, low, least)
        np.minimum.at(label, high, least)
        label = label[label]
        if (label == before).all():
            break
    often = np.bincount(np.concatenate([low, high]), minlength=bids.firms)
    tied = np.flatnonzero(often)
    parts = [tied[label[tied] == each] for each in np.unique(label[tied])]
    return [np.sort(part[np.argsort(-often[part], kind="stable")[:MOST_LINKED]]) for part in parts]


def _linked(near: Floats) -> Iterator[tuple[float, Ints]]:
    """Average linkage: the two nearest sets become one while they are near enough; how near, and the set that they
    become.
    """
    size = np.ones(len(near))
    members = [[number] for number in range(len(near))]
    mean = near.copy()
    np.fill_diagonal(mean, -np.inf)
    for _step in range(len(near) - 1):
        one, other = sorted(divmod(int(mean.argmax()), len(mean)))
        distance = float(mean[one, other])
        if distance < TOGETHER:
            return
        joined = (mean[one] * size[one] + mean[other] * size[other]) / (size[one] + size[other])
        mean[one] = mean[:, one] = joined
        mean[one, one] = -np.inf
        mean[other] = mean[:, other] = -np.inf
        size[one] += size[other]
        members[one] += members[other]
        yield distance, np.array(sorted(members[one]))
