"""Scores of firms by service and over all services, for the city or a district."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.scores.figures import Figures, Measured, Norm, Score, figures, norm, overall
from protocol.scores.lines import Judged
from protocol.scores.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmScore:
    """One firm. `lines` are those that made its services' figures, by service."""

    firm: str
    services: Mapping[str, Figures]
    lines: Mapping[str, tuple[Judged, ...]]
    overall: Score | None


def as_measured(judged: Judged) -> Measured:
    """A line as something to be averaged."""
    return Measured(
        value=judged.j,
        weight=judged.weight,
        days=judged.used1,
        first_pass=judged.line.returns == 0,
        overdue=judged.is_overdue,
        ended=judged.line.ended,
    )


def norms(judged: Iterable[Judged], policy: Policy) -> dict[str, Norm]:
    """What is usual in each service. From all lines of the city, also where a district's scores are made."""
    groups: dict[str, dict[str, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    for each in judged:
        groups[each.line.service][each.line.firm].append(as_measured(each))
    return {service: norm(firms.values(), policy) for service, firms in groups.items()}


def firms(judged: Iterable[Judged], usual: Mapping[str, Norm], policy: Policy) -> dict[str, FirmScore]:
    """The scores of all firms that have lines among these, in the order of their codes."""
    found: dict[str, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for each in judged:
        found[each.line.firm][each.line.service].append(each)
    return {firm: _firm(firm, services, usual, policy) for firm, services in sorted(found.items())}


def _firm(firm: str, services: Mapping[str, list[Judged]], usual: Mapping[str, Norm], policy: Policy) -> FirmScore:
    lines = {service: tuple(sorted(rows, key=lambda row: row.line.line)) for service, rows in sorted(services.items())}
    parts = {
        service: figures([as_measured(each) for each in rows], usual[service], policy)
        for service, rows in lines.items()
    }
    return FirmScore(
        firm=firm, services=parts, lines=lines, overall=overall((part.score for part in parts.values()), policy)
    )
