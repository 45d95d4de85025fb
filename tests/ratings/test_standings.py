"""The credit standing at a moment: what it is made of, that it stays what it was, and whom it keeps out of rounds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Kind
from bidding.domain import credit, eligibility
from bidding.domain.entries import KeptOut
from bidding.models import Entry, Round
from core import clock
from market.domain import standing as orders
from market.models import Firm, Suspension
from protocol import verify_score
from protocol.canonical import decode
from ratings.domain import deductions, lists, scoring, standings
from ratings.models import Deduction, DeductionRule, FirmStanding, ScoreMark, ScorePolicy
from tests import market_place as market
from tests.ratings import saying
from tests.ratings import scores as city

pytestmark = pytest.mark.django_db
NUMBERS = count(2)
CREDIT = {"price": "48000.00", "long_list": "4", "short_list": "2"}


def stood(firm, joint, *, ago=timedelta(hours=1), ranked=True, grade="B"):
    """A firm's joint score as it was kept some time ago, in hundredths."""
    return FirmStanding.objects.create(
        firm=firm, at=clock.now() - ago, policy=ScorePolicy.objects.get(), joint=joint, ranked=ranked, value=7_000,
        grade=grade,
    )  # fmt: skip


def charged(where, firm, *, kind="late", points=None, **fields):
    """A deduction of a firm in force since now; `points` other than the rule's."""
    found = saying.in_force(where, firm=firm, kind=kind, source=f"test/{next(NUMBERS)}", **fields)
    if points is not None:
        Deduction.objects.filter(pk=found.pk).update(points=points)
    return Deduction.objects.get(pk=found.pk)


def value(firm, at=None):
    return standings.standings_at([firm], at or clock.now())[firm.pk].value


def grade(firm, at=None):
    return standings.standings_at([firm], at or clock.now())[firm.pk].standing.grade


def reasons(firm, round_, at=None):
    fresh = Firm.objects.get(pk=firm.pk)
    return eligibility.reasons_against(firm=fresh, round_=round_, at=at or clock.now())


# --- what it is made of ---------------------------------------------------------------------------------------------


def test_who_has_just_come_has_everybodys_mean_and_is_not_d(where):
    firm = market.firm(where)
    found = standings.standings_at([firm], clock.now())[firm.pk]
    assert (found.value, found.standing.grade) == (Decimal("77.50"), "B")  # 45 + 22.5 + 10
    assert not found.has_history and not found.is_kept_out
    ScorePolicy.objects.update(par=1)
    assert grade(firm) == "D"
    assert not standings.standings_at([firm], clock.now())[firm.pk].is_kept_out, "nothing is known of it"


def test_joint_score_marks_and_deductions_together(where):
    own = saying.running(where).lines.get()
    firm, owner = market.firm(where), where.owner.organisation
    stood(firm, 7_391)
    now = clock.now()
    assert value(firm) == Decimal("76.85")  # 44.346 + 22.5 + 10
    saying.public_marks(own, firm, owner, "owner", [100] * 5, number=next(NUMBERS), public_at=now).save()
    # Everybody: 100, the rater too.
    assert value(firm) == Decimal("84.35") and grade(firm) == "A"
    assert value(firm, now - timedelta(seconds=1)) == Decimal("76.85"), "not yet public then"
    charged(where, firm, kind="abandoned")
    assert value(firm) == Decimal("64.35") and grade(firm) == "C"


def test_a_deduction_counts_from_its_decision_to_its_end_whenever_it_is_asked(where):
    firm = market.firm(where)
    found = charged(where, firm)
    before, during = found.decided_at - timedelta(seconds=1), found.decided_at
    full, less = Decimal("77.50"), Decimal("77.50") - found.points
    last = found.until - timedelta(microseconds=1)
    assert [value(firm, at) for at in (before, during, last, found.until)] == [full, less, less, full]
    regulator = saying.overseers(where)[1]
    deductions.appeal(deduction_id=found.pk, text="不属实", files=[], by=market.member_of(firm.organisation))
    deductions.decide_appeal(deduction_id=found.pk, upheld=True, text="属实", by=regulator)
    ended = Deduction.objects.get().ended_at
    assert [value(firm, at) for at in (during, ended - timedelta(microseconds=1), ended)] == [less, less, full]
    assert [value(firm, at) for at in (before, found.until)] == [full, full]


