"""The life of an inquiry up to the decision: leads triaged, one opened, assigned, evidence frozen, the party heard.

`Inquiry.lifecycle` says which step may follow which; `oversight.domain.decisions` has what comes after the hearing. The log has
the digest of frozen evidence and decisions; leads, notices and statements are nobody's business yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership, Organisation, User
from approvals.models import Department
from core import clock, codes
from core.errors import DomainError, NotAllowed, NotDue, WrongState
from core.uploads import sha256_of
from ledger import domain as ledger
from market.models import Firm
from oversight.domain import live
from oversight.domain.access import demand_free, demand_regulator, reason_of, tied_to
from oversight.domain.freezing import evidence_of
from oversight.models import Abstention, Alert, FrozenEvidence, Inquiry, InquiryEvent, InquiryFile
from ratings.domain.access import words
from ratings.models import ConductPolicy

Status = Inquiry.Status
Step = InquiryEvent.Kind
MOST_FILES = 5


def dismiss(*, alert_id: int, reason: str, by: Membership) -> Alert:
    """Decide that a lead is not worth an inquiry, and why (排除). Unchanged if it was dismissed before."""
    with transaction.atomic():
        demand_regulator(by)
        found = Alert.objects.select_for_update(of=["self"]).get(pk=alert_id)
        demand_free(by, parties_of([found]))
        if found.status == Alert.Status.DISMISSED:
            return found
        said, now = reason_of(reason, code="reason"), clock.now()
        Alert.lifecycle.move(found, Alert.Status.DISMISSED)
        found.dismissed_at, found.dismissed_by, found.dismissed_reason, found.changed_at = now, by, said, now
        found.save()
        tell()
    return found


def open_inquiry(
    *, alert_ids: Collection[int], party: Organisation, department: Department | None, text: str, by: Membership
) -> Inquiry:
    """Look into some leads about one party (立案核查); who opens is assigned at first.

    The inquiry that runs about this party over one of these leads where there is one. Raises DomainError where a lead is not
    about the party, WrongState where one was dismissed.
    """
    with transaction.atomic():
        demand_regulator(by)
        alerts = list(Alert.objects.select_for_update(of=["self"]).filter(pk__in=alert_ids).order_by("pk"))
        if not alerts or any(party.pk not in parties_of([each]) for each in alerts):
            raise DomainError(_("线索与当事方无关。"), code="party")
        demand_free(by, [*parties_of(alerts), party.pk])
        running = Inquiry.objects.filter(party=party, alerts__in=alerts, status__in=Inquiry.RUNNING).first()
        if running is not None:
            return running
        now = clock.now()
        for each in alerts:
            if each.status != Alert.Status.IN_INQUIRY:
                Alert.lifecycle.move(each, Alert.Status.IN_INQUIRY)
        found = Inquiry.objects.create(
            code=codes.next_code(codes.Letter.INQUIRY, at=now),
            party=party,
            firm=Firm.objects.filter(organisation=party).first(),
            department=department,
            assigned_to=by,
            opened_at=now,
        )
        found.alerts.set(alerts)
        Alert.objects.filter(pk__in=[each.pk for each in alerts]).update(status=Alert.Status.IN_INQUIRY, changed_at=now)
        write(found, Step.OPENED, at=now, by=by.organisation, text=words(text, required=False))
        tell()
    return found


def assign(*, inquiry_id: int, to: Membership, by: Membership) -> Inquiry:
    """Put somebody of the same regulator in charge (指定承办人), who must be free of ties. Unchanged where it is the same."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_may_work(found, by)
        if found.assigned_to_id == to.pk:
            return found
        if to.organisation_id != by.organisation_id or to.role not in WRITERS:
            raise DomainError(_("承办人须是本机构的经办人员。"), code="to")
        if concerned(found) & tied_to(to.user):
            raise DomainError(_("这位工作人员与当事方有利害关系，应当回避。"), code="to")
        if found.status in (Status.CLOSED, Status.REVOKED):
            raise WrongState
        found.assigned_to = to
        found.save()
        write(found, Step.ASSIGNED, at=clock.now(), by=by.organisation)
    return found


