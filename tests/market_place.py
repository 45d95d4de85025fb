"""A small market for tests: one district, department, item and service, with owners and firms by the handful."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Kind, Membership, Organisation, Role, User
from approvals.models import ApprovalItem, Department, District, Function, ItemVersion
from bidding.domain import due, entries, rounds
from bidding.models import Policy, Round
from core import clock
from core.codes import Letter, next_code
from core.identifiers import generate_uscc
from market.models import (
    Admission,
    Firm,
    Need,
    Offering,
    Project,
    Qualification,
    QualificationKind,
    RequiredQualification,
    Service,
    ServiceVersion,
)
from protocol.envelope import File
from protocol.seal import Sealed, seal_bid
from tests import custody

_numbers = itertools.count(1)
_rng = random.Random(20171)
FIRST_DAY = date(2017, 1, 1)


def user(**fields: Any) -> User:
    fields.setdefault("username", f"user{next(_numbers)}")
    fields.setdefault("name", "测试用户")
    return User.objects.create_user(**fields)


def member_of(organisation: Organisation, *, role: str = Role.HANDLER) -> Membership:
    return Membership.objects.create(user=user(), organisation=organisation, role=role)


def organisation(kind: str, **fields: Any) -> Organisation:
    if kind == Kind.PERSON:
        fields.setdefault("code", f"Z20260101{next(_numbers):04d}")
    else:
        fields.setdefault("uscc", generate_uscc(_rng))
    fields.setdefault("name", f"甬测试{kind}{next(_numbers)}")
    return Organisation.objects.create(kind=kind, **fields)


def staff() -> Client:
    """A signed-in keeper of the catalogue, second factor included."""
    keeper, client = user(is_staff=True, is_superuser=True), Client()
    client.force_login(keeper, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.create(user=keeper, name="x").persistent_id
    session.save()
    return client


@dataclass(frozen=True, kw_only=True)
class Place:
    """The market that a test plays in, with one member each of an owner and of the service centre."""

    district: District
    department: Department
    item: ApprovalItem
    service: Service
    kind: QualificationKind
    policy: Policy
    owner: Membership
    operator: Membership


def place(*, unit: str = Policy.Unit.MINUTES, **policy: Any) -> Place:
    number = next(_numbers)
    district = District.objects.create(
        code=f"98{number % 10_000:04d}",
        name=f"测试区{number}",
        name_en="Test",
        short="测试",
        kind=District.Kind.MUNICIPAL,
    )
    function = Function.objects.create(code=f"function{number}", name="生态环境", name_en="Environment")
    department = Department.objects.create(
        organisation=organisation(Kind.DEPARTMENT), code=f"D{number}", district=district
    )
    department.functions.add(function)
    item = ApprovalItem.objects.create(code=f"I{number}", name="环评审批", name_en="EIA approval")
    ItemVersion.objects.create(item=item, legal_basis="测试依据", statutory_days=30).functions.add(function)
    service = Service.objects.create(code=f"T{number}", name="环境影响评价", name_en="EIA report")
    version = ServiceVersion.objects.create(
        service=service, necessity=ServiceVersion.Necessity.MANDATORY, legal_basis="测试依据", requirement="—"
    )
    version.items.add(item)
    kind = QualificationKind.objects.create(
        code=f"kind{number}", name="测试资质", name_en="Test", levels=["甲级", "乙级", "丙级"]
    )
    terms = {"notice_minimum": 2, "candidate_notice": 1, "minimum_public": 3, "minimum_private": 1, **policy}
    return Place(
        district=district,
        department=department,
        item=item,
        service=service,
        kind=kind,
        policy=Policy.objects.create(
            version=f"test{number}", unit=unit, legal_basis="测试", valid_from=timezone.localdate(), **terms
        ),
        owner=member_of(organisation(Kind.OWNER)),
        operator=member_of(organisation(Kind.OPERATOR)),
    )


def need(where: Place, *, requires: str | None = None, funding: str = Project.Funding.PRIVATE, **fields: Any) -> Need:
    """A need of the place's owner; `requires` is the lowest level of the place's qualification, if any is asked for."""
    now = clock.now()
    project = Project.objects.create(
        owner=where.owner.organisation,
        code=next_code(Letter.PROJECT, at=now),
        name="测试项目",
        district=where.district,
        address="测试路 1 号",
        funding=funding,
    )
    fields.setdefault("title", "某项目环境影响评价")
    fields.setdefault("budget", Decimal("60000.00"))
    made = Need.objects.create(
        project=project,
        code=next_code(Letter.NEED, at=now),
        service=where.service,
        item=where.item,
        department=where.department,
        requirement="编制报告书",
        **fields,
    )
    if requires is not None:
        RequiredQualification.objects.create(need=made, kind=where.kind, level=requires)
    return made


def firm(where: Place, *, level: str | None = None, valid_to: date | None = None, offers: bool = True) -> Firm:
    """A listed firm that offers the place's service, with the place's qualification at `level` when one is given."""
    now = clock.now()
    made = Firm.objects.create(organisation=organisation(Kind.FIRM))
    admission = Admission.objects.create(
        firm=made,
        number=1,
        code=next_code(Letter.ADMISSION, at=now),
        status=Admission.Status.ACCEPTED,
        submitted_at=now,
        check_due_at=now,
        accepted_at=now,
        no_affiliation=True,
    )
    if offers:
        Offering.objects.create(admission=admission, service=where.service, promised_days=20)
    if level is not None:
        Qualification.objects.create(
            admission=admission,
            kind=where.kind,
            level=level,
            number=f"Q{next(_numbers)}",
            issuer="测试机关",
            valid_from=FIRST_DAY,
            valid_to=valid_to,
        )
    made.status, made.current, made.listed_at = Firm.Status.LISTED, admission, now
    made.save()
    return made


LOWEST = {"upper": "60000.00"}
DRAW = {"price": "48000.00"}
CREDIT = {"price": "48000.00", "long_list": "4", "short_list": "2"}


def submitted(where: Place, *, method: str = "lowest", of: Need | None = None, **terms: Any) -> Round:
    parameters = terms.pop("parameters", LOWEST if method == "lowest" else DRAW)
    lots, named = terms.pop("lots", None), terms.pop("named", None)
    consortium_most = terms.pop("consortium_most", None)
    drafted = rounds.draft_round(need=of or need(where, **terms), by=where.owner)
    rounds.edit_round(
        round_id=drafted.pk,
        method=method,
        parameters=parameters,
        notice_length=where.policy.notice_minimum,
        by=where.owner,
        lots=lots,
        named=named,
        consortium_most=consortium_most,
    )
    return rounds.submit_round(round_id=drafted.pk, by=where.owner)


def announced(where: Place, *, method: str = "lowest", **terms: Any) -> Round:
    custody.fill_stock()
    return rounds.announce_round(round_id=submitted(where, method=method, **terms).pk, by=where.operator)


def sealed(
    round_: Round,
    who: Firm,
    amount: str | None = None,
    *,
    nonce: str | None = None,
    days: int | None = None,
    files: Sequence[File] = (),
    lot: str = "1",
) -> Sealed:
    """A bid as a firm's browser seals it."""
    return seal_bid(
        round=round_.code,
        lot=lot,
        uscc=who.uscc,
        platform=round_.platform_public,
        custodian=round_.custodian_public,
        amount=Decimal(amount) if amount else None,
        days=days,
        nonce=nonce,
        files=files,
    )


