"""The graph as a person looks at it: what surrounds a party on a day, step by step, and the shortest way between two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from core.identifiers import is_sole_trader
from oversight.graph import Edge, Kind, Link
from oversight.models import NodeKind, Party, Relation

MOST = 200
"""So many ties are shown at once."""
READ = 2_000
"""So many statements are read of each of the parties that are opened."""
STEPS, FRONTIER = 8, 5_000
"""How long a way may be, and how many parties are reached at each of its steps."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Ties between parties, and whether there are more than are shown."""

    links: tuple[Link, ...]
    more: bool = False

    @property
    def parties(self) -> set[int]:
        return {end for link in self.links for end in (link.tail, link.head)}


def surrounding(opened: Collection[int], *, at: date, kinds: Collection[str] = Kind.ALL) -> Shown:
    """Every tie that one of these parties has on a day, of some kinds."""
    rows = holding(at, kinds).filter(Q(from_party__in=opened) | Q(to_party__in=opened)).order_by("kind", "id")
    read = list(_edges(rows[: READ * len(opened)]))
    links = _links(read)
    return Shown(links=tuple(links[:MOST]), more=len(links) > MOST or len(read) == READ * len(opened))


def holding(at: date, kinds: Collection[str]) -> QuerySet[Relation]:
    """The statements of some kinds that hold on a day."""
    begun, lasts = Q(holds_from=None) | Q(holds_from__lte=at), Q(holds_to=None) | Q(holds_to__gte=at)
    return Relation.objects.filter(begun, lasts, kind__in=kinds)


def shortest(one: int, other: int, *, at: date, kinds: Collection[str] = Kind.ALL) -> Shown | None:
    """A shortest way between two parties, whatever the direction of its ties, over no third department; None without one.

    It is looked for from both ends at once.
    """
    if one == other:
        return Shown(links=())
    reached: dict[int, dict[int, Link | None]] = {one: {one: None}, other: {other: None}}
    edges = {one: [one], other: [other]}
    for _step in range(STEPS):
        start = min(edges, key=lambda each: len(edges[each]))
        own, far = reached[start], reached[other if start == one else one]
        found = _next(edges[start], own, at, kinds)
        if not found:
            return None
        own |= found
        if meeting := sorted(set(found) & set(far)):
            links = [*reversed(_back(reached[one], meeting[0])), *_back(reached[other], meeting[0])]
            return Shown(links=tuple(links))
        edges[start] = _passable(found)
    return None


def _next(frontier: list[int], known: Collection[int], at: date, kinds: Collection[str]) -> dict[int, Link | None]:
    """Whom one more step reaches, each with the tie over which."""
    rows = holding(at, kinds).filter(Q(from_party__in=frontier) | Q(to_party__in=frontier)).order_by("id")
    found: dict[int, Link | None] = {}
    own = set(frontier)
    for link in _links(_edges(rows[: FRONTIER * 2])):
        for near, end in ((link.tail, link.head), (link.head, link.tail)):
            if near in own and end not in known and end not in found and len(found) < FRONTIER:
                found[end] = link
    return found


def _passable(found: Collection[int]) -> list[int]:
    """From where it goes on: a department has so many people that everybody is near everybody over it."""
    departments = set(Party.objects.filter(pk__in=found, kind=NodeKind.DEPARTMENT).values_list("pk", flat=True))
    return [each for each in found if each not in departments]


def _back(reached: dict[int, Link | None], node: int) -> list[Link]:
    """The ties from a party back to where its side began."""
    way = []
    while (link := reached[node]) is not None:
        way.append(link)
        node = link.tail if link.head == node else link.head
    return way


def _edges(rows: QuerySet[Relation]) -> Iterable[Edge]:
    columns = (
        "id", "kind", "from_party_id", "to_party_id", "share_low", "share_high", "holds_from", "holds_to", "source__name",
        "confidence", "leader",
    )  # fmt: skip
    return [Edge(*row) for row in rows.values_list(*columns)]


def _links(edges: Iterable[Edge]) -> list[Link]:
    """What is said of one tie stands together; one that holds both ways stands once."""
    said: dict[tuple[str, int, int], list[Edge]] = defaultdict(list)
    for edge in edges:
        ends = (edge.tail, edge.head)
        tail, head = (min(ends), max(ends)) if edge.kind in Kind.SYMMETRIC else ends
        said[edge.kind, tail, head].append(edge)
    return [Link(*key, tuple(own)) for key, own in sorted(said.items())]


@dataclass(frozen=True, kw_only=True)
class Named:
    """A party as one reader sees it."""

    id: int
    kind: str
    name: str
    is_firm: bool
    is_protected: bool
    """Whether this is a natural person, or a sole trader."""


def named(parties: Collection[int], *, names: bool, unnamed: str) -> dict[int, Named]:
    """The names of parties; natural persons and sole traders only where `names` says so, else as `unnamed` and a number."""
    rows = Party.objects.filter(pk__in=parties).select_related("organisation__firm")
    return {each.pk: _named(each, names=names, unnamed=unnamed) for each in rows}


def _named(party: Party, *, names: bool, unnamed: str) -> Named:
    is_person = party.kind == NodeKind.PERSON
    protected = is_person or is_sole_trader(party.uscc)
    own = party.person_name if is_person else party.name
    return Named(
        id=party.pk,
        kind=party.kind,
        name=own if own and (names or not protected) else f"{unnamed} {party.pk}",
        is_firm=party.organisation is not None and hasattr(party.organisation, "firm"),
        is_protected=protected,
    )
