"""Lines that may be evaluated, what is said of them, and deductions, for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import Kind, Membership, Organisation
from approvals.domain import cases
from approvals.models import Case
from contracts.domain.events import record
from contracts.models import Contract, ContractEvent, ContractLine, Milestone
from core import clock
from market.models import Firm
from ratings.domain import deductions, evaluating
from ratings.models import Deduction, Deed, Dimension, Evaluation, EvaluationPolicy
from tests import market_place as market
from tests.contracts import place
from tests.payments.place import scan
from tests.ratings import lives

MARKS = {"quality": 90, "timeliness": 80, "attitude": 85, "charging": 95, "conduct": 100}
__all__ = ["MARKS", "accepted", "decided", "deed", "evaluates", "in_force", "overseers", "running", "scan"]


def running(where: market.Place) -> Contract:
    """A contract as both seals leave it; the PDF, which costs seconds, is left out."""
    contract, now = place.drafted(where), clock.now()
    contract.document.save("contract.pdf", ContentFile(place.pdf()), save=False)
    contract.status, contract.sealed_at, contract.agreed_at = Contract.Status.RUNNING, now, now
    contract.proposed_at, contract.service_due_at = now, now + timedelta(days=20)
    contract.text_sha256 = contract.sha256 = "0" * 64
    contract.save()
    contract.parties.update(sealed_at=now, sealed_by=where.owner.user, sha256="0" * 64)
    contract.milestones.filter(delivers=True).update(status=Milestone.Status.WORKING)
    contract.milestones.filter(delivers=False).update(status=Milestone.Status.ACCEPTED, accepted_at=now)
    record(contract, ContractEvent.Kind.CONTRACT_SEALED, at=now)
    return contract


def accepted(where: market.Place) -> ContractLine:
    """The line of a contract whose result the owner has accepted."""
    contract = running(where)
    lives.delivered(contract)
    return Contract.objects.get(pk=contract.pk).lines.get()


def decided(where: market.Place, own: ContractLine) -> Case:
    """The case of a line, granted."""
    case = lives.received(where, own.contract)
    by = lives.clerk(where.department)
    cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now())
    return cases.decide_case(case_id=case.pk, outcome=Case.Outcome.GRANTED, by=by, occurred_at=clock.now())


def evaluates(own: ContractLine, by: Membership, *, text: str = "按时完成。", **marks: int) -> Evaluation:
    return evaluating.evaluate(line_id=own.pk, marks={**MARKS, **marks}, text=text, by=by)


def overseers(where: market.Place) -> tuple[Membership, Membership]:
    """Somebody of the service centre, and of a regulator."""
    return where.operator, market.member_of(market.organisation(Kind.REGULATOR))


def deed(where: market.Place, *, kind: str = Deed.LATE, source: str = "contract/C1", **fields: Any) -> Deduction:
    """A deduction that is proposed for a firm of the place."""
    firm = fields.pop("firm", None) or market.firm(where)
    found = deductions.propose(firm=firm, kind=kind, source=source, occurred_at=clock.now(), facts={}, **fields)
    assert found is not None
    return found


def in_force(where: market.Place, **fields: Any) -> Deduction:
    """Noticed, stated upon and decided by the service centre."""
    found, centre = deed(where, **fields), where.operator
    deductions.notice(deduction_id=found.pk, text="", by=centre)
    firm = market.member_of(found.firm.organisation)
    deductions.state(deduction_id=found.pk, text="业主资料迟到。", files=[], by=firm)
    return deductions.decide(deduction_id=found.pk, deducts=True, text="理由不成立。", by=centre)


def public_marks(
    own: ContractLine, firm: Firm, rater: Organisation, side: str, marks: Sequence[int], **fields: Any
) -> Evaluation:
    """An evaluation as it is once public, not saved; `number` is to be another for each, at least 2."""
    at = fields.pop("public_at", None) or clock.now()
    return Evaluation(
        code=f"V{own.pk}{fields['number']:06}", line=f"L{fields['number']}", need=own.contract.award.lot.round.need,
        contract=own.contract, firm=firm, service=own.service, side=side, rater=rater,
        policy=EvaluationPolicy.in_force(at), status=Evaluation.Status.FINAL, given_at=at - timedelta(days=7),
        given_by=own.contract.owner.memberships.earliest("pk").user, public_at=at, published_at=at,
        reply_until=at + timedelta(days=7), **dict(zip(Dimension.values, marks, strict=True)), **fields,
    )  # fmt: skip
