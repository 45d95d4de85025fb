"""The bench of scores compares two ways to one result; here with few lines, so that it does not break unseen."""

from __future__ import annotations

from datetime import datetime

import pytest

from bench import scores
from protocol.scores.departments import departments
from protocol.scores.exact import CHINA
from protocol.scores.firms import firms, norms
from protocol.scores.lines import ScoredLine, judge
from protocol.scores.policy import FIRST
from ratings.scoring.columns import COLUMNS, DAYS_OF_MONTH, NAMED


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


def lines_of(columns):
    """The lines again, of which columns were made."""
    names = {name: getattr(columns.names, name) for name in NAMED}
    for row in range(len(columns)):
        told = {name: int(getattr(columns, name)[row]) for name in COLUMNS}
        case, decided = told["case"], moment(told["decided"])
        yield ScoredLine(
            line=f"L{row:07}", project="", **{name: names[name][told[name]] for name in NAMED if name != "case"},
            running=bool(told["running"]), promised_days=told["promised"], used1=told["used1"], decided_at=decided,
            accepted_at=moment(told["ended"]), standard_days=told["standard"] or None, returns=told["returns"],
            case=names["case"][case] if case >= 0 else None, committed_days=told["committed"] or None,
            statutory_days=told["statutory"] or None, used2=told["used2"] if case >= 0 else None,
            late_corrections=told["late"], same_day=bool(told["same_day"]),
        )  # fmt: skip


def moment(day):
    month, day = divmod(day, DAYS_OF_MONTH)
    return datetime(month // 12, month % 12 + 1, day, 12, tzinfo=CHINA) if day else None


@pytest.mark.slow
def test_thousands_of_lines_come_to_what_the_plain_reference_gives(monkeypatch):
    monkeypatch.setattr(scores, "FIRMS", 60)
    monkeypatch.setattr(scores, "DEPARTMENTS", 12)
    columns = scores.prepared(8_000)
    ours, rows = scores.everything(columns), list(lines_of(columns))
    judged = judge(rows, FIRST, as_of=scores.AS_OF)
    usual = norms(judged, FIRST)
    expected = firms(judged, usual, FIRST)
    of_departments = departments(rows, FIRST, as_of=scores.AS_OF)
    names = columns.names
    for row in range(len(ours.firms)):
        score = expected[names.firm[ours.firms.who[row]]]
        assert ours.firms.figures(row) == score.services[names.service[ours.firms.what[row]]]
        assert ours.firms.overall[int(ours.firms.who[row])] == score.overall
    for row in range(len(ours.departments)):
        score = of_departments[names.department[ours.departments.who[row]]]
        assert ours.departments.figures(row) == score.items[names.item[ours.departments.what[row]]]
    assert len(ours.firms) == sum(len(score.services) for score in expected.values()) > 200
