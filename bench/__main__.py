"""`make bench`: each figure beside a named reference that is measured in the same run, on a database of its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.serving import SOCKETS, say, served, verdict

if TYPE_CHECKING:
    from bench.market import Market

PARTS = {"log", "opening", "lines", "pages", "auction", "ties"}
CITY = PARTS - {"log", "ties"}
"""What needs a city."""
ALONE = {
    "scores": "bench.scores", "simulation": "bench.simulation", "screens": "bench.screens", "planted": "bench.planted",
}  # fmt: skip
"""Parts without a database; all but scores measure no time and are run when they are asked for."""
CLIENTS = 32
FIRMS, FEW_FIRMS = 600, 60
PAGES = 1_500
PASSES = 3
LOG = int(os.environ.get("BENCH_LOG", "1000000"))
INTEGRATED, PROVED, FLAT, ADDED = 5_000, 1_000, 0.7, 0.3
"""Aims for the log: entries and proofs per second, large log to small one, milliseconds added to a transaction."""


def main() -> int:
    """Measure and print; the exit status says whether every ratio reaches its aim. `python -m bench auction log`: these alone."""
    asked = set(sys.argv[1:]) or {*PARTS, "scores"}
    if unknown := asked - PARTS - set(ALONE):
        raise SystemExit(
            f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(sorted(PARTS | set(ALONE)))}"
        )
    good = [import_module(ALONE[part]).measured() for part in sorted(asked & set(ALONE))]
    if not asked & PARTS:
        return 0 if all(good) else 1
    folder = Path(tempfile.mkdtemp(prefix="mingxuan-bench-"))
    os.environ.update(
        DATA=str(folder), DEMO="1", RATE_LIMITS="0", DJANGO_SETTINGS_MODULE="config.settings",
        BENCH_STATEMENTS=str(folder / "statements.json"),
    )  # fmt: skip
    try:
        return max(_measure(folder, asked & PARTS), 0 if all(good) else 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, parts: set[str]) -> int:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    from bench import market as preparing
    from config.embedded.services import Use

    use = Use(settings.PLACES, password=settings.POSTGRES_PASSWORD)
    use.begin()
    try:
        call_command("migrate", verbosity=0)
        good = _ties() if "ties" in parts else True
        market = None
        if parts & CITY:
            say("A city …")
            call_command("collectstatic", verbosity=0, interactive=False)
            market = preparing.prepare(firms=FIRMS if parts & CITY != {"lines"} else FEW_FIRMS)
        return 0 if _parts(market, folder, parts) and good else 1
    finally:
        use.finish()


def _ties() -> bool:
    """In a database of its own, so that the city begins in an empty one."""
    from django.core.management import call_command

    from bench import ties

    try:
        return ties.ties()
    finally:
        call_command("flush", verbosity=0, interactive=False)


def _parts(market: Market | None, folder: Path, parts: set[str]) -> bool:
    """Measure these parts; whether every ratio of theirs reaches its aim."""
    from bench import lines, opening

    good = [_log(folder)] if "log" in parts else []
    good += [opening.opened()] if "opening" in parts else []
    good += [lines.computed_anew()] if "lines" in parts else []
    if market is not None and (served_ones := parts & {"pages", "auction"}):
        good.append(_served(market, folder, served_ones))
    return all(good)


def _served(market: Market, folder: Path, parts: set[str]) -> bool:
    """What is measured through servers, ours and the references'."""
    from bench import auction, chronograph, watchers
    from bench import market as preparing

    statements = preparing.capture(market, folder / "statements.json") if "pages" in parts else 0
    good = []
    with ExitStack() as servers:
        ours = servers.enter_context(served("config.wsgi:application", "config.settings", folder))
        bare = servers.enter_context(served("bench.reference:application", "bench.reference_settings", folder))
        if "pages" in parts:
            good += [_firm_list(ours, bare), _entries(market, ours, bare, statements)]
        if "auction" in parts:
            asgi = partial(served, settings="config.settings", folder=folder, how=SOCKETS)
            sockets, loop = (
                servers.enter_context(asgi(f"{module}:application"))
                for module in ("config.asgi", "bench.reference_asgi")
            )
            room = auction.prepare(market)
            good += [
                auction.offers(room, ours, bare),
                watchers.watchers(room, sockets, loop),
                chronograph.endings(room),
            ]
    return all(good)


