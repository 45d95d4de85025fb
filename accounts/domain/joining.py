"""Joining the platform, and who belongs to an organisation."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Kind, Membership, Organisation, Role, User, normalise_username
from core import clock
from core.codes import Letter, next_code
from core.errors import Conflict, DomainError, NotAllowed
from core.identifiers import normalise_uscc

SIGN_UP_KINDS = (Kind.OWNER, Kind.FIRM, Kind.PERSON)


def sign_up(
    *,
    kind: Kind,
    organisation_name: str,
    uscc: str,
    username: str,
    password: str,
    name: str,
    phone: str,
    id_number: str,
) -> Membership:
    """Open an account and its organisation, whose administrator it becomes. All or nothing.

    A natural person gets a code in place of a name and a USCC. Raises Conflict for a sign-in name, a USCC or an identity
    number that is here already, DomainError for a kind that cannot sign itself up.
    """
    if kind not in SIGN_UP_KINDS:
        raise DomainError(_("这类机构由平台开通，不能自行注册。"))
    try:
        with transaction.atomic():
            _demand_new(username=username, uscc=uscc, id_number=id_number)
            now = clock.now()
            user = User.objects.create_user(username, password, name=name, phone=phone, id_number=id_number)
            organisation = Organisation.objects.create(
                kind=kind,
                name=name if kind == Kind.PERSON else organisation_name,
                uscc=None if kind == Kind.PERSON else normalise_uscc(uscc),
                code=next_code(Letter.PERSON, at=now) if kind == Kind.PERSON else None,
                contact_name=name,
                contact_phone=phone,
            )
            return Membership.objects.create(user=user, organisation=organisation, role=Role.ADMIN, active_from=now)
    except IntegrityError as race:
        raise Conflict(_("登录名或机构刚刚被注册，请换一个登录名，或直接登录。")) from race


def _demand_new(*, username: str, uscc: str, id_number: str) -> None:
    if User.objects.filter(username=normalise_username(username)).exists():
        raise Conflict(_("这个登录名已经有人用了，请换一个。"), code="username")
    if uscc and Organisation.objects.filter(uscc=normalise_uscc(uscc)).exists():
        raise Conflict(_("这家机构已经注册。请让本机构的管理员把您加为成员。"), code="uscc")
    if id_number and User.objects.with_id_number(id_number).exists():
        raise Conflict(_("这个身份证号码已经注册，请直接登录；忘记密码请联系服务中心。"), code="id_number")


def add_member(*, by: Membership, username: str, role: str) -> Membership:
    """Let an existing user act for the administrator's organisation; again after an end, it runs anew."""
    with transaction.atomic():
        _demand_admin(by)
        user = User.objects.filter(username=normalise_username(username), is_active=True).first()
        if user is None:
            raise DomainError(_("没有这个登录名。请对方先注册，再把登录名告诉您。"), code="username")
        now = clock.now()
        membership, made = Membership.objects.select_for_update().get_or_create(
            user=user, organisation=by.organisation, defaults={"role": role, "active_from": now, "added_by": by.user}
        )
        if not made:
            if membership.pk == by.pk:
                raise DomainError(_("不能更改自己的职责。"), code="username")
            membership.role, membership.active_until, membership.added_by = role, None, by.user
            membership.save()
    return membership


def end_membership(*, by: Membership, membership_id: int) -> Membership:
    """End somebody's membership from now on. An organisation keeps at least one administrator."""
    with transaction.atomic():
        _demand_admin(by)
        members = Membership.objects.select_for_update().filter(organisation=by.organisation)
        membership = members.filter(pk=membership_id).first()
        if membership is None:
            raise NotAllowed
        now = clock.now()
        if membership.active_until is None or membership.active_until > now:
            if membership.role == Role.ADMIN and not _other_admin(by.organisation, membership, at=now):
                raise DomainError(_("至少要有一名管理员，请先指定另一名。"))
            membership.active_until = max(now, membership.active_from)
            membership.save()
    return membership


def _other_admin(organisation: Organisation, leaving: Membership, *, at: datetime) -> bool:
    running = Membership.objects.active(at=at).filter(organisation=organisation, role=Role.ADMIN)
    return bool(running.exclude(pk=leaving.pk).exists())


def _demand_admin(by: Membership) -> None:
    if by.role != Role.ADMIN:
        raise NotAllowed
