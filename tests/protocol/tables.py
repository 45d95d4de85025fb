"""Lots decided by hand: each says what the method must make of it, with the arithmetic beside it.

Given in the draw's order, best position first, unless `drawn` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from protocol.methods.base import Bid, Method, Result


def bid(
    uscc: str,
    amount: str | None = None,
    *,
    opened: bool = True,
    eligible: bool = True,
    credit: str | None = None,
    marks: Sequence[str] = (),
) -> Bid:
    return Bid(
        uscc=uscc,
        amount=None if amount is None else Decimal(amount),
        opened=opened,
        eligible=eligible,
        credit=None if credit is None else Decimal(credit),
        marks=tuple(Decimal(mark) for mark in marks),
    )


@dataclass(frozen=True, kw_only=True)
class Table:
    """One lot, and what must come of it; `None` expects nothing in particular."""

    what: str
    method: str
    bids: Sequence[Bid]
    ranking: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    drawn: Sequence[str] | None = None
    coefficient: str | None = None
    reference: str | None = None
    short_list: str | None = None
    redrawn: str | None = None
    scores: Mapping[str, tuple[str, str, str, str]] | None = None

    def decided_by(self, method: Method) -> Result:
        drawn = self.drawn if self.drawn is not None else [each.uscc for each in self.bids]
        wanted = method.draws(bids=self.bids, parameters=self.parameters)
        orders = {"ranking": drawn}
        if self.coefficient:
            orders["coefficient"] = sorted(wanted["coefficient"], key=lambda each: each != self.coefficient)
        return method.decide(bids=self.bids, orders=orders, parameters=self.parameters, minimum=1)

    def check(self, method: Method) -> None:
        """Raise AssertionError where the method does not do what was worked out by hand."""
        result = self.decided_by(method)
        assert "".join(result.ranking) == self.ranking, self.what
        if self.reference is not None:
            assert result.reference == Decimal(self.reference), self.what
        if self.short_list is not None:
            assert "".join(result.short_list) == self.short_list, self.what
        if self.redrawn is not None:
            assert "".join(result.redrawn) == self.redrawn, self.what
        if self.scores is not None:
            names = ("price", "quality", "record", "total")
            expected = {uscc: dict(zip(names, points, strict=True)) for uscc, points in self.scores.items()}
            assert result.scores == expected, self.what


WEIGHTS = {"price": "60", "quality": "30", "record": "10"}

TABLES = [
    Table(
        what="the lowest first, a tie in the draw's order, nobody skipped",
        method="lowest",
        bids=[bid("A", "300.00"), bid("D", "200.00"), bid("C", "100.00"), bid("B", "200.00"), bid("E", "100.00")],
        ranking="CEDBA",
    ),
    Table(
        what="both limits are inclusive",
        method="lowest",
        parameters={"upper": "300.00", "lower": "100.00"},
        bids=[bid("A", "300.00"), bid("B", "300.01"), bid("C", "100.00"), bid("D", "99.99")],
        ranking="CA",
    ),
    Table(
        what="amounts are compared as numbers, not as text",
        method="lowest",
        bids=[bid("A", "1000.00"), bid("B", "999.99")],
        ranking="BA",
    ),
    Table(
        # Five amounts, none dropped: (100+102+104+106+108)/5 = 520/5 = 104; 104 × 0.95 = 98.80.
        # Distances: A 1.20, B 3.20, C 5.20, D 7.20, E 9.20.
        what="five amounts are not trimmed",
        method="mean",
        bids=[bid("E", "108.00"), bid("D", "106.00"), bid("C", "104.00"), bid("B", "102.00"), bid("A", "100.00")],
        coefficient="0.95",
        reference="98.80",
        ranking="ABCDE",
    ),
    Table(
        # Six amounts: 60.00 and 200.00 are dropped; (100+101+102+103)/4 = 406/4 = 101.50; × 0.98 = 99.47.
        # Distances: C 0.53, D 1.53, E 2.53, F 3.53; then of the dropped: A |60 − 99.47| = 39.47, B 100.53.
        what="from six on one highest and one lowest are dropped, and rank last",
        method="mean",
        bids=[
            bid("B", "200.00"),
            bid("A", "60.00"),
            bid("F", "103.00"),
            bid("E", "102.00"),
            bid("D", "101.00"),
            bid("C", "100.00"),
        ],
        coefficient="0.98",
        reference="99.47",
        ranking="CDEFAB",
    ),
    Table(
        # 90.00 and 110.00 stand twice each: the later in the draw's order, D and F, are dropped.
        # (90+100+100+110)/4 = 100; × 1.00 = 100.00. B 0, E 0, in the draw's order; A and C both 10.00 away:
        # the lower amount first, A 90 before C 110; of the dropped likewise D 90 before F 110.
        what="among equals the later in the draw's order is dropped; equal distances go to the lower amount",
        method="mean",
        parameters={"coefficients": ["1.00"]},
        bids=[
            bid("C", "110.00"),
            bid("A", "90.00"),
            bid("E", "100.00"),
            bid("F", "110.00"),
            bid("B", "100.00"),
            bid("D", "90.00"),
        ],
        coefficient="1.00",
        reference="100.00",
        ranking="EBACDF",
    ),
    Table(
        # (100 + 101)/2 = 100.50; × 0.95 = 95.475, half up 95.48. In binary 100.5 × 0.95 is 95.47499…, which gives 95.47.
        # Distances from 95.48: B 5.52, A 4.52.
        what="half up where binary numbers fall below the half",
        method="mean",
        bids=[bid("B", "101.00"), bid("A", "100.00")],
        coefficient="0.95",
        reference="95.48",
        ranking="AB",
    ),
    Table(
        # (20000.00 + 20000.01)/2 = 20000.005 × 1.00, half up 20000.01; half to even would give 20000.00.
        # Distances: A 0.00, B 0.01.
        what="half up, not half to even",
        method="mean",
        parameters={"coefficients": ["1.00"]},
        bids=[bid("B", "20000.00"), bid("A", "20000.01")],
        coefficient="1.00",
        reference="20000.01",
        ranking="AB",
    ),
    Table(
        # (100 + 80 + 70)/3 = 83.333…; × 0.98 = 81.666…, half up 81.67 (83.33 × 0.98 = 81.6634 would give 81.66).
        # Distances: A |80 − 81.67| = 1.67, C 11.67, B 18.33; signed, the lowest, C, would come first.
        what="the distance counts on both sides, and the mean is not rounded before it is multiplied",
        method="mean",
        bids=[bid("B", "100.00"), bid("C", "70.00"), bid("A", "80.00")],
        coefficient="0.98",
        reference="81.67",
        ranking="ACB",
    ),
    Table(
        # trim_over 3: of four amounts 10.00 and 40.00 are dropped; (20 + 30)/2 = 25; × 0.96 = 24.00.
        # Distances: B 4.00, C 6.00; dropped: A 14.00, D 16.00.
        what="trim_over is the round's",
        method="mean",
        parameters={"trim_over": "3"},
        bids=[bid("D", "40.00"), bid("C", "30.00"), bid("B", "20.00"), bid("A", "10.00")],
        coefficient="0.96",
        reference="24.00",
        ranking="BCAD",
    ),
    Table(
        # k = 2: the second lowest is 200.00, at which B, C and E tie: A, B, C and E enter, in the draw's order.
        what="all that tie with the k-th enter",
        method="lowest_draw",
        parameters={"k": "2"},
        bids=[
            bid("F", "400.00"),
            bid("E", "200.00"),
            bid("D", "300.00"),
            bid("C", "200.00"),
            bid("B", "200.00"),
            bid("A", "100.00"),
        ],
        ranking="ECBADF",
        redrawn="ECBA",
    ),
    Table(
        what="with fewer than k everybody enters",
        method="lowest_draw",
        parameters={"k": "9", "upper": "300.00"},
        bids=[bid("C", "300.01"), bid("B", "300.00"), bid("A", "100.00")],
        ranking="BA",
        redrawn="BA",
    ),
    Table(
        # Tickets: A 95.00 → 9.5 → 10; B 84.99 → 8.499 → 8; C 74.90 → 7; D 4.99 → 0.499 → 0, at least 1; E none → 1.
        # Best tickets: D first (D#1), then B (B#8), E, C (C#7), A (A#10). Of the best three by credit, A, B and C stay:
        # in the order of their best tickets B, C, A; behind them by credit D, E. The short list has two: B, C.
        what="a firm stands where its best ticket does, and only the best by credit stay",
        method="credit_draw",
        parameters={"price": "500.00", "long_list": "3", "short_list": "2"},
        bids=[
            bid("A", credit="95.00"),
            bid("B", credit="84.99"),
            bid("C", credit="74.90"),
            bid("D", credit="4.99"),
            bid("E"),
        ],
        drawn=[
            "D#1",
            "B#8",
            "E#1",
            "C#7",
            "A#10",
            *(f"A#{k}" for k in range(1, 10)),
            *(f"B#{k}" for k in range(1, 8)),
            *(f"C#{k}" for k in range(1, 7)),
        ],
        ranking="BCADE",
        short_list="BC",
        redrawn="BCA",
    ),
    Table(
        # B and C have 50.00 each, and one place is left beside A: B's ticket came before C's.
        what="a tie at the edge of the long list goes to the draw",
        method="credit_draw",
        parameters={"price": "500.00", "long_list": "2", "short_list": "2"},
        bids=[bid("A", credit="60.00"), bid("B", credit="50.00"), bid("C", credit="50.00")],
        drawn=[
            "B#5",
            *(f"C#{k}" for k in range(1, 6)),
            *(f"A#{k}" for k in range(1, 7)),
            *(f"B#{k}" for k in range(1, 5)),
        ],
        ranking="BAC",
        short_list="BA",
    ),
    Table(
        # Lowest 80.00.
        # A: price 60 × 80/80 = 60.00; marks 70, 90, 80: mean 80, 30 × 0.80 = 24.00; record 10 × 0.874 = 8.74; 92.74.
        # B: price 60 × 80/90 = 53.333… → 53.33; marks 0, 91, 92, 93, 100: five, 0 and 100 dropped, mean 92,
        #    30 × 0.92 = 27.60; record 10 × 1.00 = 10.00; 90.93.
        # C: price 60 × 80/96 = 50.00; marks 0, 92, 93, 100: four, none dropped, 285/4 = 71.25, 30 × 0.7125 = 21.375 → 21.38;
        #    no credit score, 0.00; 71.38.
        what="price, quality and record, each rounded once",
        method="scored",
        parameters={"weights": WEIGHTS},
        bids=[
            bid("C", "96.00", marks=["0", "92", "93", "100"]),
            bid("B", "90.00", credit="100.00", marks=["0", "91", "92", "93", "100"]),
            bid("A", "80.00", credit="87.40", marks=["70", "90", "80"]),
        ],
        scores={
            "A": ("60.00", "24.00", "8.74", "92.74"),
            "B": ("53.33", "27.60", "10.00", "90.93"),
            "C": ("50.00", "21.38", "0.00", "71.38"),
        },
        ranking="ABC",
    ),
    Table(
        # Lowest 50.00, price alone 40 %: A 40 × 50/50 = 40.00, B and C 40 × 50/100 = 20.00.
        # Quality 40 %: A 40 × 0.50 = 20.00, B and C 40 × 1.00 = 40.00. All have 60.00:
        # the lower amount first, A; B and C in the draw's order, C before B.
        what="equal totals go to the lower amount, then to the draw",
        method="scored",
        parameters={"weights": {"price": "40.0", "quality": "40", "record": "20.00"}},
        bids=[bid("C", "100.00", marks=["100"]), bid("B", "100.00", marks=["100"]), bid("A", "50.00", marks=["50"])],
        ranking="ACB",
    ),
    Table(
        what="an auction is won by the lowest last offer, and who made none is not in it",
        method="auction",
        parameters={"step": "5.00", "extend_within_s": "60", "extend_by_s": "60", "lower": "80.00"},
        bids=[bid("A", "95.00"), bid("B"), bid("C", "80.00"), bid("D", "90.00")],
        ranking="CDA",
    ),
    Table(
        what="among proposals the draw only gives an order; all may be picked",
        method="proposal",
        parameters={"upper": "100.00"},
        bids=[bid("C", "100.00"), bid("A", "100.01"), bid("B", "90.00")],
        ranking="CB",
        short_list="CB",
    ),
    Table(
        what="who may be named directly stands by USCC, since nothing is drawn",
        method="direct",
        parameters={"price": "100.00", "ground": "应急抢险"},
        bids=[bid("C"), bid("A"), bid("B", eligible=False)],
        ranking="AC",
        short_list="AC",
    ),
    Table(
        what="the draw skips who is not valid",
        method="draw",
        parameters={"price": "100.00"},
        bids=[bid("C", eligible=False), bid("B"), bid("D", opened=False), bid("A")],
        ranking="BA",
        redrawn="BA",
    ),
]
