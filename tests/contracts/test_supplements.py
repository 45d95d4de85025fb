"""Changes of a contract: agreed, sealed by everybody as a supplementary agreement, and only then in force."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Kind, Role
from contracts.document import supplement_hash
from contracts.domain import changing, delivering, due, matters, supplements
from contracts.domain.checking import Outcome, check_document
from contracts.models import Contract, ContractPolicy, Matter, Milestone, Supplement
from contracts.payments.domain import requests as payments
from contracts.payments.domain.access import held as held_request
from contracts.sealing import seals_of
from core import clock, worktime
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from ledger.models import QueuedEntry
from protocol import canonical
from tests import market_place as market
from tests.bidding.browse import acting
from tests.contracts import place
from tests.contracts.place import pdf, submits

pytestmark = pytest.mark.django_db
K = Matter.Kind
Status = Supplement.Status


@pytest.fixture(scope="module")
def where(made_once):
    return market.place()


@pytest.fixture(scope="module")
def begun(where):
    contract = place.running(where)
    return (contract, *place.people(where, contract))


@pytest.fixture
def played(begun):
    return deepcopy(begun)


def asks(contract, by, **terms):
    terms = {"words": "增加一个专题", "price": None, **terms}
    return matters.propose_matter(contract_id=contract.pk, kind=K.CHANGE, by=by, **terms)


def made(contract, by, other, **terms):
    """A supplement that waits for its seals, proposed by one side and agreed by the other."""
    asked = asks(contract, by, **terms)
    matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=other)
    return asked.supplement


def seal(supplement, by):
    return supplements.seal_supplement(supplement_id=supplement.pk, text_sha256=supplement_hash(supplement), by=by)


def in_force(contract, by, other, **terms):
    supplement = made(contract, by, other, **terms)
    seal(supplement, by)
    return seal(supplement, other)


def content(supplement):
    with supplement.document.open("rb") as file:
        return bytes(file.read())


def logged(subject):
    rows = QueuedEntry.objects.filter(subject=subject).order_by("id")
    return [(row.type, canonical.decode(bytes(row.entry))["data"]) for row in rows]


def address(name, supplement):
    return reverse(f"contracts:{name}", args=[supplement.contract.code, supplement.number])


def test_who_may_neither_seal_nor_withdraw(played, where):
    contract, owner, firm = played
    supplement = made(contract, firm, owner, days=contract.days + 5)
    outsiders = [
        where.operator,
        market.member_of(market.firm(where).organisation),
        market.member_of(market.organisation(Kind.OWNER)),
        market.member_of(market.organisation(Kind.REGULATOR)),
        market.member_of(where.owner.organisation, role=Role.VIEWER),
    ]
    for by in outsiders:
        with pytest.raises(NotAllowed):
            seal(supplement, by)
        with pytest.raises(NotAllowed):
            supplements.withdraw_supplement(supplement_id=supplement.pk, reason="不", by=by)
        given_ = {"text_sha256": supplement_hash(supplement), "text": "不"}
        for name in ("supplement_seal", "supplement_withdraw"):
            refused = acting(by).post(address(name, supplement), given_)
            assert refused.status_code == (403 if by.role == Role.VIEWER else 404)
    others = [by for by in outsiders if by.organisation.kind in (Kind.FIRM, Kind.OWNER)][:2]
    for by in others:
        assert acting(by).get(address("supplement_document", supplement)).status_code == 404
    assert Client().get(address("supplement_document", supplement)).status_code == 302
    assert not supplement.seals.exists()


def test_before_a_contract_is_public_its_supplements_are_not_there(where):
    contract = place.agreed(where)
    assert Client().get(reverse("contracts:supplement", args=[contract.code, 1])).status_code == 404


def test_nothing_changes_before_the_last_seal_and_then_everything(played):
    contract, owner, firm = played
    before = (contract.price, contract.days, contract.scope, contract.service_due_at)
    supplement = made(
        contract, owner, firm, price=Decimal("40000.00"), days=contract.days + 3, scope="少一个专题，三份。"
    )
    for by in (None, owner):
        if by:
            seal(supplement, by)
        contract.refresh_from_db()
        assert (contract.price, contract.days, contract.scope, contract.service_due_at) == before
        assert contract.milestones.get(delivers=True).amount == Decimal("33600.00")
    done = seal(supplement, firm)
    contract.refresh_from_db()
    assert (done.status, contract.price, contract.days, contract.scope) == (
        Status.IN_FORCE, Decimal("40000.00"), before[1] + 3, "少一个专题，三份。",
    )  # fmt: skip
    assert contract.service_due_at == worktime.add_working_days(contract.sealed_at, before[1] + 3)
    paid, delivered = contract.milestones.all()
    assert (paid.amount, delivered.amount) == (Decimal("14400.00"), Decimal("25600.00"))
    assert (delivered.days, delivered.due_at) == (contract.days, contract.service_due_at)
    assert sum(each.amount for each in contract.milestones.all()) == contract.price
    assert Matter.objects.get().status == Matter.Status.DONE


def test_it_has_seals_a_hash_and_a_log_of_its_own(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, price=Decimal("40000.00"))
    unsealed = supplement.sha256
    half = seal(supplement, firm)
    whole = seal(supplement, owner)
    assert len({unsealed, half.sha256, whole.sha256}) == 3
    assert whole.sha256 == hashlib.sha256(content(whole)).hexdigest()
    assert [each.holds for each in seals_of(content(whole))] == [True, True]
    told = logged(supplement.subject)
    assert [kind for kind, _data in told] == [
        "supplement.made", "supplement.sealed", "supplement.sealed", "supplement.in_force",
    ]  # fmt: skip
    assert [data["sha256"] for _kind, data in told] == [unsealed, half.sha256, whole.sha256, whole.sha256]
    changed = [data for kind, data in logged(contract.subject) if kind == "contract.changed"]
    assert [(data["supplement"], data["amount"], data["sha256"]) for data in changed] == [(1, "40000.00", whole.sha256)]
    contract.refresh_from_db()
    assert check_document(contract, place.content(contract)).outcome == Outcome.SAME


def test_what_a_firm_raised_is_told_and_what_an_owner_raised_is_not_charged_to_it(played):
    contract, owner, firm = played
    raised = in_force(contract, firm, owner, price=Decimal("50000.00"))
    assert (raised.raised_by, raised.is_raised_by_firm) == ("firm", True)
    assert contract.events.get(kind="changed").data["raised_by"] == "firm"
    assert dict(logged(raised.subject))["supplement.in_force"]["raised_by"] == "firm"
    contract.refresh_from_db()
    assert [each.amount for each in contract.milestones.all()] == [Decimal("14400.00"), Decimal("35600.00")]
    more = in_force(contract, owner, firm, price=Decimal("51000.00"))
    assert (more.number, more.raised_by) == (2, "owner")
    page = Client().get(reverse("contracts:contract", args=[contract.code])).content.decode()
    assert page.count("机构加价") == 1
    assert "价款的增加由机构提出" in Client().get(address("supplement", raised)).content.decode()
    lower = in_force(contract, firm, owner, price=Decimal("45000.00"))
    assert lower.raised_by == ""


def test_all_raises_together_stay_within_the_policy(played):
    contract, owner, firm = played
    with pytest.raises(DomainError, match="52,800"):
        asks(contract, firm, price=Decimal("52800.01"))
    in_force(contract, firm, owner, price=Decimal("52800.00"))
    contract.refresh_from_db()
    with pytest.raises(DomainError, match="52,800"):
        asks(contract, firm, price=Decimal("52800.01"))
    ContractPolicy.objects.update(raise_percent=0)
    other = place.running(market.place())
    with pytest.raises(DomainError, match="48,000"):
        asks(other, market.member_of(other.firm.organisation), price=Decimal("48000.01"))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"price": Decimal("0.00")}, "price"),
        ({"price": Decimal("14400.00")}, "price"),
        ({"days": 0}, "days"),
        ({"days": 2001}, "days"),
        ({}, "words"),
        ({"price": Decimal("48000.00")}, "words"),
        ({"scope": "字" * 5001}, "scope"),
    ],
)
def test_what_is_no_change_or_an_impossible_one_is_told_at_the_field(played, terms, field):
    contract, owner, _firm = played
    with pytest.raises(DomainError) as refused:
        asks(contract, owner, **terms)
    assert refused.value.code == field
    assert not Matter.objects.exists()


def test_a_term_that_would_be_over_already_is_refused(played):
    contract, owner, _firm = played
    Contract.objects.filter(pk=contract.pk).update(sealed_at=contract.sealed_at - timedelta(days=60))
    with pytest.raises(DomainError) as refused:
        asks(contract, owner, days=5)
    assert refused.value.code == "days"


def test_one_change_after_the_other(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, days=contract.days + 1)
    for by in (owner, firm):
        with pytest.raises(Conflict):
            asks(contract, by, days=contract.days + 2)
        assert "变更合同</a>" not in acting(by).get(reverse("contracts:mine", args=[contract.code])).content.decode()
    supplements.withdraw_supplement(supplement_id=supplement.pk, reason="不再需要", by=firm)
    assert in_force(contract, owner, firm, days=contract.days + 2).number == 2


def test_who_has_sealed_does_not_take_it_back_and_the_other_may_refuse(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, days=contract.days + 1)
    seal(supplement, owner)
    with pytest.raises(Conflict):
        supplements.withdraw_supplement(supplement_id=supplement.pk, reason="反悔", by=owner)
    for _time in range(2):
        gone = supplements.withdraw_supplement(supplement_id=supplement.pk, reason="价款不合适", by=firm)
        assert (gone.status, gone.end_reason) == (Status.WITHDRAWN, "价款不合适")
    assert [kind for kind, _data in logged(supplement.subject)].count("supplement.withdrawn") == 1
    with pytest.raises(WrongState):
        seal(supplement, firm)
    contract.refresh_from_db()
    assert contract.days == supplement.days_before
    assert check_document(contract, content(gone)).outcome == Outcome.PARTLY


def test_what_is_not_sealed_in_time_lapses_once(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, days=contract.days + 1)
    seal(supplement, owner)
    assert supplement.due_at == contract.policy.end_of_sealing(supplement.made_at)
    early = supplement.due_at - timedelta(seconds=1)
    assert supplements.lapse_supplement(supplement_id=supplement.pk, now=early) is None
    with clock.travelling(supplement.due_at):
        with pytest.raises(WrongState):
            seal(supplement, firm)
        due.move_due_contracts()
        due.move_due_contracts()
    supplement.refresh_from_db()
    assert supplement.status == Status.LAPSED
    assert [kind for kind, _data in logged(supplement.subject)].count("supplement.lapsed") == 1


def test_a_contract_that_ends_takes_it_along(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, days=contract.days + 1)
    matters.abandon_contract(contract_id=contract.pk, reason="人手不足", by=firm)
    supplement.refresh_from_db()
    assert supplement.status == Status.WITHDRAWN
    with pytest.raises(WrongState):
        seal(supplement, owner)


def test_what_was_accepted_meanwhile_keeps_its_amount(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, price=Decimal("40000.00"))
    seal(supplement, owner)
    Milestone.objects.filter(contract=contract, delivers=True).update(
        status=Milestone.Status.ACCEPTED, accepted_at=clock.now()
    )
    with pytest.raises(Conflict):
        seal(supplement, firm)
    supplement.refresh_from_db()
    assert (supplement.status, supplement.seals.count()) == (Status.WAITING, 1)


def test_an_amount_that_somebody_was_asked_to_pay_stays(played):
    contract, owner, firm = played
    milestone = contract.milestones.get(delivers=True)
    invoice = SimpleUploadedFile("f.pdf", pdf("发票"))
    submitted = submits(contract, firm)
    request = payments.request_payment(
        milestone_id=milestone.pk, invoice_number="24332000000000000001", invoice=invoice, by=firm
    )
    assert held_request(request.pk).amount == milestone.amount
    for price in (Decimal("40000.00"), Decimal("48000.01")):
        with pytest.raises(DomainError) as refused:
            asks(contract, owner, price=price)
        assert refused.value.code == "price"
    in_force(contract, owner, firm, days=contract.days + 4)
    payments.withdraw_request(request_id=request.pk, by=firm)
    contract.refresh_from_db()
    in_force(contract, owner, firm, price=Decimal("40000.00"))
    assert delivering.accept_deliverable(deliverable_id=submitted.pk, by=owner).milestone.amount == Decimal("25600.00")


def test_another_text_than_the_one_that_was_read_is_not_sealed(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, days=contract.days + 1)
    with pytest.raises(Conflict):
        supplements.seal_supplement(supplement_id=supplement.pk, text_sha256="0" * 64, by=owner)


def test_the_pages_from_the_proposal_to_the_last_seal(played):
    contract, owner, firm = played
    owner_client, firm_client = acting(owner), acting(firm)
    wanted = {"words": "增加一个专题", "price": "50,000", "days": str(contract.days + 3), "scope": contract.scope}
    proposed = firm_client.post(reverse("contracts:matter_propose", args=[contract.code, "change"]), wanted)
    assert proposed.status_code == 302
    answer = reverse("contracts:matter_answer", args=[contract.code, 1])
    assert "50,000.00" in owner_client.get(answer).content.decode()
    assert owner_client.post(answer, {"agrees": "1"}).status_code == 302
    supplement = Supplement.objects.get()
    assert (supplement.price, supplement.scope) == (Decimal("50000.00"), "")
    for client in (owner_client, firm_client):
        assert "补充协议 1 待盖章" in client.get(reverse("contracts:mine", args=[contract.code])).content.decode()
        assert client.get(address("supplement_document", supplement))["Content-Type"] == "application/pdf"
        page = client.get(address("supplement_seal", supplement)).content.decode()
        assert supplement_hash(supplement) in page
        assert client.post(address("supplement_seal", supplement), {}).status_code == 422
        assert client.post(address("supplement_seal", supplement), {"text_sha256": "0" * 64}).status_code == 409
        sealing = {"text_sha256": supplement_hash(supplement)}
        assert client.post(address("supplement_seal", supplement), sealing).status_code == 302
        assert client.get(address("supplement_seal", supplement)).status_code == 404
        assert client.get(address("supplement_withdraw", supplement)).status_code == 404
    supplement.refresh_from_db()
    assert supplement.status == Status.IN_FORCE
    public = Client().get(address("supplement", supplement)).content.decode()
    for told in (supplement.code, supplement.sha256, "50,000.00", "48,000.00"):
        assert told in public
    assert Client().get(address("supplement_qr", supplement))["Content-Type"] == "image/svg+xml"
    assert Client().get(reverse("contracts:supplement", args=[contract.code, 2])).status_code == 404


def test_anybody_checks_a_supplement_where_the_contract_is_checked(played):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, price=Decimal("40000.00"))
    half = content(seal(supplement, owner))
    whole = content(seal(supplement, firm))

    def told(data):
        file = {"file": SimpleUploadedFile("x.pdf", data)}
        return Client().post(reverse("contracts:check", args=[contract.code]), file).content.decode()

    assert "补充协议 1，一个字节都没有改" in told(whole)
    assert "补充协议 1，但没有盖齐" in told(half)
    broken = bytearray(whole)
    broken[len(broken) // 2] ^= 1
    assert "补充协议 1" not in told(bytes(broken))
    assert not check_document(contract, bytes(broken)).holds


def test_a_contract_without_supplements_is_shown_without_queries_for_each(played, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    contract, owner, firm = played
    page = reverse("contracts:contract", args=[contract.code])
    in_force(contract, owner, firm, days=contract.days + 1)
    with CaptureQueriesContext(connection) as one:
        Client().get(page)
    for more in (2, 3):
        contract.refresh_from_db()
        in_force(contract, owner, firm, days=contract.days + more)
    with CaptureQueriesContext(connection) as several:
        Client().get(page)
    assert len(several) == len(one)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "in_force"},
        {"raised_by": "firm"},
        {"price": Decimal("0.00")},
        {"price": Decimal("49000.00")},
        {"days": 0},
        {"status": "lapsed"},
    ],
)
def test_the_database_refuses_rows_that_cannot_be(played, wrong):
    contract, owner, firm = played
    supplement = made(contract, owner, firm, days=contract.days + 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Supplement.objects.filter(pk=supplement.pk).update(**wrong)


class _Plan:
    """Milestones as `changing` reads them, without a database."""

    def __init__(self, rows, price, days):
        self.price, self.days = price, days
        self._rows = rows
        self.milestones = self

    def all(self):
        return self._rows


@st.composite
def _plans(draw):
    days = draw(st.integers(2, 90))
    count = draw(st.integers(1, 6))
    amounts = draw(st.lists(st.decimals("0.01", "90000", places=2), min_size=count, max_size=count))
    inner = draw(st.lists(st.integers(1, days), min_size=count - 1, max_size=count - 1))
    accepted = draw(st.integers(0, count - 1))
    rows = [
        Milestone(
            pk=number,
            number=number,
            amount=amount,
            days=length,
            name=str(number),
            status=Milestone.Status.ACCEPTED if number <= accepted else Milestone.Status.WORKING,
        )
        for number, (amount, length) in enumerate(zip(amounts, [*sorted(inner), days], strict=True), start=1)
    ]
    return _Plan(rows, sum(amounts, Decimal(0)), days)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(plan=_plans(), part=st.decimals("-0.99", "0.10", places=2), more=st.integers(-30, 30))
def test_whatever_changes_the_plan_sums_to_the_price_and_ends_with_the_term(monkeypatch_fixed, plan, part, more):
    open_ = sum((each.amount for each in plan.all() if each.status != "accepted"), Decimal(0))
    price = (plan.price + (open_ * part)).quantize(Decimal("0.01"))
    change = changing.Change(price=price, days=max(1, plan.days + more))
    after = changing.plan_after(plan, change)
    assert sum(Decimal(row["amount"]) for row in after) == price
    assert all(Decimal(row["amount"]) >= 0 for row in after)
    assert after[-1]["days"] == change.days
    for row, milestone in zip(after, plan.all(), strict=True):
        if milestone.status == Milestone.Status.ACCEPTED:
            assert (Decimal(row["amount"]), row["days"]) == (milestone.amount, milestone.days)
        else:
            assert 1 <= row["days"] <= change.days


@pytest.fixture(scope="module")
def monkeypatch_fixed():
    """Nobody was asked to pay anything: the registry would ask the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changing, "_fixed", [])
        yield
