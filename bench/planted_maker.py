"""What writes a city of ties down: its figures, its parties and relations, and what is true of whom."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oversight.graph import WHOLE, Edge, Form, Kind, Node, NodeKind
from oversight.rules.base import FLAGGED, KEPT_OUT, Exempt, Parameter
from oversight.rules.reviews import Work

ROOM = 200_000
"""Keys of nodes are drawn from as many, so that their order tells nothing."""
FIRST_DAY = date(2021, 1, 4)
DAYS = 2_000
Effects = dict[str, str]
"""What a case makes true between its firm and its department: effect by rule; empty for a near miss."""


@dataclass(frozen=True, kw_only=True)
class City:
    """How a city is. share, layer: percent; copies: how often each case is planted; crowd: firms without a tie; sources: how many
    tell each relation.
    """

    name: str
    share: int = 5
    layer: int = 5
    leader_years: int = 3
    other_years: int = 2
    copies: int = 2
    crowd: int = 60
    departments: int = 8
    sources: int = 1

    def own(self) -> list[Parameter]:
        """The city's figures as rows of its own."""
        figures = {
            ("RH2", "share"): self.share, ("RH1", "layer"): self.layer,
            ("RH4", "leader_years"): self.leader_years, ("RH4", "other_years"): self.other_years,
        }  # fmt: skip
        return [Parameter(rule, name, Decimal(value), "planted") for (rule, name), value in figures.items()]


