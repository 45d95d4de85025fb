"""Do the collusion screens find who has agreed, and only them? `python -m bench screens` prints the tables of
docs/screens.md.

Worlds were tuned on seeds from 1000 on (`TUNED`); what is printed comes from others, from 0 on. The labelled rounds are
read from where MINGXUAN_DATA says, and left out with a word where they are not.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.cartels_world import HONEST, PLANTED, City, World, city
from bench.favours_world import TOWNS, Cases, Town, cases
from bench.serving import say
from oversight.screens import missing, variance
from oversight.screens.bids import Bids, Bools, Floats
from oversight.screens.chance import auc, spearman
from oversight.screens.combined import Screened, screened
from oversight.screens.favour import favoured
from oversight.screens.reading import History, read
from oversight.screens.stratified import RATE, above

SEEDS = int(os.environ.get("BENCH_SEEDS", "20"))
TUNED = 1000
DATA = Path(os.environ.get("MINGXUAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "bids"
LABELLED = DATA / "tsuchiura-2007-2010.csv"
LABELS = DATA / "tsuchiura-2007-2010-labels.csv"
FLAGGED = 0.5
"""Groups and rounds from this score on are reported, as leads are."""
ALIKE = 0.5
"""A reported group is the planted one where they share at least half of the firms that either has."""
F1_AIM, RECALL_AIM, ACTIVITY_AIM = 0.85, 0.8, 0.3


@dataclass
class Count:
    """What was found, what was reported and what there was, summed over worlds."""

    hits: int = 0
    reported: int = 0
    true: int = 0

    def add(self, hits: int, reported: int, true: int) -> None:
        self.hits, self.reported, self.true = self.hits + hits, self.reported + reported, self.true + true

    @property
    def precision(self) -> float:
        return self.hits / self.reported if self.reported else float("nan")

    @property
    def recall(self) -> float:
        return self.hits / self.true if self.true else float("nan")

    @property
    def f1(self) -> float:
        return 2 * self.hits / (self.reported + self.true) if self.reported + self.true else float("nan")


@dataclass
class Found:
    """Counts of one world over all seeds, and rank correlations of scores with activity."""

    groups: Count = field(default_factory=Count)
    firms: Count = field(default_factory=Count)
    rounds: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    kinds: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    by_firm: list[float] = field(default_factory=list)
    by_round: list[float] = field(default_factory=list)


def measured() -> bool:
    """Print all tables, and whether the aims are reached."""
    labelled()
    good = honest()
    good = cartels() and good
    return favours() and good


def activity_of_rounds(bids: Bids) -> Floats:
    """How often a round's bidders bid at all, on average: the baseline that knows nothing."""
    total = np.bincount(bids.places[0], bids.activity[bids.places[1]], bids.rounds)
    return total / np.maximum(bids.size, 1)


def labelled() -> None:
    """The labelled rounds: AUC of each family beside the two baselines, and the missing mass."""
    if not LABELLED.exists() or not LABELS.exists():
        say("\nThe labelled rounds are not on this machine; their tables are left out.")
        return
    history = read(LABELLED)
    with LABELS.open(encoding="utf-8") as file:
        known = {row["round_code"]: row["cartelised"] == "1" for row in csv.DictReader(file)}
    labels = np.array([known[code] for code in history.rounds])
    found = screened(history.bids)
    say(f"\n{len(labels)} labelled rounds, {int(labels.sum())} of them counted as cartelised\n")
    say("| score of a round | AUC | rank correlation with activity |\n|---|---:|---:|")
    active = activity_of_rounds(history.bids)
    prices = 1 - (1 - found.parts["CL1"]) * (1 - found.parts["CL2"])
    rows = {
        "baseline: how often its bidders bid at all": active,
        "baseline: price screens alone (CL1 and CL2)": prices,
        **{f"{screen} alone": found.parts[screen] for screen in sorted(found.parts)},
        "all screens together": found.rounds,
    }
    for name, values in rows.items():
        say(f"| {name} | {auc(values, labels):.2f} | {spearman(values, active):.2f} |")
    _missing_mass(history, labels)
    _groups_of(history, found, labels)


