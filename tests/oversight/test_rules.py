"""RH1 to RH7: what each finds, and what is close to it and is none."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight.graph import WHOLE, Kind
from oversight.rules.base import Exempt, Parameter, ground
from oversight.rules.reviews import Work, rh7
from tests.oversight.graphs import DAY, OWNS, SPONSORS, SUPERVISES, Small

KEPT, FLAGGED, EXCEPTED = "kept_out", "flagged", "excepted"


def test_a_firm_without_ties_has_none():
    assert Small().says("co", OWNS, "firm", 100).says("dept", SPONSORS, "inst").effects() == {}


# RH1


def test_rh1_the_department_runs_the_firm_itself():
    small = Small().says("dept", SPONSORS, "firm")
    assert small.effects() == {"RH1": KEPT}
    assert small.path("RH1") == ["dept sponsors firm"]


def test_rh1_through_an_institution_and_layers():
    small = Small().says("dept", SPONSORS, "inst").says("inst", OWNS, "co1", 100)
    small.says("co1", OWNS, "co2", 60).says("co2", OWNS, "firm", 51)
    assert small.effects()["RH1"] == KEPT
    assert small.path("RH1") == ["dept sponsors inst", "inst owns co1", "co1 owns co2", "co2 owns firm"]


def test_rh1_any_number_of_layers():
    small = Small().says("dept", OWNS, "co0")
    for layer in range(40):
        small.says(f"co{layer}", OWNS, f"co{layer + 1}", 51)
    assert small.says("co40", OWNS, "firm", 51).effects() == {"RH1": KEPT, "RH2": FLAGGED}


def test_rh1_through_an_association_whose_supervisor_the_department_is():
    small = Small().says("dept", SUPERVISES, "assoc").says("assoc", SPONSORS, "firm")
    assert small.effects() == {"RH1": KEPT}


def test_rh1_the_firm_is_itself_such_an_association():
    assert Small().says("dept", SUPERVISES, "assoc").effects(firm="assoc") == {"RH1": KEPT}


def test_rh1_mere_regulation_of_an_industry_is_no_tie():
    small = Small().says("dept", SUPERVISES, "firm").says("dept", SUPERVISES, "co").says("co", OWNS, "firm", 80)
    assert small.effects() == {}


def test_rh1_cycles_are_cut():
    small = Small().says("co1", OWNS, "co2", 60).says("co2", OWNS, "co1", 60).says("co2", OWNS, "firm", 60)
    assert small.effects() == {}
    assert small.says("dept", OWNS, "co1", 30).effects()["RH1"] == KEPT


def test_rh1_not_before_it_began_nor_after_it_ended():
    over = DAY - timedelta(days=1)
    assert Small().says("dept", OWNS, "firm", 100, until=over).effects() == {}
    assert Small().says("dept", OWNS, "firm", 100, since=DAY + timedelta(days=1)).effects() == {}
    assert Small().says("dept", OWNS, "firm", 100, since=DAY, until=DAY).effects() == {"RH1": KEPT, "RH2": KEPT}


def test_rh1_another_departments_institution_is_none():
    assert (
        Small()
        .says("dept2", SPONSORS, "inst")
        .says("inst", OWNS, "firm", 100)
        .says("dept", SPONSORS, "inst2")
        .effects()
        == {}
    )


def test_rh1_what_the_firm_owns_is_no_tie():
    assert Small().says("firm", OWNS, "co", 100).says("dept", OWNS, "co", 40).effects() == {}


def test_rh1_a_small_holding_is_left_to_rh2():
    assert Small().says("dept", OWNS, "firm", "4.99").effects() == {"RH2": FLAGGED}
    assert Small().says("dept", OWNS, "firm", 5).effects() == {"RH1": KEPT, "RH2": KEPT}


def test_rh1_says_since_when_and_by_whom():
    small = Small().says("dept", SPONSORS, "inst", since=date(2019, 1, 1), source="editorial")
    small.says("inst", OWNS, "firm", 60, since=date(2021, 5, 1), until=date(2027, 1, 1))
    found = small.findings()[0]
    assert (found.since, found.until) == (date(2021, 5, 1), date(2027, 1, 1))
    assert found.sources == ["editorial", "register"]
    assert found.basis == ground(DAY)


def test_the_ground_is_that_of_the_day():
    assert "第四十三条" in ground(date(2020, 1, 1))
    assert "第四十三条" not in ground(date(2019, 12, 31))


# RH2


def test_rh2_products_along_paths_are_added():
    small = Small().says("dept", SPONSORS, "inst").says("inst", OWNS, "co1", 20).says("inst", OWNS, "co2", 10)
    small.says("co1", OWNS, "firm", 20).says("co2", OWNS, "firm", 10)
    found = next(each for each in small.findings() if each.rule == "RH2")
    assert (found.low, found.high, found.effect) == (50_000, 50_000, KEPT)  # 4 % + 1 %


def test_rh2_just_below_the_threshold_is_flagged():
    small = Small().says("dept", OWNS, "co1", 20).says("dept", OWNS, "co2", 10)
    small.says("co1", OWNS, "firm", 20).says("co2", OWNS, "firm", "9.9999")
    found = next(each for each in small.findings() if each.rule == "RH2")
    assert (found.low, found.effect) == (49_999, FLAGGED)


def test_rh2_a_share_of_the_familys_own_counts_once():
    small = Small().says("dept", SPONSORS, "inst").says("dept", OWNS, "inst", 100).says("inst", OWNS, "firm", 4)
    found = next(each for each in small.findings() if each.rule == "RH2")
    assert (found.low, found.effect) == (40_000, FLAGGED)


def test_rh2_in_a_cycle_no_path_meets_a_node_twice():
    small = Small().says("dept", OWNS, "co1", 50).says("co1", OWNS, "co2", 50).says("co2", OWNS, "co1", 50)
    found = next(each for each in small.says("co2", OWNS, "firm", 10).findings() if each.rule == "RH2")
    assert found.low == 25_000


def test_rh2_where_sources_disagree_the_smallest_keeps_out_and_the_largest_flags():
    small = Small().says("dept", OWNS, "firm", 3, source="a").says("dept", OWNS, "firm", 30, source="b")
    found = next(each for each in small.findings() if each.rule == "RH2")
    assert (found.low, found.high, found.effect) == (30_000, 300_000, FLAGGED)
    assert found.sources == ["a", "b"]
    assert small.effects() == {"RH2": FLAGGED}


def test_rh2_of_an_unknown_share_is_flagged():
    found = next(each for each in Small().says("dept", OWNS, "firm").findings() if each.rule == "RH2")
    assert (found.low, found.high, found.effect) == (0, WHOLE, FLAGGED)


def test_rh2_by_a_citys_own_threshold():
    small = Small().says("dept", OWNS, "firm", 4)
    own = [Parameter("RH2", "share", Decimal(3), "甬规", since=DAY), Parameter("RH1", "layer", Decimal(50), "甬规")]
    assert small.effects(own=own) == {"RH2": KEPT}
    assert small.effects(own=[Parameter("RH2", "share", Decimal(3), "甬规", since=DAY + timedelta(days=1))]) == {
        "RH2": FLAGGED
    }


# RH3


@pytest.mark.parametrize("role", [Kind.REPRESENTS, Kind.OFFICER, Kind.PRACTITIONER])
def test_rh3_people_of_the_firm_on_the_staff(role):
    small = Small().says("dept", Kind.EMPLOYS, "anna").says("anna", role, "firm")
    assert small.effects() == {"RH3": KEPT}


def test_rh3_not_of_another_department_nor_a_namesake_nor_an_owners_officer():
    assert (
        Small()
        .says("dept2", Kind.EMPLOYS, "anna")
        .says("anna", Kind.OFFICER, "firm")
        .says("dept", OWNS, "co")
        .effects()
        == {}
    )
    assert Small().says("dept", Kind.EMPLOYS, "anna").says("ben", Kind.OFFICER, "firm").effects() == {}
    assert (
        Small()
        .says("dept", Kind.EMPLOYS, "anna")
        .says("anna", Kind.OFFICER, "co")
        .says("co", OWNS, "firm", 50)
        .effects()
        == {}
    )


def test_rh3_a_role_that_is_over_is_none():
    small = Small().says("dept", Kind.EMPLOYS, "anna").says("anna", Kind.OFFICER, "firm", until=DAY - timedelta(days=1))
    assert small.effects() == {}


# RH4


def test_rh3_and_rh4_of_who_comes_or_leaves_on_a_day_to_come():
    tomorrow = DAY + timedelta(days=1)
    coming = Small().says("dept", Kind.EMPLOYS, "anna", since=tomorrow).says("anna", Kind.OFFICER, "firm")
    assert coming.effects() == {}
    leaving = Small().says("dept", Kind.EMPLOYED, "anna", until=tomorrow).says("anna", Kind.OFFICER, "firm")
    assert leaving.effects() == {"RH3": KEPT}
    assert leaving.findings()[0].until == tomorrow
    assert left(DAY).effects() == {"RH4": KEPT}


def left(day, *, leader=False, kind=Kind.EMPLOYED, role=Kind.OFFICER):
    return Small().says("dept", kind, "anna", until=day, leader=leader).says("anna", role, "firm")


def test_rh4_ordinary_staff_wait_two_years_and_leaders_three():
    two, three = date(2024, 3, 2), date(2023, 3, 2)
    assert left(two + timedelta(days=1)).effects() == {"RH4": KEPT}
    assert left(two).effects() == {}
    assert left(two, leader=True).effects() == {"RH4": KEPT}
    assert left(three + timedelta(days=1), leader=True).effects() == {"RH4": KEPT}
    assert left(three, leader=True).effects() == {}


def test_rh4_says_until_when():
    found = left(date(2025, 6, 30)).findings()[0]
    assert (found.since, found.until) == (date(2025, 6, 30), date(2027, 6, 29))


def test_rh4_employment_that_has_ended_counts_like_a_list_of_former_staff():
    assert left(DAY - timedelta(days=1), kind=Kind.EMPLOYS).effects() == {"RH4": KEPT}
    assert left(DAY, kind=Kind.EMPLOYS).effects() == {"RH3": KEPT}


def test_rh4_owners_and_employees_of_the_firm_wait_too():
    assert left(date(2025, 6, 30), role=OWNS).effects() == {"RH4": KEPT}
    small = Small().says("dept", Kind.EMPLOYED, "anna", until=date(2025, 6, 30)).says("firm", Kind.EMPLOYS, "anna")
    assert small.effects() == {"RH4": KEPT}


def test_rh4_without_a_day_of_leaving_is_flagged():
    assert left(None).effects() == {"RH4": FLAGGED}


def test_rh4_leaving_on_a_leap_day():
    small = Small(date(2026, 2, 28)).says("dept", Kind.EMPLOYED, "anna", until=date(2024, 2, 29))
    assert small.says("anna", Kind.OFFICER, "firm").findings()[0].until == date(2026, 2, 28)


# RH5


def kin(confidence="declared", *, post=Kind.EMPLOYS, **more):
    return Small().says("dept", post, "anna", **more).says("anna", Kind.KIN, "ben", confidence=confidence)


def test_rh5_kin_runs_or_owns_the_firm():
    assert kin().says("ben", Kind.REPRESENTS, "firm").effects() == {"RH5": KEPT}
    assert kin().says("ben", OWNS, "co", 90).says("co", OWNS, "firm", 90).effects() == {"RH5": KEPT}
    reverse = Small().says("dept", Kind.EMPLOYS, "anna").says("ben", Kind.KIN, "anna").says("ben", OWNS, "firm")
    assert reverse.effects() == {"RH5": KEPT}


def test_rh5_inferred_kinship_is_flagged_and_a_declared_one_beside_it_keeps_out():
    small = kin("inferred").says("ben", OWNS, "firm", 50)
    assert small.effects() == {"RH5": FLAGGED}
    assert small.says("anna", Kind.KIN, "ben", confidence="declared").effects() == {"RH5": KEPT}


def test_rh5_kin_who_only_works_there_or_of_one_who_has_left_is_none():
    assert kin().says("ben", Kind.PRACTITIONER, "firm").effects() == {}
    gone = kin(post=Kind.EMPLOYED, until=DAY - timedelta(days=10)).says("ben", OWNS, "firm", 50)
    assert gone.effects() == {}


def test_rh5_kin_of_kin_is_none():
    small = kin().says("ben", Kind.KIN, "carl", confidence="declared").says("carl", OWNS, "firm", 50)
    assert small.effects() == {}


# RH6


def test_rh6_the_address_of_a_body_is_flagged_and_that_of_a_company_is_none():
    small = Small().says("dept", SPONSORS, "inst").says("firm", Kind.ADDRESS, "inst")
    assert small.effects() == {"RH6": FLAGGED}
    assert Small().says("dept", Kind.PHONE, "firm").effects() == {"RH6": FLAGGED}
    assert Small().says("dept", OWNS, "co", 1).says("firm", Kind.ADDRESS, "co").effects() == {}


# RH7


def test_rh7_who_prepared_does_not_review_in_the_same_project():
    works = [Work(1, 10, "S016", "A1"), Work(2, 10, "S016", "A2"), Work(1, 11, "S015", "A3"), Work(1, 10, "S005", "A4")]
    own = {"firm": 1, "project": 10, "works": works, "day": DAY}
    assert [work.code for work in rh7(service="S017", **own)] == ["A1"]
    assert rh7(service="S016", **own) == []
    assert rh7(service="S017", **own | {"project": 12}) == []


# Exceptions


def test_an_exception_for_the_firm_is_told_with_its_basis():
    small = Small().says("dept", OWNS, "firm", 100)
    firm, dept = small.number("firm"), small.number("dept")
    found = small.findings(exempt=[Exempt("RH1", "另有规定", firm=firm)])
    assert {each.rule: (each.effect, each.basis == "另有规定") for each in found} == {
        "RH1": (EXCEPTED, True),
        "RH2": (KEPT, False),
    }
    assert small.effects(exempt=[Exempt("RH1", "x", department=dept + 100)])["RH1"] == KEPT


def test_an_exception_for_a_body_leaves_other_ways():
    small = Small().says("dept", SPONSORS, "inst1").says("inst1", SPONSORS, "firm")
    exempt = [Exempt("RH1", "另有规定", body=small.number("inst1"))]
    assert small.effects(exempt=exempt) == {"RH1": EXCEPTED}
    small.says("dept", SPONSORS, "inst2").says("inst2", SPONSORS, "co").says("co", OWNS, "firm", 70)
    assert small.effects(exempt=exempt)["RH1"] == KEPT
    (found,) = [each for each in small.findings(exempt=exempt) if each.rule == "RH1"]
    assert small.number("inst2") in {link.tail for link in found.path}


# Properties


@st.composite
def holdings(draw):
    """Owners 1..n, of whom 1 is the department and the last the firm; shares as they come, cycles included."""
    size = draw(st.integers(3, 6))
    pairs = [(tail, head) for tail in range(1, size + 1) for head in range(2, size + 1) if tail != head]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=12))
    return size, {pair: draw(st.integers(1, 100)) for pair in chosen}


def by_hand(size, shares):
    """Every simple path from the department to the firm, enumerated."""
    total = Fraction(0)

    def walk(node, seen, product):
        nonlocal total
        if node == size:
            total += product
            return
        for (tail, head), share in shares.items():
            if tail == node and head not in seen:
                walk(head, seen | {head}, product * Fraction(share, 100))

    walk(1, {1}, Fraction(1))
    return total


@given(holdings())
@settings(max_examples=300, deadline=None)
def test_rh2_is_the_sum_over_simple_paths(world):
    size, shares = world
    names = {1: "dept", size: "firm"} | {number: f"co{number}" for number in range(2, size)}
    small = Small()
    small.number("dept"), small.number("firm")
    for (tail, head), share in shares.items():
        small.says(names[tail], OWNS, names[head], share)
    found = next((each for each in small.findings() if each.rule == "RH2"), None)
    total = min(by_hand(size, shares), Fraction(1))
    assert (found.low if found else 0) == int(total * WHOLE)
    if found:
        assert (found.effect == KEPT) == (total >= Fraction(5, 100))
        assert found.path[0].tail == small.number("dept")
        assert found.path[-1].head == small.number("firm")
        assert all(one.head == other.tail for one, other in zip(found.path, found.path[1:], strict=False))


def test_rh2_of_a_dense_circle_ends():
    """Ten companies that all own each other have millions of paths: the sum is cut, and is a lower bound."""
    small = Small().says("dept", OWNS, "co0", 50)
    for one in range(10):
        for other in range(10):
            if one != other:
                small.says(f"co{one}", OWNS, f"co{other}", 9)
    found = next(each for each in small.says("co9", OWNS, "firm", 100).findings() if each.rule == "RH2")
    assert 0 < found.low <= WHOLE