@dataclass(eq=False)
class Planted:
    """A city with its truth: effect by rule, firm and department; by which case; and what is near to a tie and is none."""

    day: date
    own: list[Parameter]
    nodes: dict[int, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    firms: list[int] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
    exempt: list[Exempt] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    truth: dict[tuple[str, int, int], str] = field(default_factory=dict)
    case_of: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    works: list[Work] = field(default_factory=list)
    entered: dict[tuple[int, int, str], str] = field(default_factory=dict)
    """By which case a firm enters a project's round for a service."""
    reviews: set[tuple[int, int, str]] = field(default_factory=set)
    """Where RH7 is true of that."""


Plant = Callable[["Maker", int, int], Effects]


@dataclass(frozen=True)
class Case:
    """A way to be tied, or `near` to it. RH7 needs no department."""

    name: str
    rule: str
    near: bool
    plant: Plant


class Cases(list[Case]):
    """The cases of a file."""

    def case(self, rule: str, name: str, *, near: bool = False) -> Callable[[Plant], Plant]:
        """Keep a case of a rule, or what is near to one, under the name that the page has."""

        def keep(plant: Plant) -> Plant:
            self.append(Case(name, rule, near, plant))
            return plant

        return keep


class Maker:
    """Writes relations down; every case brings organisations and people of its own, so that none touches another."""

    def __init__(self, city: City, seed: int) -> None:
        self.city, self.rng = city, random.Random(f"{city.name}/{seed}")
        self.day = FIRST_DAY + timedelta(days=self.rng.randrange(DAYS))
        if (self.day.month, self.day.day) == (2, 29):
            self.day += timedelta(days=1)
        self.made = Planted(self.day, city.own())
        self.free = self.rng.sample(range(1, ROOM), 40_000)
        self.yesterday, self.tomorrow = self.day - timedelta(days=1), self.day + timedelta(days=1)
        self.made.departments = [self.node(NodeKind.DEPARTMENT, Form.GOVERNMENT) for _number in range(city.departments)]
        self.case = ""
        self.people: dict[bytes, int] = {}
        self.associations: list[int] = []
        """Firms that are social organisations, which nobody may regulate besides."""

    def node(self, kind: str, form: str) -> int:
        key = self.free.pop()
        self.made.nodes[key] = Node(key, kind, form)
        return key

    def company(self) -> int:
        return self.node(NodeKind.ORGANISATION, Form.COMPANY)

    def institution(self) -> int:
        return self.node(NodeKind.ORGANISATION, Form.INSTITUTION)

    def association(self) -> int:
        return self.node(NodeKind.ORGANISATION, Form.ASSOCIATION)

    def firm(self) -> int:
        self.made.firms.append(self.company())
        return self.made.firms[-1]

    def other(self, firm: int) -> int:
        """Another department, which then has its case with the firm too."""
        found = self.rng.choice([each for each in self.made.departments if (firm, each) not in self.made.case_of])
        self.made.case_of[firm, found] = [self.case]
        return found

    def true(self, firm: int, department: int, effects: Effects) -> None:
        """Write down what is true."""
        self.made.truth |= {(rule, firm, department): effect for rule, effect in effects.items()}

    def person(self, name: str = "", number: str = "") -> int:
        """Whoever has an ID number, new unless it is given: by its hash alone a person is known, never by the name."""
        number = number or f"{self.rng.getrandbits(60):018d}"
        digest = hashlib.sha256(number.encode()).digest()
        if digest not in self.people:
            self.people[digest] = self.node(NodeKind.PERSON, Form.OTHER)
            self.made.names[self.people[digest]] = name or f"某{self.rng.randrange(500)}"
        return self.people[digest]

    def says(
        self, tail: int, kind: str, head: int, share: int | None = None, *, high: int | None = None, **more: Any
    ) -> None:
        """Shares in millionths. Kin, addresses and telephones are told in either direction; what is given no dates may have
        harmless ones.
        """
        if kind in Kind.SYMMETRIC and self.rng.random() < 0.5:
            tail, head = head, tail
        if kind not in Kind.LASTING:
            begun = [None, self.before(3_000), *([] if "until" in more else [self.day])]
            more.setdefault("since", self.rng.choice(begun))
            more.setdefault("until", self.rng.choice([None, self.day, self.day + timedelta(days=400)]))
        for number in range(self.city.sources):
            self.made.edges.append(
                Edge(
                    len(self.made.edges) + 1, kind, tail, head, share, share if high is None else high,
                    source=f"register:{number}", **more,
                )
            )  # fmt: skip

    def owns(self, path: Iterable[int], shares: Iterable[int], **last: Any) -> None:
        """Each of a path owns the next; `last` is said of the last holding."""
        nodes, parts = list(path), list(shares)
        for place, (tail, head, share) in enumerate(zip(nodes, nodes[1:], parts, strict=False)):
            self.says(tail, Kind.OWNS, head, share, **(last if place == len(parts) - 1 else {}))

    def large(self) -> int:
        """A share that is a layer in every city."""
        return self.rng.randrange(max(self.city.layer, self.city.share) * 10_000, WHOLE + 1)

    def body(self, department: int, **more: Any) -> int:
        """An institution that the department runs."""
        found = self.institution()
        self.says(department, Kind.SPONSORS, found, **more)
        return found

    def official(self, department: int, *, since: date | None = None, **more: Any) -> int:
        found = self.person()
        self.says(department, Kind.EMPLOYS, found, since=since or self.before(4_000), **more)
        return found

    def before(self, most: int, least: int = 1) -> date:
        """Some day in the past."""
        return self.day - timedelta(days=self.rng.randrange(least, most))

    def years_ago(self, years: int) -> date:
        return self.day.replace(year=self.day.year - years)

    def share(self, *products: Fraction) -> str:
        """What RH2 does with a sum of products."""
        return KEPT_OUT if sum(products) * 100 >= self.city.share else FLAGGED

    def works(self, firm: int, project: int, service: str) -> None:
        self.made.works.append(Work(firm, project, service, f"A{len(self.made.works)}"))

    def enters(self, firm: int, project: int, service: str) -> None:
        self.made.entered[firm, project, service] = self.case

    def holding(self, shares: Iterable[int]) -> Effects:
        """What one path of holdings from the department's own to the firm makes true."""
        parts = list(shares)
        product = Fraction(1)
        for part in parts:
            product *= Fraction(part, WHOLE)
        layers = {"RH1": KEPT_OUT} if min(parts) >= self.city.layer * 10_000 else {}
        return {**layers, "RH2": self.share(product)}
