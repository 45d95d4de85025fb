"""What the screens are given: rounds, lines, needs and marks of this marketplace as columns, in a fixed number of
queries.

Amounts are taken only of rounds of which everything is public (`bidding.rules.disclosure`); nothing sealed is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import log, nan
from typing import Any

import numpy as np
from django.db.models import Q

from approvals.models import Department
from bidding.models import Entry, HistoricalBid, HistoricalRound, Lot, Policy, Round
from bidding.rules import Disclosure, disclosure
from core import clock
from market.models import Firm, Need, NeedRule
from oversight.domain.ties import firm_nodes
from oversight.graph import Kind
from oversight.models import Party, Relation
from oversight.screens.bids import Bids, Bools, Floats, Ints
from oversight.screens.cardinal import Facts
from oversight.screens.splitting import Part
from protocol.methods import METHODS
from ratings.models import LineRow

PUBLIC = (
    Round.Status.EVALUATED,
    Round.Status.CANDIDATE,
    Round.Status.AWARDED,
    Round.Status.CONTRACTED,
    Round.Status.VOID,
)
"""Where everything of a round can be public. One that failed shows its amounts only after its successor; it is left
out.
"""
SIZES = (50_000, 200_000, 1_000_000)
"""Bands of amounts in yuan within which cases are alike in size."""
MICROSECONDS = 86_400_000_000
SHARED = {
    Kind.OWNS: "shareholder",
    Kind.REPRESENTS: "officer",
    Kind.OFFICER: "officer",
    Kind.PRACTITIONER: "practitioner",
}


@dataclass
class Gathered:
    """Bids, and what their numbers stand for: firms and rounds by primary key (None where a historical one is not
    ours).
    """

    firms: dict[tuple[str, Any], int] = field(default_factory=dict)
    rounds: list[int | None] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: list[tuple[int, int, float, bool, bool]] = field(default_factory=list)
    terms: list[tuple[int, int, float]] = field(default_factory=list)
    facts: list[tuple[bool, bool, bool]] = field(default_factory=list)

    def firm(self, kind: str, key: Any) -> int:
        return self.firms.setdefault((kind, key), len(self.firms))

    def bids(self) -> Bids:
        columns = list(zip(*self.terms, strict=True)) if self.terms else [(), (), ()]
        return Bids.of(self.rows, segment=columns[0], day=columns[1], upper=columns[2], firms=len(self.firms))

    def keys(self) -> list[int | None]:
        """The firm of each number."""
        return [key if kind == "firm" else None for kind, key in self.firms]

    def asked(self) -> Facts:
        """What Cardinal asks beside the bids."""
        columns = [np.array(column, bool) for column in zip(*self.facts, strict=True)] or [np.zeros(0, bool)] * 3
        return Facts(competitive=columns[0], priced=columns[1], joint=columns[2])


def rounds(*, historical: bool = True) -> Gathered:
    """Every lot of which everything is public, and the rounds of older systems; a lot is a round of its own here."""
    found = Gathered()
    _own(found)
    if historical:
        _historical(found)
    return found


def _own(found: Gathered) -> None:
    lots = Lot.objects.filter(round__opened_at__isnull=False, round__status__in=PUBLIC).select_related("round")
    public = [lot for lot in lots.order_by("pk") if disclosure(lot.round) == Disclosure.EVERYTHING]
    place = {}
    for lot in public:
        method = METHODS[lot.round.method]
        assert lot.round.opened_at is not None
        place[lot.pk] = len(found.terms)
        upper = nan if lot.upper is None else float(lot.upper)
        found.terms.append((lot.round.service_id, lot.round.opened_at.astimezone(clock.LOCAL).toordinal(), upper))
        found.rounds.append(lot.round_id)
        found.names.append(f"{lot.round.code}/{lot.number}")
        found.facts.append((method.code != "direct", method.priced, False))
    winners = {lot.pk: lot.winner_id for lot in public}
    entries = Entry.objects.live().filter(lot__in=list(place), opened=True).order_by("pk")
    for of, firm, amount, valid, joint in entries.values_list("lot_id", "firm_id", "amount", "valid", "consortium_id"):
        at = place[of]
        price = nan if amount is None else float(amount)
        found.rows.append((at, found.firm("firm", firm), price, winners[of] == firm, bool(valid)))
        if joint is not None:
            competitive, priced, _alone = found.facts[at]
            found.facts[at] = (competitive, priced, True)


def _historical(found: Gathered) -> None:
    segments: dict[str, int] = {}
    place = {}
    columns = ("pk", "code", "kind", "opened_on", "upper_limit")
    for pk, code, kind, opened_on, upper in HistoricalRound.objects.order_by("pk").values_list(*columns):
        place[pk] = len(found.terms)
        segment = segments.setdefault(kind, -1 - len(segments))
        found.terms.append((segment, opened_on.toordinal(), nan if upper is None else float(upper)))
        found.rounds.append(None)
        found.names.append(f"historical/{code}")
        found.facts.append((True, True, False))
    bids = list(
        HistoricalBid.objects.order_by("pk").values_list("round_id", "bidder", "amount", "won", "disqualified_reason")
    )
    ours = _firms_called({bidder for _round, bidder, *_rest in bids})
    for round_, bidder, amount, won, reason in bids:
        own = ours.get(bidder)
        who = found.firm("label", bidder) if own is None else found.firm("firm", own)
        found.rows.append((place[round_], who, nan if amount is None else float(amount), won, not reason))


def _firms_called(labels: set[str]) -> dict[str, int]:
    """Firms of ours that an older system calls by their code or their whole name."""
    if not labels:
        return {}
    wanted = list(labels)
    named = Firm.objects.filter(Q(organisation__uscc__in=wanted) | Q(organisation__name__in=wanted))
    found: dict[str, int] = {}
    for pk, name, uscc in named.order_by("-pk").values_list("pk", "organisation__name", "organisation__uscc"):
        found |= {name: pk} | ({uscc: pk} if uscc else {})
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Cases:
    """Lines with a firm as columns: whose, decided by whom, in which stratum; the department's time and first pass
    once decided.
    """

    department: Ints
    firm: Ints
    stratum: Ints
    decided: Bools
    quick: Floats
    first_pass: Floats


def band(amount: Decimal | float | None) -> int:
    """The size of a case by its amount; its own where none is known."""
    return -1 if amount is None else int(np.searchsorted(SIZES, float(amount), side="right"))


def cases() -> Cases:
    """Every line that has been awarded. `quick` is the negative logarithm of the department's working days.

    A case that serves several lines of a firm is decided once.
    """
    columns = (
        "department_id", "firm_id", "service_id", "item_id", "award__amount", "started_at", "decided_at", "used2",
        "deliverable_corrections", "last_case_id",
    )  # fmt: skip
    rows = list(LineRow.objects.filter(firm__isnull=False).order_by("pk").values_list(*columns))
    strata = _numbered((row[2], row[3], band(row[4]), _year(row[5])) for row in rows)
    return Cases(
        department=np.array([row[0] for row in rows], np.int64),
        firm=np.array([row[1] for row in rows], np.int64),
        stratum=strata,
        decided=_once(rows),
        quick=np.array([-log(max(0.01, row[7] / MICROSECONDS)) for row in rows], float),
        first_pass=np.array([float(row[8] == 0) for row in rows], float),
    )


def _once(rows: list[tuple[Any, ...]]) -> Bools:
    """Which lines are decided, the first of a firm for each case."""
    found, seen = np.zeros(len(rows), bool), set()
    for place, row in enumerate(rows):
        case = (row[1], row[9])
        found[place] = row[6] is not None and (row[9] is None or case not in seen)
        seen.add(case)
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Choices:
    """Announced rounds as columns: by whom, for which department, in which stratum, and whether the owner named the
    firm.
    """

    owner: Ints
    department: Ints
    stratum: Ints
    direct: Ints


def choices() -> Choices:
    """Every round that was ever announced."""
    columns = ("owner_id", "department_id", "service_id", "need__item_id", "need__budget", "announced_at", "method")
    rows = list(Round.objects.public().order_by("pk").values_list(*columns))
    return Choices(
        owner=np.array([row[0] for row in rows], np.int64),
        department=np.array([row[1] for row in rows], np.int64),
        stratum=_numbered((row[2], row[3], band(row[4]), _year(row[5])) for row in rows),
        direct=np.array([int(row[6] == "direct") for row in rows], np.int64),
    )


def _numbered(keys: Iterable[tuple[Any, ...]]) -> Ints:
    known: dict[tuple[Any, ...], int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)


def _year(moment: datetime) -> int:
    return moment.astimezone(clock.LOCAL).year


def needs() -> list[Part]:
    """Needs that were announced with a budget, each with every limit of its day that it stays under."""
    policies = [(row.valid_from, row.valid_to, row.direct_limit) for row in Policy.objects.exclude(direct_limit=None)]
    tender = NeedRule.objects.filter(effect=NeedRule.Effect.TENDER, amount_from__isnull=False)
    rules = [
        (
            rule.valid_from,
            rule.valid_to,
            rule.amount_from,
            {service.pk for service in rule.services.all()},
            rule.funding,
        )
        for rule in tender.prefetch_related("services")
    ]
    columns = ("pk", "project__owner_id", "service_id", "created_at", "budget", "project__funding")
    announced = Need.objects.filter(budget__isnull=False, rounds__announced_at__isnull=False).distinct()
    found = []
    for pk, owner, service, created_at, budget, funding in announced.order_by("pk").values_list(*columns):
        day = created_at.astimezone(clock.LOCAL).date()
        limits = {limit for since, until, limit in policies if _holds(since, until, day)}
        limits |= {
            limit
            for since, until, limit, services, of in rules
            if _holds(since, until, day) and (not services or service in services) and of in ("", funding)
        }
        found += [
            Part(pk, owner, service, day.year, _cents(budget), _cents(limit)) for limit in limits if budget < limit
        ]
    return found


def _holds(since: date | None, until: date | None, day: date) -> bool:
    return (since is None or since <= day) and (until is None or day <= until)


def _cents(amount: Decimal) -> int:
    return int(amount * 100)


@dataclass(frozen=True, eq=False)
class Marks:
    """What firms may share: whose, of what kind, and the mark as a number that says nothing by itself."""

    firm: Ints
    kind: list[str]
    mark: Ints

    def __add__(self, other: Marks) -> Marks:
        columns = ((self.firm, other.firm), (self.mark, other.mark))
        firm, mark = (np.concatenate(pair) for pair in columns)
        return Marks(firm, self.kind + other.kind, mark)


def marks(*, day: date) -> Marks:
    """Addresses and telephones by the graph's HMAC, shareholders, officers and practitioners by their nodes, as of a
    day.
    """
    nodes = firm_nodes()
    rows: list[tuple[int, str, int]] = []
    hashes = Party.objects.filter(pk__in=list(nodes)).values_list("pk", "place_hash", "phone_hash").order_by("pk")
    for node, address, phone in hashes:
        for kind, value in (("address", address), ("phone", phone)):
            if value is not None:
                rows.append((nodes[node], kind, int.from_bytes(bytes(value)[:8], "big", signed=True)))
    holding = Relation.objects.filter(
        Q(holds_from=None) | Q(holds_from__lte=day), Q(holds_to=None) | Q(holds_to__gte=day),
        kind__in=list(SHARED), to_party__in=list(nodes),
    )  # fmt: skip
    bodies = set(
        Department.objects.filter(organisation__party__isnull=False).values_list("organisation__party", flat=True)
    )
    for kind, tail, head in holding.order_by("pk").values_list("kind", "from_party_id", "to_party_id"):
        if tail not in bodies:  # what a department holds is RH1's and RH2's
            rows.append((nodes[head], SHARED[kind], tail))
    firm, kinds, mark = zip(*rows, strict=True) if rows else ((), (), ())
    return Marks(np.array(firm, np.int64), list(kinds), np.array(mark, np.int64))
