"""What every rule is given and gives. Nothing here or in the rules imports Django, and no float decides anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from oversight.graph import Graph, Kind, Link

KEPT_OUT, FLAGGED, EXCEPTED = "kept_out", "flagged", "excepted"

GUIDANCE = "国办发〔2015〕31号"
REGULATION = "优化营商环境条例 第四十三条"
REGULATION_FROM = date(2020, 1, 1)
TO_CONFIRM = "（条款由律师确认）"
"""Stands behind every basis that the design does not give in full."""


def ground(day: date) -> str:
    """The general legal ground on a day: the guidance of 2015, with the regulation from 2020 on."""
    return f"{GUIDANCE}；{REGULATION}" if day >= REGULATION_FROM else GUIDANCE


@dataclass(frozen=True)
class Parameter:
    """A figure of a rule from a day on, with its basis. Percentages and years."""

    rule: str
    name: str
    value: Decimal
    basis: str
    since: date = date.min
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


USUAL = (
    Parameter("RH1", "layer", Decimal(5), "与 RH2 的比例一致" + TO_CONFIRM),
    Parameter("RH2", "share", Decimal(5), "通行做法" + TO_CONFIRM),
    Parameter("RH4", "leader_years", Decimal(3), "公务员离职从业限制：领导成员三年" + TO_CONFIRM),
    Parameter("RH4", "other_years", Decimal(2), "公务员离职从业限制：其他人员二年" + TO_CONFIRM),
)


@dataclass(frozen=True)
class Exempt:
    """An exception: a rule, and of which firm, department and body; None means any."""

    rule: str
    basis: str
    firm: int | None = None
    department: int | None = None
    body: int | None = None

    def concerns(self, rule: str, firm: int, department: int) -> bool:
        return self.rule == rule and self.firm in (None, firm) and self.department in (None, department)


@dataclass(frozen=True)
class Terms:
    """The parameters of a day and the exceptions in force."""

    parameters: Mapping[tuple[str, str], Parameter]
    exempt: tuple[Exempt, ...] = ()

    def value(self, rule: str, name: str) -> Decimal:
        return self.parameters[rule, name].value

    def millionths(self, rule: str, name: str) -> int:
        """A percentage in the unit of shares."""
        return int(self.value(rule, name) * 10_000)


def terms(day: date, *, own: Iterable[Parameter] = (), exempt: Iterable[Exempt] = ()) -> Terms:
    """The usual parameters of a day, and over them a city's own, the latest first."""
    found = {(each.rule, each.name): each for each in USUAL if each.holds_on(day)}
    found |= {(each.rule, each.name): each for each in sorted(own, key=lambda each: each.since) if each.holds_on(day)}
    return Terms(found, tuple(exempt))


@dataclass(frozen=True)
class Finding:
    """A rule that applies, with the path from the department to the firm, its days and, where shares count, their product."""

    rule: str
    effect: str
    firm: int
    department: int
    path: tuple[Link, ...]
    basis: str
    low: int | None = None
    high: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def sources(self) -> list[str]:
        return sorted({edge.source for link in self.path for edge in link.edges})


Rule = Callable[[Graph, int, int, Terms], list[Finding]]
"""A graph, a firm and a department by their nodes, and the terms of the graph's day."""


def finding(
    rule: str, effect: str, graph: Graph, firm: int, department: int, path: Iterable[Link], **more: object
) -> Finding:
    """A finding with the days in which its whole path holds."""
    links = tuple(path)
    begins = [link.since for link in links if link.since is not None]
    ends = [link.until for link in links if link.until is not None]
    made = Finding(
        rule=rule,
        effect=effect,
        firm=firm,
        department=department,
        path=links,
        basis=ground(graph.day),
        since=max(begins, default=None),
        until=min(ends, default=None),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def family(graph: Graph, node: int, department: int) -> list[Link] | None:
    """The path from a department to a body of it, empty for the department itself; None where the node is neither.

    Bodies are what it sponsors (举办), through any number of layers, and the social organisations whose 业务主管单位 it or a body
    of it is. That it supervises an industry makes no firm its body.
    """
    paths: dict[int, list[Link]] = {node: []}
    waiting = [node]
    for reached in waiting:
        if reached == department:
            return paths[reached]
        kinds = (Kind.SPONSORS, Kind.SUPERVISES) if graph.is_association(reached) else (Kind.SPONSORS,)
        for link in graph.into(reached, *kinds):
            if link.tail not in paths:
                paths[link.tail] = [link, *paths[reached]]
                waiting.append(link.tail)
    return None
