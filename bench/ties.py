"""Ties at the size of a province: on demand, and the nightly scan beside a query in polars over the same relations."""

from __future__ import annotations

import os
import random
import resource
from collections import Counter
from statistics import median, quantiles
from time import perf_counter

from bench.serving import say
from bench.ties_reference import found as by_polars
from bench.ties_world import DAY, Province, Size, province, write

NODES = int(os.environ.get("BENCH_TIES", "1000000"))
ASKED = 300
QUERIES = 5
PASSES = 3
ON_DEMAND, RATIO = 20.0, 3.0
"""Aims: milliseconds for one pair, and the scan's time to that of the reference."""


def ties() -> bool:
    """Measure both; whether they reach their aims."""
    size = Size(NODES)
    say(f"\nA province of {size.nodes:,} nodes and {size.nodes * 3:,} relations …")
    world = province(size)
    write(world)
    good = _on_demand(world)
    return _scan(world) and good


def _on_demand(world: Province) -> bool:
    """Half of the pairs are asked at random, half of firms that a body of the department owns or runs."""
    import oversight
    from approvals.models import Department
    from market.models import Firm

    rng, near = random.Random(1), _near(world)
    pairs = [rng.choice(near) for _number in range(ASKED // 2)]
    pairs += [
        (rng.randrange(1, world.first_body), rng.randrange(world.first_firm, world.first_company))
        for _number in range(ASKED // 2)
    ]
    departments, firms = Department.objects.in_bulk(), Firm.objects.in_bulk([firm for _department, firm in pairs])
    seen, taken, bare = 0, [], []
    for department, firm in pairs:
        began = perf_counter()
        seen += bool(oversight.ties(firms[firm], departments[department], at=DAY))
        taken.append((perf_counter() - began) * 1000)
        began = perf_counter()
        for _query in range(QUERIES):
            assert Firm.objects.filter(pk=firm).exists()
        bare.append((perf_counter() - began) * 1000)
    p95 = quantiles(taken, n=20)[-1]
    say(f"\nties of one firm and one department on demand, {len(pairs)} pairs of which {seen} are tied")
    say(
        f"  median {median(taken):.1f} ms, 95th percentile {p95:.1f} ms, slowest {max(taken):.1f} ms (aim {ON_DEMAND:.0f} ms)"
    )
    say(
        f"  reference: {QUERIES} look-ups of a row by its key, as many queries as it takes, median {median(bare):.1f} ms"
    )
    return p95 <= ON_DEMAND


def _near(world: Province) -> list[tuple[int, int]]:
    import polars as pl

    from bench.ties_world import BODIES

    firm = pl.col("head").is_between(world.first_firm, world.first_company - 1)
    body = pl.col("tail").is_between(world.first_body, world.first_firm - 1)
    direct = world.relations.filter(firm & body & pl.col("kind").is_in(["owns", "sponsors"]))
    return [(1 + (tail - world.first_body) // BODIES, head) for tail, head in direct.select("tail", "head").iter_rows()]


def _scan(world: Province) -> bool:
    from oversight.arrays import findings
    from oversight.domain.loading import load
    from oversight.rules.base import terms

    departments = {node: node for node in range(1, world.first_body)}
    firms = {node: node for node in range(world.first_firm, world.first_company)}
    ours, theirs, loading = [], [], []
    for _pass in range(PASSES):
        began = perf_counter()
        graph = load(DAY)
        loaded = perf_counter()
        counted = Counter(each.rule for each in findings(graph, firms, departments, terms(DAY)))
        scanned = perf_counter()
        expected = by_polars(world)
        theirs.append(perf_counter() - scanned)
        ours.append(scanned - loaded)
        loading.append(loaded - began)
        del graph
    ratio = median(mine / reference for mine, reference in zip(ours, theirs, strict=True))
    say(f"\nscan of all firms and departments, with paths and exact shares: {median(ours):.2f} s")
    say(f"  reference: polars over the same relations in memory, pairs and sums without paths, {median(theirs):.2f} s")
    say(f"  ratio {ratio:.2f} (aim {RATIO:.0f}); loading from the database apart, {median(loading):.1f} s")
    say(f"  found {dict(sorted(counted.items()))}, reference {expected}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"  most memory of the whole process, the bench's own tables included: {peak:,.0f} MB")
    return ratio <= RATIO
