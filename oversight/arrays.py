"""The whole graph of a day as arrays, to find which firms and departments can be tied at all. No Django.

One search from all departments at once, in blocks so that memory is bounded; it only finds pairs, generously. Whether a rule
applies to a pair, and by which path, the rules themselves decide over the small view of the pair, with exact arithmetic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray

from oversight import rules
from oversight.graph import Edge, Form, Graph, Kind, Node, NodeKind
from oversight.rules.base import Finding, Terms

Ints = NDArray[np.int32]
KINDS = Kind.ALL
CODE = {kind: code for code, kind in enumerate(KINDS)}
CONFIDENCES = ("recorded", "declared", "inferred")
NODE_KINDS = (NodeKind.ORGANISATION, NodeKind.DEPARTMENT, NodeKind.PERSON)
FORMS = (Form.OTHER, Form.GOVERNMENT, Form.INSTITUTION, Form.ASSOCIATION, Form.COMPANY)
PERSON, DEPARTMENT = NODE_KINDS.index(NodeKind.PERSON), NODE_KINDS.index(NodeKind.DEPARTMENT)
ASSOCIATION = FORMS.index(Form.ASSOCIATION)
EPOCH = date(2000, 1, 1)
EVER = 1_000_000
"""Days after the epoch that stand for no bound, with either sign."""
BLOCK = 32
"""Departments searched at once: each takes one octet per node."""
YEARS = 10
"""Employment that ended longer ago is not looked at, whatever the cooling-off period."""

OWNED, NEAR, STAFF, KIN = 1, 2, 4, 8
"""The ways on which a firm can be reached from a department, as bits: they say which rules there is need to ask."""
RULES = {OWNED: ("RH1", "RH2"), NEAR: ("RH6",), STAFF: ("RH3", "RH4"), KIN: ("RH5",)}


def bits(*kinds: str) -> int:
    """Some kinds as one number."""
    return sum(1 << CODE[kind] for kind in kinds)


ROLES = bits(Kind.REPRESENTS, Kind.OFFICER, Kind.PRACTITIONER)
ABOVE = bits(Kind.OWNS, Kind.SPONSORS, Kind.SUPERVISES)
FAMILY = bits(Kind.SPONSORS, Kind.SUPERVISES)
PLACE = bits(Kind.ADDRESS, Kind.PHONE)


def days(day: date) -> int:
    return (day - EPOCH).days


def day_of(number: int) -> date | None:
    return None if abs(number) >= EVER else EPOCH + timedelta(days=number)


@dataclass(frozen=True, eq=False)
class Edges:
    """The relations as columns, ends by number of node; shares −1 and days ±EVER where there is none."""

    id: NDArray[np.int64]
    kind: NDArray[np.int8]
    tail: Ints
    head: Ints
    low: Ints
    high: Ints
    since: Ints
    until: Ints
    source: Ints
    confidence: NDArray[np.int8]
    leader: NDArray[np.bool_]


class Adjacency:
    """For every node the edges that begin (or end) there: one array of edges in the order of nodes, and where each begins.

    `bits` has the kind of each as a bit, so that some kinds are looked for at once.
    """

    def __init__(self, nodes: int, ends: Ints, others: Ints, kinds: NDArray[np.int8], edges: Ints) -> None:
        order = np.argsort(ends[edges], kind="stable")
        self.edges = edges[order]
        self.others = others[self.edges]
        self.bits = np.left_shift(1, kinds[self.edges].astype(np.int32))
        self.start = np.zeros(nodes + 1, np.int64)
        np.cumsum(np.bincount(ends[edges], minlength=nodes), out=self.start[1:])

    def of(self, node: int, kinds: int) -> list[tuple[int, int]]:
        """Edges of some kinds of one node, each with its other end."""
        at = slice(self.start[node], self.start[node + 1])
        found = zip(self.edges[at].tolist(), self.others[at].tolist(), self.bits[at].tolist(), strict=True)
        return [(edge, other) for edge, other, bit in found if bit & kinds]

    def expand(self, nodes: Ints, kinds: int) -> tuple[NDArray[np.int64], Ints]:
        """For an array of nodes: the place in it, and the other end, of every edge of some kinds."""
        first, count = self.start[nodes], self.start[nodes + 1] - self.start[nodes]
        place = np.repeat(np.arange(len(nodes)), count)
        at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(place))
        wanted = (self.bits[at] & kinds) != 0
        return place[wanted], self.others[at[wanted]]


@dataclass(frozen=True, eq=False)
class Nodes:
    """The parties in the order of their keys, with the places of kind and form in `NODE_KINDS` and `FORMS`."""

    id: NDArray[np.int64]
    kind: NDArray[np.int8]
    form: NDArray[np.int8]


class World:
    """Nodes with form and kind, edges, and adjacency by kind, for one day."""

    def __init__(self, nodes: Nodes, edges: Edges, sources: Mapping[int, str], day: date) -> None:
        self.ids, self.kinds, self.forms = nodes.id, nodes.kind, nodes.form
        self.edges, self.sources, self.day = edges, sources, day

    def number(self, party: int) -> int | None:
        """The number of a party's node; None where nothing is said of it."""
        at = int(np.searchsorted(self.ids, party))
        return at if at < len(self.ids) and self.ids[at] == party else None

    @cached_property
    def telling(self) -> Ints:
        """The edges that can be part of a tie: they hold, or are employment that has ended not too long ago.

        Supervision tells of associations alone. A person tells something only where a department employs or employed this person
        or somebody who is kin: all others, most of the graph, can be left out.
        """
        edges, today = self.edges, days(self.day)
        of = {kind: edges.kind == code for kind, code in CODE.items()}
        lasting = of[Kind.EMPLOYS] | of[Kind.EMPLOYED]
        holds = (edges.since <= today) & (edges.until >= today)
        tells = np.where(lasting, edges.until >= today - 366 * YEARS, holds)
        tells &= ~of[Kind.SUPERVISES] | (self.forms[edges.head] == ASSOCIATION)
        by_department = lasting & (self.kinds[edges.tail] == DEPARTMENT)
        posted, related = np.zeros(len(self.ids), bool), np.zeros(len(self.ids), bool)
        posted[edges.head[by_department & tells]] = True
        kin = tells & of[Kind.KIN] & (posted[edges.tail] | posted[edges.head])
        related[edges.tail[kin]] = related[edges.head[kin]] = True
        tells &= ~lasting | by_department | posted[edges.head]
        tells &= ~of[Kind.KIN] | kin
        tells &= (self.kinds[edges.tail] != PERSON) | posted[edges.tail] | related[edges.tail]
        return np.flatnonzero(tells).astype(np.int32)

    @cached_property
    def forward(self) -> Adjacency:
        return Adjacency(len(self.ids), self.edges.tail, self.edges.head, self.edges.kind, self.telling)

    @cached_property
    def backward(self) -> Adjacency:
        return Adjacency(len(self.ids), self.edges.head, self.edges.tail, self.edges.kind, self.telling)

    def pairs(self, departments: Ints, firms: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Departments and firms, by number, that something may tie, and by which ways; a block of departments at a time."""
        is_firm = np.zeros(len(self.ids), bool)
        is_firm[firms] = True
        seen = np.zeros((BLOCK, len(self.ids)), bool)
        for start in range(0, len(departments), BLOCK):
            block = departments[start : start + BLOCK]
            keys, ways = [], []
            for way, place, node in self._reached(block, seen):
                wanted = is_firm[node]
                own = np.unique(place[wanted].astype(np.int64) * len(self.ids) + node[wanted])
                keys.append(own)
                ways.append(np.full(len(own), way, np.int32))
            pair, at = np.unique(np.concatenate(keys), return_inverse=True)
            together = np.zeros(len(pair), np.int32)
            np.bitwise_or.at(together, at, np.concatenate(ways))
            yield block[pair // len(self.ids)], (pair % len(self.ids)).astype(np.int32), together

    def _reached(self, block: Ints, seen: NDArray[np.bool_]) -> Iterator[tuple[int, Ints, Ints]]:
        """Everything within reach of the departments of a block, as places in it and nodes, by one way after the other."""
        place = np.arange(len(block), dtype=np.int32)
        yield OWNED, *self._closure(place, block, seen, ABOVE)
        family = self._closure(place, block, seen, FAMILY)
        yield NEAR, *self._step(*family, PLACE)
        yield NEAR, *self._step(*family, PLACE, back=True)
        people = self._step(place, block, bits(*Kind.LASTING))
        yield STAFF, *self._step(*people, ROLES | bits(Kind.OWNS))
        yield STAFF, *self._step(*people, bits(Kind.EMPLOYS), back=True)
        for back in (False, True):
            at, person = self._step(*people, bits(Kind.KIN), back=back)
            yield KIN, *self._step(at, person, ROLES)
            yield KIN, *self._closure(at, person, seen, bits(Kind.OWNS))

    def _step(self, place: Ints, node: Ints, kinds: int, *, back: bool = False) -> tuple[Ints, Ints]:
        at, ends = (self.backward if back else self.forward).expand(node, kinds)
        return place[at], ends

    def _closure(self, place: Ints, node: Ints, seen: NDArray[np.bool_], kinds: int) -> tuple[Ints, Ints]:
        """Everything that is reached by any number of edges, the beginning included; `seen` is left as it was found."""
        found = []
        while len(node):
            new = ~seen[place, node]
            place, node = place[new], node[new]
            _keys, first = np.unique(place.astype(np.int64) * seen.shape[1] + node, return_index=True)
            place, node = place[first], node[first]
            seen[place, node] = True
            found.append((place, node))
            place, node = self._step(place, node, kinds)
        places, nodes = (np.concatenate(each) for each in zip(*found, strict=True)) if found else (place, node)
        seen[places, nodes] = False
        return places, nodes

    def around(self, firm: int, ways: int = OWNED | NEAR | STAFF | KIN) -> Graph:
        """What surrounds a firm on some ways, without what can be part of no tie, by the parties' own keys.

        The rules say of it what they say of what `domain.view.around` reads from the database.
        """
        edges: set[int] = set()
        known = {firm}
        if ways & NEAR:
            for back in (True, False):
                known.update(self._walk(firm, edges, PLACE, back=back))
        if ways & (OWNED | NEAR | KIN):
            waiting = list(known)
            for node in waiting:
                new = set(self._walk(node, edges, ABOVE)) - known
                known |= new
                waiting += new
        if ways & (STAFF | KIN):
            self._people(firm, known, edges, kin=bool(ways & KIN))
        return self._graph(np.array(sorted(edges), np.int64), firm)

    def _people(self, firm: int, known: set[int], edges: set[int], *, kin: bool) -> None:
        """The people of a firm, their kin where asked for, and where all of them are or were employed."""
        people = {*known, *self._walk(firm, edges, ROLES | bits(Kind.OWNS))}
        people.update(self._walk(firm, edges, bits(Kind.EMPLOYS), back=False))
        people = {node for node in people if self.kinds[node] == PERSON}
        for person in list(people) if kin else ():
            for back in (True, False):
                people.update(self._walk(person, edges, bits(Kind.KIN), back=back))
        for person in people:
            self._walk(person, edges, bits(*Kind.LASTING))

    def _walk(self, node: int, edges: set[int], kinds: int, *, back: bool = True) -> list[int]:
        found = (self.backward if back else self.forward).of(node, kinds)
        edges.update(edge for edge, _other in found)
        return [other for _edge, other in found]

    def _graph(self, chosen: NDArray[np.int64], firm: int) -> Graph:
        own = self.edges
        nodes = np.unique(np.concatenate([own.tail[chosen], own.head[chosen], np.array([firm], np.int32)]))
        columns = (self.ids[nodes], self.kinds[nodes], self.forms[nodes])
        known = {
            id: Node(id, NODE_KINDS[kind], FORMS[form])
            for id, kind, form in zip(*(column.tolist() for column in columns), strict=True)
        }
        return Graph(known, self._objects(chosen), self.day)

    def _objects(self, chosen: NDArray[np.int64]) -> list[Edge]:
        own = self.edges
        columns = (
            own.id[chosen], own.kind[chosen], self.ids[own.tail[chosen]], self.ids[own.head[chosen]], own.low[chosen],
            own.high[chosen], own.since[chosen], own.until[chosen], own.source[chosen], own.confidence[chosen],
            own.leader[chosen],
        )  # fmt: skip
        return [
            Edge(
                id,
                KINDS[kind],
                tail,
                head,
                None if low < 0 else low,
                None if high < 0 else high,
                day_of(since),
                day_of(until),
                self.sources[source],
                CONFIDENCES[confidence],
                leader,
            )
            for id, kind, tail, head, low, high, since, until, source, confidence, leader in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]


def findings(world: World, firms: Mapping[int, int], departments: Mapping[int, int], terms: Terms) -> Iterator[Finding]:
    """What the rules say of every pair that the search finds; firms and departments by their nodes."""
    pairs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for some in world.pairs(_numbers(world, departments), _numbers(world, firms)):
        for department, firm, way in zip(*(column.tolist() for column in some), strict=True):
            pairs[firm].append((department, way))
    for firm, own in pairs.items():
        graph, node = world.around(firm, reduce(or_, (way for _department, way in own))), int(world.ids[firm])
        for department, ways in own:
            asked = [rule for way, own_rules in RULES.items() if ways & way for rule in own_rules]
            yield from rules.applying(graph, node, int(world.ids[department]), terms, asked=asked)


def _numbers(world: World, nodes: Iterable[int]) -> Ints:
    known = [number for node in nodes if (number := world.number(node)) is not None]
    return np.array(sorted(known), np.int32)
