"""The demo city: the same again for the same number, believable, whole, and quick."""

from __future__ import annotations

import json
import random
import stat
from datetime import date, timedelta
from io import StringIO
from itertools import product

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db.models import F
from stdnum.cn import uscc

from accounts.models import Kind, Membership, Organisation, User
from approvals.models import Application, Case, CaseEvent
from bidding.models import CustodianKey, Objection, Question, Round, Substitution
from bidding.record import public_record
from contracts.models import Contract, Deliverable
from contracts.payments.models import BillRow, Payment, PaymentRequest, Refund, Transfer
from contracts.payments.sandbox.books import Books
from core import clock
from ledger.domain import sequencer
from ledger.models import Checkpoint, QueuedEntry
from market.models import Admission, Firm, Need
from oversight.models import Alert, Tie
from portal.seed.build import SIZES, NotEmpty, build
from portal.seed.custody import SameMachine
from portal.seed.names import Names
from portal.seed.plans import plans
from protocol.custodian.agent import Custodian
from protocol.custodian.state import State
from protocol.methods import METHODS
from protocol.record import read_record
from protocol.verify import verify
from ratings.lines import Lines
from ratings.models import Deduction, Evaluation, EvaluationReply, FirmScore, Side
from tests import log_page
from tests.seed.conftest import in_folder


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.timeout(900)  # a city, its custodian and every record of it: minutes where all cores are busy
def test_the_city(tmp_path, settings):
    in_folder(settings, tmp_path)
    call_command("seed", size="small", seed=1, stdout=StringIO())

    reached = set(Round.objects.values_list("method", "status"))
    assert reached == set(product(METHODS, set(Round.Status.values)))
    assert set(Contract.objects.values_list("status", flat=True)) == set(Contract.Status.values) - {"revoked"}
    assert set(Deliverable.objects.values_list("status", flat=True)) >= {"accepted", "returned"}
    assert Deliverable.objects.filter(silent=True).exists()
    assert FirmScore.objects.filter(service=None, district=None, month=None, ranked=True).exists()
    assert Contract.objects.late_to_seal(now=clock.now()).exists()
    assert set(Objection.objects.values_list("status", flat=True)) == {"filed", "escalated", "rejected", "upheld"}
    assert Substitution.objects.exclude(successor=None).values("lot__round__method").distinct().count() > 1
    assert set(Deduction.objects.values_list("status", flat=True)) == set(Deduction.Status.values)
    assert Tie.objects.standing().exists() and Alert.objects.exists()  # the first morning's desk is not empty
    assert set(Evaluation.objects.values_list("side", flat=True)) == set(Side.values)
    assert Evaluation.objects.public(now=clock.now()).exists() and EvaluationReply.objects.exists()
    split, joined = Round.objects.filter(lot_count__gt=1), Round.objects.filter(lots__entries__consortium__isnull=False)
    for shown in (split, joined):
        assert set(shown.values_list("status", flat=True)) == {"announced", "awarded"}
    assert Question.objects.addenda().exists()
    assert Question.objects.filter(answered_at=None).exists()
    assert Firm.objects.filter(status__in=["listed", "delisted"]).count() == 120
    assert set(Admission.objects.values_list("status", flat=True)) >= {
        "draft",
        "submitted",
        "refused",
        "notice",
        "accepted",
    }
    assert all(uscc.is_valid(code) for code in Organisation.objects.exclude(uscc=None).values_list("uscc", flat=True))
    assert set(Organisation.objects.values_list("kind", flat=True)) == set(Kind.values)
    for round_ in Round.objects.public().select_related("policy"):
        checks = verify(read_record(json.dumps(public_record(round_))))
        assert not [str(check) for check in checks if check.holds is False], round_.code

    entries_as_the_page_says()
    cases_in_every_state()
    money_goes_every_way(settings)
    everybody_who_signs_in_has_something()
    goes_on(settings)

    path = tmp_path / "demo-accounts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    accounts = json.loads(path.read_text())
    assert {each["login"] for each in accounts} >= {
        "owner",
        "operator",
        "regulator",
        "firm-a",
        "firm-b",
        "firm-c",
        "tied",
    }
    written = {(each["password"], User.objects.get(username=each["login"]).password) for each in accounts}
    assert all(check_password(*each) for each in written)

    with pytest.raises(NotEmpty):
        build(size=SIZES["small"], seed=1)
    with pytest.raises(CommandError, match="demo-reset"):
        call_command("seed")


