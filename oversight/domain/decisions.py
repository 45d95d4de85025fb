"""What an inquiry ends with, what follows from it, and how it is undone: decided, published, appealed, lifted.

A recusal is a rule that reads decisions in force (`oversight.domain.recusal`), a suspension is market's, and where there is
no tie, exceptions are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation
from core import clock
from core.errors import DomainError, NotAllowed, NotDue, WrongState
from ledger import domain as ledger
from market.domain import standing
from oversight.domain.access import reason_of
from oversight.domain.freezing import names_of_people
from oversight.domain.inquiries import demand_in_charge, demand_may_work, demand_party, held, tell, write
from oversight.domain.sources import TIES
from oversight.models import Alert, Inquiry, InquiryEvent, Outcome, Party, RuleException
from protocol import canonical
from ratings.domain.access import public_words, words
from ratings.domain.deductions import months_after
from ratings.models import ConductPolicy

Status = Inquiry.Status
Step = InquiryEvent.Kind
PUBLIC_LENGTH = 500


def close(*, inquiry_id: int, text: str, by: Membership) -> Inquiry:
    """Find that there is no tie (不成立): each rule that has kept the firm out by the path in question is excepted from now on.

    At any time before a decision. Unchanged where it was found before.
    """
    with transaction.atomic():
        found = held(inquiry_id)
        demand_in_charge(found, by)
        if found.status == Status.CLOSED:
            return found
        now, said = clock.now(), words(text)
        Inquiry.lifecycle.move(found, Status.CLOSED)
        found.outcome, found.reasons, found.decided_at, found.decided_by = Outcome.NO_TIE, said, now, by.user
        found.save()
        _except(found, at=now)
        settle(found, at=now)
        write(found, Step.CLOSED, at=now, by=by.organisation, text=said)
        ledger.append("inquiry.closed", found.subject, _told(found), at=now)
        tell()
    return found


def decide(
    *, inquiry_id: int, outcome: str, text: str, legal_basis: str, by: Membership, months: int | None = None,
    until: date | None = None,
) -> Inquiry:  # fmt: skip
    """Decide with an effect (决定), after the statement or its term: recusal, suspension or referral.

    A recusal may end with a day, a suspension lasts 3, 6 or 12 months. Unchanged where the same was decided before.
    """
    with transaction.atomic():
        found = held(inquiry_id)
        demand_in_charge(found, by)
        if found.status in Inquiry.DECIDED_IN and found.outcome == outcome:
            return found
        now, said, basis = clock.now(), words(text), reason_of(legal_basis, code="legal_basis")
        if found.status == Status.NOTICED and not found.may_be_decided_at(now):
            raise NotDue(_("当事方的陈述申辩期限未到。"))
        Inquiry.lifecycle.move(found, Status.DECIDED)
        _demand_possible(found, outcome, months, until, now)
        policy = ConductPolicy.in_force(now)
        found.outcome, found.reasons, found.legal_basis = outcome, said, basis
        found.decided_at, found.decided_by = now, by.user
        found.appeal_until = policy.end_of(policy.appeal, since=now)
        if outcome == Outcome.SUSPENSION and found.firm is not None and months is not None:
            found.months, found.until = months, months_after(now, months)
            found.suspension = standing.suspend_by_decision(
                firm_id=found.firm.pk, reason=f"核查决定 {found.code}", until=found.until, by=by
            )
        elif outcome == Outcome.RECUSAL and until is not None:
            found.until = datetime.combine(until + timedelta(days=1), time(0), tzinfo=clock.LOCAL)
        found.save()
        settle(found, at=now)
        write(found, Step.DECIDED, at=now, by=by.organisation, text=said)
        data = {**_told(found), "reasons": ledger.blinded(said, subject=found.subject)}
        ledger.append("inquiry.decided", found.subject, data, at=now)
        tell()
    return found


def publish(*, inquiry_id: int, text: str, by: Membership) -> Inquiry:
    """Let everybody read the decision in these words (公布). Raises DomainError where they name a person. Unchanged if it was."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_in_charge(found, by)
        if found.published_at is not None:
            return found
        if not found.has_effect:
            raise WrongState
        said = public_words(reason_of(text, length=PUBLIC_LENGTH), required=True)
        if any(name in said for name in _private_names(found)):
            raise DomainError(_("公布内容里有自然人的姓名，请改用“相关人员”一类的说法。"), code="text")
        now = clock.now()
        found.public_text, found.published_at = said, now
        found.save()
        write(found, Step.PUBLISHED, at=now, by=by.organisation, text=said)
        data = {**_told(found), "text": ledger.blinded(said, subject=found.subject)}
        ledger.append("inquiry.published", found.subject, data, at=now)
    return found


