"""The red-hat rules RH1 to RH7 (DOMAIN "Red-hat ties and collusion"): pure functions over a small view of the graph.

RH7 is about a project and not about a department, so it stands alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from oversight.graph import Graph
from oversight.rules.base import EXCEPTED, KEPT_OUT, Finding, Rule, Terms
from oversight.rules.ownership import rh1, rh2
from oversight.rules.people import rh3, rh4, rh5
from oversight.rules.places import rh6

RULES: dict[str, Rule] = {"RH1": rh1, "RH2": rh2, "RH3": rh3, "RH4": rh4, "RH5": rh5, "RH6": rh6}


def applying(
    graph: Graph, firm: int, department: int, terms: Terms, *, asked: Collection[str] = tuple(RULES)
) -> list[Finding]:
    """Every rule that applies between a firm and a department, or of some; exceptions applied."""
    return [each for code in RULES if code in asked for each in _with_exceptions(code, graph, firm, department, terms)]


def _with_exceptions(code: str, graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """An exception for a body takes away the paths over it; what applies without them applies all the same."""
    rule = RULES[code]
    found = rule(graph, firm, department, terms)
    exempt = [each for each in terms.exempt if each.concerns(code, firm, department)]
    if not exempt or all(each.effect != KEPT_OUT for each in found):
        return found
    whole = next((each for each in exempt if each.body is None), None)
    if whole is None:
        bodies = {each.body for each in exempt if each.body is not None}
        others = rule(graph.without(bodies), firm, department, terms)
        if any(each.effect == KEPT_OUT for each in others):
            return others
    basis = (whole or exempt[0]).basis
    return [replace(each, effect=EXCEPTED, basis=basis) if each.effect == KEPT_OUT else each for each in found]
