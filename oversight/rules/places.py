"""RH6: the firm has the address or telephone of the department or of its bodies (DOMAIN)."""

from __future__ import annotations

from oversight.graph import Graph, Kind
from oversight.rules.base import FLAGGED, Finding, Terms, family, finding


def rh6(graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """Flagged, never more: many share a building."""
    for link in graph.into(firm, Kind.ADDRESS, Kind.PHONE):
        if link.tail != firm and (chain := family(graph, link.tail, department)) is not None:
            return [finding("RH6", FLAGGED, graph, firm, department, [*chain, link])]
    return []
