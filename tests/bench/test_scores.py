"""The bench of scores compares two ways to one result; here with few lines, so that it does not break unseen."""

from __future__ import annotations

import pytest

from bench import scores


def test_both_ways_come_to_the_same(capsys, monkeypatch):
    monkeypatch.setattr(scores, "LINES", 20_000)
    monkeypatch.setattr(scores, "PASSES", 1)
    scores.measured()
    assert "times, aim at most 3.0" in capsys.readouterr().out


def test_a_difference_would_show():
    columns = scores.prepared(5_000)
    ours = scores.everything(columns)
    theirs = scores.by_duckdb(scores.loaded(columns))
    scores.agree(ours, theirs)
    theirs["scores"]["score"][0] += 0.1
    with pytest.raises(AssertionError):
        scores.agree(ours, theirs)
