"""What pages of contracts show of payments."""

from __future__ import annotations

from django import template
from django.db.models import QuerySet
from django.template import Context

from accounts.models import Organisation
from contracts.models import Contract
from contracts.payments.models import PaymentRequest
from core import clock

register = template.Library()


@register.simple_tag(takes_context=True)
def requests_on(context: Context, contract: Contract) -> QuerySet[PaymentRequest]:
    """The payment requests of a contract that this reader may open."""
    reader = getattr(context.get("request"), "organisation", None)
    return PaymentRequest.objects.readable_by(reader).filter(milestone__contract=contract).for_list()


@register.simple_tag
def late_payments_of(owner: Organisation) -> int:
    """How many payments of an owner are overdue for so long that everybody may see it."""
    return PaymentRequest.objects.on_public_notice(now=clock.now()).filter(owner=owner).count()
