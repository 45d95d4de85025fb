"""Does the score find who is good? Cities whose firms are known through and through, scored from what would be on record.

`python -m bench simulation` prints the table of docs/scores.md: Kendall's τ-b of four rankings with the truth, over many seeds.

The truth about a firm is taken twice. Once it is what an owner would want to know: by how many working days, on average over
difficulties and departments, a line is decided after its contract is sealed when this firm does it. Once it is the skill itself,
speed and quality in equal parts. No ranking sees either, and neither is made of the score's formula. A world says how firms,
departments and raters differ. All are printed, also where the score loses; all but the last were there before the first run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.serving import say
from protocol.scores.exact import MICROSECONDS_OF_HUNDREDTH
from protocol.scores.policy import FIRST
from ratings.scoring.columns import COLUMNS, DAYS_OF_MONTH, NAMED, Columns, Names, day_number
from ratings.scoring.whole import whole

SEEDS = int(os.environ.get("BENCH_SEEDS", "200"))
AS_OF = datetime(2026, 11, 30, 4, tzinfo=UTC)
STANDARD, COMMITTED = 20, 10
"""Days that the service usually takes, and that departments have committed themselves to."""
TRUE_LINES = 4_000
DAY = 100 * MICROSECONDS_OF_HUNDREDTH
RANKINGS = ("joint score", "own time", "first submission", "average stars")
"""own time: reference days by the firm's days, repairs included, on the one clock. first submission: what is called turnaround
where there is no such clock, promised days by the days until the first version is handed in."""
TRUTHS = ("days until the approval", "speed and quality in equal parts")

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class World:
    """How much everything varies. Spreads are of logarithms, unless they are of stars.

    moves: how strongly a firm's quality moves the time that the department needs; drift: how far a firm's speed two years ago was
    from today's; faults: how often an average firm's work
    is returned or corrected, and whether that depends on its quality at all.
    """

    name: str
    firms: int = 40
    lines: tuple[int, int] = (4, 30)
    speed: float = 0.25
    quality: float = 1.0
    moves: float = 0.15
    faults: float = 0.6
    faults_by_quality: bool = True
    difficulty: float = 0.35
    departments: int = 8
    habit: float = 0.30
    one_department: bool = False
    padding: float = 0.20
    standard: bool = True
    rater: float = 0.5
    stars_noise: float = 0.6
    drift: float = 0.0


WORLDS = (
    World(name="as a city may be"),
    World(name="few lines: 2 to 6 a firm", lines=(2, 6)),
    World(name="many lines: 40 to 80 a firm", lines=(40, 80)),
    World(name="difficulty varies twice as much", difficulty=0.7),
    World(name="departments differ twice as much", habit=0.6),
    World(name="each firm has one department", habit=0.6, one_department=True),
    World(name="promises padded much, no standard days", padding=0.5, standard=False),
    World(name="honest promises", padding=0.0),
    World(name="quality moves approvals much", moves=0.35),
    World(name="quality moves nothing, faults fall on all alike", moves=0.0, faults_by_quality=False),
    World(name="quality moves no approval, but faults", moves=0.0),
    World(name="firms hardly differ in speed", speed=0.08),
    World(name="honest, attentive raters", rater=0.1, stars_noise=0.3),
    World(name="firms change within two years", drift=0.3),
)


@dataclass(frozen=True, kw_only=True)
class City:
    """The skills of one world's firms, and the habits of its departments and raters."""

    world: World
    speed: Floats
    drift: Floats
    quality: Floats
    padding: Floats
    habit: Floats
    late: Floats
    rater: Floats
    home: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class History:
    """What happened in some lines."""

    firm: NDArray[np.int64]
    department: NDArray[np.int64]
    difficulty: Floats
    returns: NDArray[np.int64]
    corrections: NDArray[np.int64]
    late: NDArray[np.int64]
    ago: NDArray[np.int64]
    first: Floats
    used1: Floats
    used2: Floats

    @property
    def whole(self) -> Floats:
        """Days from the sealed contract to the decision."""
        return self.used1 + self.used2


def measured() -> bool:
    """Print a table for each truth, and whether the score is before stars in every world."""
    found = {world.name: np.array([taus(world, seed) for seed in range(SEEDS)]) for world in WORLDS}
    error = max(float(rows.std(axis=0).max()) for rows in found.values()) / SEEDS**0.5
    for place, name in enumerate(TRUTHS):
        say(
            f"\nKendall's τ-b with the truth, {name}: mean over {SEEDS} cities a world, standard error at most {error:.3f}\n"
        )
        say("| world | " + " | ".join(RANKINGS) + " |\n|---" + "|---:" * len(RANKINGS) + "|")
        for world, rows in found.items():
            say(f"| {world} | " + " | ".join(f"{tau:.2f}" for tau in rows[:, place].mean(axis=0)) + " |")
    return all(rows[:, place, 0].mean() > rows[:, place, -1].mean() for rows in found.values() for place in range(2))


def taus(world: World, seed: int) -> list[list[float]]:
    """The agreement of each ranking with each truth in one city."""
    chance = np.random.default_rng([seed, 36])
    city = built(world, chance)
    counts = chance.integers(world.lines[0], world.lines[1] + 1, world.firms)
    history = lived(city, np.repeat(np.arange(world.firms), counts), chance)
    promised = promises(city, history, chance)
    rankings = (
        joint_scores(city, history, promised),
        averaged(history.firm, reference(world, promised) / history.used1, world.firms),
        averaged(history.firm, promised / history.first, world.firms),
        averaged(history.firm, stars(city, history, chance), world.firms),
    )
    truths = (truth(city, np.random.default_rng([seed, 37])), city.speed / world.speed + city.quality / world.quality)
    return [[tau_b(ranking, true) for ranking in rankings] for true in truths]


