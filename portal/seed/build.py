"""Building the demo city: a believable Ningbo of invented names, the same for the same number and moment."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection, transaction

from accounts.models import Organisation
from bidding.policies import load_demo_policy, load_policies
from contracts.fonts import keep_common_fonts
from core import clock
from core.clock import LOCAL
from core.holidays import load_holidays
from market.catalogue.loader import load_catalogue
from market.models import AdmissionPolicy
from portal.seed import accounts, cases, plans, rounds
from portal.seed.city import City, build_offices
from portal.seed.custody import attendance
from portal.seed.experts import build_experts
from portal.seed.firms import build_firms
from portal.seed.names import Names
from portal.seed.owners import build_owners
from portal.seed.regions import build_regions
from ratings.domain.refreshing import refresh_stale
from ratings.domain.whole_city import refresh_all

BEFORE = timedelta(days=1)


class NotEmpty(Exception):
    """There is a market already; a demo city is built in an empty database only."""


@dataclass(frozen=True)
class Size:
    """How many firms are listed, how many rounds are over, how many applications for approvals were filed."""

    firms: int
    awarded: int
    applications: int = 0


SIZES = {"small": Size(120, 21, 90), "medium": Size(1_000, 150, 250), "large": Size(5_000, 400, 500)}


def build(*, size: Size, seed: int) -> dict[str, int]:
    """Build the city, all of it or nothing, and write down as whom to sign in. Raises NotEmpty; gives what was made."""
    password = f"ming-{secrets.token_hex(3)}"
    with transaction.atomic():
        if Organisation.objects.exists():
            raise NotEmpty
        now = clock.now().replace(second=0, microsecond=0)
        with clock.travelling(now):
            made, cast = _build(size, seed=seed, password=password, now=now)
            refresh_stale()
            refresh_all()
        accounts.write_accounts(cast, settings.DATA_DIR)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    cache.clear()
    return made


def _build(size: Size, *, seed: int, password: str, now: datetime) -> tuple[dict[str, int], list[accounts.Account]]:
    _load_rules(now)
    keep_common_fonts()
    city = City(
        names=Names(random.Random(seed)),  # noqa: S311  invented names are no secrets
        password=make_password(password),
        since=datetime(2017, 7, 1, tzinfo=LOCAL),
    )
    build_offices(city)
    owners = build_owners(city)
    build_regions(city, owners)
    guild = build_firms(city, count=size.firms)
    judges = build_experts(city, guild)
    planned = plans.plans(now, awarded=size.awarded)
    with attendance(random.Random(f"custodian {seed}").randbytes) as attend:  # noqa: S311  a demonstration comes out again
        filed = cases.Cases(city=city, owners=owners, now=now, rng=random.Random(f"cases {seed}"))  # noqa: S311  as above
        lived = rounds.Rounds(city=city, guild=guild, owners=owners, now=now, attend=attend)
        lived.live(planned, beside=filed.lives(size.applications))
        cast = accounts.build_accounts(city, guild, owners, password=password)
    cast += accounts.build_judges(judges, password=password)
    cast.append(accounts.build_administrator(city, password=password))
    return {"firms": len(guild.firms), "rounds": len(planned) + sum(plan.again is not None for plan in planned)}, cast


def _load_rules(now: datetime) -> None:
    """The laws and the city's policies, and from yesterday on the demonstration's, whose notices last minutes."""
    load_catalogue()
    load_policies()
    load_holidays()
    demo_from = now.astimezone(LOCAL).date() - BEFORE
    load_demo_policy(valid_from=demo_from)
    AdmissionPolicy.objects.create(
        version="demo",
        check_days=2,
        notice_days=5,
        notice_minutes=1,
        valid_from=demo_from,
        legal_basis="仅供演示：公示以分钟计，不具法律效力",
    )