def entries_as_the_page_says():
    """No entry of the log has a type, or a member of its data, that `docs/log-entries.md` does not tell of."""
    known = log_page.documented()
    told = [json.loads(bytes(entry)) for entry in QueuedEntry.objects.values_list("entry", flat=True)]
    assert {(each["type"], name) for each in told for name in each["data"] if name not in known[each["type"]]} == set()


def cases_in_every_state():
    now = clock.now()
    assert Case.objects.count() > 120
    assert set(Case.objects.values_list("status", flat=True)) == set(Case.Status.values)
    assert set(Case.objects.exclude(outcome="").values_list("outcome", flat=True)) == set(Case.Outcome.values)
    assert Case.objects.late(now=now).exists() and Case.objects.soon(now=now).exists()
    assert Case.objects.exclude(suspended="").exists() and Case.objects.exclude(special="").exists()
    assert Case.objects.exclude(previous=None).exists()
    assert Case.objects.exclude(filed_in=F("district")).exists()
    assert Application.objects.exclude(lead=None).exists()
    assert not CaseEvent.objects.filter(waiting=True).exists()
    desk = Case.objects.filter(department__organisation__memberships__user__username="department")
    assert desk.running().exists() and desk.late(now=now).exists()


def money_goes_every_way(settings):
    now = clock.now()
    assert {"paid", "refunded"} <= set(Payment.objects.values_list("status", flat=True))
    assert Payment.objects.filter(status="paid", refunded__gt=0, settled_at__isnull=False).exists()
    assert not Payment.objects.to_settle().exists() and not Refund.objects.pending().exists()
    sent = set(Transfer.objects.values_list("status", flat=True))
    assert sent >= set(Transfer.Status.values) - {Transfer.Status.PRESUMED}
    assert PaymentRequest.objects.waiting().filter(due_at__gt=now).exists()
    assert PaymentRequest.objects.overdue(now=now).exists()
    assert PaymentRequest.objects.on_public_notice(now=now).exists()
    assert [row.finding for row in BillRow.objects.unmatched()] == ["unknown"]
    assert BillRow.objects.filter(finding="", is_refund=True).exists()
    late = date.today() - timedelta(days=1)
    billed = Payment.objects.filter(paid_at__date__lt=late)
    assert billed.exists() and not billed.filter(bill_row=None).exists()
    books = Books(settings.ALIPAY_STATE / "sandbox.sqlite")
    assert books.one("SELECT count(*) AS n FROM trade")["n"] == Payment.objects.count() + 1
    assert not books.all("SELECT 1 FROM notification WHERE state = 'due'")
    books.close()


def everybody_who_signs_in_has_something():
    now = clock.now()
    for login in ("owner", "owner2", "person", "firm-a", "firm-b", "firm-c"):
        organisation = Membership.objects.get(user__username=login).organisation
        states = set(Contract.objects.of(organisation).values_list("status", flat=True))
        assert "completed" in states and len(states) > 1, (login, states)
        assert PaymentRequest.objects.readable_by(organisation).filter(status="paid").exists(), login
    needs = Need.objects.filter(contract_lines__contract__parties__organisation__memberships__user__username="owner")
    outcomes = {str(line.timeline(now=now).outcome) for line in Lines.of(needs.distinct())}
    assert {"granted", "running"} <= outcomes


def goes_on(settings):
    """The sequencer and the custodian take up their files where the seed has left them, with keys that nobody chose."""
    assert not CustodianKey.objects.filter(round=None).exists()
    signed = Checkpoint.objects.order_by("-size").first()
    assert sequencer.sign_head(settings.LEDGER_STATE) == signed
    state = State(settings.CUSTODIAN_STATE)
    assert state.frontier().size == signed.size
    Custodian(state, SameMachine(), now=clock.now).step()
    assert CustodianKey.objects.filter(round=None).count() == state.count_stock() > 0
    assert [path.name for path in settings.CUSTODIAN_STATE.iterdir() if path.is_dir()] == []
    state.close()


@pytest.mark.django_db
def test_outside_a_demonstration_it_refuses(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="no demonstration"):
        call_command("seed")
    assert not Organisation.objects.exists()


def test_no_name_is_given_twice():
    names = Names(random.Random(1))
    brands = [names.brand() for _number in range(1_000)]
    people = [names.person() for _number in range(9_000)]
    assert len(set(brands)) == len(brands)
    assert len(set(people)) == len(people)


@pytest.mark.django_db
def test_plans_reach_every_state():
    planned = {(plan.method, plan.stage) for plan in plans(clock.now(), awarded=3)}
    assert planned == set(product(METHODS, set(Round.Status.values) - {"contracted"}))
