"""The life of an inquiry: who may take which step, in which order, what follows from it, and how it is undone."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Role
from bidding.domain import eligibility
from core import clock
from core.errors import DomainError, NotAllowed, NotDue, WrongState
from ledger.models import QueuedEntry
from market.domain import standing
from market.models import Firm, Suspension
from oversight.domain import alerting, decisions, inquiries, scanning
from oversight.domain.access import tied_to
from oversight.domain.alerting import take_in
from oversight.domain.describing import Described, id_hash
from oversight.domain.measuring import records
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind as Edge
from oversight.graph import NodeKind
from oversight.leads import Lead
from oversight.models import Alert, Inquiry, RuleException, Tie
from protocol import canonical
from tests import market_place as market
from tests.oversight import desk
from tests.oversight.place import id_number, organisation_key, regulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def by():
    return regulator()


def rh1():
    return Alert.objects.get(rule="RH1")


def reasons(firm, round_):
    found = eligibility.reasons_against(firm=Firm.objects.get(pk=firm.pk), round_=round_, at=clock.now())
    return [each.code for each in found]


def entries(found):
    rows = QueuedEntry.objects.filter(subject=found.subject).order_by("id")
    return [canonical.decode(bytes(each.entry)) for each in rows]


def over(found):
    """The term for a statement is over."""
    Inquiry.objects.filter(pk=found.pk).update(state_until=clock.now())


def test_outsiders_take_no_step(where, by):
    desk.tied(where)
    found = desk.opened(rh1(), by)
    firm, looks = desk.party_of(found), market.member_of(by.organisation, role=Role.VIEWER)
    for who in (firm, looks, where.operator, desk.colleague(by)):
        with pytest.raises(NotAllowed):
            inquiries.freeze(inquiry_id=found.pk, by=who)
    inquiries.freeze(inquiry_id=found.pk, by=by)
    with pytest.raises(NotAllowed):  # it knows of nothing yet
        inquiries.state(inquiry_id=found.pk, text="不属实", files=[], by=firm)
    inquiries.notice(inquiry_id=found.pk, text="x", by=by)
    for who in (by, market.member_of(market.firm(where).organisation)):
        with pytest.raises(NotAllowed):
            inquiries.state(inquiry_id=found.pk, text="不属实", files=[], by=who)
    with pytest.raises(NotAllowed):
        decisions.close(inquiry_id=found.pk, text="x", by=firm)


def test_the_steps_have_one_order(where, by):
    desk.tied(where)
    found = desk.opened(rh1(), by)
    with pytest.raises(WrongState):  # nothing is held against anybody without frozen evidence
        inquiries.notice(inquiry_id=found.pk, text="x", by=by)
    terms = {"outcome": "recusal", "text": "x", "legal_basis": "x", "by": by}
    with pytest.raises(WrongState):
        decisions.decide(inquiry_id=found.pk, **terms)
    inquiries.freeze(inquiry_id=found.pk, by=by)
    inquiries.notice(inquiry_id=found.pk, text="x", by=by)
    with pytest.raises(NotDue):
        decisions.decide(inquiry_id=found.pk, **terms)
    over(found)
    with pytest.raises(NotDue):
        inquiries.state(inquiry_id=found.pk, text="迟到", files=[], by=desk.party_of(found))
    decisions.decide(inquiry_id=found.pk, **terms)
    with pytest.raises(WrongState):
        decisions.close(inquiry_id=found.pk, text="x", by=by)


def test_every_step_is_safe_to_take_twice(where, by):
    desk.tied(where)
    found = desk.decided(rh1(), by)
    again = decisions.decide(inquiry_id=found.pk, outcome="recusal", text="y", legal_basis="y", by=by)
    assert again.reasons == "转让没有登记。"
    assert desk.opened(rh1(), by) != found  # it runs no more, so another may be opened
    assert inquiries.notice(inquiry_id=found.pk, text="y", by=by).noticed_at == found.noticed_at
    count = found.events.count()
    inquiries.state(inquiry_id=found.pk, text="y", files=[], by=desk.party_of(found))
    for _time in range(2):
        decisions.publish(inquiry_id=found.pk, text="应当回避。", by=by)
        decisions.appeal(inquiry_id=found.pk, text="不服", files=[], by=desk.party_of(found))
    for _time in range(2):
        decisions.decide_appeal(inquiry_id=found.pk, upheld=True, text="成立", by=desk.colleague(by))
    assert found.events.count() == count + 3


def test_two_who_open_at_once_find_one_inquiry(where, by):
    desk.tied(where)
    assert desk.opened(rh1(), by) == desk.opened(rh1(), desk.colleague(by))
    with pytest.raises(DomainError):
        inquiries.open_inquiry(
            alert_ids=[rh1().pk], party=market.firm(where).organisation, department=None, text="", by=by
        )


def test_frozen_evidence_stays_as_it_was_and_its_digest_is_in_the_log(where, by):
    firm = desk.with_person(where)
    found = desk.opened(Alert.objects.get(rule="RH3"), by)
    first = inquiries.freeze(inquiry_id=found.pk, by=by)
    assert inquiries.freeze(inquiry_id=found.pk, by=by) == first
    assert hashlib.sha256(first.content.encode()).hexdigest() == first.sha256
    told = canonical.decode(first.content.encode())
    assert (told["alerts"][0]["rule"], told["alerts"][0]["firms"]) == ("RH3", [firm.uscc])
    assert desk.NAME not in first.content
    Tie.objects.update(gone_at=clock.now())
    alerting.ask()
    second = inquiries.freeze(inquiry_id=found.pk, by=by)
    assert (second.number, canonical.decode(second.content.encode())["alerts"][0]["stands"]) == (2, False)
    logged = [each["data"] for each in entries(found) if each["type"] == "inquiry.evidence"]
    assert [each["sha256"] for each in logged] == [first.sha256, second.sha256]
    assert found.frozen.get(number=1).content == first.content


def test_a_recusal_keeps_out_of_this_departments_rounds_until_it_is_undone(where, by):
    elsewhere, firm = market.place(), market.firm(where)
    take_in("CL5", [desk.lead(firm, department=where.department.pk)], now=clock.now())
    round_, other = market.announced(where), market.announced(elsewhere)
    assert reasons(firm, round_) == []
    found = desk.decided(Alert.objects.get(), by)
    assert reasons(firm, round_) == ["recused"]
    assert "recused" not in reasons(firm, other)
    before_award = eligibility.recusals_known([firm], [round_], at=clock.now())[firm.pk, round_.pk]
    assert [each.code for each in before_award] == ["recused"]
    assert found.code in before_award[0].text
    decisions.appeal(inquiry_id=found.pk, text="不服", files=[], by=desk.party_of(found))
    assert reasons(firm, round_) == ["recused"]  # an appeal suspends nothing
    decisions.decide_appeal(inquiry_id=found.pk, upheld=True, text="成立", by=desk.colleague(by))
    assert reasons(firm, round_) == []
    assert Alert.objects.get().status == "refuted"


def test_a_recusal_ends_on_its_day_or_when_it_is_lifted(where, by):
    firm = market.firm(where)
    take_in("CL5", [desk.lead(firm, department=where.department.pk)], now=clock.now())
    round_ = market.announced(where)
    found = desk.decided(Alert.objects.get(), by, until=clock.now().date() + timedelta(days=30))
    assert reasons(firm, round_) == ["recused"]
    with clock.travelling(found.until):
        assert not Inquiry.objects.recusing(now=clock.now()).exists()
    decisions.lift(inquiry_id=found.pk, text="关联已经终止", by=by)
    assert reasons(firm, round_) == []
    assert Alert.objects.get().status == "confirmed"  # it was right when it was made


def test_a_suspension_is_the_markets_and_its_appeal_ends_only_it(where, by):
    firm = market.firm(where)
    take_in("CL5", [desk.lead(firm)], now=clock.now())
    found = desk.heard(Alert.objects.get(), by)
    terms = {"outcome": "suspension", "text": "x", "legal_basis": "x", "by": by}
    with pytest.raises(DomainError) as refused:
        decisions.decide(inquiry_id=found.pk, months=4, **terms)
    assert refused.value.code == "months"
    standing.suspend_firm(firm_id=firm.pk, reason="另有原因", until=clock.now() + timedelta(days=9), by=by)
    found = decisions.decide(inquiry_id=found.pk, months=6, **terms)
    assert Suspension.objects.running(now=clock.now()).count() == 2
    assert found.until == found.suspension.until
    with pytest.raises(DomainError):  # a lead without a department
        decisions._demand_possible(found, "recusal", None, None, clock.now())
    decisions.appeal(inquiry_id=found.pk, text="不服", files=[], by=desk.party_of(found))
    decisions.decide_appeal(inquiry_id=found.pk, upheld=True, text="成立", by=desk.colleague(by))
    assert [each.reason for each in Suspension.objects.running(now=clock.now())] == ["另有原因"]


def test_no_tie_excepts_this_path_and_another_path_is_another_lead(where, by):
    firm = desk.tied(where)
    round_ = market.announced(where)
    assert set(reasons(firm, round_)) == {"tie_found"}
    found = desk.opened(rh1(), by, Alert.objects.get(rule="RH2"))
    decisions.close(inquiry_id=found.pk, text="登记有误，股权早已转让。", by=by)
    scanning.scan_changed()
    alerting.ask()
    assert reasons(firm, round_) == []
    assert set(RuleException.objects.values_list("rule", flat=True)) == {"RH1", "RH2"}
    assert {(each.rule, each.status) for each in Alert.objects.standing()} == {("RH1", "refuted"), ("RH2", "refuted")}
    desk.tied(where, firm)  # by another institution of the department
    assert "tie_found" in reasons(firm, round_)
    assert ("RH1", "new") in {(each.rule, each.status) for each in Alert.objects.standing()}


def test_what_was_decided_is_what_the_rules_precision_counts(where, by):
    firms = [market.firm(where) for _number in range(4)]
    leads = [desk.lead(firm, key=str(firm.pk), department=where.department.pk) for firm in firms]
    take_in("CL5", leads, now=clock.now())
    right, wrong, dropped, _waits = Alert.objects.order_by("pk")
    found = desk.decided(right, by)
    decisions.close(inquiry_id=desk.opened(wrong, by).pk, text="x", by=by)
    inquiries.dismiss(alert_id=dropped.pk, reason="x", by=by)
    record = records(["CL5"])["CL5"]
    assert (record.found, record.waiting, record.confirmed, record.dismissed, record.refuted) == (4, 1, 1, 1, 1)
    assert (record.precision.share, record.precision.decided) == (333, 3)
    decisions.appeal(inquiry_id=found.pk, text="不服", files=[], by=desk.party_of(found))
    decisions.decide_appeal(inquiry_id=found.pk, upheld=True, text="成立", by=desk.colleague(by))
    assert records(["CL5"])["CL5"].precision.confirmed == 0


def test_who_decided_does_not_decide_the_appeal(where, by):
    desk.tied(where)
    found = desk.decided(rh1(), by)
    decisions.appeal(inquiry_id=found.pk, text="不服", files=[], by=desk.party_of(found))
    with pytest.raises(NotAllowed):
        decisions.decide_appeal(inquiry_id=found.pk, upheld=False, text="x", by=by)
    found = decisions.decide_appeal(inquiry_id=found.pk, upheld=False, text="x", by=desk.colleague(by))
    assert found.status == "decided"
    with pytest.raises(NotDue):  # once
        decisions.appeal(inquiry_id=found.pk, text="不服", files=[], by=desk.party_of(found))


def test_the_log_names_the_party_only_when_the_decision_is_published(where, by):
    firm = desk.tied(where)
    found = desk.decided(rh1(), by)
    before = entries(found)
    assert [each["type"] for each in before] == ["inquiry.evidence", "inquiry.decided"]
    assert firm.uscc not in str(before)
    decisions.publish(inquiry_id=found.pk, text="该机构在该部门审批的事项中应当回避。", by=by)
    told = entries(found)[-1]
    assert (told["type"], told["data"]["party"], told["data"]["department"]) == (
        "inquiry.published", firm.uscc, where.department.code,
    )  # fmt: skip


@pytest.mark.parametrize("text", [f"{desk.NAME}在两处任职。", "联系电话 13957412345。"])
def test_what_is_published_names_no_person(where, by, text):
    desk.with_person(where)
    found = desk.decided(Alert.objects.get(rule="RH3"), by)
    with pytest.raises(DomainError):
        decisions.publish(inquiry_id=found.pk, text=text, by=by)
    assert not Inquiry.objects.published().exists()


def edge(firm, number, kind, *, key="e", role="own", until=None):
    """A register says how the person with this ID number is tied to a firm, or kin of one who is."""
    person = Described(keys=("me",), kind=NodeKind.PERSON, name="某人", id_hash=id_hash(number))
    kin = Described(keys=("kin",), kind=NodeKind.PERSON, name="亲属", id_hash=id_hash(id_number()))
    own = organisation_key(firm.organisation)
    who = "me" if role == "own" else "kin"
    ends = (own.keys[0], who) if kind in (Edge.EMPLOYS, Edge.EMPLOYED) else (who, own.keys[0])
    says = [Said(kind=kind, tail=ends[0], head=ends[1], until=until)]
    if role == "kin":
        says.append(Said(kind=Edge.KIN, tail="me", head="kin"))
    state(source_of("register:me"), parties=[person, kin, own], statements=[Stated(key=key, says=tuple(says))])


@pytest.mark.parametrize(
    ("kind", "role"),
    [(Edge.OFFICER, "own"), (Edge.OWNS, "own"), (Edge.EMPLOYS, "own"), (Edge.EMPLOYED, "own"), (Edge.OFFICER, "kin")],
)
def test_a_regulator_who_is_tied_is_kept_out(where, by, kind, role):
    firm, number = desk.tied(where), id_number()
    me = desk.colleague(by)
    me.user.id_number = number
    me.user.save()
    found = desk.opened(rh1(), by)
    assert tied_to(me.user) == set()
    edge(firm, number, kind, role=role)
    assert tied_to(me.user) == {firm.organisation_id}
    with pytest.raises(DomainError) as refused:
        inquiries.assign(inquiry_id=found.pk, to=me, by=by)
    assert refused.value.code == "to"
    for step in (
        lambda: inquiries.note(inquiry_id=found.pk, text="x", files=[], by=me),
        lambda: inquiries.dismiss(alert_id=rh1().pk, reason="x", by=me),
        lambda: desk.opened(Alert.objects.get(rule="RH2"), me),
    ):
        with pytest.raises(NotAllowed):
            step()
    assert not Inquiry.objects.readable_by(me.organisation, tied_to=tied_to(me.user)).exists()
    assert not Alert.objects.apart_from(tied_to(me.user)).exists()
    other = market.firm(where)
    take_in("CL5", [desk.lead(other)], now=clock.now())
    assert [each.rule for each in Alert.objects.apart_from(tied_to(me.user))] == ["CL5"]


def test_who_is_tied_to_another_firm_of_the_lead_is_kept_out_too(where, by):
    one, other = market.firm(where), market.firm(where)
    take_in("CL5", [Lead("CL5", "1", 60, (one.pk, other.pk))], now=clock.now())
    alert, me = Alert.objects.get(), desk.colleague(by)
    found = inquiries.open_inquiry(alert_ids=[alert.pk], party=one.organisation, department=None, text="", by=by)
    inquiries.abstain(organisation=other.organisation, reason="同学", by=me)
    with pytest.raises(NotAllowed):
        inquiries.note(inquiry_id=found.pk, text="x", files=[], by=me)
    with pytest.raises(DomainError):
        inquiries.assign(inquiry_id=found.pk, to=me, by=by)
    assert not Inquiry.objects.readable_by(me.organisation, tied_to=tied_to(me.user)).exists()


def test_a_declared_interest_keeps_out_too_even_who_is_in_charge(where, by):
    desk.tied(where)
    found = desk.opened(rh1(), by)
    for _time in range(2):
        inquiries.abstain(organisation=found.party, reason="同学", by=by)
    with pytest.raises(NotAllowed):
        inquiries.freeze(inquiry_id=found.pk, by=by)
    other = desk.colleague(by)
    inquiries.assign(inquiry_id=found.pk, to=other, by=other)
    assert inquiries.freeze(inquiry_id=found.pk, by=other).number == 1


def test_an_owner_is_heard_as_a_firm_is_but_only_referred(where, by):
    owner = where.owner.organisation
    take_in("CL6", [desk.lead(market.firm(where), rule="CL6", owner=owner.pk)], now=clock.now())
    alert = Alert.objects.get()
    found = inquiries.open_inquiry(alert_ids=[alert.pk], party=owner, department=None, text="", by=by)
    inquiries.freeze(inquiry_id=found.pk, by=by)
    inquiries.notice(inquiry_id=found.pk, text="x", by=by)
    inquiries.state(inquiry_id=found.pk, text="不属实", files=[], by=where.owner)
    terms = {"text": "x", "legal_basis": "x", "by": by}
    with pytest.raises(DomainError):
        decisions.decide(inquiry_id=found.pk, outcome="suspension", months=3, **terms)
    assert decisions.decide(inquiry_id=found.pk, outcome="referral", **terms).outcome == "referral"


def test_rows_that_cannot_be_are_refused_by_the_database(where, by):
    desk.tied(where)
    found = desk.decided(rh1(), by)
    for wrong in (
        {"outcome": "no_tie"}, {"decided_at": None}, {"status": "open"}, {"status": "revoked"}, {"department": None},
        {"months": 3}, {"public_text": "x"}, {"status": "appealed"},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Inquiry.objects.filter(pk=found.pk).update(**wrong)
