"""As whom a demonstration signs in: memorable names, one password, secrets of second factors, in a private file."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import Kind, Membership, Role, User
from bidding.models import Expert
from portal.seed.city import City
from portal.seed.firms import Guild
from portal.seed.owners import Owners

FILE = "demo-accounts.json"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One line of the file."""

    role: str
    login: str
    password: str
    totp_secret: str | None
    note: str


def build_accounts(city: City, guild: Guild, owners: Owners, *, password: str) -> list[Account]:
    """Rename the people whom a demonstration plays and give second factors to those who need one."""
    return [
        _account(membership, role=role, login=login, note=note, password=password)
        for membership, role, login, note in _cast(city, guild, owners)
    ]


def _cast(city: City, guild: Guild, owners: Owners) -> Iterator[tuple[Membership, str, str, str]]:
    yield city.member(owners.companies[0]), "项目业主", "owner", "企业，社会资金"
    yield city.member(owners.institutions[0]), "项目业主", "owner2", "事业单位，财政资金"
    yield city.member(owners.persons[0]), "自然人业主", "person", "个人"
    for number, (firm, letter) in enumerate(zip(guild.players, "abc", strict=True)):
        note = "测绘，可报名“竣工规划测绘”和“土地勘测定界”的公告" if number == 0 else "同上"
        yield city.member(firm.organisation), "中介机构", f"firm-{letter}", note
    yield city.member(guild.tied.organisation), "中介机构", "tied", "与自然资源部门下属单位有股权关联，会被排除"
    yield city.member(guild.applicant), "中介机构", "applicant", "尚未入驻，可填写申请"
    yield city.member(city.operator), "服务中心", "operator", "审核公告与入驻"
    yield city.member(city.regulator), "监管部门", "regulator", "查看"
    yield city.member(city.department("environment", "330212").organisation), "审批部门", "department", ""
    yield owners.both, "两家业主", "both", "可切换身份"


def _account(membership: Membership, *, role: str, login: str, note: str, password: str) -> Account:
    user = membership.user
    user.username = login
    user.save(update_fields=["username"])
    secret = None
    if membership.organisation.kind in (Kind.OPERATOR, Kind.REGULATOR):
        secret = secrets.token_hex(20)
        TOTPDevice.objects.create(user=user, name="demo", key=secret, confirmed=True)
    return Account(role=role, login=login, password=password, totp_secret=secret, note=note)


def build_judges(judges: Sequence[Expert], *, password: str) -> list[Account]:
    """The experts of the rounds that a demonstration plays; they act as persons, for no organisation."""
    made = []
    for judge, letter in zip(judges, "abcde", strict=True):
        judge.user.username = f"expert-{letter}"
        judge.user.save(update_fields=["username"])
        made.append(
            Account(
                role="评审专家", login=judge.user.username, password=password, totp_secret=None,
                note="“综合评分”的测绘类比选从这几位里抽" if letter == "a" else "同上",
            )
        )  # fmt: skip
    return made


def build_administrator(city: City, *, password: str) -> Account:
    """Who edits holidays, policies and other dated data in the administration."""
    user = User.objects.create(
        username="admin", name=city.names.person(), password=city.password, is_staff=True, is_superuser=True
    )
    membership = Membership.objects.create(
        user=user, organisation=city.operator, role=Role.VIEWER, active_from=city.since
    )
    return _account(membership, role="系统管理", login="admin", note="/admin/", password=password)


def write_accounts(accounts: list[Account], folder: Path) -> None:
    """Write the file for nobody's eyes but the owner's of the data folder; a half-written one never appears."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([asdict(account) for account in accounts], file, ensure_ascii=False, indent=1)
    fresh.replace(folder / FILE)