def _missing_mass(history: History, labels: Bools) -> None:
    gaps = missing.gaps(history.bids)
    say("\nGaps between the two lowest bids, as a share of the upper limit\n")
    say("| rounds | up to 0.25 % | 0.25–0.5 % | 0.5–0.75 % | 0.75–1 % | 1–2 % | more | missing | p |")
    say("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    edges = [-1, 0.0025, 0.005, 0.0075, 0.01, 0.02, np.inf]
    for name, of in (("cartelised", labels), ("not cartelised", ~labels), ("all", np.ones(len(labels), bool))):
        own = gaps[of & np.isfinite(gaps)]
        seen = missing.test(own, history.bids.grain[of & np.isfinite(gaps)])
        counts = " | ".join(str(count) for count in np.histogram(own, edges)[0])
        say(f"| {name} | {counts} | {float(seen.share[0]):.0%} | {float(seen.p[0]):.2g} |")


def _groups_of(history: History, found: Screened, labels: Bools) -> None:
    say("\nGroups reported on these rounds\n")
    say("| group | firms | rounds in which they meet | of these labelled | score | what says most |")
    say("|---|---:|---:|---:|---:|---|")
    for number, group in enumerate(found.groups, start=1):
        if group.score >= FLAGGED:
            told = ", ".join(f"{each.question} {each.p:.0e}" for each in group.told)
            share = labels[group.rounds].mean()
            say(f"| {number} | {len(group.members)} | {len(group.rounds)} | {share:.0%} | {group.score:.2f} | {told} |")
    say(f"\n{labels.mean():.0%} of all rounds are labelled.")


def over_seeds(world: World, seeds: range) -> Found:
    """Screen the cities of a world."""
    found = Found()
    for seed in seeds:
        made = city(world, seed)
        seen = screened(made.bids)
        _count_groups(found, made, seen)
        _count_rounds(found, made, seen)
        active = made.bids.activity > 0
        found.by_firm.append(spearman(seen.bidders[active], made.bids.activity[active].astype(float)))
        found.by_round.append(spearman(seen.rounds, activity_of_rounds(made.bids)))
    return found


def _count_groups(found: Found, made: City, seen: Screened) -> None:
    reported = [set(group.members.tolist()) for group in seen.groups if group.score >= FLAGGED]
    planted = [set(members.tolist()) for members in made.cartels]
    taken: set[int] = set()
    for kind, members in zip(made.kinds, planted, strict=True):
        likeness = [
            (len(members & each) / len(members | each), -at) for at, each in enumerate(reported) if at not in taken
        ]
        best, at = max(likeness, default=(0.0, 0))
        if best >= ALIKE:
            taken.add(-at)
        found.kinds[kind].add(int(best >= ALIKE), 0, 1)
    found.groups.add(len(taken), len(reported), len(planted))
    true, said = set().union(*planted), set().union(*reported)
    found.firms.add(len(true & said), len(said), len(true))


def _count_rounds(found: Found, made: City, seen: Screened) -> None:
    flagged = {screen: part >= FLAGGED for screen, part in seen.parts.items()}
    flagged["CL2"] = variance.spread(made.bids).conspicuous
    for screen, own in {**flagged, "together": seen.rounds >= FLAGGED}.items():
        found.rounds[screen].add(int((own & made.rigged).sum()), int(own.sum()), int(made.rigged.sum()))


def honest() -> bool:
    """Nobody has agreed: how much is reported all the same, and whether scores follow activity."""
    say(f"\nHonest worlds, {SEEDS} cities each\n")
    say("| world | groups reported a city | correlation of bidders' scores with activity | of rounds' scores |")
    say("|---|---:|---:|---:|")
    good = True
    for world in HONEST:
        found = over_seeds(world, range(SEEDS))
        firm, round_ = float(np.mean(found.by_firm)), float(np.mean(found.by_round))
        good = good and max(abs(firm), abs(round_)) < ACTIVITY_AIM
        say(f"| {world.name} | {found.groups.reported / SEEDS:.2f} | {firm:.2f} | {round_:.2f} |")
    return good


def cartels() -> bool:
    """Planted cartels: whose groups are found, and in which rounds."""
    worlds = {world.name: over_seeds(world, range(SEEDS)) for world in PLANTED}
    say(f"\nPlanted cartels, {SEEDS} cities a world\n")
    say(
        "| world | groups: precision | recall | F1 | firms: precision | recall | F1 |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    total = Count()
    for name, found in worlds.items():
        total.add(found.groups.hits, found.groups.reported, found.groups.true)
        say(f"| {name} | {_three(found.groups)} | {_three(found.firms)} |")
    say(f"| all | {_three(total)} | | | |")
    say("\n| cartels by kind, all worlds | found |\n|---|---:|")
    kinds: dict[str, Count] = defaultdict(Count)
    for found in worlds.values():
        for kind, count in found.kinds.items():
            kinds[kind].add(count.hits, 0, count.true)
    for kind, count in kinds.items():
        say(f"| {kind} | {count.hits} of {count.true} |")
    say("\nRounds: precision and recall of each screen\n")
    screens = sorted(next(iter(worlds.values())).rounds)
    say("| world | " + " | ".join(screens) + " |\n|---" + "|---:" * len(screens) + "|")
    for name, found in worlds.items():
        cells = [f"{found.rounds[screen].precision:.2f} / {found.rounds[screen].recall:.2f}" for screen in screens]
        cells = [cell.replace("nan", "–") for cell in cells]
        say(f"| {name} | " + " | ".join(cells) + " |")
    return total.f1 >= F1_AIM


def _three(count: Count) -> str:
    return f"{count.precision:.2f} | {count.recall:.2f} | {count.f1:.2f}"


Pairs = set[tuple[int, int]]


def _rh8(made: Cases) -> tuple[Pairs, Pairs]:
    found = above(made.department, made.firm, made.stratum)
    return {(each.group, each.mark) for each in found if each.reported}, made.given


def _rh9(made: Cases) -> tuple[Pairs, Pairs]:
    found: Pairs = set()
    for value in (-np.log(made.days), made.passed.astype(float)):
        seen = favoured(value, made.department, made.firm, made.stratum)
        found |= {(each.group, each.firm) for each in seen if each.low > 0 and each.q <= RATE / 2}
    return found, made.hurried


def _rh10(made: Cases) -> tuple[Pairs, Pairs]:
    found = above(made.owner, made.direct.astype(np.int64), made.stratum, wanted={1})
    return {(each.group, 1) for each in found if each.reported}, {(owner, 1) for owner in made.overdone}


RULES: dict[str, Callable[[Cases], tuple[Pairs, Pairs]]] = {"RH8": _rh8, "RH9": _rh9, "RH10": _rh10}


def favours() -> bool:
    """Departments that favour a firm, and owners who choose directly too often."""
    say(f"\nFavours, {SEEDS} cities a world; false discoveries at most {RATE:.0%} are the aim\n")
    say("| world | rule | planted | reported | recall | false discoveries |\n|---|---|---:|---:|---:|---:|")
    good = True
    for town in TOWNS:
        for rule, count in rules_over_seeds(town, range(SEEDS)).items():
            false = 1 - count.precision if count.reported else 0.0
            recall = f"{count.recall:.2f}" if count.true else "–"
            say(f"| {town.name} | {rule} | {count.true} | {count.reported} | {recall} | {false:.2f} |")
            if count.true and town is TOWNS[0]:
                good = good and count.recall >= RECALL_AIM and false <= RATE
    return good


def rules_over_seeds(town: Town, seeds: range) -> dict[str, Count]:
    """What each rule finds in the cities of a world."""
    found: dict[str, Count] = {rule: Count() for rule in RULES}
    for seed in seeds:
        made = cases(town, seed)
        for rule, ask in RULES.items():
            reported, true = ask(made)
            found[rule].add(len(reported & true), len(reported), len(true))
    return found