def _log(folder: Path) -> bool:
    from django.conf import settings

    from bench import ledger

    say(f"A log of {LOG:,} entries …")
    state = Path(settings.LEDGER_STATE)
    small = ledger.sequenced(state)
    ledger.grow(state, to=LOG)
    large = ledger.sequenced(state)
    say("\nlog entries integrated per second, in batches, signed")
    say("  reference: the same rows read and numbered, without tree, tiles and signature")
    for each in (small, large):
        say(f"  {each.size:>10,} there: {each.per_second:,.0f}/s, reference {each.bare:,.0f}/s (aim {INTEGRATED:,}/s)")
    flat = large.per_second / small.per_second
    say(f"  ratio to the reference {large.per_second / large.bare:.2f}; large log to small one {flat:.2f} (aim {FLAT})")
    proofs, rows = ledger.proofs()
    say(f"\ninclusion proofs per second over {LOG:,} entries: {proofs:,.0f} (aim {PROVED:,}/s)")
    say(f"  reference: single rows by their index, {rows:,.0f}/s; ratio {proofs / rows:.2f}")
    added = ledger.added()
    say(f"\nan entry adds {added.entry:.2f} ms to a transaction (aim {ADDED} ms)")
    say(
        f"  reference: the same transaction without it, {added.alone:.2f} ms; a second plain insert adds {added.insert:.2f} ms"
    )
    return large.per_second >= INTEGRATED and flat >= FLAT and proofs >= PROVED and added.entry <= ADDED


def _firm_list(ours: int, bare: int) -> bool:
    from bench.load import Call, drive

    def once(port: int) -> float:
        return drive(port, [Call(path="/firms/")] * PAGES, clients=CLIENTS).per_second

    for port in (ours, bare):
        drive(port, [Call(path="/firms/")] * 200, clients=CLIENTS)
    pairs = [(once(ours), once(bare)) for _pass in range(PASSES)]
    say("\npublic firm list, pages per second, 32 clients")
    say("  reference: a bare Django view that renders the same 30 rows with the same query")
    return verdict(pairs, aim=1.0)


def _entries(market: Market, ours: int, bare: int, statements: int) -> bool:
    from bench.load import Call, Seen, drive

    numbers = range(len(market.sessions))

    def measured(port: int, call: Callable[[int], Call]) -> Seen:
        seen = drive(port, [call(number) for number in numbers], clients=CLIENTS)
        market.forget_entries()
        return seen

    def at(path: str) -> Callable[[int], Call]:
        return lambda number: Call(path=f"/{path}/{number}/")

    measured(ours, market.entry)
    measured(bare, at("entry"))
    seen = [
        (measured(ours, market.entry), measured(bare, at("entry")), measured(bare, at("replay")))
        for _pass in range(PASSES)
    ]
    say(f"\nentries accepted per second, {CLIENTS} clients, {len(numbers)} firms, durable commits")
    say(f"  reference: a bare Django view with the same {statements} statements by the ORM, without anything around it")
    good = verdict([(mine.per_second, theirs.per_second) for mine, theirs, _texts in seen], aim=0.7)
    p99 = [median(each.p99 for each in column) for column in zip(*seen, strict=True)]
    say(f"  99th percentile: {p99[0]:.0f} ms, reference {p99[1]:.0f} ms")
    texts = median(each.per_second for _mine, _theirs, each in seen)
    say(f"  for comparison, the texts of the statements alone, without objects: {texts:.0f} per second")
    return good


if __name__ == "__main__":
    sys.exit(main())
