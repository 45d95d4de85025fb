"""Contracts whose milestones may be paid, and what firm and owner do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Membership
from contracts.models import Contract, Milestone
from contracts.payments.domain import paying, requests
from contracts.payments.models import Payment, PaymentRequest
from core import clock
from market.models import Project
from tests import market_place as market
from tests.contracts import place as contracts

MERCHANT = "2088123412341234"
SCAN = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def scan(name: str = "a.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, SCAN, content_type="application/pdf")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A running contract with one milestone that delivers, its two sides, and the firm's number at Alipay."""

    contract: Contract
    milestone: Milestone
    owner: Membership
    firm: Membership

    def accept(self) -> None:
        """As the owner's acceptance leaves it."""
        Milestone.objects.filter(pk=self.milestone.pk).update(status=Milestone.Status.ACCEPTED, accepted_at=clock.now())


def running(*, funding: str = Project.Funding.PRIVATE, registered: bool = True, accepted: bool = True) -> Case:
    where = market.place()
    contract = contracts.drafted(where)
    Project.objects.filter(pk=contract.project_id).update(funding=funding)
    now = clock.now()
    contract.document.save("contract.pdf", ContentFile(SCAN), save=False)
    contract.status, contract.sealed_at, contract.agreed_at = Contract.Status.RUNNING, now, now
    contract.service_due_at = now + timedelta(days=20)
    contract.text_sha256 = contract.sha256 = "0" * 64
    contract.save()
    owner, firm = contracts.people(where, contract)
    milestone = contract.milestones.filter(delivers=True).latest("number")
    milestone.status = Milestone.Status.WORKING
    milestone.save()
    if registered:
        requests.set_payee(firm=contract.firm, merchant_id=MERCHANT, by=firm)
    case = Case(contract=contract, milestone=milestone, owner=owner, firm=firm)
    if accepted:
        case.accept()
    return case


def asks(case: Case, *, invoice_number: str = "12345678") -> PaymentRequest:
    return requests.request_payment(
        milestone_id=case.milestone.pk, invoice_number=invoice_number, invoice=scan(), by=case.firm
    )


def opens(request: PaymentRequest, case: Case, channel: str = "page") -> Payment:
    return paying.open_payment(request_id=request.pk, channel=channel, by=case.owner)


def fresh(thing: Any) -> Any:
    return type(thing).objects.get(pk=thing.pk)
