"""Who has the ball, by when, and when they are warned: at half, three quarters and the limit."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from ratings.chains import own_time, slowest_chain
from ratings.measures import Limits, due, promises
from ratings.timeline import Kind, Party, timeline
from tests.ratings.histories import YEAR, at, life


def test_a_service_over_national_day_is_warned_at_half_three_quarters_and_the_limit():
    line = timeline(life("09-28 12 contract_sealed"), now=at("10-08 12"))
    found = due(line, Limits(promised=4), YEAR)
    assert (found.half, found.three_quarters, found.limit) == (at("10-01"), at("10-09"), at("10-10"))
    assert found.used == Fraction(5, 2) and found.warned(at("10-08 12")) == 1


def test_a_suspension_moves_the_limit_and_what_was_used_stays_used():
    line = timeline(life("03-02 contract_sealed\n03-04 suspended\n03-06 resumed"), now=at("03-09"))
    found = due(line, Limits(promised=4), YEAR)
    assert found.used == 2 and found.half == at("03-07") and found.limit == at("03-11")


def test_a_revision_draws_on_the_promise_that_the_service_used():
    line = timeline(life("03-02 contract_sealed\n03-05 submitted\n03-06 returned quality"), now=at("03-06 12"))
    found = due(line, Limits(promised=4), YEAR)
    assert found.segment.kind == Kind.REVISION and found.used == Fraction(5, 2)
    assert found.half == at("03-05") and found.limit == at("03-10")


def test_the_owner_is_warned_by_the_limit_of_the_review():
    line = timeline(life("03-02 submitted"), now=at("03-03"))
    assert due(line, Limits(others={Kind.REVIEW: 4}), YEAR).limit == at("03-06")
    assert due(line, Limits(), YEAR) is None


def test_a_line_that_ended_warns_nobody_and_shows_promised_against_used():
    line = timeline(
        life("""03-02 contract_sealed
        03-07 submitted
        03-09 accepted
        03-09 case_received
        03-10 case_accepted
        03-12 case_decided outcome=granted"""),
        now=at("04-01"),
    )
    limits = Limits(promised=3, committed=5)
    assert due(line, limits, YEAR) is None
    firm, department = promises(line, limits, YEAR)
    assert (firm.party, firm.used, firm.over) == (Party.FIRM, 4, 1)
    assert (department.party, department.used, department.over) == (Party.DEPARTMENT, 2, 0)


def days(**lengths):
    return {code: timedelta(days=length) for code, length in lengths.items()}


def test_the_slowest_chain_is_the_longest_path():
    lengths = days(A=3, B=10, C=4, D=5, E=9)
    assert slowest_chain(lengths, [("A", "C"), ("C", "D"), ("B", "E"), ("A", "E")]) == ("B", "E")
    assert slowest_chain(lengths, [("A", "C"), ("C", "D")]) == ("A", "C", "D")
    assert slowest_chain({}, []) == ()


def test_of_equal_chains_the_first_by_name_whatever_the_order():
    lengths = days(A=2, B=2, C=1)
    assert slowest_chain(lengths, [("A", "C"), ("B", "C")]) == ("A", "C")
    assert slowest_chain(lengths, [("B", "C"), ("A", "C")]) == ("A", "C")


def test_a_ring_of_lines_does_not_stop_the_project_page():
    ring = [("A", "B"), ("B", "C"), ("C", "A"), ("A", "A"), ("X", "A")]
    assert slowest_chain(days(A=1, B=2, C=3), ring) == slowest_chain(days(C=3, B=2, A=1), ring[::-1]) == ("A", "B", "C")


def test_what_a_line_waited_for_another_is_not_its_own_time():
    line = timeline(life("03-02 contract_sealed\n03-03 blocked ref=L2\n03-06 unblocked"), now=at("03-07"))
    assert own_time(line) == timedelta(days=2)


def test_a_deadline_that_is_kept_as_a_column_is_the_one_that_is_shown():
    """The table of holidays may have been changed since: what was given stays."""
    line = timeline(life("09-30 12 sealed by=firm"), now=at("10-09"))
    assert due(line, Limits(stored={Kind.CONTRACTING: at("10-08")}), YEAR).limit == at("10-08")
    assert due(line, Limits(others={Kind.CONTRACTING: 3}, stored={}), YEAR) is None


def test_the_marks_of_a_column_are_parts_of_the_limit_time_before_it():
    line = timeline(life("03-02 12 contract_sealed"), now=at("03-04"))
    found = due(line, Limits(promised=4, stored={Kind.SERVICE: at("03-07")}), YEAR)
    assert (found.half, found.three_quarters, found.limit) == (at("03-05"), at("03-06"), at("03-07"))
    assert (found.given, found.used, found.moved_from) == (4, 1, None)


def test_the_date_of_a_contract_moves_by_what_others_took_and_is_still_told():
    line = timeline(life("03-02 12 contract_sealed\n03-04 input_asked\n03-06 input_provided"), now=at("03-09"))
    found = due(line, Limits(promised=4, stored={Kind.SERVICE: at("03-07")}), YEAR)
    assert (found.limit, found.moved_from, found.used) == (at("03-11"), at("03-07"), 2)


def test_a_column_of_minutes_is_halved_by_the_clock_on_the_wall():
    line = timeline(life("03-02 10 submitted"), now=at("03-02 11"))
    found = due(line, Limits(stored={Kind.REVIEW: at("03-02 14")}), YEAR)
    assert (found.half, found.three_quarters, found.limit) == (at("03-02 12"), at("03-02 13"), at("03-02 14"))


def test_revisions_draw_on_what_is_left_of_the_promise_where_columns_are_given():
    line = timeline(life("03-02 contract_sealed\n03-05 submitted\n03-06 returned quality"), now=at("03-06 12"))
    assert due(line, Limits(promised=4, stored={Kind.SERVICE: at("03-07")}), YEAR).limit == at("03-10")
