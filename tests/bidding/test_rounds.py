"""The life of a round, step by step: who may, what it needs, and that twice is the same as once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from accounts.models import Kind, Role
from bidding.domain import closing, due, rounds
from bidding.models import Award, Round
from core import clock
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from ledger.models import QueuedEntry
from market.models import Need, Project
from protocol.draw import code_belongs
from tests import custody
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db
Status = Round.Status


def test_a_stranger_drafts_no_round_for_somebody_else():
    where = market.place()
    stranger = market.member_of(market.organisation(Kind.OWNER))
    with pytest.raises(NotAllowed):
        rounds.draft_round(need=market.need(where), by=stranger)


def test_a_viewer_of_the_owner_changes_nothing():
    where = market.place()
    viewer = market.member_of(where.owner.organisation, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        rounds.draft_round(need=market.need(where), by=viewer)


def test_only_the_service_centre_announces():
    where = market.place()
    round_ = market.submitted(where)
    with pytest.raises(NotAllowed):
        rounds.announce_round(round_id=round_.pk, by=where.owner)
    assert Round.objects.get(pk=round_.pk).status == Status.SUBMITTED


def test_drafting_twice_gives_the_same_round():
    where = market.place()
    need = market.need(where)
    first = rounds.draft_round(need=need, by=where.owner)
    assert rounds.draft_round(need=need, by=where.owner).pk == first.pk
    assert first.code.startswith("R") and first.code[1:].isdigit()


def test_a_need_has_one_running_round():
    where = market.place()
    round_ = market.submitted(where)
    with pytest.raises(Conflict):
        rounds.draft_round(need=round_.need, by=where.owner)


def test_submitting_without_a_method_says_so():
    where = market.place()
    drafted = rounds.draft_round(need=market.need(where), by=where.owner)
    with pytest.raises(DomainError) as refused:
        rounds.submit_round(round_id=drafted.pk, by=where.owner)
    assert refused.value.code == "method"
    assert Round.objects.get(pk=drafted.pk).status == Status.DRAFT


def test_a_round_that_asks_for_nothing_is_not_submitted():
    where = market.place()
    need = market.need(where)
    Need.objects.filter(pk=need.pk).update(requirement=" ")
    with pytest.raises(DomainError) as refused:
        market.submitted(where, of=need)
    assert refused.value.code == "requirement"


def test_a_notice_shorter_than_the_policy_is_refused():
    where = market.place(notice_minimum=5)
    drafted = rounds.draft_round(need=market.need(where), by=where.owner)
    rounds.edit_round(round_id=drafted.pk, method="lowest", parameters=market.LOWEST, notice_length=4, by=where.owner)
    with pytest.raises(DomainError) as refused:
        rounds.submit_round(round_id=drafted.pk, by=where.owner)
    assert refused.value.code == "notice_length"


def test_returning_needs_a_reason_and_opens_the_draft_again():
    where = market.place()
    round_ = market.submitted(where)
    with pytest.raises(DomainError):
        rounds.return_round(round_id=round_.pk, reason="  ", by=where.operator)
    returned = rounds.return_round(round_id=round_.pk, reason="预算与要求不符", by=where.operator)
    assert returned.is_editable and returned.reason == "预算与要求不符"
    assert rounds.submit_round(round_id=round_.pk, by=where.owner).status == Status.SUBMITTED


def test_nobody_announces_what_was_changed_since_it_was_read():
    """One of the centre reads a submission; another returns it, the owner changes it and submits again."""
    where = market.place()
    custody.fill_stock()
    round_ = market.submitted(where)
    address, client = f"/desk/operator/rounds/{round_.code}/", acting(where.operator)
    (seen,) = re.findall(r'name="submission" value="([^"]+)"', client.get(address).content.decode())
    rounds.return_round(round_id=round_.pk, reason="请补充", by=where.operator)
    dearer = {"upper": "90000.00"}
    rounds.edit_round(round_id=round_.pk, method="lowest", parameters=dearer, notice_length=2, by=where.owner)
    rounds.submit_round(round_id=round_.pk, by=where.owner)
    answer = client.post(f"{address}announce/", {"submission": seen})
    assert answer.status_code == 409 and "重新提交" in answer.content.decode()
    assert Round.objects.get(pk=round_.pk).status == Status.SUBMITTED
    (now,) = re.findall(r'name="submission" value="([^"]+)"', answer.content.decode())
    for _twice in range(2):
        assert client.post(f"{address}announce/", {"submission": now}).status_code == 302
    assert Round.objects.get(pk=round_.pk).status == Status.ANNOUNCED


def test_announcing_makes_keys_commitment_and_deadline_once():
    where = market.place()
    round_ = market.announced(where)
    again = rounds.announce_round(round_id=round_.pk, by=where.operator)
    assert again.platform_public == round_.platform_public
    assert round_.closes_at == round_.announced_at + timedelta(minutes=2)
    assert len(round_.platform_public) == 64 and len(round_.commitment) == 64
    assert QueuedEntry.objects.filter(subject=round_.subject, type="round.announced").count() == 1


@pytest.mark.parametrize(("funding", "minimum"), [(Project.Funding.PUBLIC, 3), (Project.Funding.PRIVATE, 1)])
def test_the_minimum_follows_the_money(funding, minimum):
    where = market.place(minimum_public=3, minimum_private=1)
    assert market.announced(where, funding=funding).minimum == minimum


def test_free_text_never_enters_the_log():
    where = market.place()
    round_ = market.announced(where, title="绝密标题")
    written = b"".join(bytes(row.entry) for row in QueuedEntry.objects.filter(subject=round_.subject))
    assert "绝密标题".encode() not in written and "编制报告书".encode() not in written


def test_a_natural_person_owner_is_blinded_in_the_log():
    where = market.place()
    person = market.organisation(Kind.PERSON)
    where.owner.organisation = person
    where.owner.save()
    round_ = market.announced(where)
    written = b"".join(bytes(row.entry) for row in QueuedEntry.objects.filter(subject=round_.subject))
    assert person.code.encode() not in written


def test_cancelling_destroys_the_key():
    where = market.place()
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "100.00")
    cancelled = rounds.cancel_round(round_id=round_.pk, reason="项目停建", by=where.owner)
    assert cancelled.status == Status.CANCELLED
    stored = Round.objects.get(pk=round_.pk)
    assert stored.platform_private == "" and stored.codes == []


def test_cancelling_after_the_deadline_is_too_late_even_if_the_worker_is_down():
    where = market.place()
    round_ = market.announced(where)
    market.pass_deadline(round_)
    with pytest.raises(NotDue):
        rounds.cancel_round(round_id=round_.pk, reason="反悔", by=where.owner)


def test_nothing_closes_before_its_deadline():
    where = market.place()
    round_ = market.announced(where)
    with pytest.raises(NotDue):
        closing.close_round(round_id=round_.pk, now=round_.closes_at - timedelta(microseconds=1))
    assert due.move_due_rounds(clock.now()) == 0


def test_lowest_from_announcement_to_award():
    where = market.place()
    round_ = market.announced(where)
    firms = [market.firm(where) for _ in range(3)]
    for each, amount in zip(firms, ["48000.00", "45000.00", "52000.00"], strict=True):
        market.enters(round_, each, amount)
    round_ = market.closed_and_evaluated(round_)
    assert round_.status == Status.CANDIDATE
    lot = round_.lots.get()
    assert lot.winner == firms[1] and str(lot.amount) == "45000.00"
    assert lot.result["ranking"] == [firms[1].uscc, firms[0].uscc, firms[2].uscc]
    with pytest.raises(NotDue):
        closing.award_round(round_id=round_.pk, now=round_.candidate_until - timedelta(seconds=1))
    for _ in range(2):
        closing.award_round(round_id=round_.pk, now=round_.candidate_until)
    award = Award.objects.get(lot=lot)
    assert award.firm == firms[1] and award.contract_due_at > award.issued_at


def test_a_draw_can_be_recomputed_from_what_is_kept():
    where = market.place()
    round_ = market.announced(where, method="draw")
    firms = [market.firm(where) for _ in range(4)]
    for each in firms:
        market.enters(round_, each)
    round_ = market.closed_and_evaluated(round_)
    lot = round_.lots.get()
    kept = lot.draws.get()
    assert code_belongs(kept.one_time_code, iteration=1, committed=round_.commitment)
    assert kept.labels == sorted(each.uscc for each in firms)
    assert lot.winner.uscc == kept.order[0] and str(lot.amount) == "48000.00"


def test_a_coefficient_is_drawn_beside_the_order():
    where = market.place()
    terms = {"upper": "60000.00", "coefficients": ["0.95", "1.00"]}
    round_ = market.announced(where, method="mean", parameters=terms)
    firms = [market.firm(where) for _ in range(2)]
    for each, amount in zip(firms, ["40000.00", "50000.00"], strict=True):
        market.enters(round_, each, amount)
    lot = market.closed_and_evaluated(round_).lots.get()
    kept = {each.purpose: each for each in lot.draws.all()}
    assert sorted(kept) == ["coefficient", "ranking"] and {each.iteration for each in kept.values()} == {1}
    assert kept["coefficient"].labels == ["0.95", "1.00"]
    assert kept["coefficient"].randomness == kept["ranking"].randomness
    # 45,000 × 0.95 = 42,750: 40,000 is nearer; 45,000 × 1.00 is as far from both, and the lower amount goes first.
    expected = {"0.95": "42750.00", "1.00": "45000.00"}[kept["coefficient"].order[0]]
    assert lot.result["reference"] == expected and lot.winner == firms[0]


@pytest.mark.parametrize("method", ["bribery", ""])
def test_a_method_that_nothing_here_can_finish_is_not_taken(method):
    where = market.place()
    drafted = rounds.draft_round(need=market.need(where), by=where.owner)
    with pytest.raises(DomainError) as refused:
        rounds.edit_round(round_id=drafted.pk, method=method, parameters={}, notice_length=2, by=where.owner)
    assert refused.value.code == "method"


def test_too_few_envelopes_fail_the_round_unopened():
    where = market.place(minimum_public=3)
    round_ = market.announced(where, funding=Project.Funding.PUBLIC)
    market.enters(round_, market.firm(where), "100.00")
    round_ = market.closed_and_evaluated(round_)
    assert round_.status == Status.FAILED and round_.opened_at is None
    assert round_.failure == "too_few_entries" and round_.platform_private == ""
    assert round_.lots.get().entries.get().amount is None


def test_too_few_valid_bids_fail_the_round_after_opening():
    where = market.place(minimum_private=2)
    round_ = market.announced(where)
    market.enters(round_, market.firm(where), "50000.00")
    market.enters(round_, market.firm(where), "60000.01")
    round_ = market.closed_and_evaluated(round_)
    assert round_.status == Status.FAILED and round_.opened_at is not None
    assert round_.failure == "too_few"


def test_a_failed_round_is_announced_again_once():
    where = market.place()
    round_ = market.closed_and_evaluated(market.announced(where))
    assert round_.status == Status.FAILED
    second = rounds.announce_again(round_id=round_.pk, by=where.owner)
    assert rounds.announce_again(round_id=round_.pk, by=where.owner).pk == second.pk
    assert (second.sequence, second.previous, second.parameters) == (2, round_, round_.parameters)
    rounds.submit_round(round_id=second.pk, by=where.owner)
    second = market.closed_and_evaluated(rounds.announce_round(round_id=second.pk, by=where.operator))
    assert second.status == Status.FAILED
    with pytest.raises(WrongState):
        rounds.announce_again(round_id=second.pk, by=where.owner)


def test_one_bad_round_stops_no_other():
    where = market.place()
    good, bad = market.announced(where), market.announced(where)
    for each in (good, bad):
        market.enters(each, market.firm(where), "100.00")
    Round.objects.filter(pk=bad.pk).update(method="no-such-method")
    market.pass_deadline(bad)
    good = market.closed_and_evaluated(good)
    assert good.status == Status.CANDIDATE
    assert Round.objects.get(pk=bad.pk).status == Status.ANNOUNCED


def test_an_envelope_that_does_not_open_is_set_aside():
    where = market.place()
    round_ = market.announced(where)
    broken, fine = market.firm(where), market.firm(where)
    market.enters(round_, broken, "100.00")
    market.enters(round_, fine, "200.00")
    lot = round_.lots.get()
    entry = lot.entries.get(firm=broken)
    entry.envelope = bytes(entry.envelope)[:-1] + bytes([entry.envelope[-1] ^ 1])
    entry.save()
    round_ = market.closed_and_evaluated(round_)
    entry.refresh_from_db()
    assert round_.lots.get().winner == fine
    assert (entry.opened, entry.valid, entry.reason) == (False, False, "unreadable")
