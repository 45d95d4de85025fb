"""What is asked for and paid under the city's contracts: at the demonstration's own Alipay, or from bank to bank.

Each way is a generator of the moments of its steps, as in `contracts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Membership
from contracts.models import Contract, Milestone
from contracts.payments.domain import paying, reconciling, refunds, requests, settling, transfers
from contracts.payments.models import Payment, PaymentRequest
from core import clock
from market.models import Project
from portal.seed.city import City
from portal.seed.papers import plain_page
from portal.seed.plans import DAY, HOUR, MINUTE
from portal.seed.till import Till

LEFT_OVER = "成果少做一个监测点，按约定退还相应款项。"
GIVEN_BACK = "双方协商重新开票，先退回已付款项。"
NOT_ARRIVED = "截至今日对公账户没有收到这笔款项，请核对收款账号。"
UNPAID = ("waiting", "overdue", "noticed")
"""What is asked for and not paid; which of them it is follows from when the round was."""


@dataclass(kw_only=True)
class Payments:
    """Pays the contracts of a city. Without a till of the demonstration's own nobody pays by Alipay here."""

    city: City
    till: Till | None
    invoices: Iterator[int] = field(default_factory=lambda: count(1))

    def on_sealing(self, contract: Contract, *, since: datetime) -> Iterator[datetime]:
        """What is due with the sealing, paid soon."""
        first = contract.milestones.filter(delivers=False, status=Milestone.Status.ACCEPTED).first()
        if first is not None:
            how = "confirmed" if _is_public(contract) else "settled"
            yield from self._paid(contract, first, how=how, since=since, after=DAY)

    def on_acceptance(self, contract: Contract, *, how: str, since: datetime) -> Iterator[datetime]:
        """What is due with the last result; `how` it goes."""
        last = contract.milestones.filter(delivers=True).order_by("-number").first()
        assert last is not None
        yield from self._paid(contract, last, how=how, since=since, after=4 * DAY)

    def _paid(
        self, contract: Contract, milestone: Milestone, *, how: str, since: datetime, after: timedelta
    ) -> Iterator[datetime]:
        firm, owner = self.city.member(contract.firm.organisation), self.city.member(contract.owner)
        yield (moment := since + 3 * HOUR)
        if not _is_public(contract):
            requests.set_payee(firm=contract.firm, merchant_id=_merchant(contract), by=firm)
        request = self._ask(milestone, firm)
        if how in UNPAID:
            return
        yield (moment := moment + after)
        if _is_public(contract):
            yield from self._transferred(request, how=how, owner=owner, firm=firm, since=moment)
        elif self.till is not None:
            payment = paying.open_payment(request_id=request.pk, channel=Payment.Channel.PAGE, by=owner)
            yield (moment := moment + 2 * MINUTE)
            self.till.pay(payment)
            yield (moment := moment + MINUTE)
            settling.settle_payment(payment_id=payment.pk)
            if how != "settled":
                yield moment + 2 * DAY
                self._give_back(payment, whole=how == "back", by=firm)

    def _ask(self, milestone: Milestone, by: Membership) -> PaymentRequest:
        number = f"2633200000{next(self.invoices):010d}"
        invoice = ContentFile(plain_page(f"Invoice {number} (demonstration)"), name="invoice.pdf")
        return requests.request_payment(milestone_id=milestone.pk, invoice_number=number, invoice=invoice, by=by)

    def _transferred(
        self, request: PaymentRequest, *, how: str, owner: Membership, firm: Membership, since: datetime
    ) -> Iterator[datetime]:
        proof = ContentFile(plain_page(f"Transfer for {request.code} (demonstration)"), name="proof.pdf")
        sent = transfers.send_transfer(request_id=request.pk, paid_on=timezone.localdate(since), proof=proof, by=owner)
        if how == "unconfirmed":
            return
        yield since + DAY
        arrived = how == "confirmed"
        transfers.answer_transfer(transfer_id=sent.pk, arrived=arrived, reason="" if arrived else NOT_ARRIVED, by=firm)

    @staticmethod
    def _give_back(payment: Payment, *, whole: bool, by: Membership) -> None:
        part = (payment.amount / 10).quantize(Decimal(1)).quantize(Decimal("0.01"))
        refund = refunds.ask_refund(
            payment_id=payment.pk,
            amount=payment.amount if whole else part,
            reason=GIVEN_BACK if whole else LEFT_OVER,
            by=by,
        )
        refunds.carry_out(refund_id=refund.pk)

    def read_bills(self, *, now: datetime) -> None:
        """Match every day on which something was paid; on the last of them the bill has a payment that nobody here knows."""
        if self.till is None or not (days := self.till.days()):
            return
        past = [day for day in days if day < timezone.localdate(now)]
        for day in past:
            at = datetime.combine(day, datetime.min.time(), tzinfo=clock.LOCAL)
            if day == past[-1]:
                with clock.travelling(at + 15 * HOUR):
                    self.till.pay_unknown()
            with clock.travelling(at + DAY + 10 * HOUR + 5 * MINUTE):
                reconciling.reconcile(day=day)


def _is_public(contract: Contract) -> bool:
    return bool(contract.project.funding == Project.Funding.PUBLIC)


def _merchant(contract: Contract) -> str:
    return f"2088{contract.firm_id:012d}"
