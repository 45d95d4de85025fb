"""A firm's admission (入驻): drafted, submitted, checked for form, on public notice, in force; each change a version."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership
from core import clock, worktime
from core.codes import Letter, next_code
from core.errors import Conflict, DomainError, NotAllowed
from ledger import domain as ledger
from market.domain import directory
from market.domain.search import search_text
from market.models import Admission, AdmissionPolicy, Firm, PractitionerRegistration

Status = Admission.Status
PENDING = (Status.DRAFT, Status.SUBMITTED, Status.NOTICE)
SECTIONS = ("offerings", "qualifications", "practitioners", "declarations")
COPIED = (
    "legal_representative", "address", "established_on", "registered_capital", "introduction", "contact_name",
    "contact_phone", "licence", "licence_sha256", "no_affiliation",
)  # fmt: skip


def subject(firm: Firm) -> str:
    """What the public log calls a firm. A sole trader is a person: its code enters blinded (PROTOCOL §1)."""
    return f"firm/{ledger.lasting_party(firm.uscc, protected=firm.organisation.is_protected)}"


def begin_admission(*, by: Membership) -> Admission:
    """The firm's draft of a new version, begun with the material in force; the pending one where there is one."""
    _demand_firm(by)
    with transaction.atomic():
        firm, _made = Firm.objects.get_or_create(organisation=by.organisation)
        firm = Firm.objects.select_for_update(of=["self"]).select_related("current").get(pk=firm.pk)
        pending = firm.admissions.filter(status__in=PENDING).first()
        if pending is not None:
            return pending
        last = firm.admissions.order_by("-number").first()
        source = last if last is not None and last.status == Status.REFUSED else firm.current
        draft = Admission(
            firm=firm,
            number=(last.number if last else 0) + 1,
            code=next_code(Letter.ADMISSION, at=clock.now()),
            status=Status.DRAFT,
        )
        if source is not None:
            for name in COPIED:
                setattr(draft, name, getattr(source, name))
        draft.save()
        if source is not None:
            _copy_sections(source, draft)
    return draft


def _copy_sections(source: Admission, draft: Admission) -> None:
    for section in SECTIONS:
        for row in getattr(source, section).all():
            row.pk, row.admission = None, draft
            row._state.adding = True
            row.save()


def editable_draft(*, by: Membership) -> Admission:
    """The firm's draft, locked. Raises DomainError where nothing is being drafted. Call it in a transaction."""
    _demand_firm(by)
    draft = (
        Admission.objects.select_for_update().filter(firm__organisation=by.organisation, status=Status.DRAFT).first()
    )
    if draft is None:
        raise DomainError(_("资料已经提交，不能再改；需要改的请先撤回。"), code="not_draft")
    return draft


def missing(admission: Admission) -> list[str]:
    """What an application still lacks, in the firm's words (DOMAIN "Firms")."""
    lacks = [
        (bool(admission.legal_representative), _("法定代表人")),
        (bool(admission.address), _("住所")),
        (bool(admission.contact_name and admission.contact_phone), _("授权联系人和联系电话")),
        (bool(admission.licence), _("营业执照扫描件")),
        (admission.offerings.exists(), _("至少一项服务承诺")),
        (admission.no_affiliation or admission.declarations.exists(), _("关联关系申报：逐项申报，或声明没有")),
        (all(each.scan for each in admission.qualifications.all()), _("每项资质的扫描件")),
    ]
    return [what for there, what in lacks if not there]


def submit_admission(*, by: Membership, undertaken: bool) -> Admission:
    """Hand the draft to the service centre; the undertaking (承诺书) is signed with it. Unchanged if it waits already.

    Raises DomainError where something is missing and Conflict where a practitioner is registered at another firm.
    """
    _demand_firm(by)
    with transaction.atomic():
        admission = (
            Admission.objects.select_for_update().filter(firm__organisation=by.organisation, status__in=PENDING).first()
        )
        if admission is None:
            raise DomainError(_("没有待提交的资料。"), code="not_draft")
        if admission.status != Status.DRAFT:
            return admission
        if not undertaken:
            raise DomainError(_("请先勾选承诺。"), code="undertaken")
        if lacks := missing(admission):
            raise DomainError(_("还缺：%(what)s。") % {"what": _("、").join(lacks)}, code="missing")
        demand_registered_nowhere_else(admission)
        now = clock.now()
        Admission.lifecycle.move(admission, Status.SUBMITTED)
        admission.submitted_at = admission.undertaken_at = now
        admission.check_due_at = worktime.add_working_days(now, policy_at(now).check_days)
        admission.save()
        ledger.append("admission.submitted", subject(admission.firm), {"version": admission.number}, at=now)
    return admission


def withdraw_admission(*, by: Membership) -> Admission | None:
    """Take back what is drafted or waits for its check; None where there is nothing."""
    _demand_firm(by)
    with transaction.atomic():
        mine = Admission.objects.select_for_update().filter(firm__organisation=by.organisation)
        admission = mine.filter(status__in=[Status.DRAFT, Status.SUBMITTED]).first()
        if admission is not None:
            was_submitted = admission.status == Status.SUBMITTED
            Admission.lifecycle.move(admission, Status.WITHDRAWN)
            admission.save()
            if was_submitted:
                ledger.append(
                    "admission.withdrawn", subject(admission.firm), {"version": admission.number}, at=clock.now()
                )
    return admission


