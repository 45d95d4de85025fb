"""The slowest chain of a project (最慢的一串): the lines, each waiting for the last, that make it take so long. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from ratings.timeline import Kind, Timeline

ZERO = timedelta(0)
Chain = tuple[timedelta, tuple[str, ...]]


def own_time(line: Timeline) -> timedelta:
    """The whole of a line without what it waited for other lines: that is in their time."""
    return sum((part.length for part in line.segments if part.kind != Kind.WAITING_LINE), ZERO)


def slowest_chain(lengths: Mapping[str, timedelta], blocks: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The longest path over lines that block one another, first to last, by their own time; of equals the first by name.

    blocks: pairs (line that blocks, line that waits). Pairs with an unknown line are left out, and of a ring of lines that all
    wait for each other the pair that closes it, in the order of names.
    """
    before: dict[str, set[str]] = {code: set() for code in sorted(lengths)}
    for first, then in sorted(set(blocks)):
        if first in before and then in before and first != then:
            before[then].add(first)
    best: dict[str, Chain] = {}
    for code in _in_order(before):
        length, chain = _longest(best[first] for first in before[code])
        best[code] = (length + lengths[code], (*chain, code))
    return _longest(best.values())[1]


def _longest(chains: Iterable[Chain]) -> Chain:
    return min(chains, key=lambda chain: (-chain[0], chain[1]), default=(ZERO, ()))


def _in_order(before: dict[str, set[str]]) -> list[str]:
    """Lines so that each comes after those that block it; takes from `before` what makes that impossible."""
    while True:
        try:
            return list(TopologicalSorter({code: sorted(firsts) for code, firsts in before.items()}).static_order())
        except CycleError as error:
            ring = error.args[1]
            first, then = max(pairwise(ring))
            before[then].discard(first)