def note(*, inquiry_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Inquiry:
    """Write down what was found out (工作记录); the party does not read it."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_may_work(found, by)
        write(found, Step.NOTED, at=clock.now(), by=by.organisation, text=words(text), files=files)
    return found


def freeze(*, inquiry_id: int, by: Membership) -> FrozenEvidence:
    """Keep what the leads say now, and its SHA-256 in the log (固定证据). What is kept already where nothing has changed."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_in_charge(found, by)
        if found.status not in Inquiry.RUNNING:
            raise WrongState
        last = found.frozen.order_by("-number").first()
        if last is not None and evidence_of(found, at=last.at) == last.content:
            return last
        now = clock.now()
        content = evidence_of(found, at=now)
        digest = hashlib.sha256(content.encode()).hexdigest()
        made = FrozenEvidence.objects.create(
            inquiry=found, number=last.number + 1 if last else 1, at=now, content=content, sha256=digest
        )
        write(found, Step.FROZEN, at=now, by=by.organisation, text=digest)
        data = {"number": made.number, "sha256": digest}
        ledger.append("inquiry.evidence", found.subject, data, at=now)
    return made


def notice(*, inquiry_id: int, text: str, by: Membership) -> Inquiry:
    """Tell the party what is held against it, and by when it may say something (告知). Needs frozen evidence."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_in_charge(found, by)
        if found.noticed_at is not None:
            return found
        if not found.frozen.exists():
            raise WrongState(_("请先固定证据，再告知当事方。"))
        now, policy = clock.now(), ConductPolicy.in_force(clock.now())
        Inquiry.lifecycle.move(found, Status.NOTICED)
        found.noticed_at, found.state_until = now, policy.end_of(policy.state, since=now)
        found.save()
        write(found, Step.NOTICED, at=now, by=by.organisation, text=words(text))
    return found


def state(*, inquiry_id: int, text: str, files: Sequence[File[bytes]], by: Membership) -> Inquiry:
    """The party's statement (陈述申辩), once and within its term. Unchanged if it was made; raises NotDue too late."""
    with transaction.atomic():
        found = held(inquiry_id)
        demand_party(found, by)
        if found.stated_at is not None:
            return found
        now = clock.now()
        if found.status == Status.NOTICED and not found.may_be_stated_at(now):
            raise NotDue(_("已过陈述申辩期限。"))
        Inquiry.lifecycle.move(found, Status.HEARD)
        found.stated_at = now
        found.save()
        write(found, Step.STATED, at=now, by=by.organisation, text=words(text), files=files)
    return found


def abstain(*, organisation: Organisation, reason: str, by: Membership) -> Abstention:
    """Declare an interest in an organisation (回避声明): from now on the person has nothing to do with what concerns it."""
    with transaction.atomic():
        demand_regulator(by)
        User.objects.select_for_update(no_key=True).get(pk=by.user_id)
        known = Abstention.objects.filter(user=by.user, organisation=organisation).first()
        if known is not None:
            return known
        said = reason_of(reason)
        return Abstention.objects.create(user=by.user, organisation=organisation, reason=said, at=clock.now())


def parties_of(alerts: Collection[Alert]) -> set[int]:
    """The organisations that some leads are about: firms and owners."""
    firms = Alert.firms.through.objects.filter(alert__in=alerts)
    return {*firms.values_list("firm__organisation", flat=True), *(each.owner_id for each in alerts if each.owner_id)}


def concerned(found: Inquiry) -> set[int]:
    """The organisations that an inquiry concerns: its party, and whoever else its leads are about."""
    return {found.party_id, *parties_of(list(found.alerts.all()))}


def held(inquiry_id: int) -> Inquiry:
    """An inquiry under its lock."""
    rows = Inquiry.objects.select_for_update(of=["self"])
    return rows.select_related("party", "firm__organisation", "department", "assigned_to").get(pk=inquiry_id)


def demand_may_work(found: Inquiry, by: Membership) -> None:
    demand_regulator(by)
    demand_free(by, concerned(found))


def demand_in_charge(found: Inquiry, by: Membership) -> None:
    """Raise NotAllowed for anybody but the person who is assigned."""
    demand_may_work(found, by)
    if found.assigned_to_id != by.pk:
        raise NotAllowed(_("这一步由承办人办理。"))


def demand_party(found: Inquiry, by: Membership) -> None:
    if by.organisation_id != found.party_id or by.role not in WRITERS or found.noticed_at is None:
        raise NotAllowed
    if by.organisation.kind == Kind.REGULATOR:
        raise NotAllowed


def write(
    found: Inquiry, step: Step, *, at: datetime, by: Organisation | None, text: str = "",
    files: Sequence[File[bytes]] = (),
) -> None:  # fmt: skip
    """A step in the history, with its files: under names of ours, what people call a file stays out of the storage."""
    if len(files) > MOST_FILES:
        raise DomainError(_("最多 %(most)d 个文件。") % {"most": MOST_FILES}, code="evidence")
    event = InquiryEvent.objects.create(
        inquiry=found, number=found.events.count() + 1, kind=step, at=at, by=by, words=text
    )
    for number, file in enumerate(files, start=1):
        file.name = f"{found.code}-{event.number}-{number}.{(file.name or '').rpartition('.')[2]}"
        InquiryFile.objects.create(event=event, number=number, file=file, sha256=sha256_of(file))


def tell() -> None:
    """Tell the regulators' desks at the end of the transaction."""
    transaction.on_commit(partial(live.changed, live.ALERTS))
