"""The example and the program of docs/scores.md, run."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from protocol.scores.exact import fixed, read_fixed
from protocol.scores.figures import Norm, figures
from protocol.scores.firms import as_measured
from protocol.scores.lines import Habit, judge
from protocol.scores.policy import FIRST
from protocol.scores.standing import Deduction, centred, standing
from tests.protocol.scored import AS_OF, file_of, line, running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scores.md").read_text(encoding="utf-8")
HABIT = {("D1", "I1"): Habit(n=9, item_mean=10_000, value=10_500)}


def rows():
    """The table of the example, as it is printed."""
    found = re.findall(r"^\| (\d) \| (.*) \|$", PAGE, re.MULTILINE)
    return [[None if cell == "–" else cell for cell in cells.split(" | ")] for _number, cells in found]


def given(number, row):
    """The line of a row, from what was recorded of it."""
    promised, standard, used, returns, _e1, committed, used2, *_rest, ended, _weight = row
    told = {
        "promised": int(promised), "standard_days": int(standard) if standard else None, "used": float(used),
        "returns": int(returns), "segments": (),
    }  # fmt: skip
    if ended == "running":
        return running(number, **told)
    at = datetime.fromisoformat(ended).replace(hour=4, tzinfo=UTC)
    return line(number, ended=at, used2=float(used2 or 0), committed_days=int(committed or 5), case=bool(used2), **told)


@pytest.fixture(scope="module")
def judged():
    return judge([given(number, row) for number, row in enumerate(rows(), 1)], FIRST, as_of=AS_OF, known=HABIT)


def test_every_number_of_the_table(judged):
    assert len(judged) == 5
    for row, each in zip(rows(), judged, strict=True):
        e2 = fixed(each.case.e2, 4) if each.case else None
        habit = fixed(each.habit, 4) if each.habit else None
        told = [fixed(each.e1, 4), e2, habit, fixed(each.e2_relative, 4), fixed(each.j, 4), fixed(each.weight, 4)]
        assert told == [row[4], *row[7:11], row[12]]


def test_every_number_of_the_text(judged):
    part = figures([as_measured(each) for each in judged], Norm(mean=9_200, spread=2_400), FIRST)
    low, high = part.score.interval
    score = fixed(part.score.score, 2)
    assert f"= **{score}**." in PAGE and f"±{fixed(part.score.half, 2)}" in PAGE
    assert f"**{fixed(low, 2)} to {fixed(high, 2)}**" in PAGE and not part.score.ranked
    assert f"sum to {fixed(part.score.weight, 4)}" in PAGE
    assert f"weight times J to {sum(each.weight * each.j for each in judged) / 10**8:.4f}" in PAGE.replace("\n  ", " ")
    text = PAGE.replace("\n", " ")
    assert (
        f"first go ({fixed(part.first_pass_rate, 2)}), half took no more than {fixed(part.median_days, 2)} days" in text
    )
    assert f"nine in ten no more than {fixed(part.p90_days, 2)}, and {fixed(part.overdue, 2)} of all" in text
    parts = {"joint": read_fixed(score, 2), "evaluations": 8_200, "conduct": 10_000, "policy": FIRST, "as_of": AS_OF}
    good = standing(deductions=(), **parts)
    assert f"= **{fixed(good.value, 2)}**: grade {good.grade}" in text
    left = Deduction.by(FIRST.rule("abandoned"), date(2026, 4, 20))
    assert f"**{fixed(standing(deductions=[left], **parts).value, 2)}**." in text
    assert centred(9_500, 9_000, 8_000) == 8_500 and "that rater's 95 counts as 85" in text


@pytest.fixture
def by_hand(tmp_path):
    """Runs the program of the page on a file."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    script, file = tmp_path / "score.py", tmp_path / "score.json"
    script.write_text(program, encoding="utf-8")

    def run(told):
        file.write_text(json.dumps(told), encoding="utf-8")
        done = subprocess.run([sys.executable, script, file], capture_output=True, text=True, check=False, cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_program_of_the_page(by_hand):
    told = file_of()
    status, said = by_hand(told)
    assert status == 0, said
    for service in told["services"]:
        low, high = service["interval"]
        assert f"{service['service']} {service['score']} between {low} {high} of {service['n']} lines" in said
    for change in (
        lambda forged: forged["services"][0].update(score="99.00"),
        lambda forged: forged["services"][0]["lines"][1].update(used1="1.00"),
        lambda forged: forged["services"][1]["lines"].pop(),
        lambda forged: forged["services"][0]["interval"].reverse(),
    ):
        forged = copy.deepcopy(told)
        change(forged)
        status, said = by_hand(forged)
        assert status == 1 and "AssertionError" in said
