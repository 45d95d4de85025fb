"""Cities of ties from a seed: what is planted between a firm and a department is written down as it is planted.

Nothing here asks a rule or the search: what a case makes true, by DOMAIN "Red-hat ties and collusion" and decision 27, stands in
the case (`planted_owners`, `planted_people`). Beside the cases lives a crowd that owns, leads, employs, marries and shares
addresses without a tie to any department, since none of it is a department's, its staff's or their kin's.
"""

from __future__ import annotations

import random
from collections import Counter

from bench.planted_maker import Case, City, Maker, Planted
from bench.planted_owners import CASES as OF_OWNERS
from bench.planted_people import CASES as OF_PEOPLE
from oversight.graph import WHOLE, Kind

RH7 = "RH7"
CASES = (*OF_OWNERS, *OF_PEOPLE)
MOST = 3
"""Departments with which a firm is given a case."""
CITIES = (
    City(name="a city"),
    City(name="three sources tell everything", sources=3),
    City(name="a large crowd without ties, many departments", crowd=400, copies=1, departments=40),
    City(name="figures of its own", share=10, layer=20, leader_years=4, other_years=1),
)


def planted(city: City, seed: int) -> Planted:
    """The city of a seed: every case some times, each with a firm and a department; then the crowd.

    A pair has one case, or one of owners and one of people, which cannot touch each other.
    """
    maker = Maker(city, seed)
    for cases in (OF_OWNERS, [each for each in OF_PEOPLE if each.rule != RH7]):
        shuffled = list(cases) * city.copies
        maker.rng.shuffle(shuffled)
        alone = set() if cases is OF_OWNERS else set(maker.made.case_of)
        for each in shuffled:
            _plant(maker, each, alone)
    for each in [each for each in OF_PEOPLE if each.rule == RH7] * city.copies:
        maker.case = each.name
        each.plant(maker, maker.firm(), 0)
    _crowd(maker)
    maker.made.firms += maker.associations
    maker.rng.shuffle(maker.made.edges)
    return maker.made


def _plant(maker: Maker, each: Case, alone: set[tuple[int, int]]) -> None:
    """With a new firm, with one that has a case with another department, or with a pair that has a case of owners alone."""
    made, rng = maker.made, maker.rng
    held = Counter(firm for firm, _department in made.case_of)
    department = rng.choice(made.departments)
    free = [firm for firm in made.firms if held[firm] < MOST and (firm, department) not in made.case_of]
    if alone and rng.random() < 0.3:
        firm, department = pair = rng.choice(sorted(alone))
        alone.discard(pair)
    else:
        firm = rng.choice(free) if free and rng.random() < 0.5 else maker.firm()
    maker.case = each.name
    made.case_of.setdefault((firm, department), []).append(each.name)
    maker.true(firm, department, each.plant(maker, firm, department))


def _crowd(maker: Maker) -> None:
    """Firms, their owners in layers and circles, and their people; and officials with kin and former posts, who lead nothing."""
    made, rng, size = maker.made, maker.rng, maker.city.crowd
    firms = [maker.firm() for _number in range(size)]
    companies = [maker.company() for _number in range(size)]
    people = [maker.person() for _number in range(size * 3)]
    for below, above in ((made.firms, companies), (companies, companies)):
        for owned in rng.sample(below, len(below) // 2):
            maker.says(rng.choice([each for each in above if each != owned]), Kind.OWNS, owned, rng.randrange(1, WHOLE))
    for organisation in (*made.firms, *companies):
        for kind in (Kind.REPRESENTS, Kind.OFFICER, Kind.PRACTITIONER):
            maker.says(rng.choice(people), kind, organisation)
        maker.says(rng.choice(people), Kind.OWNS, organisation, rng.randrange(1, WHOLE))
        maker.says(organisation, Kind.EMPLOYS, rng.choice(people), until=rng.choice([None, maker.yesterday]))
        maker.says(rng.choice(made.departments), Kind.SUPERVISES, organisation)
    for _number in range(size):
        maker.says(*_two(rng, people, Kind.KIN))
        maker.says(*_two(rng, firms + companies, rng.choice([Kind.ADDRESS, Kind.PHONE])))
    for department in made.departments:
        for _number in range(10):
            official = maker.official(department)
            maker.says(official, Kind.KIN, maker.person())
            maker.says(department, Kind.EMPLOYED, maker.person(), until=maker.before(900))
            maker.says(maker.company(), Kind.OWNS, maker.body(department), maker.large())


def _two(rng: random.Random, of: list[int], kind: str) -> tuple[int, str, int]:
    one, other = rng.sample(of, 2)
    return one, kind, other
