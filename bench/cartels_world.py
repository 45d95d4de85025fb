"""Bidding worlds from a seed: firms of very different activity, some of whom have agreed. Who, and in which rounds, is
known.

Firms have a trade or two and a home; rounds of their trade near their home draw them, so honest firms keep meeting as
well, and no screen is told where anybody's home is. An honest price is the firm's own cost with luck. A cartel has
members of one trade, calls some or all of them to a round of its own, says who is to win at a price near the limit, and
the others cover. Whoever is no member may bid there, and win.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from oversight.screens.bids import Bids, Bools, Floats, Ints

DAYS = 4 * 365
GRID = 100.0
"""Everybody rounds to a hundred yuan."""


@dataclass(frozen=True, kw_only=True)
class Cartel:
    """How one behaves. calls: the least and the most members it calls to a round; share: of the rounds of its trade;
    outsiders: how many others come on average.
    """

    name: str
    members: tuple[int, int] = (4, 7)
    calls: tuple[int, int] = (3, 6)
    share: float = 0.22
    outsiders: float = 0.5
    turns: bool = False
    leaders: int = 0
    gap: tuple[float, float] = (0.01, 0.05)
    steps: bool = False


ROTATION = Cartel(name="rotation", turns=True)
COVER = Cartel(name="cover bids", leaders=2, gap=(0.02, 0.06))
STEPPED = Cartel(name="stepped prices", steps=True)
PARTIAL = Cartel(name="partial membership", members=(5, 8), calls=(2, 4), outsiders=1.5, turns=True)


@dataclass(frozen=True, kw_only=True)
class World:
    """How firms and rounds are. activity and cost are spreads of logarithms; home: how much nearer work draws a
    firm.
    """

    name: str
    cartels: tuple[Cartel, ...] = ()
    firms: int = 100
    rounds: int = 600
    trades: int = 4
    homes: int = 5
    home: float = 3.0
    activity: float = 1.0
    cost: float = 0.03
    luck: float = 0.05


HONEST = (
    World(name="honest"),
    World(name="honest, hardly any homes", home=1.2),
    World(name="honest, firms stay near home", home=12.0),
    World(name="honest, activity differs even more", activity=1.6),
    World(name="honest, costs differ much", cost=0.08),
)
PLANTED = (
    World(name="rotation", cartels=(ROTATION, ROTATION)),
    World(name="cover bids", cartels=(COVER, COVER)),
    World(name="stepped prices", cartels=(STEPPED, STEPPED)),
    World(name="partial membership", cartels=(PARTIAL, PARTIAL)),
    World(name="one of each", cartels=(ROTATION, COVER, STEPPED, PARTIAL)),
    World(name="one of each, firms stay near home", cartels=(ROTATION, COVER, STEPPED, PARTIAL), home=12.0),
)


@dataclass(frozen=True, eq=False)
class City:
    """What a screen sees, and what is true: members of each cartel, and which cartel each round belongs to (−1:
    none).
    """

    bids: Bids
    cartels: list[Ints]
    kinds: list[str]
    of_round: Ints

    @property
    def rigged(self) -> Bools:
        return self.of_round >= 0


@dataclass
class _Maker:
    world: World
    chance: np.random.Generator
    rows: list[tuple[int, int, float, bool, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        world, chance = self.world, self.chance
        self.drive = np.exp(chance.normal(0, world.activity, world.firms))
        self.trade = chance.integers(0, world.trades, world.firms)
        self.second = np.where(chance.random(world.firms) < 0.3, chance.integers(0, world.trades, world.firms), -1)
        self.home = chance.integers(0, world.homes, world.firms)
        self.cost = chance.normal(0, world.cost, world.firms)
        self.waits: list[dict[int, int]] = [{} for _cartel in world.cartels]
        self.members = self._found()

    def _found(self) -> list[Ints]:
        """Members of one trade each; nobody is in two."""
        taken = np.zeros(self.world.firms, bool)
        found = []
        for number, cartel in enumerate(self.world.cartels):
            free = np.flatnonzero((self.trade == number % self.world.trades) & ~taken)
            count = int(self.chance.integers(cartel.members[0], cartel.members[1] + 1))
            members = np.sort(self.chance.choice(free, min(count, len(free)), replace=False))
            taken[members] = True
            found.append(members)
        return found

    def draws(self, trade: int, home: int, count: int, without: Ints) -> Ints:
        """Who comes to a round by itself."""
        weight = self.drive * np.where(self.trade == trade, 1.0, np.where(self.second == trade, 0.5, 0.01))
        weight = weight * np.where(self.home == home, self.world.home, 1.0)
        weight[without] = 0
        found: Ints = self.chance.choice(self.world.firms, count, replace=False, p=weight / weight.sum())
        return found

    def honest(self, firms: Ints, upper: float, base: float) -> Floats:
        """Prices by cost and luck, at most the limit."""
        price = upper * base * np.exp(self.cost[firms] + self.chance.normal(0, self.world.luck, len(firms)))
        return np.minimum(price, upper)

    def covered(self, number: int, cartel: Cartel, firms: Ints, upper: float, day: int) -> Floats:
        """Prices of members who have agreed: one wins, the others stay above it."""
        chance = self.chance
        wins = int(self._chosen(number, cartel, firms))
        self.waits[number][int(firms[wins])] = day
        price = upper * chance.uniform(0.92, 0.97)
        others = np.flatnonzero(np.arange(len(firms)) != wins)
        if cartel.steps:
            above = chance.choice([0.01, 0.015, 0.02]) * (1 + chance.permutation(len(others)))
        else:
            above = cartel.gap[0] + chance.uniform(0, cartel.gap[1] - cartel.gap[0], len(others))
        found = np.full(len(firms), price)
        found[others] = price * (1 + above)
        if cartel.steps:
            found *= min(1.0, upper / float(found.max()))
        kept: Floats = np.minimum(found, upper)
        return kept

    def _chosen(self, number: int, cartel: Cartel, firms: Ints) -> int:
        if cartel.turns:
            return int(np.argmin([self.waits[number].get(firm, -1) for firm in firms.tolist()]))
        if cartel.leaders:
            leading = np.isin(firms, self.members[number][: cartel.leaders])
            return int(self.chance.choice(np.flatnonzero(leading) if leading.any() else np.arange(len(firms))))
        return int(self.chance.integers(0, len(firms)))


def city(world: World, seed: int) -> City:
    """The city of a seed."""
    chance = np.random.default_rng([seed, 51])
    maker = _Maker(world, chance)
    trade = chance.integers(0, world.trades, world.rounds)
    home = chance.integers(0, world.homes, world.rounds)
    day = np.sort(chance.integers(0, DAYS, world.rounds))
    upper = np.exp(chance.normal(12.5, 0.8, world.rounds)).round(-3)
    owner = np.full(world.rounds, -1, np.int64)
    for number, cartel in enumerate(world.cartels):
        own = (trade == number % world.trades) & (owner < 0) & (chance.random(world.rounds) < cartel.share)
        owner[own] = number
    for round_ in range(world.rounds):
        _held(
            maker,
            round_,
            int(owner[round_]),
            int(trade[round_]),
            int(home[round_]),
            float(upper[round_]),
            int(day[round_]),
        )
    bids = Bids.of(
        maker.rows, segment=trade.tolist(), day=day.tolist(), upper=upper.tolist(), firms=world.firms
    )  # fmt: skip
    return City(bids, maker.members, [cartel.name for cartel in world.cartels], owner)


def _held(maker: _Maker, round_: int, owner: int, trade: int, home: int, upper: float, day: int) -> None:
    chance = maker.chance
    base = chance.uniform(0.78, 0.9)
    if owner < 0:
        firms = maker.draws(trade, home, 2 + int(chance.poisson(2.5)), np.zeros(0, np.int64))
        prices = maker.honest(firms, upper, base)
    else:
        cartel, members = maker.world.cartels[owner], maker.members[owner]
        count = min(len(members), int(chance.integers(cartel.calls[0], cartel.calls[1] + 1)))
        ring = chance.choice(members, count, replace=False)
        guests = maker.draws(trade, home, int(chance.poisson(cartel.outsiders)), members)
        prices = np.concatenate([maker.covered(owner, cartel, ring, upper, day), maker.honest(guests, upper, base)])
        firms = np.concatenate([ring, guests])
    prices = np.maximum(np.rint(prices / GRID) * GRID, GRID)
    best = int(prices.argmin())
    maker.rows += [
        (round_, int(firm), float(price), at == best, True)
        for at, (firm, price) in enumerate(zip(firms, prices, strict=True))
    ]
