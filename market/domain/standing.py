"""A firm's standing: suspended for a time, removed from the list, and back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from core.texts import visible
from ledger import domain as ledger
from market.domain import directory
from market.domain.admission import subject
from market.models import Firm, Suspension

MAY_ORDER = (Kind.OPERATOR, Kind.REGULATOR)


def suspend_firm(*, firm_id: int, reason: str, until: datetime | None, by: Membership) -> Suspension:
    """Keep a firm out of rounds from now on, until a moment or until lifted. The running one where there is one."""
    with transaction.atomic():
        firm, now = _ordered(firm_id, by), clock.now()
        running = Suspension.objects.running(now=now).filter(firm=firm).first()
        if running is not None:
            return running
        if firm.status != Firm.Status.LISTED:
            raise WrongState
        if until is not None and until <= now:
            raise DomainError(_("结束时间须在现在之后。"), code="until")
        suspension = Suspension.objects.create(firm=firm, since=now, until=until, reason=_why(reason), ordered_by=by)
        data = {"reason": ledger.blinded(suspension.reason, subject=subject(firm))}
        ledger.append("firm.suspended", subject(firm), data, at=now)
        directory.changed()
    return suspension


def impose(*, firm_id: int, reason: str, until: datetime, by: Membership) -> Suspension:
    """A suspension that follows from a rule, whoever's step brought it about; a running one that lasts longer is left alone."""
    with transaction.atomic():
        firm = Firm.objects.select_for_update(of=["self"]).select_related("organisation").get(pk=firm_id)
        now = clock.now()
        running = Suspension.objects.running(now=now).filter(firm=firm).order_by("-until").first()
        if running is not None and (running.until is None or running.until >= until):
            return running
        suspension = Suspension.objects.create(firm=firm, since=now, until=until, reason=_why(reason), ordered_by=by)
        data = {"reason": ledger.blinded(suspension.reason, subject=subject(firm))}
        ledger.append("firm.suspended", subject(firm), data, at=now)
        directory.changed()
    return suspension


def suspend_by_decision(*, firm_id: int, reason: str, until: datetime, by: Membership) -> Suspension:
    """A suspension of its own beside any that runs, which `end_suspension` can end without touching the others."""
    with transaction.atomic():
        firm, now = _ordered(firm_id, by), clock.now()
        suspension = Suspension.objects.create(firm=firm, since=now, until=until, reason=_why(reason), ordered_by=by)
        data = {"reason": ledger.blinded(suspension.reason, subject=subject(firm))}
        ledger.append("firm.suspended", subject(firm), data, at=now)
        directory.changed()
    return suspension


def end_suspension(*, suspension_id: int, reason: str, by: Membership) -> Suspension:
    """End one suspension, with the reason. Unchanged where it has ended; the log has it where none is left."""
    with transaction.atomic():
        firm_id = Suspension.objects.values_list("firm_id", flat=True).get(pk=suspension_id)
        firm, now = _ordered(firm_id, by), clock.now()
        suspension = Suspension.objects.select_for_update().get(pk=suspension_id)
        if suspension.lifted_at is not None or (suspension.until is not None and suspension.until <= now):
            return suspension
        suspension.lifted_at, suspension.lifted_reason = now, _why(reason)
        suspension.save()
        if not Suspension.objects.running(now=now).filter(firm=firm).exists():
            ledger.append("firm.resumed", subject(firm), {}, at=now)
        directory.changed()
    return suspension


def lift_suspension(*, firm_id: int, reason: str, by: Membership) -> None:
    """End a firm's running suspensions, with the reason. Nothing happens where there is none."""
    with transaction.atomic():
        firm, now = _ordered(firm_id, by), clock.now()
        if Suspension.objects.running(now=now).filter(firm=firm).update(lifted_at=now, lifted_reason=_why(reason)):
            ledger.append("firm.resumed", subject(firm), {}, at=now)
            directory.changed()


def delist_firm(*, firm_id: int, reason: str, by: Membership) -> Firm:
    """Take a firm off the list, with the reason; it stays readable. Unchanged if it was taken off before."""
    with transaction.atomic():
        firm, now = _ordered(firm_id, by), clock.now()
        if firm.status == Firm.Status.DELISTED:
            return firm
        if firm.status != Firm.Status.LISTED:
            raise WrongState
        firm.status, firm.delisted_at, firm.delisted_reason = Firm.Status.DELISTED, now, _why(reason)
        firm.save()
        firm.registrations.filter(until=None).update(until=now)
        data = {"reason": ledger.blinded(firm.delisted_reason, subject=subject(firm))}
        ledger.append("firm.delisted", subject(firm), data, at=now)
        directory.changed()
    return firm


def _ordered(firm_id: int, by: Membership) -> Firm:
    if by.organisation.kind not in MAY_ORDER or by.role not in WRITERS:
        raise NotAllowed
    return Firm.objects.select_for_update(of=["self"]).select_related("organisation").get(pk=firm_id)


def _why(reason: str) -> str:
    if not visible(reason):
        raise DomainError(_("请写明理由。"), code="reason")
    return visible(reason)[:300]
