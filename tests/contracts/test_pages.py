"""The pages of contracts from outside: who may not, then what everybody and the parties see."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from contracts.document import text_hash
from contracts.models import Contract, ContractParty
from tests import market_place as market
from tests.bidding.browse import acting as signed_in
from tests.contracts import place

Status = Contract.Status
STEPS = ("edit", "propose", "change", "agree", "reopen", "seal")


def url(name, contract):
    return reverse(f"contracts:{name}", args=[contract.code])


def test_before_it_is_sealed_a_contract_is_nobodys_but_the_parties(where):
    contract = place.agreed(where)
    for name in ("contract", "qr", "check"):
        assert Client().get(url(name, contract)).status_code == 404
    for by in (
        market.member_of(market.firm(where).organisation),
        market.member_of(market.organisation(Kind.OWNER)),
        market.member_of(where.department.organisation),
    ):
        for name in ("mine", "document"):
            assert signed_in(by).get(url(name, contract)).status_code == 404
    assert Client().get(url("mine", contract)).status_code == 302
    for by in place.people(where, contract):
        assert signed_in(by).get(url("mine", contract)).status_code == 200
        assert signed_in(by).get(url("document", contract))["Content-Type"] == "application/pdf"
    assert Client().get(reverse("contracts:contracts")).status_code == 200


@pytest.mark.parametrize("step", STEPS)
def test_steps_are_not_there_for_others(where, step):
    contract = place.agreed(where)
    outsiders = [
        market.member_of(market.firm(where).organisation),
        market.member_of(market.organisation(Kind.OWNER)),
        market.member_of(where.owner.organisation, role=Role.VIEWER),
        where.operator,
    ]
    for by in outsiders:
        refused = signed_in(by).post(url(step, contract), {"text": "x", "text_sha256": "0" * 64})
        assert refused.status_code in ((403, 404) if by.role == Role.VIEWER else (404,))
    assert Client().post(url(step, contract)).status_code == 302
    contract.refresh_from_db()
    assert contract.status == Status.AGREED


def test_the_departments_and_the_regulators_read_what_was_sealed(where):
    contract = place.running(where)
    department = market.member_of(where.department.organisation)
    assert signed_in(department).get(url("document", contract)).status_code == 200
    regulator = market.member_of(market.organisation(Kind.REGULATOR))
    assert signed_in(regulator).get(url("mine", contract)).status_code == 200
    other = market.place()
    assert signed_in(market.member_of(other.department.organisation)).get(url("mine", contract)).status_code == 404


def test_a_natural_person_is_not_named_to_the_public(where):
    person = market.organisation(Kind.PERSON, name="王小明")
    where = market.place()
    contract = place.running(where)
    Contract.objects.filter(pk=contract.pk).update(owner=person)
    ContractParty.objects.filter(contract=contract, side="owner").update(organisation=person)
    for address in (url("contract", contract), reverse("contracts:contracts")):
        shown = Client().get(address).content.decode()
        assert "王小明" not in shown
        assert person.code in shown


def test_the_owner_edits_proposes_and_the_firm_answers(where):
    contract = place.drafted(where)
    owner, firm = (signed_in(by) for by in place.people(where, contract))
    milestones = list(contract.milestones.all())
    given = {"scope": "编制报告书并配合审查，三份。", "name1": "预付", "amount1": "8,000", "days1": "0"}
    wrong = owner.post(url("edit", contract), given | {"name2": "成果", "amount2": "1", "days2": str(contract.days)})
    assert wrong.status_code == 422
    assert "合计" in wrong.content.decode()
    assert "三份" in wrong.content.decode()
    assert list(contract.milestones.all()) == milestones
    right = given | {"name2": "成果", "amount2": "40000.00", "days2": str(contract.days)}
    assert owner.post(url("edit", contract), right).status_code == 302
    assert owner.post(url("propose", contract)).status_code == 302
    assert firm.post(url("change", contract), {"text": " "}).status_code == 422
    assert firm.post(url("change", contract), {"text": "预付款请改为一半"}).status_code == 302
    assert "预付款请改为一半" in owner.get(url("mine", contract)).content.decode()
    owner.post(url("propose", contract))
    contract.refresh_from_db()
    stale = firm.post(url("agree", contract), {"text_sha256": "0" * 64})
    assert stale.status_code == 409
    assert "改过" in stale.content.decode()
    assert firm.post(url("agree", contract), {}).status_code == 422
    assert firm.post(url("agree", contract), {"text_sha256": text_hash(contract)}).status_code == 302
    assert Contract.objects.get().status == Status.AGREED


@pytest.mark.parametrize(
    "given",
    [{"amount1": "1e5"}, {"amount1": "NaN"}, {"days1": "-1"}, {"days1": "九"}, {"name1": "x" * 61}, {"scope": "\x00"}],
)
def test_nonsense_in_the_plan_is_told_at_the_field(where, given):
    contract = place.drafted(where)
    filled = {"scope": "做", "name1": "成果", "amount1": "48000", "days1": "20", **given}
    assert signed_in(where.owner).post(url("edit", contract), filled).status_code == 422


def test_both_seal_by_their_pages(where):
    contract = place.agreed(where)
    for by in place.people(where, contract):
        client = signed_in(by)
        assert text_hash(contract) in client.get(url("seal", contract)).content.decode()
        assert client.post(url("seal", contract), {}).status_code == 422
        assert client.post(url("seal", contract), {"text_sha256": "0" * 64}).status_code == 409
        assert client.post(url("seal", contract), {"text_sha256": text_hash(contract)}).status_code == 302
        assert client.post(url("seal", contract), {"text_sha256": text_hash(contract)}).status_code == 302
    contract.refresh_from_db()
    assert contract.status == Status.RUNNING
    page = Client().get(url("contract", contract)).content.decode()
    for told in (contract.code, contract.owner.name, contract.firm.organisation.name, "48,000.00", contract.sha256):
        assert told in page
    assert contract.code in Client().get(reverse("contracts:contracts")).content.decode()
    assert Client().get(url("qr", contract))["Content-Type"] == "image/svg+xml"


def test_anybody_checks_a_file(where):
    contract = place.running(where)
    content = place.content(contract)

    def told(data, name="x.pdf"):
        answer = Client().post(url("check", contract), {"file": SimpleUploadedFile(name, data)})
        return answer.status_code, answer.content.decode()

    assert "一个字节都没有改" in told(content)[1]
    broken = bytearray(content)
    broken[len(content) // 2] ^= 1
    assert "不是当时盖章的文件" in told(bytes(broken))[1] or "不是这份合同" in told(bytes(broken))[1]
    assert "不是这份合同" in told(b"%PDF-1.4 nothing")[1]
    assert told(b"MZ")[0] == 422
    assert told(b"")[0] == 422
    assert Client().post(url("check", contract), {}).status_code == 422


def test_a_list_takes_the_same_number_of_queries_however_long(where, django_assert_num_queries):
    place.running(where)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        Client().get(reverse("contracts:contracts"))
    for _number in range(2):
        place.running(market.place())
    with CaptureQueriesContext(connection) as several:
        Client().get(reverse("contracts:contracts"))
    assert len(several) == len(one)


def test_late_contracts_are_shown_to_the_regulator(where):
    from datetime import timedelta

    from core import clock

    contract = place.drafted(where)
    Contract.objects.filter(pk=contract.pk).update(due_at=clock.now() - timedelta(days=1))
    regulator = market.member_of(market.organisation(Kind.REGULATOR))
    page = signed_in(regulator).get(reverse("contracts:desk")).content.decode()
    assert "1 份合同过了签约期限" in page
    assert contract.code in page
    assert "已超期" in page
