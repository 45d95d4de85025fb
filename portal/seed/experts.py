"""The city's experts: a panel's worth and more for every service that may be asked for, some of them at firms of the city."""

from __future__ import annotations

from datetime import date

from accounts.models import User
from bidding.domain import experts as registry
from bidding.models import Expert
from market.models import Service
from portal.seed.city import City
from portal.seed.firms import Guild

SHOWCASE = ("S024", "S025", "S026")
"""Services of the rounds that a demonstration plays: their experts can be signed in as."""
PLAYERS = 5
GROUPS = (
    ("S005", "S006", "S011", "S012"), ("S013", "S014", "S015", "S034"), ("S019", "S020", "S022"), ("S030", "S031"),
)  # fmt: skip
PER_GROUP = 5
SINCE = date(2019, 3, 1)
INSTITUTES = ("宁波市{brand}工程技术学院", "宁波{brand}设计研究院", "{brand}大学宁波分校")


def build_experts(city: City, guild: Guild) -> list[Expert]:
    """Enter them through the service centre; give those whom a demonstration plays.

    One of each group works at a listed firm, and is not drawn where that firm enters.
    """
    services = {service.code: service for service in Service.objects.all()}
    players = [_expert(city, [services[code] for code in SHOWCASE]) for _number in range(PLAYERS)]
    for number, group in enumerate(GROUPS):
        fields = [services[code] for code in group]
        others = [_expert(city, fields) for _number in range(PER_GROUP)]
        firm = guild.firms[20 + number].organisation
        registry.add_employer(
            expert_id=others[0].pk, party=firm.uscc or firm.name, since=SINCE, until=None, by=city.member(city.operator)
        )
    return players


def _expert(city: City, fields: list[Service]) -> Expert:
    number = Expert.objects.count() + 1
    person = User.objects.create(username=f"x{number:04d}", name=city.names.person(), password=city.password)
    by = city.member(city.operator)
    made = registry.register_expert(
        username=person.username,
        name="",
        phone="",
        fields=fields,
        active_from=SINCE,
        by=by,
    ).expert
    place = INSTITUTES[number % len(INSTITUTES)].format(brand=city.names.brand())
    registry.add_employer(expert_id=made.pk, party=place, since=SINCE, until=None, by=by)
    return made
