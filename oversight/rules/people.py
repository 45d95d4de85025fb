"""RH3, RH4 and RH5: people of the firm who are, were, or are kin of the department's own (DOMAIN)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from oversight.graph import Graph, Kind, Link
from oversight.rules.base import FLAGGED, KEPT_OUT, TO_CONFIRM, Finding, Terms, finding

LEADS = (Kind.REPRESENTS, Kind.OFFICER)
ROLES = (*LEADS, Kind.PRACTITIONER)
INFERRED = "inferred"


def rh3(graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """An officer, the legal representative or a practitioner of the firm is on the department's staff: kept out."""
    for role in graph.into(firm, *ROLES):
        for post in graph.into(role.tail, Kind.EMPLOYS):
            if post.tail == department:
                return [finding("RH3", KEPT_OUT, graph, firm, department, [post, role])]
    return []


def rh4(graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """A former official works for, leads or owns the firm inside the cooling-off period: kept out until it is over.

    Leaders wait `leader_years`, others `other_years`, from the day of leaving. Where no source tells that day, it is flagged.
    """
    found = [
        left
        for role in (*graph.into(firm, *ROLES, Kind.OWNS), *graph.staff(firm))
        for post in graph.past_employers(role.head if role.tail == firm else role.tail)
        if post.tail == department and (left := _cooling_off(graph, firm, department, post, role, terms))
    ]
    found.sort(key=lambda each: (each.effect != KEPT_OUT, -(each.until or date.max).toordinal()))
    return found[:1]


def _cooling_off(graph: Graph, firm: int, department: int, post: Link, role: Link, terms: Terms) -> Finding | None:
    basis = f"公务员离职从业限制{TO_CONFIRM}"
    leader = any(edge.leader for edge in post.edges)
    years = int(terms.value("RH4", "leader_years" if leader else "other_years"))
    days = [edge.until for edge in post.edges if edge.until is not None and edge.until <= graph.day]
    if not days:
        unknown = all(edge.until is None for edge in post.edges)
        made = finding("RH4", FLAGGED, graph, firm, department, [post, role], basis=basis, until=role.until)
        return replace(made, since=role.since) if unknown else None
    over = years_after(max(days), years)
    if graph.day >= over:
        return None
    last = over - timedelta(days=1)
    since = max([max(days), *([role.since] if role.since else [])])
    until = min([last, *([role.until] if role.until else [])])
    return finding("RH4", KEPT_OUT, graph, firm, department, [post, role], basis=basis, since=since, until=until)


def years_after(day: date, years: int) -> date:
    """The same day some years later; the first of March where there is no 29th of February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def rh5(graph: Graph, firm: int, department: int, terms: Terms) -> list[Finding]:
    """Close kin of an official of the department owns or runs the firm: kept out, or flagged where the kinship is inferred."""
    found = []
    for path in owned_or_run(graph, firm):
        for kin in graph.into(path[0].tail, Kind.KIN):
            for post in graph.into(kin.tail, Kind.EMPLOYS):
                if post.tail == department:
                    inferred = all(edge.confidence == INFERRED for edge in kin.edges)
                    effect = FLAGGED if inferred else KEPT_OUT
                    found.append(finding("RH5", effect, graph, firm, department, [post, kin, *path]))
    found.sort(key=lambda each: (each.effect != KEPT_OUT, len(each.path)))
    return found[:1]


def owned_or_run(graph: Graph, firm: int) -> Iterator[list[Link]]:
    """Paths from every person who leads the firm, or owns it through any number of layers."""
    for role in graph.into(firm, *LEADS):
        yield [role]
    paths: dict[int, list[Link]] = {firm: []}
    waiting = [firm]
    for node in waiting:
        for link in graph.into(node, Kind.OWNS):
            if link.tail in paths or link.high == 0:
                continue
            paths[link.tail] = [link, *paths[node]]
            if graph.is_person(link.tail):
                yield paths[link.tail]
            else:
                waiting.append(link.tail)