_tokens: dict[tuple[int, int, str], str] = {}


def token_of(round_: Round, who: Firm, *, lot: str = "1") -> str:
    """The token that a firm of `enters` kept last."""
    return _tokens.get((round_.pk, who.pk, lot), "")


def enters(
    round_: Round,
    who: Firm,
    amount: str | None = None,
    *,
    nonce: str | None = None,
    files: Sequence[File] = (),
    lot: str = "1",
) -> entries.Receipt:
    """A firm seals and submits, or replaces what it submitted before with the token that it kept."""
    bid = sealed(round_, who, amount, nonce=nonce, files=files, lot=lot)
    receipt = entries.submit_envelope(
        round_id=round_.pk,
        firm=who,
        user=member_of(who.organisation).user,
        sealed=bid.envelope,
        token_sha256=bid.token_sha256,
        token=token_of(round_, who, lot=lot),
        lot=lot,
    )
    _tokens[round_.pk, who.pk, lot] = bid.token
    return receipt


def pass_deadline(round_: Round) -> datetime:
    """Move a witnessed announcement into the past, so that the database clock is at the deadline; give that moment."""
    custody.attend()
    now = clock.now()
    Round.objects.filter(pk=round_.pk).update(announced_at=now - timedelta(minutes=5), closes_at=now)
    return clock.now()


def closed_and_evaluated(round_: Round) -> Round:
    """Past its deadline, and as far as it goes without the end of the candidate's notice."""
    move_on(pass_deadline(round_))
    return Round.objects.get(pk=round_.pk)


def move_on(now: datetime | None = None) -> None:
    """Beat, the sequencer, the custodian and beat again."""
    due.move_due_rounds(now)
    custody.attend(deadlines_passed=True)
    due.move_due_rounds(now)


def lived(where: Place, *, method: str = "lowest", amounts: Sequence[str | None] = (), **terms: Any) -> Round:
    """A round that has been lived through in its own time, up to the candidate: what the log says of it is what was."""
    start = clock.now() - timedelta(minutes=30)
    with clock.travelling(start):
        round_ = announced(where, method=method, **terms)
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for amount in amounts:
            enters(round_, firm(where), amount)
    assert round_.closes_at is not None
    goes_on(round_, at=round_.closes_at)
    return Round.objects.get(pk=round_.pk)


def goes_on(round_: Round, *, at: datetime) -> None:
    """Beat, the sequencer and the custodian, until nothing more is due at that moment."""
    for seconds in range(3):
        with clock.travelling(at + timedelta(seconds=seconds)):
            due.move_due_rounds(clock.now())
            custody.attend()
