"""`make bench`: each figure beside a named reference that is measured in the same run, on a database of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

CLIENTS = 32
FIRMS = 600
PAGES = 1_500
PASSES = 3
LOG = int(os.environ.get("BENCH_LOG", "1000000"))
INTEGRATED, PROVED, FLAT, ADDED = 5_000, 1_000, 0.7, 0.3
"""Aims for the log: entries and proofs per second, large log to small one, milliseconds added to a transaction."""
WORKERS = ("--workers", "2", "--blocking-threads", "4")


def main() -> int:
    """Measure and print; the exit status says whether every ratio reaches its aim."""
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
        _say(f"A city of {FIRMS} firms …")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        market = preparing.prepare(firms=FIRMS)
        log_is_quick = _log(folder)
        statements = preparing.capture(market, folder / "statements.json")
        with ExitStack() as servers:
            ours = servers.enter_context(_served("config.wsgi:application", "config.settings", folder))
            bare = servers.enter_context(_served("bench.reference:application", "bench.reference_settings", folder))
            return max(_rows(market, ours, bare, statements), 0 if log_is_quick else 1)
    finally:
        use.finish()


def _rows(market: object, ours: int, bare: int, statements: int) -> int:
    good = _firm_list(ours, bare)
    return 0 if _entries(market, ours, bare, statements) and good else 1


def _log(folder: Path) -> bool:
    from django.conf import settings

    from bench import ledger

    _say(f"A log of {LOG:,} entries …")
    state = Path(settings.LEDGER_STATE)
    small = ledger.sequenced(state)
    ledger.grow(state, to=LOG)
    large = ledger.sequenced(state)
    _say("\nlog entries integrated per second, in batches, signed")
    _say("  reference: the same rows read and numbered, without tree, tiles and signature")
    for each in (small, large):
        _say(f"  {each.size:>10,} there: {each.per_second:,.0f}/s, reference {each.bare:,.0f}/s (aim {INTEGRATED:,}/s)")
    flat = large.per_second / small.per_second
    _say(
        f"  ratio to the reference {large.per_second / large.bare:.2f}; large log to small one {flat:.2f} (aim {FLAT})"
    )
    proofs, rows = ledger.proofs()
    _say(f"\ninclusion proofs per second over {LOG:,} entries: {proofs:,.0f} (aim {PROVED:,}/s)")
    _say(f"  reference: single rows by their index, {rows:,.0f}/s; ratio {proofs / rows:.2f}")
    added, alone = ledger.added_milliseconds()
    _say(f"\nan entry adds {added:.2f} ms to a transaction (aim {ADDED} ms)")
    _say(f"  reference: the same transaction with one insert and no entry, {alone:.2f} ms")
    return large.per_second >= INTEGRATED and flat >= FLAT and proofs >= PROVED and added <= ADDED


def _firm_list(ours: int, bare: int) -> bool:
    from bench.load import Call, drive

    def once(port: int) -> float:
        return drive(port, [Call(path="/firms/")] * PAGES, clients=CLIENTS).per_second

    for port in (ours, bare):
        drive(port, [Call(path="/firms/")] * 200, clients=CLIENTS)
    pairs = [(once(ours), once(bare)) for _pass in range(PASSES)]
    _say("\npublic firm list, pages per second, 32 clients")
    _say("  reference: a bare Django view that renders the same 30 rows with the same query")
    return _verdict(pairs, aim=1.0)


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
    _say(f"\nentries accepted per second, {CLIENTS} clients, {len(numbers)} firms, durable commits")
    _say(
        f"  reference: a bare Django view with the same {statements} statements by the ORM, without anything around it"
    )
    good = _verdict([(mine.per_second, theirs.per_second) for mine, theirs, _texts in seen], aim=0.7)
    p99 = [median(each.p99 for each in column) for column in zip(*seen, strict=True)]
    _say(f"  99th percentile: {p99[0]:.0f} ms, reference {p99[1]:.0f} ms")
    texts = median(each.per_second for _mine, _theirs, each in seen)
    _say(f"  for comparison, the texts of the statements alone, without objects: {texts:.0f} per second")
    return good


def _verdict(pairs: list[tuple[float, float]], *, aim: float) -> bool:
    ratio = median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (median(column) for column in zip(*pairs, strict=True))
    _say(
        f"  {mine:.0f} to {theirs:.0f}: ratio {ratio:.2f}, aim at least {aim}, {'reached' if ratio >= aim else 'MISSED'}"
    )
    return ratio >= aim


@contextmanager
def _served(application: str, settings: str, folder: Path) -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--port", str(port), *WORKERS]
    with (folder / f"{settings}.log").open("wb") as log:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
        server = subprocess.Popen([*command, application], env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, server, Path(log.name))
            yield port
        finally:
            server.terminate()
            server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _attempt in range(600):
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"A server of the bench does not start:\n{log.read_text()[-2000:]}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