def refuse_admission(*, admission_id: int, reason: str, by: Membership) -> Admission:
    """Say no, with the reason. Unchanged if it was refused before."""
    demand_operator(by)
    with transaction.atomic():
        admission = _locked(admission_id)
        if admission.status == Status.REFUSED:
            return admission
        if not reason.strip():
            raise DomainError(_("请写明理由。"), code="reason")
        now = clock.now()
        Admission.lifecycle.move(admission, Status.REFUSED)
        admission.reason, admission.checked_at, admission.checked_by = reason.strip(), now, by.user
        admission.save()
        about = subject(admission.firm)
        data = {"reason": ledger.blinded(admission.reason, subject=about), "version": admission.number}
        ledger.append("admission.refused", about, data, at=now)
    return admission


def publish_admission(*, admission_id: int, by: Membership) -> Admission:
    """Pass the form check and put the application on public notice. Unchanged if it is there already."""
    demand_operator(by)
    with transaction.atomic():
        admission = _locked(admission_id)
        if admission.status in (Status.NOTICE, Status.ACCEPTED):
            return admission
        demand_registered_nowhere_else(admission)
        now = clock.now()
        Admission.lifecycle.move(admission, Status.NOTICE)
        admission.checked_at, admission.checked_by, admission.notice_from = now, by.user, now
        admission.notice_until = _end_of_notice(now)
        admission.save()
        ledger.append("admission.noticed", subject(admission.firm), {"version": admission.number}, at=now)
        directory.changed()
    return admission


def accept_due_admissions(now: datetime | None = None) -> int:
    """Put every application into force whose notice has run out; safe to run by several workers at once."""
    moved = 0
    for pk in Admission.objects.notice_over(now=now or clock.now()).values_list("pk", flat=True)[:200]:
        with transaction.atomic():
            admission = (
                Admission.objects.select_for_update(skip_locked=True, of=["self"])
                .filter(pk=pk, status=Status.NOTICE)
                .first()
            )
            if admission is not None:
                accept_admission(admission, at=now or clock.now())
                moved += 1
    return moved


def accept_admission(admission: Admission, *, at: datetime) -> None:
    """Put a noticed version into force under its lock; refuse it where a practitioner has registered elsewhere meanwhile."""
    firm = Firm.objects.select_for_update(of=["self"]).select_related("organisation").get(pk=admission.firm_id)
    try:
        with transaction.atomic():
            _register_practitioners(admission, firm, at=at)
    except IntegrityError:
        Admission.lifecycle.move(admission, Status.REFUSED)
        admission.reason = _("执业人员在公示期间已登记在其他机构。")
        admission.save()
        ledger.append("admission.refused", subject(firm), {"version": admission.number}, at=at)
        return
    Admission.lifecycle.move(admission, Status.ACCEPTED)
    admission.accepted_at = at
    admission.save()
    firm.current, firm.status = admission, Firm.Status.LISTED
    firm.listed_at = firm.listed_at or at
    firm.delisted_at, firm.delisted_reason = None, ""
    firm.search = search_text(firm.organisation.public_name, firm.uscc)
    firm.save()
    ledger.append("admission.accepted", subject(firm), {"version": admission.number}, at=at)
    directory.changed()


def _register_practitioners(admission: Admission, firm: Firm, *, at: datetime) -> None:
    named = {bytes(each) for each in admission.practitioners.values_list("id_hash", flat=True)}
    running = {bytes(each.id_hash): each for each in firm.registrations.filter(until=None)}
    for id_hash in running.keys() - named:
        running[id_hash].until = at
        running[id_hash].save(update_fields=["until"])
    for id_hash in sorted(named - running.keys()):
        PractitionerRegistration.objects.create(id_hash=id_hash, firm=firm, since=at)


def demand_registered_nowhere_else(admission: Admission) -> None:
    """Raises Conflict where a named practitioner is registered at another firm (挂证), by certificate, never by name."""
    hashes = list(admission.practitioners.values_list("id_hash", flat=True))
    taken = PractitionerRegistration.objects.filter(id_hash__in=hashes, until=None).exclude(firm=admission.firm_id)
    elsewhere = {bytes(each) for each in taken.values_list("id_hash", flat=True)}
    if elsewhere:
        numbers = [
            each.certificate_number for each in admission.practitioners.all() if bytes(each.id_hash) in elsewhere
        ]
        message = _("执业人员只能登记在一家机构。下列证书的持有人已登记在其他机构：%(numbers)s。")
        raise Conflict(message % {"numbers": _("、").join(numbers)}, code="registered_elsewhere")


def policy_at(now: datetime) -> AdmissionPolicy:
    day = now.astimezone(clock.LOCAL).date()
    return AdmissionPolicy.objects.valid_at(day).order_by("-valid_from", "-id").first() or AdmissionPolicy(
        version="—", check_days=2, notice_days=5
    )


def _end_of_notice(now: datetime) -> datetime:
    policy = policy_at(now)
    if policy.notice_minutes is not None:
        return now + timedelta(minutes=policy.notice_minutes)
    return worktime.add_working_days(now, policy.notice_days)


def _locked(admission_id: int) -> Admission:
    rows: Any = Admission.objects.select_for_update(of=["self"]).select_related("firm__organisation")
    found: Admission = rows.get(pk=admission_id)
    return found


def _demand_firm(by: Membership) -> None:
    if by.organisation.kind != Kind.FIRM or by.role not in WRITERS:
        raise NotAllowed


def demand_operator(by: Membership) -> None:
    if by.organisation.kind != Kind.OPERATOR or by.role not in WRITERS:
        raise NotAllowed
