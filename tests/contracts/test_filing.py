"""Contracts on file with the service centre: who files, when, once, and what the parties and the public see of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Role
from contracts.document import supplement_hash
from contracts.domain import filing as domain
from contracts.domain import matters, supplements
from contracts.models import ContractEvent, Filing, Matter
from core import worktime
from core.errors import DomainError, NotAllowed
from ledger import domain as ledger
from ledger.models import QueuedEntry
from protocol import canonical
from tests import market_place as market
from tests.bidding.browse import acting
from tests.contracts import place


def page(contract, name="mine"):
    return reverse(f"contracts:{name}", args=[contract.code])


def test_only_the_centre_files(where):
    contract = place.running(where)
    others = [*place.people(where, contract), market.member_of(market.organisation(Kind.REGULATOR))]
    looks = market.member_of(where.operator.organisation, role=Role.VIEWER)
    for by in (*others, looks):
        with pytest.raises(NotAllowed):
            domain.file_contract(contract_id=contract.pk, by=by)
        with pytest.raises(NotAllowed):
            domain.remark_on_filing(contract_id=contract.pk, text="价款不符", by=by)
    assert not contract.filing.is_filed


def test_it_waits_from_the_last_seal_on(where):
    contract = place.agreed(where)
    assert not Filing.objects.exists()
    with pytest.raises(DomainError, match="盖章齐全"):
        domain.file_contract(contract_id=contract.pk, by=where.operator)
    for party in contract.parties.order_by("-number"):
        contract = place.seal(contract, market.member_of(party.organisation))
    assert contract.filing.due_at == worktime.add_working_days(contract.sealed_at, 7)
    assert list(Filing.objects.late(now=contract.filing.due_at)) == []
    assert list(Filing.objects.late(now=contract.filing.due_at + timedelta(seconds=1))) == [contract.filing]


def test_filing_twice_is_once(where):
    contract = place.running(where)
    first = domain.file_contract(contract_id=contract.pk, by=where.operator)
    again = domain.file_contract(contract_id=contract.pk, by=where.operator)
    assert (again.number, again.filed_at) == (first.number, first.filed_at)
    assert contract.events.filter(kind=ContractEvent.Kind.FILED).count() == 1
    logged = [entry for entry in ledger.published(contract.subject) if entry["type"] == "contract.filed"]
    assert len(logged) == 1


def test_several_who_file_at_once_give_one_number(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    where = market.place()
    contract = place.running(where)

    def files(_n):
        try:
            return domain.file_contract(contract_id=contract.pk, by=where.operator).number
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        numbers = set(threads.map(files, range(4)))
    assert numbers == {Filing.objects.get().number}


def test_a_change_of_what_is_on_file_is_filed_under_the_same_number(where):
    contract = place.running(where)
    owner, firm = place.people(where, contract)
    number = domain.file_contract(contract_id=contract.pk, by=where.operator).number
    supplement = changed(contract, owner, firm)
    waits = Filing.objects.get()
    assert (waits.number, waits.is_filed, waits.is_changed, waits.label) == (number, False, True, "待变更备案")
    assert waits.due_at == worktime.add_working_days(supplement.in_force_at, 7)
    for page_of, client in (("contract", Client()), ("mine", acting(owner))):
        shown = client.get(page(contract, page_of)).content.decode()
        assert number in shown and "待变更备案" in shown
    assert contract.code in acting(where.operator).get(reverse("contracts:filings")).content.decode()
    domain.file_contract(contract_id=contract.pk, by=where.operator)
    again = Filing.objects.get()
    assert (again.number, again.is_filed, again.is_changed) == (number, True, False)
    first = {"number": number, "sha256": contract.sha256}
    assert told_of_filing(contract) == [first, first | {"supplement": 1, "supplement_sha256": supplement.sha256}]


def test_a_change_before_the_filing_is_filed_with_it(where):
    contract = place.running(where)
    owner, firm = place.people(where, contract)
    domain.remark_on_filing(contract_id=contract.pk, text="时限不一致", by=where.operator)
    before = Filing.objects.get()
    supplement = changed(contract, owner, firm)
    waits = Filing.objects.get()
    assert (waits.due_at, waits.remark, waits.label) == (before.due_at, "时限不一致", "备案待补正")
    domain.file_contract(contract_id=contract.pk, by=where.operator)
    (told,) = told_of_filing(contract)
    assert (told["supplement"], told["supplement_sha256"]) == (supplement.number, supplement.sha256)


def told_of_filing(contract):
    rows = QueuedEntry.objects.filter(subject=contract.subject, type="contract.filed").order_by("id")
    return [canonical.decode(bytes(row.entry))["data"] for row in rows]


def changed(contract, owner, firm):
    """A change of the term that both sides have sealed."""
    asked = matters.propose_matter(
        contract_id=contract.pk, kind=Matter.Kind.CHANGE, words="延长", price=None, days=contract.days + 5, by=owner
    )
    matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=firm)
    for by in (owner, firm):
        text = supplement_hash(asked.supplement)
        done = supplements.seal_supplement(supplement_id=asked.supplement.pk, text_sha256=text, by=by)
    return done


def test_a_remark_is_for_the_parties_and_not_for_the_public(where):
    contract = place.running(where)
    domain.remark_on_filing(contract_id=contract.pk, text="付款计划与招标文件不一致", by=where.operator)
    for by in (*place.people(where, contract), where.operator):
        assert "付款计划与招标文件不一致" in acting(by).get(page(contract)).content.decode()
    public = Client().get(page(contract, "contract")).content.decode()
    assert "付款计划与招标文件不一致" not in public
    assert "备案待补正" in public
    domain.file_contract(contract_id=contract.pk, by=where.operator)
    public = Client().get(page(contract, "contract")).content.decode()
    assert str(Filing.objects.get().number) in public
    with pytest.raises(DomainError, match="已经备案"):
        domain.remark_on_filing(contract_id=contract.pk, text="再看一遍", by=where.operator)


@pytest.mark.parametrize(("text", "says"), [("  ", "请写明原因"), ("长" * 501, "最多 500 个字")])
def test_a_remark_needs_words(where, text, says):
    contract = place.running(where)
    answer = acting(where.operator).post(page(contract, "filing_remark"), {"text": text})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Filing.objects.get().remarked_at is None


def test_the_centre_works_through_its_list(where):
    client = acting(where.operator)
    assert "没有待备案的合同" in client.get(reverse("contracts:filings")).content.decode()
    contract = place.running(where)
    assert contract.code in client.get(reverse("contracts:filings")).content.decode()
    answer = client.post(page(contract, "file"), follow=True)
    assert answer.redirect_chain == [(page(contract), 302)]
    number = Filing.objects.get().number
    assert number in answer.content.decode()
    assert contract.code not in client.get(reverse("contracts:filings")).content.decode()
    filed = client.get(reverse("contracts:filings"), {"tab": "filed"}).content.decode()
    assert number in filed
    assert (
        "予以备案"
        not in acting(market.member_of(market.organisation(Kind.REGULATOR))).get(page(contract)).content.decode()
    )


def test_a_long_list_asks_as_much_as_a_short_one(where, django_assert_max_num_queries):
    client = acting(where.operator)
    place.running(where)
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("contracts:filings"))
    place.running(where)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(reverse("contracts:filings"))


def test_half_a_filing_cannot_be_kept(where):
    contract = place.running(where)
    with pytest.raises(IntegrityError), transaction.atomic():
        Filing.objects.filter(contract=contract).update(filed_at=contract.sealed_at, filed_by=where.operator.user)
