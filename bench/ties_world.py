"""A province for the bench: departments with bodies and staff, firms and companies in layers, people; by COPY from a seed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.db import connection

from oversight.graph import Form, Kind, NodeKind

SEED = 20174
DAY = date(2026, 3, 2)
LAYERS = 4
BODIES = 5
"""Institutions and associations of each department."""


@dataclass(frozen=True)
class Size:
    """How many nodes and relations; the brief's province is a million of the one and three of the other."""

    nodes: int = 1_000_000

    @property
    def firms(self) -> int:
        return self.nodes // 10

    @property
    def departments(self) -> int:
        return max(10, self.nodes * 3 // 10_000)

    @property
    def bodies(self) -> int:
        return self.departments * BODIES

    @property
    def companies(self) -> int:
        return self.nodes * 3 // 10

    @property
    def people(self) -> int:
        return self.nodes - self.firms - self.departments - self.bodies - self.companies


@dataclass(frozen=True)
class Province:
    """The nodes by key, in this order: departments, bodies, firms, companies by layer, people; and the relations as columns."""

    size: Size
    relations: pl.DataFrame

    @property
    def first_body(self) -> int:
        return 1 + self.size.departments

    @property
    def first_firm(self) -> int:
        return self.first_body + self.size.bodies

    @property
    def first_company(self) -> int:
        return self.first_firm + self.size.firms

    @property
    def first_person(self) -> int:
        return self.first_company + self.size.companies

    @property
    def associations(self) -> range:
        """Every fifth body is an association."""
        return range(self.first_body, self.first_firm, BODIES)

    def nodes(self) -> pl.DataFrame:
        size = self.size
        kinds = [
            NodeKind.DEPARTMENT,
            NodeKind.ORGANISATION,
            NodeKind.ORGANISATION,
            NodeKind.ORGANISATION,
            NodeKind.PERSON,
        ]
        counts = [size.departments, size.bodies, size.firms, size.companies, size.people]
        forms = [Form.GOVERNMENT, Form.INSTITUTION, Form.COMPANY, Form.COMPANY, Form.OTHER]
        key = np.arange(1, size.nodes + 1)
        form = np.repeat(forms, counts)
        form[np.array(self.associations) - 1] = Form.ASSOCIATION
        return pl.DataFrame({"id": key, "kind": np.repeat(kinds, counts), "form": form})


def province(size: Size, *, seed: int = SEED) -> Province:
    """The world of a seed."""
    rng = np.random.default_rng(seed)
    empty = Province(size, pl.DataFrame())
    made = _Maker(rng, empty)
    return Province(size, made.relations())


class _Maker:
    def __init__(self, rng: np.random.Generator, places: Province) -> None:
        self.rng, self.at, self.size = rng, places, places.size
        self.parts: list[pl.DataFrame] = []
        self.unit = self.size.nodes

    def add(
        self, kind: str, tail: Any, head: Any, *, share: Any = None, ended: float = 0.15, leader: float = 0.0
    ) -> None:
        """Relations of a kind; `ended` is the part that is over, for employment by up to six years."""
        count, rng = len(tail), self.rng
        over = rng.random(count) < ended
        back = rng.integers(1, 2200, count)
        until = [DAY - timedelta(days=int(days)) if gone else None for gone, days in zip(over, back, strict=True)]
        self.parts.append(
            pl.DataFrame(
                {
                    "kind": pl.Series([kind]).new_from_index(0, count),
                    "tail": np.asarray(tail, np.int64),
                    "head": np.asarray(head, np.int64),
                    "share": pl.Series(np.full(count, -1) if share is None else share, dtype=pl.Int32).replace(
                        -1, None
                    ),
                    "until": pl.Series(until, dtype=pl.Date),
                    "leader": rng.random(count) < leader,
                    "confidence": rng.choice(["recorded", "declared", "inferred"], count, p=[0.8, 0.15, 0.05]),
                }
            )
        )

    def pick(self, first: int, count: int, how_many: int) -> Any:
        return self.rng.integers(first, first + count, how_many)

    def shares(self, count: int) -> Any:
        """Shares in whole per cent; one in twenty nobody tells."""
        share = self.rng.integers(1, 100, count) * 10_000
        share[self.rng.random(count) < 0.05] = -1
        return share

    def relations(self) -> pl.DataFrame:
        self.state()
        self.holdings()
        self.people()
        made = pl.concat(self.parts)
        short = self.unit * 3 - len(made)
        staff = self.somebody(max(0, short))
        self.add(Kind.EMPLOYS, self.pick(self.at.first_firm, self.size.firms + self.size.companies, len(staff)), staff)
        return pl.concat(self.parts)[: self.unit * 3].with_row_index("id", offset=1)

    def state(self) -> None:
        """Bodies of departments, what these own and run, and industries that are merely regulated."""
        size, at = self.size, self.at
        bodies = np.arange(at.first_body, at.first_firm)
        above = 1 + (bodies - at.first_body) // BODIES
        is_association = (bodies - at.first_body) % BODIES == 0
        self.add(Kind.SPONSORS, above[~is_association], bodies[~is_association], ended=0.05)
        self.add(Kind.SUPERVISES, above[is_association], bodies[is_association], ended=0.05)
        some = self.rng.choice(bodies, size.bodies * 2)
        self.add(Kind.OWNS, some, self.pick(at.first_company, size.companies, len(some)), share=self.shares(len(some)))
        few = self.rng.choice(bodies, size.bodies // 2)
        self.add(Kind.OWNS, few, self.pick(at.first_firm, size.firms, len(few)), share=self.shares(len(few)))
        run = self.rng.choice(bodies, size.bodies // 5)
        self.add(Kind.SPONSORS, run, self.pick(at.first_firm, size.firms, len(run)))
        regulated = self.pick(at.first_firm, size.firms, size.firms // 2)
        self.add(Kind.SUPERVISES, self.pick(1, size.departments, len(regulated)), regulated)
        near = self.pick(at.first_firm, size.firms, size.bodies // 2)
        self.add(Kind.ADDRESS, self.rng.choice(bodies, len(near)), near)

    def holdings(self) -> None:
        """Companies in layers own companies of the next and firms; people own both; a few hold each other in circles."""
        size, at = self.size, self.at
        layer = size.companies // LAYERS
        firms = np.arange(at.first_firm, at.first_company)
        for number in range(LAYERS):
            first = at.first_company + number * layer
            below = np.arange(first + layer, first + 2 * layer) if number + 1 < LAYERS else firms
            owned = below[self.rng.random(len(below)) < 0.4]
            self.add(Kind.OWNS, self.pick(first, layer, len(owned)), owned, share=self.shares(len(owned)))
        circle = self.pick(at.first_company, size.companies - layer, size.companies // 500)
        self.add(Kind.OWNS, circle + layer, circle, share=self.shares(len(circle)))
        everybody = np.arange(at.first_firm, at.first_person)
        owned = np.concatenate([everybody, self.rng.choice(everybody, self.unit * 3 // 10)])
        self.add(Kind.OWNS, self.somebody(len(owned)), owned, share=self.shares(len(owned)))

    def somebody(self, count: int) -> Any:
        """People of firms; one in two thousand is one of those whom departments employ."""
        size, first = self.size, self.at.first_person
        usual = self.pick(first, size.people * 9 // 10, count)
        official = self.pick(first + size.people * 9 // 10, size.people // 10, count)
        return np.where(self.rng.random(count) < 0.0005, official, usual)

    def people(self) -> None:
        """Representatives, officers and practitioners; staff and former staff of departments; kin."""
        size, at = self.size, self.at
        everybody = np.arange(at.first_firm, at.first_person)
        firms = np.arange(at.first_firm, at.first_company)
        self.add(Kind.REPRESENTS, self.somebody(len(everybody)), everybody)
        officers = self.rng.choice(everybody, self.unit * 6 // 10)
        self.add(Kind.OFFICER, self.somebody(len(officers)), officers)
        skilled = self.rng.choice(firms, self.unit * 3 // 10)
        self.add(Kind.PRACTITIONER, self.somebody(len(skilled)), skilled)
        first = at.first_person + size.people * 9 // 10
        posts = self.pick(1, size.departments, size.departments * 200)
        self.add(Kind.EMPLOYS, posts, self.pick(first, size.people // 10, len(posts)), ended=0.1, leader=0.1)
        past = self.pick(1, size.departments, size.departments * 40)
        self.add(Kind.EMPLOYED, past, self.pick(first, size.people // 10, len(past)), ended=0.95, leader=0.1)
        kin = self.pick(first, size.people // 10, size.people // 400)
        self.add(Kind.KIN, kin, self.somebody(len(kin)))


def write(world: Province) -> None:
    """Put the world into the database, which is the bench's own and empty."""
    size, rel = world.size, world.relations
    parties = world.nodes()
    known = parties.filter(pl.col("id") < world.first_company).filter(
        (pl.col("id") < world.first_body) | (pl.col("id") >= world.first_firm)
    )
    now = "2026-03-01 00:00:00+00"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "INSERT INTO approvals_district (id, code, name, name_en, short, kind) "
            "VALUES (1, '330000', '省', '-', '省', 'municipal')"
        )
        cursor.execute(
            "INSERT INTO oversight_source (id, code, name, confidence) VALUES (1, 'bench', 'bench', 'recorded')"
        )
    organisation = known.select(
        "id", kind=pl.lit("regulator"), name=pl.format("机构{}", "id"), address=pl.lit(""), contact_name=pl.lit(""),
        contact_phone=pl.lit("\\x"), created_at=pl.lit(now),
    )  # fmt: skip
    _copy("accounts_organisation", organisation)
    firm = known.filter(pl.col("id") >= world.first_firm).select(
        "id", organisation_id="id", status=pl.lit("applying"), delisted_reason=pl.lit(""), search=pl.lit("")
    )
    _copy("market_firm", firm)
    department = known.filter(pl.col("id") < world.first_body).select(
        "id", organisation_id="id", code=pl.format("D{}", "id"), district_id=pl.lit(1), valid_from=pl.lit("2017-01-01")
    )
    _copy("approvals_department", department)
    belongs = pl.col("id").is_in(known["id"].implode())
    party = parties.select(
        "id", "kind", "form", name=pl.when(pl.col("kind") == "person").then(pl.lit("")).otherwise(pl.format("机构{}", "id")),
        person_name=pl.lit("\\x"), organisation_id=pl.when(belongs).then(pl.col("id")), created_at=pl.lit(now),
    )  # fmt: skip
    _copy("oversight_party", party)
    statement = rel.select(((pl.col("id") - 1) // 3 + 1).alias("id")).unique().sort("id").select(
        "id", source_id=pl.lit(1), key=pl.format("s{}", "id"), record=pl.lit(""), scope=pl.lit(""), day=pl.lit("2026-01-01"),
        replaces=pl.lit("{}"),
    )  # fmt: skip
    _copy("oversight_statement", statement)
    relation = rel.select(
        "id", statement_id=(pl.col("id") - 1) // 3 + 1, part=(pl.col("id") - 1) % 3, source_id=pl.lit(1), kind="kind",
        from_stated_id="tail", to_stated_id="head", from_party_id="tail", to_party_id="head", share_low="share",
        share_high="share", confidence="confidence", leader="leader", detail=pl.lit(""), until="until", changed_at=pl.lit(now),
    )  # fmt: skip
    _copy("oversight_relation", relation)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM (ANALYZE) oversight_relation, oversight_party, accounts_organisation, market_firm")
    assert size.nodes == len(parties)


def _copy(table: str, rows: pl.DataFrame, *, at_once: int = 250_000) -> None:
    columns = ", ".join(f'"{name}"' for name in rows.columns)
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT CSV)") as copy:
        for some in rows.iter_slices(at_once):
            text = io.BytesIO()
            some.write_csv(text, include_header=False, quote_style="necessary")
            copy.write(text.getvalue())
