"""A small view of the affiliation graph as plain objects: what the rules read. No Django.

Edges are directed the way influence flows: from an owner to what it owns, from a sponsor to what it runs, from a person to the
firm that the person leads, from an employer to the person employed. Kin, address and telephone hold both ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

WHOLE = 1_000_000
"""A share of 100 % in the unit in which shares are kept: millionths, as whole numbers."""


class NodeKind:
    """What a node is."""

    ORGANISATION, DEPARTMENT, PERSON = "organisation", "department", "person"


class Form:
    """The legal form of an organisation, as its USCC begins (GB 32100-2015): 1 authorities, 5 civil affairs, 9 business."""

    GOVERNMENT, INSTITUTION, ASSOCIATION = "government", "institution", "association"
    COMPANY, OTHER = "company", "other"


def form_of(uscc: str | None) -> str:
    """The form that a USCC tells of: 11 authorities, 12 institutions, 5x social organisations, 9x businesses."""
    start = (uscc or "")[:2]
    if start in ("11", "12"):
        return Form.GOVERNMENT if start == "11" else Form.INSTITUTION
    return {"5": Form.ASSOCIATION, "9": Form.COMPANY}.get(start[:1], Form.OTHER)


class Kind:
    """What ties two parties (DOMAIN "Red-hat ties")."""

    OWNS, SPONSORS, SUPERVISES = "owns", "sponsors", "supervises"
    REPRESENTS, OFFICER, PRACTITIONER = "represents", "officer", "practitioner"
    EMPLOYS, EMPLOYED, KIN = "employs", "employed", "kin"
    ADDRESS, PHONE = "address", "phone"
    ALL = (
        OWNS, SPONSORS, SUPERVISES, REPRESENTS, OFFICER, PRACTITIONER, EMPLOYS, EMPLOYED, KIN, ADDRESS, PHONE,
    )  # fmt: skip
    SYMMETRIC = (KIN, ADDRESS, PHONE)
    LASTING = (EMPLOYS, EMPLOYED)
    """They matter after they have ended (RH4)."""


@dataclass(frozen=True, slots=True)
class Node:
    id: int
    kind: str
    form: str = Form.OTHER


@dataclass(frozen=True, slots=True)
class Edge:
    """One statement of one source. Shares in millionths, from `low` to `high`, None where nobody says; days inclusive."""

    id: int
    kind: str
    tail: int
    head: int
    low: int | None = None
    high: int | None = None
    since: date | None = None
    until: date | None = None
    source: str = ""
    confidence: str = "recorded"
    leader: bool = False

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def is_leaving(self, day: date) -> bool:
        """Whether the day of leaving is known and still to come: until then who is on a list of former staff works there."""
        return self.until is not None and day < self.until


@dataclass(frozen=True, slots=True)
class Link:
    """All that is said of one tie between two parties: sources that disagree stand side by side."""

    kind: str
    tail: int
    head: int
    edges: tuple[Edge, ...]

    @property
    def low(self) -> int | None:
        """The smallest share that a source tells; None where none does."""
        return min((edge.low for edge in self.edges if edge.low is not None), default=None)

    @property
    def high(self) -> int | None:
        """The largest share that a source thinks possible; None where none tells."""
        return max((edge.high for edge in self.edges if edge.high is not None), default=None)

    @property
    def since(self) -> date | None:
        """The day from which the first source has it; None where one has it from the beginning."""
        begins = [edge.since for edge in self.edges]
        return None if None in begins else min(each for each in begins if each is not None)

    @property
    def until(self) -> date | None:
        """The day to which the last source has it; None where one knows no end."""
        ends = [edge.until for edge in self.edges]
        return None if None in ends else max(end for end in ends if end is not None)


class Graph:
    """Nodes and the links that hold on a day; employment also after it has ended, but not before it has begun."""

    def __init__(self, nodes: Mapping[int, Node], edges: Iterable[Edge], day: date) -> None:
        self.nodes, self.day, self.edges = nodes, day, tuple(edges)
        present: dict[tuple[str, int, int], list[Edge]] = defaultdict(list)
        past: dict[tuple[str, int, int], list[Edge]] = defaultdict(list)
        for edge in self.edges:
            holds = edge.holds_on(day) and (edge.kind != Kind.EMPLOYED or edge.is_leaving(day))
            if not holds and (edge.kind not in Kind.LASTING or (edge.since is not None and edge.since > day)):
                continue
            kind = Kind.EMPLOYS if holds and edge.kind == Kind.EMPLOYED else edge.kind
            (present if holds else past)[kind, edge.tail, edge.head].append(edge)
            if edge.kind in Kind.SYMMETRIC:
                present[edge.kind, edge.head, edge.tail].append(edge)
        self._into: dict[tuple[str, int], list[Link]] = defaultdict(list)
        self._staff: dict[int, list[Link]] = defaultdict(list)
        for key in sorted(present):
            link = Link(*key, tuple(present[key]))
            self._into[link.kind, link.head].append(link)
            if link.kind == Kind.EMPLOYS:
                self._staff[link.tail].append(link)
        self._past: dict[int, list[Link]] = defaultdict(list)
        for key in sorted(past):
            self._past[key[2]].append(Link(*key, tuple(past[key])))

    def into(self, head: int, *kinds: str) -> list[Link]:
        """The links of these kinds that lead to a node."""
        return [link for kind in kinds for link in self._into.get((kind, head), ())]

    def staff(self, employer: int) -> list[Link]:
        """Whom an organisation employs."""
        return self._staff.get(employer, [])

    def past_employers(self, person: int) -> list[Link]:
        """Employment that has ended, by its own dates or by a list of former staff."""
        return self._past.get(person, [])

    def departments(self) -> list[int]:
        """The departments in view."""
        return sorted(node.id for node in self.nodes.values() if node.kind == NodeKind.DEPARTMENT)

    def is_association(self, node: int) -> bool:
        return node in self.nodes and self.nodes[node].form == Form.ASSOCIATION

    def is_person(self, node: int) -> bool:
        return node in self.nodes and self.nodes[node].kind == NodeKind.PERSON

    def without(self, nodes: Collection[int]) -> Graph:
        """The same without some nodes."""
        kept = (edge for edge in self.edges if edge.tail not in nodes and edge.head not in nodes)
        return Graph(self.nodes, kept, self.day)
