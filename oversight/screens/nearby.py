"""Who submitted near whom: rows of competitors in one round under one mark, with little time between them."""

from __future__ import annotations

import numpy as np

from oversight.screens.bids import Bools, Ints


def near(firm: Ints, place: Ints, mark: Ints, at: Ints, *, within: int) -> Bools:
    """Which rows have a neighbour in time of another firm, in the same place under the same mark, not further than `within`.

    A firm has such a row wherever any row of another firm is within that time of one of its own: of the rows between the two,
    some neighbours are of different firms and at least as near.
    """
    found = np.zeros(len(firm), bool)
    order = np.lexsort((at, mark, place))
    one, next_ = order[:-1], order[1:]
    alike = (place[one] == place[next_]) & (mark[one] == mark[next_]) & (firm[one] != firm[next_])
    close = alike & (at[next_] - at[one] <= within)
    found[one[close]] = True
    found[next_[close]] = True
    return found