def appeal(*, inquiry_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Inquiry:
    """Appeal against a decision (申诉), once. It stands until that is decided. Raises NotDue too late."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_party(found, by)
        if found.status == Status.APPEALED:
            return found
        now = clock.now()
        if found.status == Status.DECIDED and not found.may_be_appealed_at(now):
            raise NotDue(_("已过申诉期限，或者已经申诉过一次。"))
        Inquiry.lifecycle.move(found, Status.APPEALED)
        found.appealed_at = now
        found.save()
        write(found, Step.APPEALED, at=now, by=by.organisation, text=words(text), files=files)
        ledger.append("inquiry.appealed", found.subject, _told(found), at=now)
        tell()
    return found


def decide_appeal(*, inquiry_id: int, upheld: bool, text: str, by: Membership) -> Inquiry:
    """Uphold an appeal, so that everything that followed from the decision is undone, or reject it. Never by who decided."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_may_work(found, by)
        step = Step.APPEAL_UPHELD if upheld else Step.APPEAL_REJECTED
        if found.status != Status.APPEALED and found.events.filter(kind=step).exists():
            return found
        if found.decided_by_id == by.user_id:
            raise NotAllowed(_("作出决定的人不能处理对它的申诉，请由另一位工作人员处理。"))
        now, said = clock.now(), words(text)
        if found.status != Status.APPEALED:
            raise WrongState
        Inquiry.lifecycle.move(found, Status.REVOKED if upheld else Status.DECIDED)
        found.appeal_decided_at, found.appeal_decided_by = now, by.user
        found.save()
        if upheld:
            _end_suspension(found, by)
            settle(found, at=now)
        write(found, step, at=now, by=by.organisation, text=said)
        ledger.append(
            "inquiry.appeal_upheld" if upheld else "inquiry.appeal_rejected", found.subject, _told(found), at=now
        )
        tell()
    return found


def lift(*, inquiry_id: int, text: str, by: Membership) -> Inquiry:
    """End a recusal or suspension before its time (解除): the tie has ended, or what was wrong has been put right."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_may_work(found, by)
        if found.ended_at is not None:
            return found
        now, said = clock.now(), words(text)
        if not found.may_be_lifted_at(now):
            raise WrongState
        found.ended_at = now
        found.save()
        _end_suspension(found, by)
        write(found, Step.LIFTED, at=now, by=by.organisation, text=said)
        ledger.append("inquiry.lifted", found.subject, _told(found), at=now)
    return found


def settle(found: Inquiry, *, at: datetime) -> None:
    """Let the leads of an inquiry say what all inquiries over them have found."""
    for alert in Alert.objects.select_for_update(of=["self"]).filter(inquiries=found).order_by("pk"):
        states = set(alert.inquiries.values_list("status", flat=True))
        if states & set(Inquiry.DECIDED_IN):
            target = Alert.Status.CONFIRMED
        elif states & set(Inquiry.RUNNING):
            target = Alert.Status.IN_INQUIRY
        else:
            target = Alert.Status.REFUTED
        if alert.status != target:
            Alert.lifecycle.move(alert, target)
            alert.changed_at = at
            alert.save()


def _demand_possible(found: Inquiry, outcome: str, months: int | None, until: date | None, now: datetime) -> None:
    if outcome not in (Outcome.RECUSAL, Outcome.SUSPENSION, Outcome.REFERRAL):
        raise DomainError(_("请选择如何决定。"), code="outcome")
    if outcome != Outcome.REFERRAL and found.firm is None:
        raise DomainError(_("当事方不是中介服务机构，只能移送。"), code="outcome")
    if outcome == Outcome.RECUSAL and found.department is None:
        raise DomainError(_("这次核查没有审批部门，不能决定回避。"), code="outcome")
    if outcome == Outcome.SUSPENSION and months not in Inquiry.MONTHS:
        raise DomainError(_("请选择暂停 3、6 或 12 个月。"), code="months")
    if until is not None and until < now.astimezone(clock.LOCAL).date():
        raise DomainError(_("结束日期不能在今天之前。"), code="until")


def _except(found: Inquiry, *, at: datetime) -> None:
    """Exceptions over the body by which the path leads, so that another path of the same rule still counts."""
    if found.firm is None:
        return
    day = at.astimezone(clock.LOCAL).date()
    for alert in found.alerts.filter(rule__in=TIES, department__isnull=False).order_by("pk"):
        if alert.evidence.get("effect") == "kept_out":
            RuleException.objects.get_or_create(
                rule=alert.rule, firm=found.firm, department=alert.department, body=_body(alert, found),
                inquiry=found, defaults={"legal_basis": f"核查决定 {found.code}", "valid_from": day},
            )  # fmt: skip


def _body(alert: Alert, found: Inquiry) -> Organisation | None:
    path = alert.evidence.get("path") or []
    party = Party.objects.filter(pk=path[0]["head"]).select_related("organisation").first() if len(path) > 1 else None
    body = party.organisation if party is not None else None
    return None if body is None or body.pk == found.party_id else body


def _end_suspension(found: Inquiry, by: Membership) -> None:
    if found.suspension_id is not None:
        standing.end_suspension(suspension_id=found.suspension_id, reason=f"核查决定 {found.code} 已终止", by=by)


def _private_names(found: Inquiry) -> set[str]:
    """The names of natural persons that this inquiry knows of."""
    names = set(names_of_people([each.evidence for each in found.alerts.all()]).values())
    current = found.firm.current if found.firm is not None else None
    if current is not None:
        names |= {current.legal_representative, current.contact_name}
        names |= {each.name for each in current.practitioners.all()}
    if found.party.is_protected:
        names.add(found.party.name)
    return {name.strip() for name in names if len(name.strip()) >= 2}


def _told(found: Inquiry) -> dict[str, Any]:
    """What the log is told of a decision: about whom only once it is published, and of natural persons never."""
    hidden = found.party.is_protected or found.published_at is None
    data: dict[str, Any] = {
        "party": ledger.party(found.party.public_code, protected=hidden, subject=found.subject),
        "outcome": found.outcome,
    }
    if found.legal_basis:
        data["legal_basis"] = found.legal_basis
    if found.outcome == Outcome.RECUSAL and found.department is not None and not hidden:
        data["department"] = found.department.code
    if found.until is not None:
        data["until"] = canonical.timestamp(found.until)
    return data
