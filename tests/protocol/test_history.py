"""Rounds of an older system: what is read, what is refused with its line, and how they are decided again."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bidding.models import HistoricalBid, HistoricalRound
from protocol.history import COLUMNS, BadRow, read_rounds, replay
from tests.machine import DATA, needs

HEADING = ",".join(COLUMNS)
REAL = DATA / "bids" / "tsuchiura-2007-2010.csv"
ROWS = [
    "T1,2007-06-07,道路维修一号,road,3780000,,B1,3680000,,1",
    "T1,2007-06-07,道路维修一号,road,3780000,,B2,3700000,,0",
    "T2,2007-06-08,下水道,water,1000,800,B1,790,below the minimum limit price,0",
    "T2,2007-06-08,下水道,water,1000,800,B2,900.50,,1",
    "T2,2007-06-08,下水道,water,1000,800,B3,900.50,,0",
    "T3,2007-06-09,无人中标,other,,,B1,,Invalid bid,0",
]


@pytest.fixture
def file(tmp_path):
    def write(*rows, heading=HEADING):
        path = tmp_path / "old.csv"
        path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def test_rounds_are_read_and_decided_again(file):
    report = replay(read_rounds(file(*ROWS)))
    assert report == {"rounds": 3, "without_winner": 1, "agree": 2, "disagree": []}


def test_a_tie_agrees_with_any_of_the_tied_and_with_nobody_else(file):
    tied = [row.replace("B2,900.50,,1", "B2,900.50,,0").replace("B3,900.50,,0", "B3,900.50,,1") for row in ROWS]
    assert replay(read_rounds(file(*tied)))["agree"] == 2
    wrong = [row.replace("3680000,,1", "3680000,,0").replace("3700000,,0", "3700000,,1") for row in ROWS]
    assert replay(read_rounds(file(*wrong)))["disagree"] == [{"round": "T1", "expected": "B2", "got": "B1"}]


def test_a_bidder_with_two_bids_keeps_both(file):
    rows = [*ROWS, "T1,2007-06-07,道路维修一号,road,3780000,,B2,3690000,,0"]
    assert replay(read_rounds(file(*rows)))["agree"] == 2


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("T9,2007-13-01,x,road,1,,B1,1,,1", "opened_on"),
        ("T9,2007-06-07,,road,1,,B1,1,,1", "title is empty"),
        ("T9,2007-06-07,x,road,many,,B1,1,,1", "upper_limit"),
        ("T9,2007-06-07,x,road,1,,B1,-5,,1", "amount"),
        ("T9,2007-06-07,x,road,1,,B1,NaN,,1", "amount"),
        ("T9,2007-06-07,x,road,1,,B1,1.001,,1", "amount"),
        ("T9,2007-06-07,x,road,1,,,1,,1", "bidder is empty"),
        ("T9,2007-06-07,x,road,1,,B1,1,,yes", "won"),
        ("T9,2007-06-07,x,road,1,,B1,1,", "columns"),
        ("T9,2007-06-07,x,road,1,,B1,1,,1,more", "columns"),
        ("T1,2007-06-07,道路维修一号,road,1,,B7,1,,0", "other limits"),
        ("T1,2007-06-07,道路维修一号,road,3780000,,B7,1,,1", "two winners"),
        (f"T9,2007-06-07,{'长' * 201},road,1,,B1,1,,1", "title is longer"),
    ],
)
@pytest.mark.django_db
def test_a_bad_row_is_named_and_nothing_is_imported(file, row, what):
    path = file(*ROWS, row)
    with pytest.raises(BadRow, match=what) as caught:
        read_rounds(path)
    assert caught.value.line == len(ROWS) + 2
    with pytest.raises(CommandError, match=f"line {len(ROWS) + 2}"):
        call_command("import_history", str(path))
    assert not HistoricalRound.objects.exists()


@pytest.mark.parametrize("heading", ["", "round_code,title", HEADING.replace("won", "gewonnen")])
def test_another_heading_is_refused(file, heading):
    with pytest.raises(BadRow, match="missing columns"):
        read_rounds(file(*ROWS, heading=heading))


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("replay_history", str(tmp_path / "none.csv"))
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\xff\xfe\x00round")
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("replay_history", str(path))


@pytest.mark.django_db
def test_imported_twice_is_imported_once_and_shown_as_historical(file):
    path = file(*ROWS)
    for _time in range(2):
        call_command("import_history", str(path), source="旧系统", stdout=StringIO())
    assert HistoricalRound.objects.count() == 3
    assert HistoricalBid.objects.count() == len(ROWS)
    page = Client().get("/rounds/", {"historical": "1", "q": "dlwx"})
    assert "道路维修一号" in page.content.decode()
    assert "下水道" not in page.content.decode()
    one = Client().get("/rounds/historical/T2/").content.decode()
    assert "900.50" in one
    assert "旧系统" in one
    assert "T1" not in Client().get("/rounds/").content.decode()
    assert Client().get("/rounds/historical/none/").status_code == 404


@needs(REAL)
def test_all_real_rounds_come_out_with_the_winners_they_had():
    out = StringIO()
    call_command("replay_history", str(REAL), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"rounds": 695, "without_winner": 4, "agree": 691, "disagree": []}
