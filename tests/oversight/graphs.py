"""Small graphs written as sentences, for the rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from oversight import rules
from oversight.graph import Edge, Form, Graph, Kind, Node, NodeKind
from oversight.rules.base import Finding, terms

DAY = date(2026, 3, 2)
FORMS = {"inst": Form.INSTITUTION, "assoc": Form.ASSOCIATION, "co": Form.COMPANY, "firm": Form.COMPANY}
PERSONS = ("anna", "ben", "carl")


class Small:
    """Nodes by name: `dept…` are departments, the names of PERSONS persons, all others organisations by what they begin with."""

    def __init__(self, day: date = DAY) -> None:
        self.day = day
        self.numbers: dict[str, int] = {}
        self.edges: list[Edge] = []

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers) + 1)

    def says(
        self, tail: str, kind: str, head: str, share: object = None, *, high: object = None, **more: object
    ) -> Small:
        low = None if share is None else int(Decimal(str(share)) * 10_000)
        most = low if high is None else int(Decimal(str(high)) * 10_000)
        more.setdefault("source", "register")
        self.edges.append(
            Edge(len(self.edges) + 1, kind, self.number(tail), self.number(head), low, most, **more)  # type: ignore[arg-type]
        )
        return self

    def graph(self) -> Graph:
        nodes = {}
        for name, number in self.numbers.items():
            kind = NodeKind.DEPARTMENT if name.startswith("dept") else NodeKind.ORGANISATION
            kind = NodeKind.PERSON if name in PERSONS else kind
            form = next((form for start, form in FORMS.items() if name.startswith(start)), Form.OTHER)
            nodes[number] = Node(number, kind, form)
        return Graph(nodes, self.edges, self.day)

    def findings(
        self, firm: str = "firm", department: str = "dept", *, own: Any = (), exempt: Any = ()
    ) -> list[Finding]:
        firm_number, department_number = self.number(firm), self.number(department)
        known = terms(self.day, own=own, exempt=exempt)
        return rules.applying(self.graph(), firm_number, department_number, known)

    def effects(self, **more: object) -> dict[str, str]:
        return {each.rule: each.effect for each in self.findings(**more)}  # type: ignore[arg-type]

    def path(self, rule: str) -> list[str]:
        names = {number: name for name, number in self.numbers.items()}
        found = next(each for each in self.findings() if each.rule == rule)
        return [f"{names[link.tail]} {link.kind} {names[link.head]}" for link in found.path]


OWNS, SPONSORS, SUPERVISES = Kind.OWNS, Kind.SPONSORS, Kind.SUPERVISES
