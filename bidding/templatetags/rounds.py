"""Words of rounds in templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from bidding.domain.parties import parties_of
from bidding.domain.queries import won_by
from bidding.domain.reasons import TEXTS, reason_text
from bidding.models import Award, ConsortiumParty, Lot, Policy, Round
from bidding.terms_told import Term, terms_told
from bidding.wording import method_name
from core.templatetags.mx import translated
from market.models import Firm, RequiredQualification, Service

register = template.Library()
SHOWN = 20
"""Awards on a firm's page."""


@register.filter(name="method_name")
def method_name_filter(code: str) -> str:
    """The name of a selection method."""
    return str(method_name(code))


@register.simple_tag(name="won_by")
def won_by_tag(firm: Firm) -> list[tuple[Award, list[ConsortiumParty]]]:
    """The latest awards of a firm, each with all parties of the consortium that won it, if it was one."""
    return [(each, parties_of(each.lot, each.firm)) for each in won_by(firm)[:SHOWN]]


@register.filter
def terms(round_: Round, policy: Policy | None) -> list[Term]:
    """The parameters of a round's method, each with what it is called."""
    return terms_told(round_, policy=policy)


@register.filter
def services_name(round_: Round) -> str:
    """The services of a round in one line."""
    return _("、").join(translated(service) for service in round_.services)


@register.filter
def for_service(required: RequiredQualification, round_: Round) -> Service:
    """For which service of a round a qualification is asked."""
    return next((part.service for part in round_.parts if part.number == required.number), round_.service)


@register.filter
def lot_query(lot: Lot) -> str:
    """What the address of a firm's page needs to name a lot, where its round has several."""
    return f"?lot={lot.number}" if lot.round.has_lots else ""


@register.filter
def in_unit(amount: int | None, policy: Policy | None) -> str:
    """A length of a policy with its unit, such as `3 工作日`."""
    return "–" if amount is None or policy is None else f"{amount} {policy.get_unit_display()}"


@register.filter
def why_ended(round_: Round) -> str:
    """Why a round was returned, failed or cancelled: in the reader's language where the platform said it, else as written."""
    return reason_text(round_.failure) if round_.failure in TEXTS else round_.reason
