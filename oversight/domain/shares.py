"""Who wins where: firms by department beside their share elsewhere, and how concentrated a market is. Counts alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Count, QuerySet

from bidding.models import Award

LEAST = 3
"""So many awards of one firm are worth a line."""
MOST = 2_000
DIRECT = "direct"


@dataclass(frozen=True, kw_only=True)
class Share:
    """A firm's awards with one department, beside those of the same services with all others."""

    department: int
    firm: int
    won: int
    of: int
    elsewhere: int
    of_elsewhere: int

    @property
    def share(self) -> Fraction:
        return Fraction(self.won, self.of)

    @property
    def expected(self) -> Fraction | None:
        """Its share elsewhere; None where nobody else had these services."""
        return Fraction(self.elsewhere, self.of_elsewhere) if self.of_elsewhere else None

    @property
    def above(self) -> Fraction:
        return self.share - (self.expected or 0)


@dataclass(frozen=True, kw_only=True)
class Market:
    """The awards of one service in one district: how many, how many without a selection, and who has most of them."""

    district: int
    service: int
    awards: int
    direct: int
    firms: int
    leader: int
    largest: int
    squares: int
    """The sum of the squared numbers of awards of its firms."""

    @property
    def concentration(self) -> Fraction:
        """The Herfindahl index, from 0 to 1: 1 where one firm has everything."""
        return Fraction(self.squares, self.awards**2)


def awards_since(since: datetime) -> QuerySet[Award]:
    return Award.objects.in_force().filter(issued_at__gte=since).order_by()


def by_department(since: datetime) -> list[Share]:
    """Firms with at least LEAST awards of a department, the furthest above their share elsewhere first.

    Elsewhere are the same services with other departments: like is compared with like.
    """
    won: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    of_department: dict[int, Counter[int]] = defaultdict(Counter)
    of_firm: dict[int, Counter[int]] = defaultdict(Counter)
    of_service: Counter[int] = Counter()
    columns = ("lot__round__department", "lot__round__service", "firm")
    for department, service, firm, n in awards_since(since).values_list(*columns).annotate(n=Count("pk")):
        won[department, firm][service] += n
        of_department[department][service] += n
        of_firm[firm][service] += n
        of_service[service] += n
    shares = [
        Share(
            department=department,
            firm=firm,
            won=own.total(),
            of=sum(of_department[department][each] for each in own),
            elsewhere=sum(of_firm[firm][each] - own[each] for each in own),
            of_elsewhere=sum(of_service[each] - of_department[department][each] for each in own),
        )
        for (department, firm), own in won.items()
        if own.total() >= LEAST
    ]
    return sorted(shares, key=lambda each: (-each.above, -each.won, each.department, each.firm))[:MOST]


def markets(since: datetime) -> list[Market]:
    """Services by district with at least LEAST awards, the most concentrated first."""
    firms: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    direct: Counter[tuple[int, int]] = Counter()
    columns = ("lot__round__district", "lot__round__service", "lot__round__method", "firm")
    for district, service, method, firm, n in awards_since(since).values_list(*columns).annotate(n=Count("pk")):
        firms[district, service][firm] += n
        direct[district, service] += n if method == DIRECT else 0
    found = []
    for (district, service), own in firms.items():
        if own.total() < LEAST:
            continue
        leader, largest = max(own.items(), key=lambda each: (each[1], -each[0]))
        found.append(
            Market(
                district=district,
                service=service,
                awards=own.total(),
                direct=direct[district, service],
                firms=len(own),
                leader=leader,
                largest=largest,
                squares=sum(n * n for n in own.values()),
            )
        )
    return sorted(found, key=lambda each: (-each.concentration, -each.awards, each.district, each.service))[:MOST]