def test_a_dropped_charge_never_costs(where):
    found = saying.deed(where)
    deductions.decide(deduction_id=found.pk, deducts=False, text="查无实据", by=where.operator)
    assert value(found.firm) == Decimal("77.50")


def test_many_firms_in_as_many_queries_as_one(where):
    firms = [market.firm(where) for _number in range(4)]
    for firm in firms:
        stood(firm, 8_000)
    for asked in (firms[:1], firms):
        with CaptureQueriesContext(connection) as seen:
            assert len(standings.credit_at(asked, clock.now())) == len(asked)
        assert len([each for each in seen if "clock_timestamp" not in each["sql"]]) == 4
    assert standings.credit_at([], clock.now()) == {}


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_a_row_is_added_when_something_has_changed_and_only_then(where):
    firm = market.firm(where)
    scoring.refresh_firm(firm.pk)
    assert not FirmStanding.objects.exists(), "nothing is known of it"
    found = charged(where, firm, kind="abandoned")
    assert ScoreMark.objects.filter(firm_id=firm.pk).exists()
    assert scoring.refresh_marked() > 0
    scoring.refresh_firm(firm.pk)
    row = FirmStanding.objects.get()
    assert (row.firm, row.joint, row.grade, row.value) == (firm, None, "C", 5_750)
    with clock.travelling(found.until):
        deductions.expire(deduction_id=found.pk, now=found.until)
        scoring.refresh_marked()
    assert list(FirmStanding.objects.order_by("at").values_list("grade", flat=True)) == ["C", "B"]


def test_a_lived_line_moves_it_and_the_past_stays(where):
    contract, case = city.decided(where, corrected=1)
    city.spread(contract, case)
    before = clock.now()
    city.scored()
    row = FirmStanding.objects.get(firm=contract.firm)
    assert row.joint is not None and row.at > before
    firm = contract.firm
    assert value(firm, before) == Decimal("77.50") != value(firm)
    assert value(firm) == (Decimal(row.joint) * 60 / 10_000 + Decimal("32.50")).quantize(
        Decimal("0.01"), "ROUND_HALF_UP"
    )
    city.scored()
    assert FirmStanding.objects.filter(firm=firm).count() == 1


def test_the_file_has_the_standing_and_verifies(client, where):
    contract, case = city.decided(where)
    city.spread(contract, case)
    own, firm = contract.lines.get(), contract.firm
    city.scored()
    marks = saying.public_marks(own, firm, where.owner.organisation, "owner", [61, 72, 83, 94, 100], number=7)
    marks.save()
    found = charged(where, firm, kind="forged")
    address = f"/firms/{firm.uscc}/score.json"
    content = client.get(address).content
    told = decode(content)
    assert [check.what for check in verify_score.verify(content) if not check.holds] == []
    (mark,), (taken,) = told["evaluations"]["marks"], told["deductions"]
    assert (mark["line"], mark["mark"]) == ("L7", "82.00")
    assert (taken["code"], taken["points"], taken["to_d"]) == (found.code, "30.00", True)
    assert {"reason": "forged", "points": "30.00", "months": 12} in told["policy"]["deductions"]
    assert told["standing"]["score"] == f"{value(firm):.2f}" and told["standing"]["by_decision"]
    assert told["standing"]["as_of"] > told["as_of"]
    Deduction.objects.filter(pk=found.pk).update(status="repaired", ended_at=clock.now(), repair_asked_at=clock.now())
    again = decode(client.get(address).content)
    assert again["deductions"] == [] and again["standing"]["score"] == f"{value(firm):.2f}" != told["standing"]["score"]


# --- rounds ---------------------------------------------------------------------------------------------------------


