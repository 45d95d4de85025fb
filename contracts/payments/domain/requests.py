"""Requests to be paid: a firm files one with its invoice, the owner may return it, the firm may take it back; terms begin."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership, Organisation
from contracts.models import Contract, Milestone
from contracts.payments.domain.access import demand_firm, demand_owner, digest_of, held, log, named
from contracts.payments.models import Payee, PaymentPolicy, PaymentRequest
from core import clock, codes
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from ledger import domain as ledger
from market.models import Firm, Project

Status = PaymentRequest.Status
REASON_LENGTH = 500
AHEAD = (Milestone.Status.WORKING, Milestone.Status.SUBMITTED)
"""In which private money may be paid before the acceptance, for which Alipay then keeps it."""
PAYABLE = (*Contract.GOING_ON, Contract.Status.COMPLETED)


def set_payee(*, firm: Firm, merchant_id: str, by: Membership) -> Payee:
    """The number under which a firm is paid from now on; orders that exist keep theirs. The same again changes nothing."""
    with transaction.atomic():
        firm = Firm.objects.select_for_update().get(pk=firm.pk)
        if by.organisation_id != firm.organisation_id or by.role not in WRITERS:
            raise NotAllowed
        known = Payee.objects.filter(firm=firm).first()
        if known is not None and known.merchant_id == merchant_id:
            return known
        payee = Payee(pk=known.pk if known else None, firm=firm, merchant_id=merchant_id)
        payee.entered_at, payee.entered_by = clock.now(), by.user
        payee.full_clean(exclude=["firm"])
        payee.save()
    return payee


def milestones_to_request(organisation: Organisation) -> QuerySet[Milestone]:
    """What a firm may ask to be paid: nothing that was asked before and stands, before the acceptance only where Alipay
    keeps the money until then.
    """
    if organisation.kind != Kind.FIRM:
        return Milestone.objects.none()
    live = PaymentRequest.objects.filter(status__in=PaymentRequest.LIVE).values("milestone")
    ahead = Q(status__in=AHEAD) & ~Q(contract__project__funding=Project.Funding.PUBLIC)
    now = Q(status=Milestone.Status.ACCEPTED)
    return (
        Milestone.objects.filter(now | ahead if settings.ALIPAY_ENABLED else now, amount__gt=0)
        .filter(contract__firm__organisation=organisation, contract__status__in=PAYABLE)
        .exclude(pk__in=live)
        .select_related("contract__owner", "contract__project")
        .order_by("contract_id", "number")
    )


def asked_milestones(contract: Contract) -> set[int]:
    """Milestones of a contract that were asked to be paid, or are: a change of the contract leaves their amounts alone."""
    live = PaymentRequest.objects.filter(milestone__contract=contract, status__in=PaymentRequest.LIVE)
    return set(live.values_list("milestone_id", flat=True))


def request_payment(*, milestone_id: int, invoice_number: str, invoice: File[bytes], by: Membership) -> PaymentRequest:
    """Ask the owner to pay the amount of a milestone, with the invoice.

    Raises NotAllowed for others, Conflict where it was asked already, WrongState where it may not be paid yet.
    """
    with transaction.atomic():
        contract_id = Milestone.objects.values_list("contract_id", flat=True).get(pk=milestone_id)
        contract = Contract.objects.select_for_update().get(pk=contract_id)
        milestone = Milestone.objects.select_related("contract__owner", "contract__firm__organisation").get(
            pk=milestone_id
        )
        if by.organisation_id != milestone.contract.firm.organisation_id or by.role not in WRITERS:
            raise NotAllowed
        if PaymentRequest.objects.filter(milestone=milestone, status__in=PaymentRequest.LIVE).exists():
            raise Conflict(_("这一期已经申请过付款。"))
        if not milestones_to_request(by.organisation).filter(pk=milestone_id).exists():
            raise WrongState(_("这一期现在还不能申请付款。"))
        if PaymentRequest.objects.filter(
            firm=contract.firm_id, invoice_number=invoice_number, status__in=PaymentRequest.LIVE
        ).exists():
            raise Conflict(_("这张发票已经用在另一个付款申请上。"), code="invoice_number")
        now = clock.now()
        code = codes.next_code(codes.Letter.PAYMENT, at=now)
        request = PaymentRequest(
            milestone=milestone,
            owner=contract.owner,
            firm=contract.firm,
            code=code,
            amount=milestone.amount,
            invoice_number=invoice_number,
            invoice=named(invoice, f"{code}-invoice"),
            invoice_sha256=digest_of(invoice),
            requested_at=now,
            requested_by=by.user,
        )
        _begin_term(request, now)
        request.save()
        log("requested", request, at=now, amount=f"{request.amount:.2f}", invoice=request.invoice_sha256)
    return request


def begin_term(*, request_id: int, now: datetime | None = None) -> PaymentRequest:
    """Set by when a request is to be paid, once its milestone is accepted; unchanged where it is set or is not yet."""
    with transaction.atomic():
        request = held(request_id)
        if request.is_waiting and request.due_at is None:
            _begin_term(request, now or clock.now())
            request.save(update_fields=["due_at", "public_at"])
    return request


def _begin_term(request: PaymentRequest, now: datetime) -> None:
    """From the later of request and acceptance; a result that an expert review sent back counts from its next acceptance."""
    milestone = request.milestone
    if milestone.status != Milestone.Status.ACCEPTED or milestone.accepted_at is None:
        return
    policy = PaymentPolicy.in_force(now)
    request.due_at = max(request.requested_at, milestone.accepted_at) + timedelta(days=policy.term_days)
    request.public_at = request.due_at + timedelta(days=policy.public_after_days)


def return_request(*, request_id: int, reason: str, by: Membership) -> PaymentRequest:
    """The owner sends a request back, with the reason: the firm corrects it and asks again. Unchanged if it was done before."""
    return _end(request_id, Status.RETURNED, reason=reason, by=by)


def withdraw_request(*, request_id: int, by: Membership) -> PaymentRequest:
    """The firm takes its request back. Unchanged if it was done before."""
    return _end(request_id, Status.WITHDRAWN, reason="", by=by)


def _end(request_id: int, target: str, *, reason: str, by: Membership) -> PaymentRequest:
    with transaction.atomic():
        request = held(request_id)
        (demand_owner if target == Status.RETURNED else demand_firm)(request, by)
        if request.status == target:
            return request
        PaymentRequest.lifecycle.move(request, target)
        now = clock.now()
        if any(payment.is_open for payment in request.payments.all()):
            raise Conflict(_("有一笔付款订单还开着，先取消它或等它过期。"))
        request.reason, request.ended_at = reason.strip(), now
        if target == Status.RETURNED and not 0 < len(request.reason) <= REASON_LENGTH:
            raise DomainError(_("请写明理由，最多 %(most)d 个字。") % {"most": REASON_LENGTH}, code="reason")
        request.save()
        said = {"reason": ledger.blinded(request.reason, subject=request.subject)} if request.reason else {}
        log("returned" if target == Status.RETURNED else "withdrawn", request, at=now, **said)
    return request
