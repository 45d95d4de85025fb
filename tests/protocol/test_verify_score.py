"""Anybody can compute a score again from its file, and every change to the file shows."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import datetime

import pytest
from django.conf import settings

from protocol import verify as verifier
from protocol import verify_score
from protocol.canonical import encode
from protocol.scores.firms import firms, norms
from protocol.scores.lines import judge
from protocol.scores.policy import FIRST
from tests.protocol.scored import AS_OF, FIRM, city, department_file_of, file_of, line

SCORE, DEPARTMENT = file_of(), department_file_of()


def failed(told):
    """What does not hold; the words of the refusal where the form is wrong."""
    try:
        return [check.what for check in verify_score.verify(encode(told)) if not check.holds]
    except verify_score.BadScore as bad:
        return [str(bad)]


@pytest.mark.parametrize("told", [SCORE, DEPARTMENT], ids=["firm", "department"])
def test_an_honest_file_holds(told):
    checks = verify_score.verify(encode(told))
    assert len(checks) > 100
    assert failed(told) == []


def test_it_tells_what_the_reference_computed():
    judged = judge(city(), FIRST, as_of=AS_OF)
    score = firms(judged, norms(judged, FIRST), FIRST)[FIRM]
    for service in SCORE["services"]:
        part = score.services[service["service"]]
        assert service["score"] == f"{part.score.score / 100:.2f}" and service["n"] == len(service["lines"]) == part.n


def test_a_firm_without_lines_weight_or_marks_holds_too():
    old = line(1, ended=datetime.fromisoformat("2008-01-01T00:00:00+08:00"))
    told = file_of(lines=[old], deductions=[])
    assert told["overall"] is None and told["standing"]["joint"] == "75.00"
    assert failed(told) == []
    told["evaluations"] |= {"marks": [], "roles": {}, "score": told["evaluations"]["everybody"]}
    assert failed(told)[:2] == ["standing evaluations", "standing score"], (
        "the marks hold, the standing still has the old"
    )


def test_what_changed_between_two_scores_is_in_the_standing():
    """A deduction decided after the scores were made counts at the standing's moment; a person's line is not told."""
    told = copy.deepcopy(SCORE)
    told["standing"]["as_of"] = "2026-12-01T00:00:00.000Z"
    told["evaluations"]["marks"][0]["line"] = None
    assert failed(told) == []
    late = copy.deepcopy(told["deductions"][-1]) | {"from": "2026-12-01", "code": "D3", "to_d": True}
    told["deductions"].append(late)
    assert failed(told) == [f"standing {name}" for name in ("deducted", "score", "grade", "by_decision")]


def part(told):
    return told["services"][0]


def first(told):
    """A line with a case, a habit and segments."""
    return next(each for each in part(told)["lines"] if each["habit"] and each["returns"] == 0)


def over(told):
    return next(each for each in part(told)["lines"] if each["running"])


def cut(told):
    """A line whose standard is its reference."""
    return next(
        each for each in part(told)["lines"] if each["standard_days"] == each["reference_days"] != each["promised_days"]
    )


def early(told):
    """A line whose E₁ is not cut at the cap and which is not late."""
    return next(
        each
        for each in part(told)["lines"]
        if float(each["used1"]) < float(each["promised_days"]) and each["e1"] < "1.3"
    )


TAMPERED = {
    "a later moment": lambda told: told.update(as_of="2027-03-01T00:00:00.000Z"),
    "an earlier moment": lambda told: told.update(as_of="2025-03-01T00:00:00.000Z"),
    "half-life": lambda told: told["policy"].update(half_life_months=24),
    "m": lambda told: told["policy"].update(m=1),
    "cap": lambda told: told["policy"].update(cap="1.20"),
    "return factor": lambda told: told["policy"].update(return_factor="1.00"),
    "par": lambda told: told["policy"].update(par=80),
    "interval factor": lambda told: told["policy"].update(interval_factor="1.0000"),
    "ranked from": lambda told: told["policy"].update(ranked_from=50),
    "parts of the standing": lambda told: told["policy"].update(
        standing={"joint": 10, "evaluations": 30, "conduct": 60}
    ),
    "weights of raters": lambda told: told["policy"]["raters"].update(owner=50),
    "grades": lambda told: told["policy"].update(grades={"A": "60.00", "B": "50.00", "C": "40.00"}),
    "a policy that is over": lambda told: told["policy"].update(valid_until="2026-11-29"),
    "a policy to come": lambda told: told["policy"].update(valid_from="2026-12-01"),
    "n": lambda told: part(told).update(n=part(told)["n"] + 1),
    "weight of the service": lambda told: part(told).update(weight="99.0000"),
    "mean of the service": lambda told: part(told).update(mean_of_service="0.5000"),
    "spread": lambda told: part(told).update(spread="0.0100"),
    "score": lambda told: part(told).update(score="99.00"),
    "a hundredth of the score": lambda told: part(told).update(score=f"{float(part(told)['score']) + 0.01:.2f}"),
    "interval": lambda told: part(told)["interval"].reverse(),
    "ranked": lambda told: part(told).update(ranked=not part(told)["ranked"]),
    "first-pass rate": lambda told: part(told).update(first_pass_rate="1.00"),
    "median": lambda told: part(told).update(median_days="1.00"),
    "ninetieth percentile": lambda told: part(told).update(p90_days="1.00"),
    "overdue": lambda told: part(told).update(overdue="0.00"),
    "trend": lambda told: part(told)["trend"][0].update(mean="1.4000"),
    "a bad line left out": lambda told: part(told)["lines"].pop(),
    "a good line twice": lambda told: part(told)["lines"].append(copy.deepcopy(first(told))),
    "a service left out": lambda told: told["services"].pop(),
    "a service twice": lambda told: told["services"].append(copy.deepcopy(part(told))),
    "promise": lambda told: early(told).update(promised_days="99.00"),
    "standard": lambda told: cut(told).update(standard_days=None),
    "reference": lambda told: early(told).update(reference_days="99.00"),
    "used": lambda told: early(told).update(used1="1.00"),
    "used, with its efficiency": lambda told: early(told).update(used1="1.00", e1="1.5000"),
    "returns": lambda told: first(told).update(returns=1),
    "E₁": lambda told: early(told).update(e1="1.4000"),
    "committed days": lambda told: first(told).update(committed_days="50.00"),
    "the department's days": lambda told: first(told).update(used2="3.33"),
    "late corrections": lambda told: first(told).update(late_corrections=3),
    "E₂": lambda told: first(told).update(e2="0.0100"),
    "habit": lambda told: first(told).update(habit="0.1000"),
    "no habit": lambda told: first(told).update(habit=None),
    "E₂*": lambda told: first(told).update(e2_relative="1.5000"),
    "decided the same day": lambda told: first(told).update(same_day=True),
    "J": lambda told: first(told).update(j="1.4999"),
    "weight of a line": lambda told: first(told).update(weight="1.0000"),
    "end of a line": lambda told: first(told).update(ended="2026-11-01T00:00:00.000Z"),
    "end and decision of a line": lambda told: first(told).update(
        ended="2026-11-01T00:00:00.000Z", decided_at="2026-11-01T00:00:00.000Z"
    ),
    "a decision to come": lambda told: first(told).update(
        ended="2026-12-01T00:00:00.000Z", decided_at="2026-12-01T00:00:00.000Z"
    ),
    "a line that is over is said to run": lambda told: early(told).update(running=True, ended=None),
    "a line that runs is said to be over": lambda told: over(told).update(running=False),
    "a decision without a case": lambda told: first(told).update(case=None),
    "days of a segment": lambda told: first(told)["segments"][0].update(days="0.10"),
    "party of a segment": lambda told: first(told)["segments"][0].update(party="owner"),
    "kind of a segment": lambda told: first(told)["segments"][0].update(name="waiting"),
    "a segment left out": lambda told: first(told)["segments"].pop(),
    "all segments left out": lambda told: first(told)["segments"].clear(),
    "segments that overlap": lambda told: first(told)["segments"].reverse(),
    "a segment shorter than its days": lambda told: first(told)["segments"][0].update(
        to=first(told)["segments"][0]["from"]
    ),
    "overall": lambda told: told["overall"].update(score="99.00"),
    "interval of the overall": lambda told: told["overall"].update(interval=["0.00", "100.00"]),
    "no overall": lambda told: told.update(overall=None),
    "everybody's mean": lambda told: told["evaluations"].update(everybody="40.00"),
    "a dimension": lambda told: told["evaluations"]["marks"][0]["dimensions"].update(quality=0),
    "a mark": lambda told: told["evaluations"]["marks"][0].update(mark="100.00"),
    "a rater's mean": lambda told: told["evaluations"]["marks"][0].update(rater_mean="20.00"),
    "an adjusted mark": lambda told: told["evaluations"]["marks"][0].update(adjusted="100.00"),
    "a mark left out": lambda told: told["evaluations"]["marks"].pop(),
    "another's mark": lambda told: told["evaluations"]["marks"][0].update(
        role="centre" if told["evaluations"]["marks"][0]["role"] != "centre" else "owner"
    ),
    "marks of a role": lambda told: told["evaluations"]["roles"].update(owner="99.00"),
    "score of the evaluations": lambda told: told["evaluations"].update(score="99.00"),
    "points of a deduction": lambda told: told["deductions"][-1].update(points="0.01"),
    "a deduction left out": lambda told: told["deductions"].pop(),
    "a deduction that ended before": lambda told: told["deductions"][-1].update(until="2026-11-29"),
    "a deduction that begins later": lambda told: told["deductions"][-1].update({"from": "2026-12-01"}),
    "joint part": lambda told: told["standing"].update(joint="99.00"),
    "evaluations' part": lambda told: told["standing"].update(evaluations="99.00"),
    "conduct": lambda told: told["standing"].update(conduct="0.00"),
    "deducted": lambda told: told["standing"].update(deducted="0.00"),
    "standing": lambda told: told["standing"].update(score="99.00"),
    "grade": lambda told: told["standing"].update(grade="A" if told["standing"]["grade"] != "A" else "B"),
    "a decision that puts it into D": lambda told: told["standing"].update(by_decision=True),
    "a deduction that puts it into D": lambda told: told["deductions"][-1].update(to_d=True),
    "a deduction twice": lambda told: told["deductions"].append(copy.deepcopy(told["deductions"][0])),
    "a mark twice": lambda told: told["evaluations"]["marks"].append(copy.deepcopy(told["evaluations"]["marks"][0])),
    "a standing before the scores": lambda told: told["standing"].update(as_of="2026-11-29T00:00:00.000Z"),
    "a standing after a deduction": lambda told: told["standing"].update(as_of="2027-06-01T00:00:00.000Z"),
    # Of another form
    "another version": lambda told: told.update(v=2),
    "a float": lambda told: part(told).update(score=75.5),
    "a number that is no count": lambda told: first(told).update(returns=True),
    "a decimal too many": lambda told: early(told).update(used1="1.000"),
    "half a promised day": lambda told: early(told).update(promised_days="10.50"),
    "no time used": lambda told: early(told).update(used1="0.00"),
    "a rater nobody knows": lambda told: told["evaluations"]["marks"][0].update(role="rival"),
    "conduct above 100": lambda told: told["standing"].update(conduct="150.00"),
    "no lines": lambda told: part(told).pop("lines"),
    "a deduction without a code": lambda told: told["deductions"][0].update(code=""),
    "a standing of no moment": lambda told: told["standing"].pop("as_of"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_file_fails(name):
    told = copy.deepcopy(SCORE)
    TAMPERED[name](told)
    assert told != SCORE
    assert failed(told)


def case(told):
    """A case that is usual and whose E₂ is not cut."""
    return next(
        each for each in told["items"][0]["cases"] if each["decided_at"] and not each["same_day"] and each["e2"] < "1.2"
    )


OF_A_DEPARTMENT = {
    "score": lambda told: told["items"][0].update(score="99.00"),
    "mean": lambda told: told["items"][0].update(mean_of_item="0.5000"),
    "habit": lambda told: told["items"][0].update(habit="1.4000"),
    "mean of cases": lambda told: told["items"][0].update(mean_of_cases="0.2000"),
    "days": lambda told: case(told).update(used2="1.00"),
    "committed days": lambda told: case(told).update(committed_days="40.00"),
    "statutory limit": lambda told: [each.update(statutory_days="90.00") for each in told["items"][0]["cases"]],
    "late corrections": lambda told: case(told).update(late_corrections=4),
    "E₂": lambda told: case(told).update(e2="1.4000"),
    "the same day": lambda told: case(told).update(same_day=True),
    "decision": lambda told: case(told).update(decided_at="2024-01-01T00:00:00.000Z"),
    "undecided": lambda told: case(told).update(decided_at=None),
    "weight": lambda told: case(told).update(weight="0.9999"),
    "a case left out": lambda told: told["items"][0]["cases"].pop(),
    "a case twice": lambda told: told["items"][0]["cases"].append(copy.deepcopy(case(told))),
    "overall": lambda told: told["overall"].update(score="99.00"),
    "overdue": lambda told: told["items"][0].update(overdue="0.00"),
    "no committed days": lambda told: case(told).update(committed_days=None),
}


@pytest.mark.parametrize("name", OF_A_DEPARTMENT)
def test_a_tampered_file_of_a_department_fails(name):
    told = copy.deepcopy(DEPARTMENT)
    OF_A_DEPARTMENT[name](told)
    assert told != DEPARTMENT
    assert failed(told)


def test_the_program_knows_a_score_file_by_its_content(tmp_path):
    file = tmp_path / "score.json"

    def run(content):
        file.write_bytes(content)
        return subprocess.run(
            [sys.executable, "-m", "protocol.verify", str(file)],
            cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        )  # fmt: skip

    good = run(encode(SCORE))
    assert good.returncode == 0 and f"{FIRM} as of 2026-11-30T04:00:00.000Z" in good.stdout, good.stderr
    assert "ok     S000 score" in good.stdout and " 0 failed" in good.stdout
    assert run(encode(DEPARTMENT)).returncode == 0
    forged = json.loads(encode(SCORE))
    forged["services"][0]["score"] = "99.00"
    bad = run(encode(forged))
    assert bad.returncode == 1 and "FAILED S000 score" in bad.stdout
    del forged["standing"]
    broken = run(encode(forged))
    assert broken.returncode == 2 and "standing: missing" in broken.stderr


def test_a_member_told_twice_is_refused():
    twice = encode(SCORE).replace(b'"uscc":', b'"uscc":"91330200000000009X","uscc":')
    with pytest.raises(verify_score.BadScore, match="told twice"):
        verify_score.verify(twice)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"round": "R1", "services": []}', b'{"items": 1}'])
def test_what_is_neither_is_refused(content, tmp_path, capsys):
    file = tmp_path / "some.json"
    file.write_bytes(content)
    assert verifier.main([str(file)]) == 2
    assert "not a" in capsys.readouterr().err
