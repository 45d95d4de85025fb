"""Leads become alerts once; what is gone goes, what was decided comes back only when it has become another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from market.models import Admission, PractitionerRegistration
from oversight.domain import alerting, inquiries, scanning
from oversight.domain.alerting import substance, take_in
from oversight.leads import Lead
from oversight.models import Alert, RuleException, Tie
from ratings.models import Burst
from tests import market_place as market
from tests.oversight.desk import lead, tied
from tests.oversight.place import id_number, practitioner, regulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    return market.firm(market.place())


def taken(*leads, rule="CL5"):
    return take_in(rule, leads, now=clock.now())


def dismissed(alert):
    return inquiries.dismiss(alert_id=alert.pk, reason="同一栋楼，经查无关。", by=regulator())


def test_a_lead_is_one_alert_however_often_it_is_found(firm):
    assert taken(lead(firm)) == 1
    alert = Alert.objects.get()
    assert (alert.status, alert.weight, list(alert.firms.all())) == ("new", 60, [firm])
    assert taken(lead(firm)) == 0
    assert taken(lead(firm), lead(firm)) == 0
    assert Alert.objects.get().changed_at == alert.changed_at


def test_what_is_not_found_again_is_gone_and_comes_back_as_itself(firm):
    taken(lead(firm), lead(firm, key="2"))
    assert taken(lead(firm)) == 1
    gone = Alert.objects.get(key="2")
    assert gone.gone_at is not None
    assert taken(lead(firm), lead(firm, key="2")) == 1
    assert Alert.objects.get(key="2").pk == gone.pk
    assert Alert.objects.standing().count() == 2


def test_the_leads_of_another_rule_are_left_alone(firm):
    taken(lead(firm))
    taken(rule="CL6")
    assert Alert.objects.standing().count() == 1


def test_what_nobody_has_decided_about_follows_its_lead(firm):
    other = market.firm(market.place())
    taken(lead(firm))
    before = Alert.objects.get()
    taken(Lead("CL5", "1", 62, (firm.pk, other.pk), evidence={"counts": {"met": 9}}))
    after = Alert.objects.get()
    assert (after.pk, after.weight, after.evidence) == (before.pk, 62, {"counts": {"met": 9}})
    assert set(after.firms.all()) == {firm, other}
    assert after.changed_at > before.changed_at


def test_what_was_dismissed_does_not_come_back_with_the_same_evidence(firm):
    taken(lead(firm))
    alert = dismissed(Alert.objects.get())
    assert taken(lead(firm)) == 0
    assert taken(lead(firm, weight=69, evidence={"group": "同场 5 次以上", "counts": {"met": 8}})) == 0
    assert taken() == 1  # it may go
    assert taken(lead(firm)) == 1  # and be found again, as what was dismissed
    assert Alert.objects.get().pk == alert.pk
    assert Alert.objects.get().status == "dismissed"


@pytest.mark.parametrize("change", [{"weight": 70}, {"weight": 50}, {"evidence": {"group": "同场 9 次以上"}}])
def test_it_comes_back_when_weight_or_evidence_changed_materially(firm, change):
    taken(lead(firm))
    old = dismissed(Alert.objects.get())
    taken(lead(firm, **change))
    assert Alert.objects.get(pk=old.pk).gone_at is not None
    assert Alert.objects.standing().get().status == "new"


def test_the_same_lead_twice_keeps_the_heavier(firm):
    taken(lead(firm, weight=40), lead(firm, weight=80), lead(firm, weight=10))
    assert Alert.objects.get().weight == 80


def test_a_thousand_leads_cost_no_more_queries_than_one(firm):
    def queries(leads):
        with CaptureQueriesContext(connection) as caught:
            take_in("CL5", leads, now=clock.now())
        return len(caught)

    def leads(name, count):
        return [lead(firm, key=f"{name}{number}") for number in range(count)]

    queries(leads("a", 2))
    few = queries(leads("b", 2))
    assert queries(leads("c", 300)) == few
    assert queries(leads("d", 1)) == few
    assert Alert.objects.standing().count() == 1


def test_two_of_a_kind_cannot_stand(firm):
    taken(lead(firm))
    alert = Alert.objects.get()
    alert.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        alert.save()


paths = st.lists(
    st.fixed_dictionaries({"kind": st.just("owns"), "tail": st.integers(0, 9), "head": st.integers(0, 9)}), max_size=3
)


@given(paths, paths, st.integers(), st.integers())
def test_the_path_is_the_substance_and_counts_are_not(one, other, few, many):
    def of(path, count):
        return substance(
            Lead("RH1", "1", 90, (1,), 2, evidence={"path": path, "n": count, "counts": {"x": str(count)}})
        )

    assert of(one, few) == of(one, many)
    assert (of(one, few) == of(other, few)) == (one == other)


def test_ties_are_leads_by_rule_and_flags_weigh_less():
    where = market.place()
    tied(where)
    rows = dict(Alert.objects.standing().values_list("rule", "weight"))
    assert rows == {"RH1": 90, "RH2": 80}
    Tie.objects.filter(rule="RH2").update(effect="flagged")
    alerting.ask()
    assert Alert.objects.standing().get(rule="RH2").weight == 40
    Tie.objects.update(gone_at=clock.now())
    alerting.ask()
    assert not Alert.objects.standing().exists()


def test_a_citys_own_exception_is_no_lead_but_an_inquirys_is_watched():
    where = market.place()
    firm = tied(where)
    RuleException.objects.create(rule="RH1", firm=firm, department=where.department, legal_basis="另有规定")
    assert scanning.scan_changed() is not None  # an exception alone is reason to look again
    alerting.ask()
    assert [each.rule for each in Alert.objects.standing()] == ["RH2"]


def test_bursts_are_leads_about_the_firms_that_were_marked(firm):
    now = clock.now()
    Burst.objects.create(by="rater", organisation=market.organisation("owner"), marks=[90] * 5, first_at=now, last_at=now,
                         found_at=now)  # fmt: skip
    old = now - timedelta(days=400)
    Burst.objects.create(
        by="firm", organisation=firm.organisation, marks=[90] * 5, first_at=old, last_at=old, found_at=old
    )
    alerting.ask()
    alert = Alert.objects.get(rule="EV1")
    assert (alert.weight, alert.owner_id is None) == (30, False)


def test_dismissing_is_for_regulators_who_write_and_needs_a_reason(firm):
    taken(lead(firm))
    alert = Alert.objects.get()
    for by in (regulator(role="viewer"), market.member_of(firm.organisation)):
        with pytest.raises(NotAllowed):
            inquiries.dismiss(alert_id=alert.pk, reason="x", by=by)
    with pytest.raises(DomainError):
        inquiries.dismiss(alert_id=alert.pk, reason=" \u200b", by=regulator())
    again = dismissed(dismissed(alert))
    assert again.dismissed_reason == "同一栋楼，经查无关。"
    with pytest.raises(WrongState):
        inquiries.open_inquiry(alert_ids=[alert.pk], party=firm.organisation, department=None, text="", by=regulator())
    # Of leads the log knows nothing.
    assert not QueuedEntry.objects.filter(type__startswith="inquiry").exists()


def test_a_second_registration_is_a_lead_about_both_firms_and_names_nobody():
    where = market.place()
    first, second = market.firm(where), market.firm(where)
    number = id_number()
    held = practitioner(first, number, "欧阳安娜")
    PractitionerRegistration.objects.create(id_hash=held.id_hash, firm=first, since=clock.now())
    other = practitioner(second, number, "欧阳安娜")
    alerting.ask(["PR1"])
    assert not Alert.objects.exists()  # what is accepted was checked
    Admission.objects.filter(pk=other.admission_id).update(status="draft")
    alerting.ask(["PR1"])
    alert = Alert.objects.get()
    assert set(alert.firms.all()) == {first, second}
    assert alert.evidence["counts"]["practitioners"] == 1
    assert "欧阳" not in str(alert.evidence)
    assert other.certificate_number not in str(alert.evidence)
    PractitionerRegistration.objects.update(until=clock.now())
    alerting.ask(["PR1"])
    assert not Alert.objects.standing().exists()