def test_the_value_at_closing_is_kept_whatever_is_decided_later(where):
    high, low = market.firm(where), market.firm(where)
    round_ = market.announced(where, method="credit_draw", parameters=CREDIT)
    stood(high, 9_000)
    stood(low, 6_000)
    for firm in (high, low):
        market.enters(round_, firm)
    closing = market.pass_deadline(round_)
    stood(high, 1_000, ago=-timedelta(seconds=1))
    charged(where, low)
    market.move_on(closing + timedelta(seconds=5))
    kept = dict(Entry.objects.values_list("firm", "credit"))
    at = Round.objects.get(pk=round_.pk).closes_at
    assert kept == {high.pk: Decimal("86.50"), low.pk: Decimal("68.50")} == credit.scores_at([high, low], at)


def test_grade_d_keeps_a_firm_out_with_the_way_back(where):
    round_, firm = market.announced(where), market.firm(where)
    stood(firm, 7_500)
    first, second = charged(where, firm, kind="abandoned"), charged(where, firm, kind="returned", points=12)
    (reason,) = reasons(firm, round_)
    assert (reason.code, reason.detail) == ("grade_d", "45.50") and "45.50" in reason.text
    assert first.code in reason.way_back[0] and second.code in reason.way_back[1] and reason.url
    back = (second.until - timedelta(microseconds=1) + timedelta(days=1)).astimezone(clock.LOCAL)
    assert f"{back:%Y-%m-%d} 起不再是 D 级" in reason.way_back[-1], "the smaller one ends earlier, and that is enough"
    with pytest.raises(KeptOut):
        market.enters(round_, firm, "48000.00")
    assert reasons(firm, round_, at=second.until) == []


def test_grade_d_by_decision_and_its_end(where):
    round_, firm = market.announced(where), market.firm(where)
    stood(firm, 10_000)
    found = charged(where, firm, kind="forged", points=1)
    (reason,) = reasons(firm, round_)
    assert (reason.code, reason.detail) == ("grade_d_decided", found.code) and grade(firm) == "D"
    assert "可以申诉到" in reason.way_back[0]
    regulator = saying.overseers(where)[1]
    deductions.appeal(deduction_id=found.pk, text="不属实", files=[], by=market.member_of(firm.organisation))
    assert "申诉处理中" in reasons(firm, round_)[0].way_back[0]
    deductions.decide_appeal(deduction_id=found.pk, upheld=True, text="属实", by=regulator)
    assert reasons(firm, round_) == []


def test_whoever_is_kept_out_is_so_by_the_whole_standing(where):
    """Marks are asked only where they may decide, and then they do."""
    own = saying.running(where).lines.get()
    firms = [market.firm(where) for _number in range(5)]
    for firm, joint in zip(firms, (10_000, 7_000, 4_500, 4_500, None), strict=True):
        if joint is not None:
            stood(firm, joint)
    now, raters = clock.now(), [market.organisation(Kind.OWNER) for _number in range(2)]
    for firm, rater, mark in ((firms[2], raters[0], 100), (firms[3], raters[1], 0)):
        saying.public_marks(own, firm, rater, "owner", [mark] * 5, number=next(NUMBERS), public_at=now).save()
    whole = standings.standings_at(firms, now)
    found = standings.kept_out_at(firms, now)
    assert set(found) == {pk for pk, each in whole.items() if each.is_kept_out} == {firms[3].pk}
    assert found[firms[3].pk] == whole[firms[3].pk]


def test_a_low_score_alone_says_what_would_raise_it(where):
    round_, firm = market.announced(where), market.firm(where)
    stood(firm, 1_000)
    (reason,) = reasons(firm, round_)
    assert reason.code == "grade_d" and "升到 50.00 分" in reason.way_back[-1]


def test_grade_d_at_closing_is_in_the_record_and_in_the_log(where):
    round_ = market.announced(where)
    out, fine = market.firm(where), market.firm(where)
    for firm, amount in ((out, "1.00"), (fine, "2.00")):
        market.enters(round_, firm, amount)
    stood(out, 100, ago=timedelta(minutes=1))
    lot = market.closed_and_evaluated(round_).lots.get()
    entry = lot.entries.get(firm=out)
    assert lot.winner == fine
    assert (entry.eligible, entry.valid, entry.reason, entry.reason_detail) == (False, False, "grade_d", "33.10")


