"""CL1: equal or evenly stepped prices.

Identical prices and prices at fixed intervals are the first markers of OECD, "Guidelines for Fighting Bid Rigging in
Public Procurement" (2009), and of Abrantes-Metz and Bajari, "Screens for Conspiracies and Their Multiple Applications"
(2009). Firms that round their prices are equal now and then by chance, so both are measured against chance on the
round's own grid.
"""

from __future__ import annotations

from math import comb, factorial

import numpy as np

from oversight.screens.bids import Bids, Bools, Floats, grid_of
from oversight.screens.chance import poisson_at_least, score


def probabilities(bids: Bids, only: Bools | None = None) -> Floats:
    """How probable prices as equal or as even as each round's are by chance, of some firms or all; nan for fewer
    than two prices.
    """
    found = np.full(bids.rounds, np.nan)
    for rounds, prices, _firms in bids.by_size(only=only):
        cents = np.rint(prices * 100)
        grid = grid_of(cents)
        spread = np.maximum(cents[:, -1] - cents[:, 0], bids.usual_spread * cents.mean(axis=1))
        best = _by_equality(cents, spread / grid + 1)
        if prices.shape[1] > 2:
            even = np.minimum(_by_steps(cents, grid), _by_steps(np.log(cents), grid / cents[:, 0]))
            best = np.minimum(best, 2 * even)
        found[rounds] = np.minimum(1.0, 2 * best)
    return found


def scores(bids: Bids) -> Floats:
    """A score for each round."""
    return score(probabilities(bids))


def equal_pairs(prices: Floats) -> Floats:
    """How many pairs of prices in each row are equal."""
    size = prices.shape[1]
    same = (prices[:, :, None] == prices[:, None, :]).sum(axis=(1, 2))
    pairs: Floats = (same - size) / 2
    return pairs


def _by_equality(cents: Floats, cells: Floats) -> Floats:
    """So many equal pairs, of prices that fall on so many cells."""
    pairs = equal_pairs(cents)
    return np.where(pairs > 0, poisson_at_least(pairs.astype(np.int64), comb(cents.shape[1], 2) / cells), 1.0)


def _by_steps(values: Floats, grid: Floats) -> Floats:
    """Given the lowest and the highest, that all between lie as near to even steps as they do."""
    size = values.shape[1]
    between = size - 2
    whole = values[:, -1] - values[:, 0]
    even = values[:, :1] + whole[:, None] * np.arange(size) / (size - 1)
    off = np.abs(values - even).max(axis=1)
    distinct = (np.diff(values, axis=1) > 0).all(axis=1)
    share = (2 * off + grid) / np.where(whole > 0, whole, 1)
    ways = float(factorial(min(between, 150)))
    return np.where(distinct, np.minimum(1.0, ways * np.minimum(share, 1.0) ** between), 1.0)
