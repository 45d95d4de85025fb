"""Consortia: who may form one, what binds whom, what counts of each, and that all of them win or fall together."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import Role
from bidding.domain import closing, consortia, credit, due, entries, rounds, substitution
from bidding.domain.consortia import Part
from bidding.domain.experts import pool_of
from bidding.domain.objections import rounds_to_object_to
from bidding.domain.queries import won_by
from bidding.models import Consortium, ConsortiumParty, Entry, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from core.identifiers import generate_uscc
from ledger import domain as ledger
from ledger.models import QueuedEntry
from market.models import Suspension
from protocol.canonical import decode
from tests import consortia as joint
from tests import lots
from tests import market_place as market
from tests.bidding import panel

pytestmark = pytest.mark.django_db
Status = ConsortiumParty.Status


@pytest.fixture
def where():
    return market.place(notice_minimum=60)


@pytest.fixture
def round_(where):
    return joint.announced(where)


@pytest.fixture
def firms(where):
    return [market.firm(where) for _number in range(4)]


def refused(code, work):
    with pytest.raises(DomainError) as caught:
        work()
    assert caught.value.code == code


def announcement(round_):
    entry = QueuedEntry.objects.get(subject=round_.subject, type="round.announced")
    return decode(bytes(entry.entry))["data"]


def suspend(where, firm):
    now = clock.now()
    Suspension.objects.create(firm=firm, reason="测试", since=now - timedelta(hours=1), ordered_by=where.operator)


# What the owner says.


def test_the_announcement_tells_of_consortia_only_where_they_are_accepted(where):
    assert announcement(joint.announced(where, most=4))["consortium_most"] == 4
    assert "consortium_most" not in announcement(market.announced(where))


@pytest.mark.parametrize("most", [0, 1, 6, -1])
def test_a_consortium_has_two_to_five_firms(where, most):
    refused("consortium_most", lambda: joint.announced(where, most=most))


def test_a_direct_round_takes_no_consortium(where, firms):
    drafted = rounds.draft_round(need=market.need(where), by=where.owner)
    terms = {"method": "direct", "parameters": {"price": "1000.00", "ground": "小额"}, "notice_length": 2}
    edited = rounds.edit_round(round_id=drafted.pk, **terms, by=where.owner, named=firms[0], consortium_most=3)
    assert edited.consortium_most is None


def test_the_database_refuses_what_no_form_lets_through(round_):
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.filter(pk=round_.pk).update(consortium_most=6)


def test_the_second_announcement_keeps_it(where):
    failed = market.closed_and_evaluated(joint.announced(where, most=4))
    assert rounds.announce_again(round_id=failed.pk, by=where.owner).consortium_most == 4


# Who may propose what.


def test_a_round_that_takes_no_consortium_has_none(where, firms):
    with pytest.raises(WrongState):
        joint.proposes(market.announced(where), *firms[:2])


@pytest.mark.parametrize("count", [1, 4])
def test_it_has_as_many_firms_as_the_round_says(round_, firms, count):
    refused("members", lambda: joint.proposes(round_, *firms[:count]))
    assert not Consortium.objects.exists()


def test_nobody_stands_in_it_twice(round_, firms):
    refused("members", lambda: joint.proposes(round_, firms[0], firms[0]))
    refused("members", lambda: joint.proposes(round_, firms[0], firms[1], firms[1]))


@pytest.mark.parametrize("share", ["", "  ", "长" * 301])
def test_everybody_has_a_share_of_the_work(round_, firms, share):
    lead, member = Part(firm=firms[0], share="总体"), Part(firm=firms[1], share=share)
    by = market.member_of(firms[0].organisation)
    refused("share", lambda: consortia.propose(round_id=round_.pk, lead=lead, members=[member], by=by))


def test_the_share_is_in_no_table_and_no_log_in_clear(round_, firms):
    joint.enters(round_, *firms[:2], amount="100.00")
    logged = b"".join(bytes(each.entry) + bytes(each.event or b"") for each in QueuedEntry.objects.all())
    assert "勘察".encode() not in logged and "总体设计".encode() not in logged
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(p::text, '') FROM bidding_consortiumparty p")
        assert "勘察" not in cursor.fetchone()[0]


def test_a_member_is_found_by_its_code_or_its_name(firms):
    assert consortia.firm_named(f" {firms[0].uscc.lower()} ") == firms[0]
    assert consortia.firm_named(firms[1].organisation.name) == firms[1]


@pytest.mark.parametrize("written", ["", "   ", "没有这一家", "9" * 18])
def test_who_is_not_admitted_is_not_found(firms, written):
    refused("member", lambda: consortia.firm_named(written))


def test_only_who_acts_for_the_lead_firm_proposes(round_, firms):
    parts = {"lead": Part(firm=firms[0], share="总体"), "members": [Part(firm=firms[1], share="勘察")]}
    for by in (
        market.member_of(firms[1].organisation),
        market.member_of(firms[0].organisation, role=Role.VIEWER),
        market.member_of(round_.owner),
    ):
        with pytest.raises(NotAllowed):
            consortia.propose(round_id=round_.pk, **parts, by=by)


def test_only_the_member_itself_answers_and_only_the_lead_dissolves(round_, firms):
    lead, member, other, _ = firms
    made = joint.proposes(round_, lead, member)
    with pytest.raises(Consortium.DoesNotExist):
        joint.answers(made, other)
    with pytest.raises(NotAllowed):
        joint.answers(made, lead)
    with pytest.raises(NotAllowed):
        consortia.answer(key=made.key, confirms=True, by=market.member_of(member.organisation, role=Role.VIEWER))
    for by in (market.member_of(member.organisation), market.member_of(other.organisation)):
        with pytest.raises(Consortium.DoesNotExist):
            consortia.dissolve(key=made.key, by=by)
    with pytest.raises(NotAllowed):
        consortia.dissolve(key=made.key, by=market.member_of(lead.organisation, role=Role.VIEWER))


def test_nothing_is_formed_answered_or_dissolved_after_the_deadline(round_, firms):
    lead, member, other, _ = firms
    made = joint.proposes(round_, lead, member)
    market.pass_deadline(round_)
    for late in (
        lambda: joint.proposes(round_, other, member),
        lambda: joint.answers(made, member),
        lambda: consortia.dissolve(key=made.key, by=market.member_of(lead.organisation)),
    ):
        with pytest.raises(NotDue):
            late()


def test_the_same_answer_twice_changes_nothing(round_, firms):
    made = joint.proposes(round_, *firms[:2])
    first = joint.answers(made, firms[1])
    assert joint.answers(made, firms[1]).answered_at == first.answered_at


def test_proposals_without_end_are_refused(round_, firms):
    for _number in range(consortia.PROPOSALS):
        made = joint.proposes(round_, *firms[:2])
        consortia.dissolve(key=made.key, by=market.member_of(firms[0].organisation))
    with pytest.raises(Conflict):
        joint.proposes(round_, *firms[:2])


# What binds whom.


def test_who_has_entered_alone_neither_leads_nor_joins(round_, firms):
    lead, member, *_ = firms
    made = joint.proposes(round_, lead, member)
    market.enters(round_, member, "100.00")
    with pytest.raises(Conflict):
        joint.answers(made, member)
    with pytest.raises(Conflict):
        joint.proposes(round_, member, firms[2])


def test_who_has_confirmed_does_not_enter_alone_until_it_steps_out(round_, firms):
    lead, member, *_ = firms
    made = joint.formed(round_, lead, member)
    with pytest.raises(entries.KeptOut) as caught:
        market.enters(round_, member, "100.00")
    assert [reason.code for reason in caught.value.reasons] == ["in_consortium"]
    joint.answers(made, member, confirms=False)
    market.enters(round_, member, "100.00")


def test_nobody_is_in_two_consortia_of_a_round_but_in_two_rounds(where, round_, firms):
    lead, member, other, fourth = firms
    joint.formed(round_, lead, member)
    second = joint.proposes(round_, other, member, fourth)
    for bound in (member, lead):
        with pytest.raises(Conflict):
            joint.proposes(round_, bound, fourth)
    with pytest.raises(Conflict):
        joint.answers(second, member)
    joint.formed(joint.announced(where), lead, member)


def test_the_database_refuses_a_second_confirmation(round_, firms):
    lead, member, other, _ = firms
    joint.formed(round_, lead, member)
    second = joint.proposes(round_, other, member)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.parties.filter(firm=member).update(status=Status.CONFIRMED)


def test_the_lead_does_not_enter_before_everybody_has_confirmed(round_, firms):
    lead, *members = firms[:3]
    made = joint.proposes(round_, lead, *members)
    joint.answers(made, members[0])
    for says in (None, False):
        if says is not None:
            joint.answers(made, members[1], confirms=says)
        with pytest.raises(entries.KeptOut) as caught:
            market.enters(round_, lead, "100.00")
        assert [reason.code for reason in caught.value.reasons] == ["members_unconfirmed"]
    joint.answers(made, members[1])
    assert market.enters(round_, lead, "100.00").entry.consortium_id == made.pk


def test_after_the_entry_nobody_comes_or_goes(round_, firms):
    lead, member, *_ = firms
    made = joint.formed(round_, lead, member)
    market.enters(round_, lead, "100.00")
    with pytest.raises(WrongState):
        joint.answers(made, member, confirms=False)
    with pytest.raises(WrongState):
        consortia.dissolve(key=made.key, by=market.member_of(lead.organisation))


def test_withdrawing_the_entry_ends_it_and_frees_everybody(round_, firms):
    lead, member, *_ = firms
    joint.enters(round_, lead, member, amount="100.00")
    token = market.token_of(round_, lead)
    entries.withdraw_entry(round_id=round_.pk, firm=lead, user=market.user(), token=token)
    made = Consortium.objects.get()
    assert made.ended_at and set(made.parties.values_list("status", flat=True)) == {Status.RELEASED}
    for each in (lead, member):
        market.enters(round_, each, "90.00")
    assert not Entry.objects.live().exclude(consortium=None).exists()


def test_the_service_centre_withdraws_for_a_member(where, round_, firms):
    lead, member, other, fourth = firms
    joint.enters(round_, lead, member, amount="100.00")
    market.enters(round_, other, "100.00")
    asked = {"round_id": round_.pk, "reason": "成员书面要求", "by": where.operator}
    entries.withdraw_for(uscc=fourth.uscc, **asked)
    assert Entry.objects.live().count() == 2
    entries.withdraw_for(uscc=member.uscc, **asked)
    assert Entry.objects.live().get().firm == other and Consortium.objects.get().ended_at


def test_dissolving_frees_everybody_and_twice_changes_nothing(round_, firms):
    lead, member, *_ = firms
    made = joint.formed(round_, lead, member)
    ended = [consortia.dissolve(key=made.key, by=market.member_of(lead.organisation)).ended_at for _ in range(2)]
    assert ended[0] == ended[1] is not None
    with pytest.raises(WrongState):
        joint.answers(made, member)
    joint.formed(round_, member, lead)


# What counts.


def test_every_member_has_to_be_eligible_at_the_entry(where, round_, firms):
    lead, member, *_ = firms
    joint.formed(round_, lead, member)
    suspend(where, member)
    with pytest.raises(entries.KeptOut) as caught:
        market.enters(round_, lead, "100.00")
    (reason,) = caught.value.reasons
    assert (reason.code, reason.party) == ("suspended", member.organisation.name) and reason.party in reason.text


def test_every_member_needs_the_qualification_itself(where):
    round_ = joint.announced(where, requires="乙级")
    lead, good, poor = (
        market.firm(where, level="甲级"),
        market.firm(where, level="乙级"),
        market.firm(where, level="丙级"),
    )
    joint.formed(round_, lead, good, poor)
    with pytest.raises(entries.KeptOut) as caught:
        market.enters(round_, lead, "100.00")
    assert [(each.code, each.party) for each in caught.value.reasons] == [
        ("qualification_level", poor.organisation.name)
    ]


def test_a_member_that_loses_eligibility_makes_the_entry_invalid_with_its_reason(where, round_, firms):
    lead, member, other, third = firms
    joint.enters(round_, lead, member, amount="100.00")
    for each in (other, third):
        market.enters(round_, each, "200.00")
    suspend(where, member)
    decided = market.closed_and_evaluated(round_)
    entry = Entry.objects.get(firm=lead)
    party = ConsortiumParty.objects.get(firm=member)
    assert (entry.eligible, entry.valid, entry.reason) == (False, False, "suspended")
    assert (party.eligible, party.reason) == (False, "suspended")
    assert decided.lots.get().winner in (other, third)
    page = Client().get(f"/rounds/{decided.code}/").content.decode()
    assert member.organisation.name in page


def test_the_lowest_credit_counts(where, monkeypatch):
    terms = {"method": "credit_draw", "parameters": {"price": "48000.00", "long_list": "3", "short_list": "2"}}
    round_ = joint.announced(where, **terms)
    lead, member, other = (market.firm(where) for _number in range(3))
    scores = {lead.pk: Decimal("95.00"), member.pk: Decimal("61.50"), other.pk: Decimal("80.00")}
    monkeypatch.setattr(credit, "_sources", [lambda firms, at: scores])
    joint.enters(round_, lead, member)
    market.enters(round_, other)
    closing.close_round(round_id=round_.pk, now=market.pass_deadline(round_))
    assert Entry.objects.get(firm=lead).credit == Decimal("61.50")
    assert Entry.objects.get(firm=other).credit == Decimal("80.00")
    assert ConsortiumParty.objects.get(firm=member).credit == Decimal("61.50")


def test_experts_who_work_for_a_member_are_left_out(where, firms):
    lead, member, *_ = firms
    theirs = panel.expert(where, employer=member.organisation)
    others = [panel.expert(where) for _number in range(5)]
    round_ = joint.announced(where, method="scored", parameters=panel.SCORED)
    joint.enters(round_, lead, member, amount="50000.00")
    market.enters(round_, firms[2], "51000.00")
    closing.close_round(round_id=round_.pk, now=market.pass_deadline(round_))
    assert Round.objects.get(pk=round_.pk).pool.codes == sorted(expert.code for expert in others)
    assert theirs.code in pool_of(round_, [lead, firms[2]], at=clock.now())


def test_the_event_names_the_members_and_only_those_of_a_consortium(round_, firms):
    lead, one, two, alone = firms
    joint.enters(round_, lead, one, two, amount="100.00")
    market.enters(round_, lead, "90.00")
    market.enters(round_, alone, "80.00")
    first, again, other = [each["event"] for each in ledger.unsealed(round_.subject)]
    assert first["members"] == again["members"] == sorted([one.uscc, two.uscc])
    assert "members" not in other


def test_a_sole_trader_stands_there_blinded(where, round_, firms):
    trader = sole_trader(where)
    joint.enters(round_, firms[0], trader, amount="100.00")
    market.enters(round_, firms[0], "90.00")
    first, again = [each["event"]["members"] for each in ledger.unsealed(round_.subject)]
    assert first == again and len(first[0]) == 64
    assert trader.uscc not in str(first)


def sole_trader(where):
    firm = market.firm(where)
    firm.organisation.uscc = generate_uscc(random.Random(firm.pk), prefix="92")
    firm.organisation.save()
    return firm


# What becomes of it.


def won_together(where):
    lead, member, loser = (market.firm(where) for _number in range(3))
    round_ = joint.announced(where)
    joint.enters(round_, lead, member, amount="100.00")
    market.enters(round_, loser, "200.00")
    decided = market.closed_and_evaluated(round_)
    assert decided.lots.get().winner == lead
    return decided, lead, member, loser


def awarded(round_):
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() - timedelta(seconds=1))
    due.move_due_rounds()
    return Round.objects.get(pk=round_.pk)


def test_everybody_reads_who_won_together(where):
    round_, lead, member, loser = won_together(where)
    names = [lead.organisation.name, member.organisation.name]
    public = Client()
    assert all(name in public.get(f"/rounds/{round_.code}/").content.decode() for name in names)
    record = public.get(f"/rounds/{round_.code}/record.json").json()
    (joined,) = [each for each in record["lots"][0]["entries"] if "members" in each]
    assert joined["members"] == [{"uscc": member.uscc, "name": member.organisation.name}]
    assert record["consortium_most"] == joint.MOST
    round_ = awarded(round_)
    award = public.get(f"/rounds/{round_.code}/award/").content.decode()
    assert all(name in award for name in names) and "总体设计" in award and "勘察" in award
    for firm, other in ((lead, member), (member, lead)):
        assert [each.firm for each in won_by(firm)] == [lead]
        page = public.get(f"/firms/{firm.uscc}/").content.decode()
        assert round_.title in page and other.organisation.name in page
    assert not won_by(loser)
    told = public.get(f"/api/v1/rounds/{round_.code}").json()
    assert told["consortium_most"] == joint.MOST
    assert (told["lots"][0]["winner"], told["lots"][0]["members"]) == (lead.uscc, [member.uscc])


def test_a_member_may_object(where):
    round_, _lead, member, loser = won_together(where)
    for firm in (member, loser):
        assert round_ in rounds_to_object_to(firm.organisation)


def test_who_walks_away_is_substituted_as_one_and_all_of_them_pay(where):
    where = market.place(notice_minimum=60, walk_away_days=30)
    round_, lead, member, loser = won_together(where)
    with pytest.raises(NotAllowed):
        substitution.walk_away(round_id=round_.pk, reason="不做了", by=market.member_of(member.organisation))
    substitution.walk_away(round_id=round_.pk, reason="不做了", by=market.member_of(lead.organisation))
    assert Round.objects.get(pk=round_.pk).lots.get().winner == loser
    assert set(Suspension.objects.values_list("firm", flat=True)) == {lead.pk, member.pk}


# In several lots.


def test_a_consortium_enters_several_lots_and_ends_with_its_last_entry(where, firms):
    lead, member, *_ = firms
    terms = {"lots": lots.terms("lowest"), "budget": Decimal("200000.00"), "parameters": {}}
    round_ = joint.announced(where, **terms)
    made = joint.formed(round_, lead, member)
    for lot in ("1", "2"):
        market.enters(round_, lead, "10000.00", lot=lot)
    assert {each["event"]["members"][0] for each in ledger.unsealed(round_.subject)} == {member.uscc}

    def withdraws(lot):
        token = market.token_of(round_, lead, lot=lot)
        entries.withdraw_entry(round_id=round_.pk, firm=lead, user=market.user(), token=token, lot=lot)
        made.refresh_from_db()

    withdraws("1")
    assert made.ended_at is None
    with pytest.raises(entries.KeptOut):
        market.enters(round_, member, "10000.00", lot="1")
    withdraws("2")
    assert made.ended_at is not None
    market.enters(round_, member, "10000.00", lot="1")