def test_a_deduction_after_closing_changes_no_result(where):
    round_, winner = market.announced(where), market.firm(where)
    market.enters(round_, winner, "1.00")
    market.closed_and_evaluated(round_)
    charged(where, winner, kind="forged")
    orders.suspend_firm(firm_id=winner.pk, reason="查处", until=None, by=where.operator)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() - timedelta(seconds=1))
    market.move_on()
    ended = Round.objects.get(pk=round_.pk)
    assert (ended.status, ended.lots.get().winner) == (Round.Status.AWARDED, winner)
    assert {each.code for each in reasons(winner, market.announced(where))} == {"suspended", "grade_d_decided"}


def test_a_suspension_says_the_way_back_and_one_that_was_lifted_ran_until_then(where):
    round_, firm = market.announced(where), market.firm(where)
    until = clock.now() + timedelta(days=90)
    orders.suspend_firm(firm_id=firm.pk, reason="查处", until=until, by=where.operator)
    (reason,) = reasons(firm, round_)
    assert f"{until.astimezone(clock.LOCAL):%Y-%m-%d} 以后自动恢复" in reason.way_back[-1]
    then = clock.now()
    orders.lift_suspension(firm_id=firm.pk, reason="已纠正", by=where.operator)
    assert reasons(firm, round_) == []
    assert [each.code for each in reasons(firm, round_, at=then)] == ["suspended"]
    assert Suspension.objects.get().lifted_at > then


# --- the red list ---------------------------------------------------------------------------------------------------


def test_the_red_list_has_who_is_in_a_long_enough_without_a_break(where):
    steady, broken, fresh, burdened = (market.firm(where) for _number in range(4))
    year = timedelta(days=366)
    for firm in (steady, broken, burdened):
        stood(firm, 9_500, ago=year, grade="A")
    stood(broken, 5_000, ago=timedelta(days=100), grade="C")
    for firm in (broken, fresh):
        stood(firm, 9_500, ago=timedelta(days=20), grade="A")
    charged(where, burdened, points=1)
    listed = [(firm, each.months, each.score) for firm, each in lists.red_list(now=clock.now())]
    assert listed == [(steady, 12, Decimal("89.50"))]
    assert [each.months for each in standings.for_red_list(clock.now()) if each.uscc == broken.uscc] == [0]


def test_who_is_not_ranked_is_not_on_the_red_list(where):
    stood(market.firm(where), 9_500, ago=timedelta(days=366), grade="A", ranked=False)
    assert standings.for_red_list(clock.now()) == []


# --- pages ----------------------------------------------------------------------------------------------------------


def test_the_pages_say_it(client, where):
    firm, other = market.firm(where), market.firm(where)
    stood(firm, 7_500)
    found = charged(where, firm, kind="forged")
    page = client.get(f"/firms/{firm.uscc}/score/").content.decode()
    assert "47.50" in page and "D 级不能参加比选" in page and found.get_kind_display() in page
    assert "45.0000" in page and "22.5000" in page and "−30.00" in page
    assert "47.50" in client.get(f"/firms/{firm.uscc}/score/part/").content.decode()
    compared = client.get("/scores/compare/", {"firm": [firm.uscc, other.uscc]})
    assert [each["firm"] for each in compared.context["standings"]] == [other, firm]
    client.force_login(market.member_of(firm.organisation).user)
    card = client.get("/desk/standing/part/").content.decode()
    assert "47.50" in card and "起不再是 D 级" in card
    round_ = market.announced(where)
    for address in (f"/desk/firm/rounds/{round_.code}/", "/desk/firm/rounds/?show=others"):
        refused = client.get(address).content.decode()
        assert f"按扣分决定 {found.code} 评为 D 级" in refused and "起不再是 D 级，可以参加" in refused
        assert f"/firms/{firm.uscc}/score/" in refused


def test_the_card_is_the_firms_own(client, where):
    applicant = Firm.objects.create(organisation=market.organisation("firm"))
    client.force_login(market.member_of(applicant.organisation).user)
    assert client.get("/desk/standing/part/").content == b""


def test_what_leads_into_d_is_on_the_black_list(where):
    rule = DeductionRule.objects.get(kind="forged")
    assert rule.to_d and rule.listed
    with pytest.raises(IntegrityError, match="deduction_rule_d_is_listed"), transaction.atomic():
        DeductionRule.objects.filter(pk=rule.pk).update(listed=False)
