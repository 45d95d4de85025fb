"""Whoever judges or handles steps aside for the same ties as a firm (RH3 to RH5 likewise; DOMAIN "Firms in conflict"). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oversight.graph import Graph, Kind
from oversight.rules.base import Terms
from oversight.rules.ownership import rh1
from oversight.rules.people import LEADS, ROLES, owned_or_run, years_after


def tied_to_firms(graph: Graph, person: int, firms: Collection[int], terms: Terms) -> set[int]:
    """The firms of which a person is part, was within the years of RH4, or is close kin to whoever leads or owns one."""
    kin = {link.tail for link in graph.into(person, Kind.KIN)}
    found = set()
    for firm in firms:
        own = {link.tail for link in graph.into(firm, *ROLES, Kind.OWNS)} | {link.head for link in graph.staff(firm)}
        leading = {path[0].tail for path in owned_or_run(graph, firm)} | {
            link.tail for link in graph.into(firm, *LEADS)
        }
        if person in own | leading or kin & leading or _left_lately(graph, person, firm, terms):
            found.add(firm)
    return found


def tied_to_departments(graph: Graph, person: int, departments: Collection[int], terms: Terms) -> set[int]:
    """The departments on whose staff a person is (RH3), was within the years (RH4), or has close kin (RH5)."""
    employers = set(_employers(graph, person))
    for kin in graph.into(person, Kind.KIN):
        employers |= set(_employers(graph, kin.tail))
    return {each for each in departments if each in employers or _left_lately(graph, person, each, terms)}


def same_house(graph: Graph, one: int, other: int, terms: Terms) -> bool:
    """Whether one of two organisations is the other, or stands above it through layers as RH1 has them."""
    return one == other or bool(rh1(graph, one, other, terms) or rh1(graph, other, one, terms))


def _employers(graph: Graph, person: int) -> Iterator[int]:
    yield from (link.tail for link in graph.into(person, Kind.EMPLOYS))


def _left_lately(graph: Graph, person: int, employer: int, terms: Terms) -> bool:
    for post in graph.past_employers(person):
        if post.tail != employer:
            continue
        leader = any(edge.leader for edge in post.edges)
        years = int(terms.value("RH4", "leader_years" if leader else "other_years"))
        days = [edge.until for edge in post.edges if edge.until is not None]
        if days and graph.day < years_after(max(days), years):
            return True
    return False
