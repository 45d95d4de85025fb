"""A transfer about which the firm says nothing: after its term it counts as arrived, for another the firm may object."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Kind
from contracts.payments.domain import due, transfers
from contracts.payments.models import PaymentPolicy, PaymentRequest, Transfer
from core import clock
from core.errors import DomainError, NotAllowed, NotDue, WrongState
from tests import market_place as market
from tests.bidding.browse import acting
from tests.payments import place
from tests.payments.test_requests import told

Status = PaymentRequest.Status
Is = Transfer.Status


@pytest.fixture(autouse=True)
def _files(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def remitted(case):
    asked = place.asks(case)
    return transfers.send_transfer(request_id=asked.pk, paid_on=timezone.localdate(), proof=place.scan(), by=case.owner)


@pytest.fixture
def silent(db):
    case = place.running(funding="public")
    return case, remitted(case)


def presumed(sent):
    with clock.travelling(sent.confirm_by):
        assert due.presume_transfers() == 1
    return place.fresh(sent)


def test_nobody_else_objects_or_confirms_what_counts_as_arrived(silent):
    case, sent = silent
    sent = presumed(sent)
    outsiders = [case.owner, market.member_of(market.firm(market.place()).organisation)]
    for by in outsiders:
        with pytest.raises(NotAllowed):
            transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason="没有", by=by)
    assert place.fresh(sent).status == Is.PRESUMED


def test_before_the_term_is_over_nothing_is_presumed(silent):
    _case, sent = silent
    assert sent.confirm_by == sent.sent_at + timedelta(days=10)
    with clock.travelling(sent.confirm_by - timedelta(seconds=1)):
        assert due.presume_transfers() == 0
        assert transfers.presume_arrival(transfer_id=sent.pk) is None
    assert place.fresh(sent.request).status == Status.REMITTED


def test_silence_counts_as_paid_on_the_day_of_the_transfer_once_and_is_logged(silent):
    _case, sent = silent
    late = presumed(sent)
    with clock.travelling(sent.confirm_by + timedelta(days=1)):
        assert due.presume_transfers() == 0
        assert transfers.presume_arrival(transfer_id=sent.pk) is None
    request = place.fresh(sent.request)
    assert (late.status, request.status) == (Is.PRESUMED, Status.PAID)
    assert timezone.localdate(request.paid_at) == sent.paid_on
    assert late.object_until == late.presumed_at + timedelta(days=30)
    assert told(request) == ["payment.requested", "payment.remitted", "payment.presumed"]


def test_a_firm_that_confirms_later_clears_the_mark(silent):
    case, sent = silent
    sent = presumed(sent)
    with clock.travelling(sent.object_until + timedelta(days=300)):
        done = transfers.answer_transfer(transfer_id=sent.pk, arrived=True, by=case.firm)
    request = place.fresh(sent.request)
    assert (done.status, request.status) == (Is.CONFIRMED, Status.PAID)
    assert timezone.localdate(request.paid_at) == sent.paid_on
    assert request.transfer_presumed is None


def test_an_objection_in_time_makes_the_request_wait_again_with_the_term_that_it_had(silent):
    case, sent = silent
    due_at = sent.request.due_at
    sent = presumed(sent)
    objected_at = sent.object_until - timedelta(seconds=1)
    with clock.travelling(objected_at):
        with pytest.raises(DomainError):
            transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason=" ", by=case.firm)
        for _twice in range(2):
            transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason="账户无此款", by=case.firm)
        request = place.fresh(sent.request)
        assert (request.status, request.paid_at, request.due_at) == (Status.REQUESTED, None, due_at)
        assert PaymentRequest.objects.overdue(now=objected_at).get() == request
        assert not PaymentRequest.objects.on_public_notice(now=objected_at).exists()
        days = PaymentPolicy.in_force(objected_at).public_after_days
        assert PaymentRequest.objects.on_public_notice(now=objected_at + timedelta(days=days, seconds=1)).exists()
        again = transfers.send_transfer(
            request_id=request.pk, paid_on=timezone.localdate(objected_at), proof=place.scan(), by=case.owner
        )
    assert (again.number, again.status) == (2, Is.SENT)


def test_an_objection_that_is_too_late_is_refused(silent):
    case, sent = silent
    sent = presumed(sent)
    with clock.travelling(sent.object_until), pytest.raises(NotDue):
        transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason="没有", by=case.firm)
    assert place.fresh(sent.request).status == Status.PAID


def test_what_the_firm_has_denied_is_not_presumed(silent):
    case, sent = silent
    transfers.answer_transfer(transfer_id=sent.pk, arrived=False, reason="没有", by=case.firm)
    with clock.travelling(sent.confirm_by):
        assert due.presume_transfers() == 0
    with pytest.raises(WrongState):
        transfers.answer_transfer(transfer_id=sent.pk, arrived=True, by=case.firm)


@pytest.mark.django_db(transaction=True)
def test_the_answer_and_the_end_of_the_term_at_one_moment(in_threads):
    case = place.running(funding="public")
    sent = remitted(case)
    now = sent.confirm_by
    results = in_threads(
        lambda: transfers.presume_arrival(transfer_id=sent.pk, now=now),
        lambda: transfers.presume_arrival(transfer_id=sent.pk, now=now),
        lambda: transfers.answer_transfer(transfer_id=sent.pk, arrived=True, by=case.firm),
    )
    assert not [each for each in results if isinstance(each, Exception)], results
    request = place.fresh(sent.request)
    assert (place.fresh(sent).status, request.status) == (Is.CONFIRMED, Status.PAID)
    assert told(request).count("payment.presumed") <= 1
    assert told(request).count("payment.paid") == 1


def test_pages_say_that_nobody_confirmed_it_and_the_regulator_has_the_list(silent):
    case, sent = silent
    address = reverse("payments:request", args=[sent.request.code])
    assert "逾期不答复视为到账" in acting(case.firm).get(address).content.decode()
    sent = presumed(sent)
    for by in (case.owner, case.firm):
        assert "机构在期限内没有答复，视为到账" in acting(by).get(address).content.decode()
    assert "款项到账了吗" not in acting(case.owner).get(address).content.decode()
    for desk, by in (("firm_desk", case.firm), ("owner_desk", case.owner)):
        assert "视为到账" in acting(by).get(reverse(f"payments:{desk}")).content.decode()
    regulator = acting(market.member_of(market.organisation(Kind.REGULATOR)))
    assert sent.request.code in regulator.get(reverse("payments:regulator_desk")).content.decode()
    answer = acting(case.firm).post(
        reverse("payments:arrived", args=[sent.request.code]), {"arrived": "no", "reason": "账户无此款"}
    )
    assert answer.status_code == 302
    assert PaymentRequest.objects.get().is_waiting
    assert sent.request.code not in regulator.get(reverse("payments:regulator_desk")).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"status": "transfer_presumed"}, {"presumed_at": timezone.now(), "object_until": timezone.now()}]
)
def test_the_database_refuses_a_presumption_without_its_dates(silent, wrong):
    _case, sent = silent
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.filter(pk=sent.pk).update(**wrong)
