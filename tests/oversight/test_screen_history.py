"""`screen_history`: a file of past rounds becomes leads, and a bad file a clear sentence."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from bench.cartels_world import PLANTED, City, city
from oversight.screens import missing, reading
from oversight.screens.bids import Bids
from oversight.screens.chance import auc
from tests.machine import DATA, needs

HEADING = "round_code,opened_on,title,kind,upper_limit,lower_limit,bidder,amount,disqualified_reason,won"
ROWS = (
    "T1,2007-06-07,道路维修,road,3780000,,B1,3680000,,1",
    "T1,2007-06-07,道路维修,road,3780000,,B2,3700000,,0",
    "T2,2007-06-08,下水道,water,1000,800,B1,900.50,,0",
    "T2,2007-06-08,下水道,water,1000,800,B3,799.50,below the limit,0",
)
FOLDER = DATA / "bids"
REAL, LABELS = FOLDER / "tsuchiura-2007-2010.csv", FOLDER / "tsuchiura-2007-2010-labels.csv"
real = needs(REAL)


@pytest.fixture
def file(tmp_path):
    def write(*rows, heading=HEADING):
        path = tmp_path / "old.csv"
        path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def told(path: Path) -> Any:
    out = StringIO()
    call_command("screen_history", path, json=True, stdout=out)
    return json.loads(out.getvalue())


def written(made: City, path: Path) -> Path:
    bids = made.bids
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["tender", "date", "category", "reserve", "supplier", "bid", "winner"])
        for round_, firm, amount, won in zip(bids.round, bids.firm, bids.amount, bids.won, strict=True):
            day = np.datetime64("2020-01-01") + bids.day[round_]
            rows.writerow([f"R{round_}", day, bids.segment[round_], bids.upper[round_], f"F{firm}", amount, int(won)])
    return path


def test_every_round_and_bidder_has_a_score_and_reasons(file):
    found = told(file(*ROWS))
    assert [row["round"] for row in found["rounds"]] == ["T1", "T2"]
    assert {row["bidder"] for row in found["bidders"]} == {"B1", "B2", "B3"}
    assert found["groups"] == []
    for row in (*found["rounds"], *found["bidders"]):
        assert 0 <= row["score"] <= 1 and isinstance(row["reasons"], list)


def test_planted_cartels_come_out_as_groups_under_their_own_names(tmp_path):
    made = city(PLANTED[0], 2003)
    path = written(made, tmp_path / "city.csv")
    found = told(path)
    reported = [set(group["members"]) for group in found["groups"] if group["score"] >= 0.5]
    planted = [{f"F{firm}" for firm in members.tolist()} for members in made.cartels]
    assert all(any(len(own & each) >= len(own | each) / 2 for each in reported) for own in planted)
    assert all(group["reasons"] for group in found["groups"] if group["score"] >= 0.5)
    best = found["rounds"][:20]
    assert sum(made.rigged[int(row["round"][1:])] for row in best) >= 14
    assert all(any(reason.startswith("CL5") for reason in row["reasons"]) for row in best)


def test_the_same_file_gives_the_same(file):
    rows = [
        f"T{number},2020-01-01,x,road,,,B{number % 3 + each},{100 + each}.00,,{int(not each)}"
        for number in range(40)
        for each in range(3)
    ]
    path = file(*rows)
    assert told(path) == told(path)


def test_a_table_says_that_these_are_leads(file):
    out = StringIO()
    call_command("screen_history", file(*ROWS), stdout=out)
    assert "2 rounds" in out.getvalue() and "never a verdict" in out.getvalue()


def test_columns_are_found_by_other_headings_too(file):
    found = told(file("甲,B1,100.00", '甲,B2,"1,050.00"', heading="项目编号,投标人,报价"))
    assert [row["round"] for row in found["rounds"]] == ["甲"]
    history = reading.read(file("甲;B1;100", "甲;B2;90", heading="Round ID;Bidder;Bid Price"))
    assert history.bids.winner.tolist() == [1]  # where no column says who won, the lowest did


def test_a_file_in_gb18030_is_read(tmp_path):
    path = tmp_path / "old.csv"
    path.write_bytes("编号,投标人,报价\n甲,宁波一公司,100\n".encode("gb18030"))
    assert reading.read(path).bidders == ["宁波一公司"]


def test_one_bidder_alone_and_a_heading_alone_are_no_error(file):
    one = told(file(ROWS[0]))
    assert [row["score"] for row in one["rounds"]] == [0]
    assert told(file()) == {"rounds": [], "bidders": [], "groups": []}


@pytest.mark.parametrize(
    ("row", "line", "column"),
    [
        ("T9,2007-13-01,x,road,1,,B1,1,,1", 2, "opened_on"),
        ("T9,2007-06-01,x,road,1,,B1,many,,1", 2, "amount"),
        ("T9,2007-06-01,x,road,1,,B1,-5,,1", 2, "amount"),
        ("T9,2007-06-01,x,road,1,,B1,NaN,,1", 2, "amount"),
        ("T9,2007-06-01,x,road,-1,,B1,5,,1", 2, "upper_limit"),
        ("T9,2007-06-01,x,road,1,,B1,5,,maybe", 2, "won"),
        (",2007-06-01,x,road,1,,B1,5,,1", 2, "round_code"),
        ("T9,2007-06-01,x,road,1,,,5,,1", 2, "bidder"),
        ("T9,2007-06-01,x,road", 2, ""),
    ],
)
def test_a_bad_line_is_named_with_its_column(file, row, line, column):
    with pytest.raises(CommandError) as error:
        call_command("screen_history", file(row, *ROWS))
    assert f"line {line}" in str(error.value) and column in str(error.value)


def test_what_is_no_table_is_said(tmp_path, file):
    for octets, words in (
        (b"", "empty"),
        (b"\xff\x00\x01\x80\xff", "no text"),
        (b"a,b\n1,2\n", "no column round_code"),
    ):
        path = tmp_path / "bad.csv"
        path.write_bytes(octets)
        with pytest.raises(CommandError, match=words):
            call_command("screen_history", path)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("screen_history", tmp_path / "nowhere.csv")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("screen_history", tmp_path)


def test_a_file_that_is_too_long_is_refused(file, monkeypatch):
    monkeypatch.setattr(reading, "MOST_LINES", 2)
    with pytest.raises(CommandError, match="more than 2 lines"):
        call_command("screen_history", file(*ROWS))
    monkeypatch.setattr(reading, "MOST_OCTETS", 10)
    with pytest.raises(CommandError, match="in parts"):
        call_command("screen_history", file(*ROWS))


@real
def test_the_labelled_rounds_are_ranked_better_than_by_prices_alone():
    with LABELS.open(encoding="utf-8") as lines:
        labels = {row["round_code"]: row["cartelised"] == "1" for row in csv.DictReader(lines)}
    found = told(REAL)["rounds"]
    assert len(found) == len(labels) == 695
    scores = np.array([row["score"] for row in found])
    assert auc(scores, np.array([labels[row["round"]] for row in found])) > 0.59


@real
def test_close_losing_bids_are_missing_where_the_researchers_count_rounds_as_cartelised():
    history = reading.read(REAL)
    with LABELS.open(encoding="utf-8") as lines:
        labels = {row["round_code"]: row["cartelised"] == "1" for row in csv.DictReader(lines)}
    rigged = np.array([labels[code] for code in history.rounds])
    found = [_missing(history.bids, of) for of in (rigged, ~rigged)]
    assert found[0].p[0] < 0.05 < found[1].p[0]
    assert found[0].close[0] < found[0].next[0]


def _missing(bids: Bids, of):
    gaps = missing.gaps(bids)
    known = of & np.isfinite(gaps)
    return missing.test(gaps[known], bids.grain[known])
