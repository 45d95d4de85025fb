"""Building the demo city: a believable Ningbo of invented names, the same for the same number and moment."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection, transaction

from accounts.models import Organisation
from bidding.policies import load_demo_policy, load_policies
from contracts.fonts import keep_fonts_with
from core import clock
from core.clock import LOCAL
from core.holidays import load_holidays
from market.catalogue.loader import load_catalogue
from market.models import AdmissionPolicy
from oversight.tasks import scan_everything as look_for_ties
from portal.seed import accounts, cases, contracts, payments, plans, ratings, rounds
from portal.seed.bulk.history import History
from portal.seed.bulk.imagining import Imagination
from portal.seed.city import City, build_offices
from portal.seed.custody import attendance
from portal.seed.experts import build_experts
from portal.seed.firms import build_firms
from portal.seed.months import months
from portal.seed.names import CHARACTERS, Names
from portal.seed.owners import build_owners
from portal.seed.regions import build_regions
from portal.seed.till import open_till
from ratings.domain.refreshing import refresh_stale
from ratings.domain.whole_city import refresh_all

BEFORE = timedelta(days=1)


class NotEmpty(Exception):
    """There is a market already; a demo city is built in an empty database only."""


@dataclass(frozen=True)
class Size:
    """How many firms are listed, how many plain rounds are over, how many applications for approvals were filed on their own.

    `lives` are written at once, over two years, beside those that are lived (portal.seed.bulk). Of the planned rounds only
    `every` so manieth comes about, where not all of them are wanted.
    """

    firms: int
    awarded: int
    applications: int = 0
    lives: int = 0
    every: int = 1


SIZES = {
    "small": Size(120, 21, 90, 480),
    "medium": Size(600, 21, 120, 2_500),
    "large": Size(3_000, 40, 250, 12_000),
}


def build(*, size: Size, seed: int, tell: Callable[[datetime], None] = lambda moment: None) -> dict[str, int]:
    """Build the city, all of it or nothing, and write down as whom to sign in. Raises NotEmpty; gives what was made.

    `tell` is called with every moment of the city's past that is reached.
    """
    password = f"ming-{secrets.token_hex(3)}"
    with transaction.atomic():
        if Organisation.objects.exists():
            raise NotEmpty
        now = clock.now().replace(second=0, microsecond=0)
        with clock.travelling(now):
            made, cast = _build(size, seed=seed, password=password, now=now, tell=tell)
            refresh_stale()
            refresh_all()
        accounts.write_accounts(cast, settings.DATA_DIR)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    look_for_ties()  # as every night: the first morning's desk is not empty
    cache.clear()
    return made


def _build(
    size: Size, *, seed: int, password: str, now: datetime, tell: Callable[[datetime], None]
) -> tuple[dict[str, int], list[accounts.Account]]:
    load_rules(now)
    keep_fonts_with(CHARACTERS)
    city = City(
        names=Names(Random(seed)),  # noqa: S311  invented names are no secrets
        password=make_password(password),
        since=datetime(2017, 7, 1, tzinfo=LOCAL),
    )
    build_offices(city)
    owners = build_owners(city)
    build_regions(city, owners)
    guild = build_firms(city, count=size.firms)
    judges = build_experts(city, guild)
    planned = plans.plans(now, awarded=size.awarded)[:: size.every]
    with attendance(Random(f"custodian {seed}").randbytes) as attend:  # noqa: S311  a demonstration comes out again
        filed = cases.Cases(city=city, owners=owners, now=now, rng=Random(f"cases {seed}"))  # noqa: S311  as above
        with open_till() as till:
            paid = payments.Payments(city=city, till=till)
            signed = contracts.Contracts(city=city, payments=paid, cases=filed)
            lived = rounds.Rounds(city=city, guild=guild, owners=owners, now=now, attend=attend, contracts=signed)
            chances = Random(f"history {seed}")  # noqa: S311  as above
            imagined = Imagination(city=city, guild=guild, owners=owners, now=now, rng=chances)
            history = History(imagination=imagined, count=size.lives, now=now, rng=chances, attend=attend)
            said = ratings.lives(city, guild, now=now, rng=Random(f"ratings {seed}"))  # noqa: S311  as above
            beside = [*filed.lives(size.applications), history.lives(), *said, months(now=now)]
            lived.live(planned, beside=beside, tell=tell)
            paid.read_bills(now=now)
        cast = accounts.build_accounts(city, guild, owners, password=password)
    cast += accounts.build_judges(judges, password=password)
    cast.append(accounts.build_administrator(city, password=password))
    return {"firms": len(guild.firms), "rounds": len(planned) + sum(plan.again is not None for plan in planned)}, cast


def load_rules(now: datetime) -> None:
    """The laws and the city's policies, and from yesterday on the demonstration's, whose notices last minutes."""
    load_catalogue()
    load_policies()
    load_holidays()
    demo_from = now.astimezone(LOCAL).date() - BEFORE
    load_demo_policy(valid_from=demo_from)
    ratings.load_demo_rules(valid_from=demo_from)
    AdmissionPolicy.objects.create(
        version="demo",
        check_days=2,
        notice_days=5,
        notice_minutes=1,
        valid_from=demo_from,
        legal_basis="仅供演示：公示以分钟计，不具法律效力",
    )
