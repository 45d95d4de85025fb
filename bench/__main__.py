"""`make bench`: each figure beside a named reference that is measured in the same run, on a database of its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.serving import SOCKETS, say, served, verdict

CLIENTS = 32
FIRMS = 600
PAGES = 1_500
PASSES = 3
LOG = int(os.environ.get("BENCH_LOG", "1000000"))
INTEGRATED, PROVED, FLAT, ADDED = 5_000, 1_000, 0.7, 0.3
"""Aims for the log: entries and proofs per second, large log to small one, milliseconds added to a transaction."""


def main() -> int:
    """Measure and print; the exit status says whether every ratio reaches its aim. `python -m bench auction`: auctions alone."""
    folder = Path(tempfile.mkdtemp(prefix="mingxuan-bench-"))
    os.environ.update(
        DATA=str(folder), DEMO="1", RATE_LIMITS="0", DJANGO_SETTINGS_MODULE="config.settings",
        BENCH_STATEMENTS=str(folder / "statements.json"),
    )  # fmt: skip
    try:
        return _measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path) -> int:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    from bench import market as preparing
    from config.embedded.services import Use

    use = Use(settings.PLACES, password=settings.POSTGRES_PASSWORD)
    use.begin()
    try:
        say(f"A city of {FIRMS} firms …")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        market = preparing.prepare(firms=FIRMS)
        alone = "auction" in sys.argv[1:]
        quick = alone or _log(folder)
        statements = 0 if alone else preparing.capture(market, folder / "statements.json")
        with ExitStack() as servers:
            ours = servers.enter_context(served("config.wsgi:application", "config.settings", folder))
            bare = servers.enter_context(served("bench.reference:application", "bench.reference_settings", folder))
            missed = 0 if alone else _rows(market, ours, bare, statements)
            sockets = servers.enter_context(served("config.asgi:application", "config.settings", folder, how=SOCKETS))
            loop = servers.enter_context(
                served("bench.reference_asgi:application", "config.settings", folder, how=SOCKETS)
            )
            return max(missed, _auctions(market, ours, bare, sockets, loop), 0 if quick else 1)
    finally:
        use.finish()


def _rows(market: object, ours: int, bare: int, statements: int) -> int:
    good = _firm_list(ours, bare)
    return 0 if _entries(market, ours, bare, statements) and good else 1


def _auctions(market: object, ours: int, bare: int, sockets: int, loop: int) -> int:
    from bench import auction, chronograph, watchers
    from bench.market import Market

    assert isinstance(market, Market)
    made = auction.prepare(market)
    rows = [auction.offers(made, ours, bare), watchers.watchers(made, sockets, loop), chronograph.endings(made)]
    return 0 if all(rows) else 1


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
    added, alone = ledger.added_milliseconds()
    say(f"\nan entry adds {added:.2f} ms to a transaction (aim {ADDED} ms)")
    say(f"  reference: the same transaction with one insert and no entry, {alone:.2f} ms")
    return large.per_second >= INTEGRATED and flat >= FLAT and proofs >= PROVED and added <= ADDED


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


def _entries(market: object, ours: int, bare: int, statements: int) -> bool:
    from bench.load import Call, Seen, drive
    from bench.market import Market

    assert isinstance(market, Market)
    known: Market = market
    numbers = range(len(known.sessions))

    def measured(port: int, call: Callable[[int], Call]) -> Seen:
        seen = drive(port, [call(number) for number in numbers], clients=CLIENTS)
        known.forget_entries()
        return seen

    def at(path: str) -> Callable[[int], Call]:
        return lambda number: Call(path=f"/{path}/{number}/")

    measured(ours, known.entry)
    measured(bare, at("entry"))
    seen = [
        (measured(ours, known.entry), measured(bare, at("entry")), measured(bare, at("replay")))
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
