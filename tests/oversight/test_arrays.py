"""The search over arrays finds every pair that a rule applies to, and shows the rules the same surroundings."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight import rules
from oversight.arrays import (
    CODE,
    CONFIDENCES,
    EVER,
    FORMS,
    NODE_KINDS,
    Edges,
    Nodes,
    World,
    days,
    findings,
)  # fmt: skip
from oversight.domain.scanning import departments_above
from oversight.graph import Edge, Form, Graph, Kind, Node, NodeKind
from oversight.rules.base import terms

DAY = date(2026, 3, 2)
DEPARTMENTS, FIRMS = (10, 20), (30, 40, 50)
NODES = {
    **{number: Node(number, NodeKind.DEPARTMENT, Form.GOVERNMENT) for number in DEPARTMENTS},
    **{number: Node(number, NodeKind.ORGANISATION, Form.COMPANY) for number in (*FIRMS, 60)},
    70: Node(70, NodeKind.ORGANISATION, Form.ASSOCIATION),
    80: Node(80, NodeKind.ORGANISATION, Form.INSTITUTION),
    **{number: Node(number, NodeKind.PERSON) for number in (91, 92, 93)},
}
PEOPLE = (91, 92, 93)
OTHERS = tuple(number for number in NODES if number not in PEOPLE)
ENDS = {
    Kind.OWNS: (tuple(NODES), OTHERS),
    Kind.SPONSORS: (OTHERS, OTHERS),
    Kind.SUPERVISES: (OTHERS, OTHERS),
    Kind.REPRESENTS: (PEOPLE, OTHERS),
    Kind.OFFICER: (PEOPLE, OTHERS),
    Kind.PRACTITIONER: (PEOPLE, OTHERS),
    Kind.EMPLOYS: (OTHERS, PEOPLE),
    Kind.EMPLOYED: (OTHERS, PEOPLE),
    Kind.KIN: (PEOPLE, PEOPLE),
    Kind.ADDRESS: (OTHERS, OTHERS),
    Kind.PHONE: (OTHERS, OTHERS),
}


@st.composite
def edges(draw):
    made = []
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(Kind.ALL))
        tails, heads = ENDS[kind]
        tail = draw(st.sampled_from(tails))
        head = draw(st.sampled_from([each for each in heads if each != tail]))
        low = draw(st.sampled_from([None, 10_000, 400_000])) if kind == Kind.OWNS else None
        since = draw(st.sampled_from([None, DAY, DAY + timedelta(days=1)]))
        until = draw(st.sampled_from([None, None, DAY, DAY - timedelta(days=200), DAY - timedelta(days=900)]))
        confidence = draw(st.sampled_from(CONFIDENCES))
        made.append(Edge(number + 1, kind, tail, head, low, low, since, until, "s", confidence, draw(st.booleans())))
    return made


def world_of(made):
    ids = np.array(sorted(NODES), np.int64)

    def numbers(values, dtype=np.int32):
        return np.array(list(values), dtype)

    columns = Edges(
        id=numbers((each.id for each in made), np.int64),
        kind=numbers((CODE[each.kind] for each in made), np.int8),
        tail=np.searchsorted(ids, [each.tail for each in made]).astype(np.int32),
        head=np.searchsorted(ids, [each.head for each in made]).astype(np.int32),
        low=numbers(-1 if each.low is None else each.low for each in made),
        high=numbers(-1 if each.high is None else each.high for each in made),
        since=numbers(-EVER if each.since is None else days(each.since) for each in made),
        until=numbers(EVER if each.until is None else days(each.until) for each in made),
        source=numbers(1 for _each in made),
        confidence=numbers((CONFIDENCES.index(each.confidence) for each in made), np.int8),
        leader=numbers((each.leader for each in made), bool),
    )
    nodes = Nodes(
        ids,
        numbers((NODE_KINDS.index(NODES[number].kind) for number in ids.tolist()), np.int8),
        numbers((FORMS.index(NODES[number].form) for number in ids.tolist()), np.int8),
    )
    return World(nodes, columns, {1: "s"}, DAY)


def told(found):
    return sorted(
        (each.firm, each.department, each.rule, each.effect, tuple((link.kind, link.tail, link.head) for link in each.path),
         each.low, each.high, each.since, each.until)
        for each in found
    )  # fmt: skip


@given(edges())
@settings(max_examples=400, deadline=None)
def test_the_scan_finds_what_the_rules_find_over_the_whole_graph(made):
    whole, known = Graph(NODES, made, DAY), terms(DAY)
    expected = [
        each for firm in FIRMS for department in DEPARTMENTS for each in rules.applying(whole, firm, department, known)
    ]
    found = findings(world_of(made), {firm: firm for firm in FIRMS}, {each: each for each in DEPARTMENTS}, known)
    assert told(found) == told(expected)


@given(edges())
@settings(max_examples=200, deadline=None)
def test_every_department_with_a_tie_lies_above_the_firm(made):
    whole, known = Graph(NODES, made, DAY), terms(DAY)
    for firm in FIRMS:
        above = departments_above(whole, firm)
        for department in DEPARTMENTS:
            assert department in above or not rules.applying(whole, firm, department, known)


def test_a_world_without_edges_has_no_pairs():
    assert list(findings(world_of([]), {30: 30}, {10: 10}, terms(DAY))) == []
