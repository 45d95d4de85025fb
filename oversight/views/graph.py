"""The graph around a firm, a department or whoever stands between them: as a picture, as a table, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rules import ActingRequest, acting_as
from oversight.domain import neighbours, searching
from oversight.domain.neighbours import Named, Shown
from oversight.domain.telling import share_of
from oversight.forms.graph import OPENED, GraphForm, SearchForm
from oversight.graph import Edge, Kind, Link
from oversight.models import Confidence, Party
from oversight.models import Kind as KindLabel
from oversight.rights import READERS, reads_names
from oversight.views.files import csv_file

PAGE = 30


@dataclass(frozen=True, kw_only=True)
class Row:
    """One tie of the table."""

    tail: Named
    head: Named
    kind: str
    label: str
    share: str
    since: date | None
    until: date | None
    said: tuple[str, ...]
    on_way: bool


@require_safe
@acting_as(*READERS)
@never_cache
def search(request: ActingRequest) -> HttpResponse:
    """Any organisation, by code or by a part of its name."""
    form = SearchForm(request.GET or None)
    text = str(request.GET.get("q", "")).strip()[:100]
    found = searching.organisations(text) if text else Party.objects.none()
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    names = neighbours.named(
        [each.pk for each in page.object_list], names=reads_names(request.membership), unnamed=_("自然人")
    )
    rows = [{"party": each, "name": names[each.pk].name} for each in page.object_list]
    return render(request, "oversight/search.html", {"form": form, "page": page, "rows": rows, "text": text})


@require_safe
@acting_as(*READERS)
@never_cache
def graph(request: ActingRequest, pk: int) -> HttpResponse:
    """What surrounds a party on a day; `open` adds what surrounds others, `to` shows the shortest way to one."""
    party = get_object_or_404(Party, pk=pk)
    if party.merged_into_id:
        return redirect("oversight:graph", pk=party.merged_into_id)
    form = GraphForm(request.GET)
    if not form.is_valid():
        form = GraphForm({name: value for name, value in request.GET.items() if name not in form.errors})
        form.is_valid()
    asked = _Asked(party, form, names=reads_names(request.membership))
    found = SearchForm(request.GET if "q" in request.GET else None)
    text = str(request.GET.get("q", "")).strip()[:100]
    others = list(searching.organisations(text)[:OPENED]) if text else []
    context = asked.context() | {"search": found, "text": text, "others": others, "names": asked.names}
    return render(request, "oversight/graph.html", context)


@require_safe
@acting_as(*READERS)
@never_cache
def table(request: ActingRequest, pk: int) -> HttpResponse:
    """The same table as a file."""
    party = get_object_or_404(Party, pk=pk)
    form = GraphForm(request.GET)
    form.is_valid()
    asked = _Asked(party, form, names=reads_names(request.membership))
    heading = [_("从"), _("关系"), _("到"), _("比例"), _("起"), _("止"), _("来源")]
    rows = [
        (each.tail.name, each.label, each.head.name, each.share, each.since, each.until, "；".join(each.said))
        for each in asked.rows()
    ]
    return csv_file(f"graph-{party.pk}", heading, rows)


def _said(edge: Edge) -> str:
    """Who says so, and that it is no record where it is none."""
    known = Confidence(edge.confidence)
    return edge.source if known == Confidence.RECORDED else f"{edge.source}（{known.label}）"


class _Asked:
    """One question to the graph, and everything that its answer shows."""

    def __init__(self, party: Party, form: GraphForm, *, names: bool) -> None:
        given = form.cleaned_data
        self.party, self.form, self.names = party, form, names
        self.at, self.kinds, self.to = given["at"], given["kind"], given.get("to")
        self.opened = [party.pk, *(each for each in given.get("open") or [] if each != party.pk)]
        self.shown = neighbours.surrounding(self.opened, at=self.at, kinds=self.kinds)
        self.way = self._way()
        links = {(link.kind, link.tail, link.head): link for link in (*self.shown.links, *self._on_way())}
        self.links = list(links.values())
        ends = {
            party.pk,
            *([self.to] if self.to else []),
            *(end for link in self.links for end in (link.tail, link.head)),
        }
        self.parties = neighbours.named(ends, names=names, unnamed=_("自然人"))

    def _way(self) -> Shown | None:
        if not self.to or not Party.objects.filter(pk=self.to).exists():
            return None
        return neighbours.shortest(self.party.pk, self.to, at=self.at, kinds=self.kinds)

    def _on_way(self) -> tuple[Link, ...]:
        return self.way.links if self.way else ()

    def rows(self) -> list[Row]:
        """The ties of the way first, then the others by kind."""
        on_way = {(link.kind, link.tail, link.head) for link in self._on_way()}
        order = {kind: place for place, kind in enumerate(Kind.ALL)}
        rows = [self._row(link, (link.kind, link.tail, link.head) in on_way) for link in self.links]
        return sorted(rows, key=lambda row: (not row.on_way, order[row.kind], row.tail.name, row.head.name))

    def _row(self, link: Link, on_way: bool) -> Row:
        shares = [{"low": edge.low, "high": edge.high} for edge in link.edges]
        said = dict.fromkeys(_said(edge) for edge in link.edges)
        return Row(
            tail=self.parties[link.tail],
            head=self.parties[link.head],
            kind=link.kind,
            label=str(KindLabel(link.kind).label),
            share=share_of(shares).strip() if link.kind == Kind.OWNS else "",
            since=link.since,
            until=link.until,
            said=tuple(said),
            on_way=on_way,
        )

    def query(self, **changed: Any) -> str:
        """The present question as an address's query, with something changed."""
        kept: dict[str, Any] = {"at": self.at.isoformat(), "open": self.opened[1:], "to": self.to} | changed
        some = self.kinds if len(self.kinds) < len(Kind.ALL) else []
        pairs = [("at", kept["at"]), *(("kind", each) for each in some)]
        pairs += [("open", ",".join(map(str, kept["open"])))] if kept["open"] else []
        pairs += [("to", kept["to"])] if kept["to"] else []
        return urlencode(pairs)

    def opening(self, pk: int) -> str:
        """The query that opens one more party, or closes one that is open."""
        others = self.opened[1:]
        return self.query(open=[each for each in others if each != pk] if pk in others else [*others, pk][:OPENED])

    def _nodes(self) -> Iterator[dict[str, Any]]:
        on_way = {end for link in self._on_way() for end in (link.tail, link.head)}
        for each in self.parties.values():
            yield {
                "id": str(each.id),
                "name": each.name,
                "kind": each.kind if not each.is_firm else "firm",
                "open": each.id in self.opened,
                "way": each.id in on_way,
                "query": "" if each.id == self.party.pk else self.opening(each.id),
            }

    def context(self) -> dict[str, Any]:
        rows = self.rows()
        picture = {
            "nodes": list(self._nodes()),
            "links": [
                {
                    "source": str(row.tail.id), "target": str(row.head.id), "label": f"{row.label} {row.share}".strip(),
                    "way": row.on_way, "both": row.kind in Kind.SYMMETRIC,
                }
                for row in rows
            ],
        }  # fmt: skip
        ends = sorted(self.parties.values(), key=lambda each: (each.id != self.party.pk, each.kind, each.name))
        return {
            "party": self.party,
            "name": self.parties[self.party.pk].name,
            "form": self.form,
            "rows": rows,
            "picture": picture,
            "parties": [
                (each, each.id in self.opened, self.opening(each.id)) for each in ends if each.id != self.party.pk
            ],
            "more": self.shown.more,
            "most": neighbours.MOST,
            "at": self.at,
            "kinds": self.kinds if len(self.kinds) < len(Kind.ALL) else [],
            "to": self.parties.get(self.to) if self.to else None,
            "way": self.way,
            "query": self.query(),
            "without_way": self.query(to=None),
            "opened": ",".join(map(str, self.opened[1:])),
        }