def built(world: World, chance: np.random.Generator) -> City:
    """Draw a city."""
    return City(
        world=world,
        speed=chance.normal(0, world.speed, world.firms),
        drift=np.random.default_rng(chance.integers(2**32)).normal(0, world.drift, world.firms),
        quality=chance.normal(0, world.quality, world.firms),
        padding=np.exp(np.abs(chance.normal(0, world.padding, world.firms))),
        habit=np.exp(chance.normal(-0.1, world.habit, world.departments)),
        late=chance.uniform(0, 0.3, world.departments),
        rater=chance.normal(0, world.rater, 60),
        home=chance.integers(0, world.departments, world.firms),
    )


def lived(city: City, firm: NDArray[np.int64], chance: np.random.Generator, *, usual: bool = False) -> History:
    """Lines of these firms. usual: every department is like all of them on average, as the truth has it."""
    world, count = city.world, len(firm)
    anywhere = chance.integers(0, world.departments, count)
    department = city.home[firm] if world.one_department and not usual else anywhere
    difficulty = np.exp(chance.normal(0, world.difficulty, count))
    quality = city.quality[firm]
    faults = world.faults * (np.exp(-0.6 * quality) if world.faults_by_quality else np.ones(count))
    returns, corrections = chance.poisson(faults * 0.5), chance.poisson(faults * 0.5)
    ago = np.zeros(count, np.int64) if usual else chance.integers(1, 24, count)
    pace = np.exp(-city.speed[firm] - city.drift[firm] * ago / 24)
    repairs = (returns + corrections) * 2.5 * np.exp(chance.normal(0, 0.3, count))
    first = pace * 0.9 * STANDARD * difficulty * np.exp(chance.normal(0, 0.25, count))
    habit = np.exp(np.log(city.habit).mean()) if usual else city.habit[department]
    base = COMMITTED * 0.8 * habit * difficulty**0.5 * np.exp(chance.normal(0, 0.35, count))
    used2 = base * np.exp(-world.moves * quality) + corrections * 1.5
    late = chance.poisson(city.late[department])
    return History(
        firm=firm, department=department, difficulty=difficulty, returns=returns, corrections=corrections, late=late,
        ago=ago, first=first, used1=first + pace * repairs, used2=used2 + late * 1.5,
    )  # fmt: skip


def truth(city: City, chance: np.random.Generator) -> Floats:
    """The fewer days on average, the better; the same luck for every firm."""
    state = chance.bit_generator.state
    found = []
    for firm in range(city.world.firms):
        chance.bit_generator.state = state
        found.append(-lived(city, np.full(TRUE_LINES, firm), chance, usual=True).whole.mean())
    return np.array(found)


def promises(city: City, history: History, chance: np.random.Generator) -> Floats:
    """What firms promise: half of the difficulty can be seen beforehand; some pad."""
    seen = STANDARD * history.difficulty**0.5 * np.exp(chance.normal(0, 0.1, len(history.firm)))
    return np.maximum(1, np.rint(seen * city.padding[history.firm]))


def reference(world: World, promised: Floats) -> Floats:
    """The promise, but not more than the standard where there is one."""
    return np.minimum(promised, STANDARD) if world.standard else promised


def joint_scores(city: City, history: History, promised: Floats) -> Floats:
    """The score as it is published, by the code that publishes it; lines lie within two years."""
    world, count = city.world, len(history.firm)
    ended = (day_number(AS_OF) // DAYS_OF_MONTH - history.ago) * DAYS_OF_MONTH + 15
    nothing = np.zeros(count, np.int64)
    columns: dict[str, Any] = dict.fromkeys(COLUMNS, nothing) | {
        "firm": history.firm, "department": history.department, "case": np.arange(count), "promised": promised,
        "standard": nothing + (STANDARD if world.standard else 0), "committed": nothing + COMMITTED,
        "returns": history.returns + history.corrections, "late": history.late,
        "used1": history.used1 * DAY, "used2": history.used2 * DAY, "ended": ended, "decided": ended,
    }  # fmt: skip
    sizes = {"firm": world.firms, "department": world.departments, "case": count}
    names = Names(**{name: range_of(sizes.get(name, 1)) for name in NAMED})
    table = whole(
        Columns(names=names, **{name: columns[name].astype(kind) for name, kind in COLUMNS.items()}), FIRST, as_of=AS_OF
    ).firms
    found = np.zeros(world.firms)
    found[table.who] = [score.score for score in table.scores]
    return found


def range_of(count: int) -> list[str]:
    """Names that nobody reads."""
    return [str(number) for number in range(count)]


def stars(city: City, history: History, chance: np.random.Generator) -> Floats:
    """One to five stars: raters have their habits, start high, and see the line's delay and faults through noise."""
    rater = city.rater[chance.integers(0, len(city.rater), len(history.firm))]
    delay = np.log(history.whole / (STANDARD + COMMITTED))
    seen = 4.4 + rater - 0.5 * delay - 0.2 * (history.returns + history.corrections - 0.6)
    return np.clip(np.rint(seen + chance.normal(0, city.world.stars_noise, len(history.firm))), 1, 5)


def averaged(firm: NDArray[np.int64], values: Floats, firms: int) -> Floats:
    """The mean of each firm's lines."""
    return np.bincount(firm, values, firms) / np.bincount(firm, minlength=firms)


def tau_b(one: Floats, two: Floats) -> float:
    """Kendall's τ-b: pairs in the same order less pairs in the other, over what ties leave."""
    first, second = (np.sign(values[:, None] - values[None, :]) for values in (one, two))
    return float((first * second).sum() / np.sqrt((first != 0).sum() * (second != 0).sum()))
