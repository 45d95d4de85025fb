"""The reference for the scan: a query in polars over the same relations, kinds, dates and products of shares.

It finds pairs and sums, without paths, exceptions, exact arithmetic, sources that disagree or cut cycles: its sums are of all
walks of at most `DEEP` steps, in floating point.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from bench.ties_world import DAY, Province
from oversight.graph import Kind

DEEP = 24
LAYER = 50_000
PAIR = ["department", "node"]


def found(world: Province) -> dict[str, int]:
    """How many pairs of a department and a firm each rule has."""
    every = world.relations
    holds = every.filter(pl.col("until").is_null() | (pl.col("until") >= DAY))
    firm = pl.col("node").is_between(world.first_firm, world.first_company - 1)
    owns = holds.filter(pl.col("kind") == Kind.OWNS).select("tail", "head", "share")
    layers = owns.filter(pl.col("share").is_null() | (pl.col("share") >= LAYER)).select("tail", "head")
    runs = holds.filter(pl.col("kind") == Kind.SPONSORS).select("tail", "head")
    associations = pl.col("head").is_in(pl.Series(list(world.associations)).implode())
    supervises = holds.filter((pl.col("kind") == Kind.SUPERVISES) & associations).select("tail", "head")
    departments = pl.DataFrame({"node": range(1, world.first_body)}, schema={"node": pl.Int64})
    start = departments.select(department="node", node="node")
    family = _closure(start, pl.concat([runs, supervises]))
    rh1 = _closure(start, pl.concat([layers, runs, supervises])).filter(firm)
    rh2 = _shares(family, owns).filter(firm)
    roles = holds.filter(pl.col("kind").is_in([Kind.REPRESENTS, Kind.OFFICER, Kind.PRACTITIONER])).select(
        "tail", "head"
    )
    leads = holds.filter(pl.col("kind").is_in([Kind.REPRESENTS, Kind.OFFICER])).select("tail", "head")
    posts = holds.filter(pl.col("kind") == Kind.EMPLOYS).select(department="tail", node="head")
    posts = posts.filter(pl.col("department") < world.first_body)
    rh3 = _step(posts, roles).filter(firm)
    near = holds.filter(pl.col("kind").is_in([Kind.ADDRESS, Kind.PHONE])).select("tail", "head")
    rh6 = _step(family, near).filter(firm)
    staff = holds.filter(pl.col("kind") == Kind.EMPLOYS).select(tail="head", head="tail")
    rh4 = _step(_left(every, world), pl.concat([roles, owns.select("tail", "head"), staff])).filter(firm)
    kin = holds.filter(pl.col("kind") == Kind.KIN).select("tail", "head")
    kin = pl.concat([kin, kin.select(tail="head", head="tail")])
    relatives = _step(posts, kin)
    rh5 = pl.concat([_step(relatives, leads), _closure(relatives, owns.select("tail", "head"))]).filter(firm)
    own = {"RH1": rh1, "RH2": rh2, "RH3": rh3, "RH4": rh4, "RH5": rh5, "RH6": rh6}
    return {rule: pairs.select(PAIR).unique().height for rule, pairs in own.items()}


def _left(every: pl.DataFrame, world: Province) -> pl.DataFrame:
    """Who has left a department within the cooling-off period, or on a day that nobody tells."""
    wait = pl.when(pl.col("leader")).then(DAY.replace(year=DAY.year - 3)).otherwise(DAY.replace(year=DAY.year - 2))
    former = every.filter(pl.col("kind").is_in([Kind.EMPLOYS, Kind.EMPLOYED]) & (pl.col("tail") < world.first_body))
    gone = (pl.col("until") > wait) & (pl.col("until") <= DAY - timedelta(days=1))
    unknown = (pl.col("kind") == Kind.EMPLOYED) & pl.col("until").is_null()
    return former.filter(gone | unknown).select(department="tail", node="head").unique()


def _step(pairs: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    return pairs.join(edges, left_on="node", right_on="tail").select("department", node="head").unique()


def _closure(start: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    found = frontier = start.unique()
    while frontier.height:
        frontier = _step(frontier, edges).join(found, on=PAIR, how="anti")
        found = pl.concat([found, frontier])
    return found


def _shares(family: pl.DataFrame, owns: pl.DataFrame) -> pl.DataFrame:
    """The products of shares along all walks from the family, added up."""
    share = owns.select("tail", "head", part=pl.col("share").fill_null(1_000_000) / 1_000_000)
    walks, sums = family.with_columns(part=pl.lit(1.0)), []
    for _layer in range(DEEP):
        walks = (
            walks.join(share, left_on="node", right_on="tail")
            .join(family, left_on=["department", "head"], right_on=PAIR, how="anti")
            .group_by("department", node="head")
            .agg(part=(pl.col("part") * pl.col("part_right")).sum())
        )
        if not walks.height:
            break
        sums.append(walks)
    return pl.concat(sums).group_by(PAIR).agg(pl.col("part").sum())
