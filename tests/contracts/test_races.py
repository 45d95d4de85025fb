"""Both sides at one moment: a contract's supplements and its deliverables."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contracts.domain import delivering, supplements
from contracts.models import Supplement
from contracts.sealing import seals_of
from tests import market_place as market
from tests.contracts import place
from tests.contracts.place import submits
from tests.contracts.test_supplements import content, logged, made, seal

pytestmark = pytest.mark.django_db(transaction=True)
Status = Supplement.Status


def test_all_seal_at_one_moment(in_threads):
    where = market.place()
    contract = place.running(where)
    owner, firm = place.people(where, contract)
    supplement = made(contract, firm, owner, price=Decimal("50000.00"))
    other = market.member_of(firm.organisation)
    results = in_threads(*[lambda by=by: seal(supplement, by) for by in (owner, firm, other, owner)])
    assert all(isinstance(each, Supplement) for each in results), results
    supplement.refresh_from_db()
    contract.refresh_from_db()
    assert (supplement.status, contract.price) == (Status.IN_FORCE, Decimal("50000.00"))
    assert len(seals_of(content(supplement))) == 2
    kinds = [kind for kind, _data in logged(supplement.subject)]
    assert (kinds.count("supplement.sealed"), kinds.count("supplement.in_force")) == (2, 1)


def test_the_last_seal_and_a_withdrawal_at_one_moment(in_threads):
    where = market.place()
    contract = place.running(where)
    owner, firm = place.people(where, contract)
    supplement = made(contract, owner, firm, price=Decimal("40000.00"))
    seal(supplement, owner)
    sealed, gone = in_threads(
        lambda: seal(supplement, firm),
        lambda: supplements.withdraw_supplement(supplement_id=supplement.pk, reason="不", by=firm),
    )
    assert isinstance(sealed, Exception) != isinstance(gone, Exception)
    supplement.refresh_from_db()
    contract.refresh_from_db()
    assert (contract.price == supplement.price) == (supplement.status == Status.IN_FORCE)


def test_accepting_returning_and_silence_at_one_moment(in_threads):
    where = market.place()
    contract = place.running(where)
    owner, firm = place.people(where, contract)
    made = submits(contract, firm)
    in_threads(
        lambda: delivering.accept_deliverable(deliverable_id=made.pk, by=owner),
        lambda: delivering.return_deliverable(deliverable_id=made.pk, reasons=["form"], words="章", by=owner),
        lambda: delivering.accept_by_silence(deliverable_id=made.pk, now=made.review_due_at),
    )
    assert contract.events.filter(kind__in=["accepted", "returned"]).count() == 1
