"""Lives computed by hand (DOMAIN "One clock"): segment, party, from, to, and the working days that count.

Service and acceptance check are counted as limit time (from the next working day), the others as working time.
2 March 2026 is a Monday.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from ratings.measures import Counts, counts, department_time, firm_time, measured
from ratings.timeline import Outcome, timeline
from tests.ratings.histories import YEAR, at, event, life

# name: (events, now, a case follows, expected segments, outcome)
HISTORIES = {
    "a whole life without a hitch": (
        """03-02 announced
        03-05 12 awarded
        03-06 12 sealed by=firm
        03-09 12 sealed by=owner
        03-09 12 contract_sealed
        03-13 18 submitted
        03-16 06 accepted
        03-16 12 case_received
        03-18 12 case_accepted
        03-20 12 case_decided outcome=granted""",
        "04-01",
        """selection platform 03-02 - 03-05 12 = 3.5
        contracting firm 03-05 12 - 03-06 12 = 1
        contracting owner 03-06 12 - 03-09 12 = 1
        service firm 03-09 12 - 03-13 18 = 3.75
        review owner 03-13 18 - 03-16 06 = 0.5
        filing owner 03-16 06 - 03-16 12 = 0.25
        check department 03-16 12 - 03-18 12 = 1.5
        examination department 03-18 12 - 03-20 12 = 2""",
        "granted",
    ),
    "Chinese New Year: off 15-23 February, 14 and 28 made up": (
        """02-12 09 contract_sealed
        02-28 12 submitted
        03-02 accepted""",
        "04-01",
        """service firm 02-12 09 - 02-28 12 = 6.5
        review owner 02-28 12 - 03-02 = 0.5""",
        "accepted",
    ),
    "National Day: off 25-27 September and 1-7 October, 20 September and 10 October made up": (
        """09-18 12 accepted
        09-19 12 case_received
        09-21 12 case_accepted
        10-10 12 case_decided outcome=granted""",
        "11-01",
        """filing owner 09-18 12 - 09-19 12 = 0.5
        check department 09-19 12 - 09-21 12 = 1.5
        examination department 09-21 12 - 10-10 12 = 9""",
        "granted",
    ),
    "a suspension across National Day": (
        """09-28 12 contract_sealed
        09-29 12 suspended charged_to=owner
        10-08 12 resumed
        10-10 12 submitted
        10-12 accepted""",
        "11-01",
        """service firm 09-28 12 - 09-29 12 = 0.5
        suspension owner 09-29 12 - 10-08 12 = 2
        service firm 10-08 12 - 10-10 12 = 2
        review owner 10-10 12 - 10-12 = 0.5""",
        "accepted",
    ),
    "the firm waits for the owner and for another line at once": (
        """03-02 contract_sealed
        03-03 input_asked
        03-04 blocked ref=L2
        03-05 input_provided
        03-06 unblocked
        03-07 submitted
        03-09 12 accepted""",
        "04-01",
        """service firm 03-02 - 03-03 = 0
        waiting_input owner 03-03 - 03-05 = 2
        waiting_line line 03-05 - 03-06 = 1
        service firm 03-06 - 03-07 = 1
        review owner 03-07 - 03-09 12 = 0.5""",
        "accepted",
    ),
    "returned once, corrected once": (
        """03-02 submitted
        03-03 12 returned quality
        03-05 submitted
        03-05 12 accepted
        03-06 case_received
        03-06 12 correction_asked fault=deliverable
        03-09 12 case_resubmitted
        03-10 12 case_accepted
        03-11 case_decided outcome=granted""",
        "04-01",
        """review owner 03-02 - 03-03 12 = 1.5
        revision firm 03-03 12 - 03-05 = 1.5
        review owner 03-05 - 03-05 12 = 0.5
        filing owner 03-05 12 - 03-06 = 0.5
        check department 03-06 - 03-06 12 = 0
        correction firm 03-06 12 - 03-09 12 = 1
        check department 03-09 12 - 03-10 12 = 0.5
        examination department 03-10 12 - 03-11 = 0.5""",
        "granted",
    ),
    "a round fails and is announced again": (
        """03-02 announced
        03-06 round_failed
        03-09 announced
        03-12 awarded""",
        "03-12 12",
        """selection platform 03-02 - 03-12 = 8
        contracting firm 03-12 - 03-12 12 = 0.5""",
        "running",
    ),
    "a round fails because an objection to the owner was upheld": (
        """03-02 announced
        03-06 round_failed charged_to=owner
        03-09 announced
        03-12 awarded""",
        "03-12 12",
        """selection platform 03-02 - 03-06 = 4
        selection owner 03-06 - 03-12 = 4
        contracting firm 03-12 - 03-12 12 = 0.5""",
        "running",
    ),
    "a case that was accepted before the deliverable": (
        """03-02 contract_sealed
        03-03 case_received
        03-04 case_accepted
        03-05 submitted
        03-06 accepted
        03-09 12 case_decided outcome=granted""",
        "04-01",
        """service firm 03-02 - 03-05 = 2
        review owner 03-05 - 03-06 = 1
        examination department 03-06 - 03-09 12 = 1.5""",
        "granted",
    ),
    "a case that was received before the deliverable was accepted": (
        """03-02 contract_sealed
        03-03 submitted
        03-03 12 case_received
        03-04 12 accepted
        03-06 case_accepted
        03-07 case_decided outcome=granted""",
        "04-01",
        """service firm 03-02 - 03-03 = 0
        review owner 03-03 - 03-04 12 = 1.5
        check department 03-04 12 - 03-06 = 1
        examination department 03-06 - 03-07 = 1""",
        "granted",
    ),
    "not accepted, withdrawn and refused, and filed again each time": (
        """03-02 accepted
        03-03 case_received
        03-04 case_not_accepted fault=other
        03-05 case_received
        03-06 case_withdrawn fault=deliverable
        03-09 case_received
        03-10 case_accepted
        03-11 case_decided outcome=refused fault=deliverable
        03-12 case_received
        03-13 case_accepted
        03-16 case_decided outcome=granted""",
        "04-01",
        """filing owner 03-02 - 03-03 = 1
        check department 03-03 - 03-04 = 0
        refiling owner 03-04 - 03-05 = 1
        check department 03-05 - 03-06 = 0
        refiling firm 03-06 - 03-09 = 1
        check department 03-09 - 03-10 = 0
        examination department 03-10 - 03-11 = 1
        refiling firm 03-11 - 03-12 = 1
        check department 03-12 - 03-13 = 0
        examination department 03-13 - 03-16 = 1""",
        "granted",
    ),
    "a refusal that stands": (
        """03-02 accepted
        03-03 case_received
        03-04 case_accepted
        03-05 case_decided outcome=refused""",
        "04-01",
        """filing owner 03-02 - 03-03 = 1
        check department 03-03 - 03-04 = 0
        examination department 03-04 - 03-05 = 1""",
        "refused",
    ),
    "suspension before special procedure before correction before revision": (
        """03-02 accepted
        03-03 case_received
        03-04 case_accepted
        03-05 special_started
        03-06 review_revision_asked
        03-09 special_ended
        03-10 submitted
        03-11 case_suspended charged_to=owner
        03-12 correction_asked fault=other
        03-13 case_resumed
        03-16 case_resubmitted
        03-17 case_decided outcome=granted""",
        "04-01",
        """filing owner 03-02 - 03-03 = 1
        check department 03-03 - 03-04 = 0
        examination department 03-04 - 03-05 = 1
        special statutory 03-05 - 03-09 = 2
        revision firm 03-09 - 03-10 = 1
        examination department 03-10 - 03-11 = 1
        suspension owner 03-11 - 03-13 = 2
        correction owner 03-13 - 03-16 = 1
        examination department 03-16 - 03-17 = 1""",
        "granted",
    ),
    "a question without an answer, and a resumption without a suspension": (
        """03-02 contract_sealed
        03-03 input_asked
        03-04 submitted
        03-04 12 resumed
        03-05 accepted
        03-06 case_received
        03-10 case_decided outcome=granted""",
        "04-01",
        """service firm 03-02 - 03-03 = 0
        waiting_input owner 03-03 - 03-04 = 1
        review owner 03-04 - 03-05 = 1
        filing owner 03-05 - 03-06 = 1
        check department 03-06 - 03-10 = 1""",
        "granted",
    ),
    "an event whose moment was corrected": (
        """03-02 contract_sealed
        03-05 submitted id=x
        03-04 submitted id=y replaces=x
        03-06 accepted""",
        "04-01",
        """service firm 03-02 - 03-04 = 1
        review owner 03-04 - 03-06 = 2""",
        "accepted",
    ),
    "the owner seals first": (
        """03-02 awarded
        03-03 sealed by=owner
        03-04 sealed by=firm""",
        "03-05",
        """contracting firm 03-02 - 03-04 = 2
        service firm 03-04 - 03-05 = 0""",
        "running",
    ),
    "two corrections that overlap": (
        """03-02 accepted
        03-02 case_received
        03-03 correction_asked ref=a fault=other
        03-04 correction_asked ref=b fault=deliverable
        03-05 case_resubmitted ref=a
        03-06 case_resubmitted ref=b
        03-09 case_accepted
        03-10 case_decided outcome=granted""",
        "04-01",
        """check department 03-02 - 03-03 = 0
        correction owner 03-03 - 03-05 = 2
        correction firm 03-05 - 03-06 = 1
        check department 03-06 - 03-09 = 0
        examination department 03-09 - 03-10 = 1""",
        "granted",
    ),
    "a suspension that is charged to nobody stays with who had the ball": (
        """03-02 contract_sealed
        03-03 suspended""",
        "03-04",
        """service firm 03-02 - 03-03 = 0
        suspension firm 03-03 - 03-04 = 1""",
        "running",
    ),
    "a contract that came to nothing": (
        """03-02 contract_sealed
        03-04 round_failed charged_to=firm
        03-06 awarded
        03-09 contract_sealed""",
        "03-10",
        """service firm 03-02 - 03-04 = 1
        selection firm 03-04 - 03-06 = 2
        contracting firm 03-06 - 03-09 = 1
        service firm 03-09 - 03-10 = 0""",
        "running",
    ),
}


def written(line):
    """Segments as the table has them."""
    return [(part.kind.value, part.party.value, part.start, part.end, measured(part, YEAR)) for part in line.segments]


def expected(text):
    rows = []
    for row in map(str.split, text.splitlines()):
        kind, party, *rest = row
        dash, equals = rest.index("-"), rest.index("=")
        moments = at(" ".join(rest[:dash])), at(" ".join(rest[dash + 1 : equals]))
        rows.append((kind, party, *moments, Fraction(rest[-1])))
    return rows


def lived(name):
    events, now, _, outcome = HISTORIES[name]
    return timeline(life(events), now=at(now), with_case=outcome != "accepted")


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_computed_by_hand(name):
    _, _, segments, outcome = HISTORIES[name]
    line = lived(name)
    assert written(line) == expected(segments)
    assert line.outcome == outcome


def test_used_time_and_counts():
    line = lived("returned once, corrected once")
    assert firm_time(line, YEAR) == Fraction(5, 2)  # revision 1.5 and correction 1
    assert department_time([line], YEAR) == 1  # check 0.5 and examination 0.5
    assert counts(line) == Counts(quality_returns=1, deliverable_corrections=1, late_corrections=0)
    assert counts(line).returns == 2


def test_what_is_done_at_once_still_counts_a_hundredth():
    assert firm_time(lived("the owner seals first"), YEAR) == Fraction(1, 100)


def test_only_the_last_award_counts_for_the_firm_that_has_it():
    line = lived("a contract that came to nothing")
    assert firm_time(line, YEAR) == Fraction(1, 100)
    assert firm_time(line, YEAR, award="") == 1


def test_nothing_before_the_first_event_and_nothing_after_now():
    assert timeline([], now=at("03-02")).outcome == Outcome.NOT_STARTED
    assert timeline(life("03-05 announced"), now=at("03-02")).segments == ()
    assert timeline(life("03-05 case_received"), now=at("03-09")).outcome == Outcome.NOT_STARTED
    line = timeline([*life("03-02 announced"), event("awarded", "03-20")], now=at("03-05"))
    assert line.whole == timedelta(days=3) and len(line.segments) == 1


def test_a_case_of_two_lines_is_charged_once_and_when_both_are_the_departments():
    case = life("""03-03 case_received case=K1
        03-12 case_accepted case=K1
        03-16 case_decided case=K1 outcome=granted""")
    one = timeline([*life("03-02 accepted"), *case], now=at("04-01"))
    two = timeline([*life("03-02 submitted\n03-09 12 accepted"), *case], now=at("04-01"))
    assert department_time([one], YEAR) == 6 + 2  # check from 4 March: 4–6, 9–11
    assert (
        department_time([one, two], YEAR) == department_time([two, one], YEAR) == 2 + 2
    )  # check from 10 March: 10, 11
    assert department_time([one, two], YEAR, case="K1") == 4
    assert department_time([one, two], YEAR, case="K2") == Fraction(1, 100)


def test_an_aware_moment_is_asked_for():
    with pytest.raises(ValueError, match="aware"):
        event("announced", "03-02", at=at("03-02").replace(tzinfo=None))
