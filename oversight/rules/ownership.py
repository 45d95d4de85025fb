"""RH1 and RH2: the firm, or an owner of it, is the department's, its institution's or its association's (DOMAIN)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from oversight.graph import WHOLE, Graph, Kind, Link
from oversight.rules.base import FLAGGED, KEPT_OUT, Finding, Terms, family, finding

MOST_PATHS = 20_000
"""So many paths through circular holdings are added up; beyond, the sum is a lower bound."""


def rh1(graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """Sponsored or invested in, through any number of layers, cycles cut: kept out.

    A layer is a sponsor, or an owner whose share no source tells or every source puts at the parameter `layer` or more; a
    smaller holding is RH2's to weigh. A social organisation is also its 业务主管单位's, other regulation is no tie. The path is
    a shortest one.
    """
    layer = terms.millionths("RH1", "layer")
    paths: dict[int, list[Link]] = {firm: []}
    waiting = [firm]
    for node in waiting:
        if node == department:
            return [finding("RH1", KEPT_OUT, graph, firm, department, paths[node])]
        kinds = (Kind.SPONSORS, Kind.OWNS, *((Kind.SUPERVISES,) if graph.is_association(node) else ()))
        for link in graph.into(node, *kinds):
            is_layer = link.kind != Kind.OWNS or link.low is None or link.low >= layer
            if is_layer and link.tail not in paths:
                paths[link.tail] = [link, *paths[node]]
                waiting.append(link.tail)
    return []


def rh2(graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """A share through layers, products summed over distinct paths: kept out at the parameter `share` or more, else flagged.

    A path begins at the member of the department's family that is nearest to the firm, so that no share counts twice. Where
    sources disagree or give a range, the smallest sum keeps out and the largest flags.
    """
    walk = _Holdings(graph, department)
    low, high, path = walk.of(firm)
    if not path or high <= 0:
        return []
    low, high = min(low, Fraction(1)), min(high, Fraction(1))
    certain = low * WHOLE >= terms.millionths("RH2", "share")
    effect, bounds = KEPT_OUT if certain else FLAGGED, {"low": int(low * WHOLE), "high": -(-high * WHOLE // 1)}
    return [finding("RH2", effect, graph, firm, department, path, **bounds)]


Held = tuple[Fraction, Fraction, list[Link]]
NOTHING: Held = (Fraction(0), Fraction(0), [])


class _Holdings:
    """What a family holds of a firm: walked from the firm to its owners, once per node unless holdings are circular."""

    def __init__(self, graph: Graph, department: int) -> None:
        self.graph, self.department = graph, department
        self.known: dict[int, Held] = {}
        self.families: dict[int, list[Link] | None] = {}
        self.left = MOST_PATHS

    def is_family(self, node: int) -> bool:
        if node not in self.families:
            self.families[node] = family(self.graph, node, self.department)
        return self.families[node] is not None

    def of(self, firm: int) -> Held:
        if self.is_family(firm):
            return NOTHING
        return self._simple(firm, set()) if self._is_circular(firm) else self._layered(firm)

    def _is_circular(self, firm: int) -> bool:
        """Whether a cycle lies among the owners: then nodes are left over when those without owners are taken away."""
        owners: dict[int, set[int]] = {}
        owned: dict[int, list[int]] = {firm: []}
        waiting = [firm]
        for node in waiting:
            owners[node] = {link.tail for link in self.graph.into(node, Kind.OWNS) if not self.is_family(link.tail)}
            for tail in owners[node]:
                if tail not in owned:
                    owned[tail] = []
                    waiting.append(tail)
                owned[tail].append(node)
        self.order = [node for node in waiting if not owners[node]]
        for node in self.order:
            for head in owned[node]:
                owners[head].discard(node)
                if not owners[head]:
                    self.order.append(head)
        return len(self.order) < len(waiting)

    def _layered(self, firm: int) -> Held:
        for node in self.order:
            self.known[node] = self._sum(node, self.known.__getitem__)
        return self.known[firm]

    def _simple(self, node: int, above: set[int]) -> Held:
        """Every path that meets no node twice."""
        self.left -= 1
        if self.left < 0:
            return NOTHING
        above = above | {node}
        return self._sum(node, lambda tail: NOTHING if tail in above else self._simple(tail, above))

    def _sum(self, node: int, held: Callable[[int], Held]) -> Held:
        """What reaches a node from all its owners, with the path of the largest part."""
        low, high, best, path = Fraction(0), Fraction(0), Fraction(0), list[Link]()
        for link in self.graph.into(node, Kind.OWNS):
            own = (Fraction(1), Fraction(1), self.families[link.tail] or []) if self.is_family(link.tail) else None
            least, most, above = own or held(link.tail)
            least *= Fraction(link.low or 0, WHOLE)
            most *= Fraction(WHOLE if link.high is None else link.high, WHOLE)
            low, high = low + least, high + most
            if most > best:
                best, path = most, [*above, link]
        return low, high, path
