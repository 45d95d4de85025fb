"""The city's firms: admitted, on their way, suspended and gone, with qualifications, people and declared ties."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import segno
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import Kind, Organisation
from core import clock
from core.codes import Letter, next_code
from ledger import domain as ledger
from market.domain import admission as admissions
from market.domain import standing
from market.domain.search import search_text
from market.forms.admission import id_hash_of
from market.models import (
    Admission,
    Firm,
    Offering,
    Practitioner,
    PractitionerRegistration,
    Qualification,
    QualificationKind,
    Service,
)
from portal.seed.city import MUNICIPAL, City
from portal.seed.ties import declare_ties

Status = Admission.Status


@dataclass(frozen=True, kw_only=True)
class Trade:
    """What firms of one trade are called, offer and hold; `weight` is their share of the city's firms."""

    suffix: str
    services: tuple[str, ...]
    weight: int
    kinds: tuple[str, ...] = ()
    certificate: str = "注册咨询工程师"
    price: int = 60_000


TRADES = (
    Trade(suffix="环境科技", services=("S005", "S006", "S010", "S004"), weight=13, certificate="环境影响评价工程师"),
    Trade(suffix="水利咨询", services=("S006", "S010", "S011", "S033"), weight=11, certificate="注册水利工程师"),
    Trade(
        suffix="测绘信息",
        services=("S024", "S025", "S026"),
        kinds=("mapping",),
        weight=14,
        certificate="注册测绘师",
        price=40_000,
    ),
    Trade(
        suffix="建筑设计",
        services=("S003", "S016"),
        kinds=("design",),
        weight=9,
        certificate="注册建筑师",
        price=300_000,
    ),
    Trade(
        suffix="岩土勘察",
        services=("S015", "S008"),
        kinds=("survey", "geohazard"),
        weight=8,
        certificate="注册土木工程师",
    ),
    Trade(suffix="工程咨询", services=("S001", "S002", "S004", "S007"), kinds=("consulting",), weight=12),
    Trade(
        suffix="安全技术",
        services=("S022", "S023"),
        kinds=("safety", "occupational-health"),
        weight=9,
        certificate="注册安全工程师",
    ),
    Trade(
        suffix="工程监理",
        services=("S030",),
        kinds=("supervision",),
        weight=8,
        certificate="注册监理工程师",
        price=400_000,
    ),
    Trade(
        suffix="防雷检测",
        services=("S020",),
        kinds=("lightning",),
        weight=7,
        certificate="雷电防护检测能力证书",
        price=20_000,
    ),
    Trade(suffix="消防检测", services=("S019",), weight=7, certificate="注册消防工程师", price=30_000),
    Trade(suffix="海洋工程咨询", services=("S012", "S013"), weight=6, certificate="注册海洋工程师", price=150_000),
    Trade(suffix="土地房地产评估", services=("S031",), kinds=("valuation",), weight=6, certificate="资产评估师"),
    Trade(
        suffix="工程质量检测",
        services=("S034",),
        kinds=("quality-testing",),
        weight=6,
        certificate="检测人员资格",
        price=80_000,
    ),
    Trade(suffix="交通规划", services=("S014", "S013"), weight=5, certificate="注册规划师", price=90_000),
    Trade(suffix="林业规划", services=("S027", "S006"), weight=4, certificate="林业工程师"),
    Trade(suffix="施工图审查", services=("S017",), kinds=("drawing-review",), weight=3, certificate="施工图审查人员"),
    Trade(suffix="文物勘探", services=("S032",), kinds=("archaeology",), weight=2, certificate="考古领队"),
)
SURVEYORS = next(trade for trade in TRADES if "S025" in trade.services)
ISSUERS = {"mapping": "浙江省自然资源厅", "lightning": "浙江省气象局", "safety": "浙江省应急管理厅"}


@dataclass(kw_only=True)
class Guild:
    """The firms that were made: by service, and those that a demonstration signs in as."""

    firms: list[Firm] = field(default_factory=list)
    offering: dict[str, list[Firm]] = field(default_factory=lambda: defaultdict(list))
    players: list[Firm] = field(default_factory=list)
    tied: Firm = field(init=False)
    applicant: Organisation = field(init=False)


@dataclass(kw_only=True)
class Draft:
    """One firm before it is written."""

    trade: Trade
    organisation: Organisation
    since: datetime
    lapsed: bool = False


def build_firms(city: City, *, count: int) -> Guild:
    """`count` listed firms, some of them tied, suspended, lapsed or delisted, and some on their way to the list."""
    guild = Guild()
    drafts = _drafts(city, count=count)
    _write(city, guild, drafts)
    declare_ties(city, guild.firms, tied=guild.tied)
    _standing(city, guild)
    _on_their_way(city, guild)
    return guild


def _drafts(city: City, *, count: int) -> list[Draft]:
    rng = city.rng
    trades = [SURVEYORS] * 4 + rng.choices(TRADES, weights=[trade.weight for trade in TRADES], k=count - 4)
    organisations = _organisations(city, trades)
    now = clock.now()
    moments = sorted(now - timedelta(days=rng.randrange(120, 3_200), minutes=rng.randrange(600)) for _each in trades)
    return [
        Draft(trade=trade, organisation=organisation, since=max(since, city.since), lapsed=number % 24 == 23)
        for number, (trade, organisation, since) in enumerate(zip(trades, organisations, moments, strict=True))
    ]


def _organisations(city: City, trades: Sequence[Trade]) -> list[Organisation]:
    rng, districts = city.rng, [each for each in city.districts.values() if each.code != MUNICIPAL]
    planned = []
    for trade in trades:
        district = rng.choice(districts)
        planned.append(
            Organisation(
                kind=Kind.FIRM,
                name=f"宁波{city.names.brand()}{trade.suffix}有限公司",
                uscc=city.names.uscc(prefix="91", division=district.code),
                address=city.names.address(district.name),
            )
        )
    made = Organisation.objects.bulk_create(planned)
    city.employ(made)
    return made


def _write(city: City, guild: Guild, drafts: list[Draft]) -> None:
    guild.firms = Firm.objects.bulk_create(
        Firm(organisation=draft.organisation, search=search_text(draft.organisation.name, draft.organisation.uscc))
        for draft in drafts
    )
    accepted = Admission.objects.bulk_create(
        _admission(city, firm, draft) for firm, draft in zip(guild.firms, drafts, strict=True)
    )
    for firm, admission, draft in zip(guild.firms, accepted, drafts, strict=True):
        firm.current, firm.status, firm.listed_at = admission, Firm.Status.LISTED, admission.accepted_at
        for code in draft.trade.services:
            guild.offering[code].append(firm)
        ledger.append("admission.accepted", admissions.subject(firm), {"version": 1}, at=draft.since)
    Firm.objects.bulk_update(guild.firms, ["current", "status", "listed_at"])
    _sections(city, accepted, drafts)
    guild.players, guild.tied = guild.firms[:3], guild.firms[3]


def _admission(city: City, firm: Firm, draft: Draft) -> Admission:
    name, digest = scan_of(f"{firm.uscc} 营业执照")
    return Admission(
        firm=firm,
        number=1,
        code=next_code(Letter.ADMISSION, at=draft.since),
        status=Status.ACCEPTED,
        legal_representative=city.names.person(),
        address=draft.organisation.address,
        established_on=(draft.since - timedelta(days=city.rng.randrange(400, 6_000))).date(),
        registered_capital=Decimal(city.rng.choice((100, 200, 300, 500, 1_000, 2_000)) * 10_000),
        introduction=f"主要从事{draft.trade.suffix}及相关技术服务。（演示数据，名称为虚构）",
        contact_name=city.names.person(),
        contact_phone=city.names.phone(),
        licence=name,
        licence_sha256=digest,
        no_affiliation=True,
        undertaken_at=draft.since,
        submitted_at=draft.since,
        check_due_at=draft.since + timedelta(days=4),
        checked_at=draft.since,
        notice_from=draft.since,
        notice_until=draft.since,
        accepted_at=draft.since,
    )


def scan_of(text: str) -> tuple[str, str]:
    """A picture in the place of a scan, with the text as a QR code: its name in the storage and its SHA-256."""
    picture = io.BytesIO()
    segno.make(f"演示 {text}", error="m").save(picture, kind="png", scale=6, border=4)
    content = picture.getvalue()
    digest = sha256(content).hexdigest()
    name = f"demo/{digest[:32]}.png"
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content)), digest


def _sections(city: City, accepted: list[Admission], drafts: list[Draft]) -> None:
    services = {service.code: service for service in Service.objects.all()}
    kinds = {kind.code: kind for kind in QualificationKind.objects.all()}
    pairs = list(zip(accepted, drafts, strict=True))
    Offering.objects.bulk_create(
        offering for admission, draft in pairs for offering in offerings(city, admission, draft.trade, services)
    )
    Qualification.objects.bulk_create(
        held for admission, draft in pairs for held in qualifications(city, admission, draft.trade, kinds, draft.lapsed)
    )
    people = Practitioner.objects.bulk_create(
        person for admission, draft in pairs for person in practitioners(city, admission, draft.trade)
    )
    since = {admission.pk: draft.since for admission, draft in pairs}
    PractitionerRegistration.objects.bulk_create(
        PractitionerRegistration(id_hash=each.id_hash, firm=each.admission.firm, since=since[each.admission_id])
        for each in people
    )


def offerings(city: City, admission: Admission, trade: Trade, services: dict[str, Service]) -> Iterator[Offering]:
    rng = city.rng
    for code in trade.services:
        low = Decimal(trade.price * rng.randrange(40, 90) // 10_000 * 100)
        yield Offering(
            admission=admission,
            service=services[code],
            promised_days=rng.choice((8, 10, 12, 15, 18, 20)),
            price_from=low,
            price_to=low * rng.choice((2, 3)),
        )


def qualifications(
    city: City, admission: Admission, trade: Trade, kinds: dict[str, QualificationKind], lapsed: bool
) -> Iterator[Qualification]:
    rng, today = city.rng, clock.now().date()
    name, digest = scan_of(f"{admission.code} 资质证书") if trade.kinds else ("", "")
    for number, code in enumerate(trade.kinds):
        kind = kinds[code]
        began = max(kind.valid_from, today - timedelta(days=rng.randrange(800, 1_500)))
        until = today - timedelta(days=rng.randrange(2, 40)) if lapsed and number == 0 else _later(rng.randrange, today)
        yield Qualification(
            admission=admission,
            kind=kind,
            level=_level(kind, number=int(admission.code[-4:])),
            number=f"{code[:2].upper()}{rng.randrange(10**7):07d}",
            issuer=ISSUERS.get(code, "浙江省住房和城乡建设厅"),
            valid_from=began,
            valid_to=until,
            scan=name,
            scan_sha256=digest,
        )


def _later(randrange: Callable[..., int], today: date) -> date:
    return today + timedelta(days=randrange(200, 1_500))


def _level(kind: QualificationKind, *, number: int) -> str:
    levels = list(kind.levels)
    return levels[number % len(levels)] if levels else ""


def practitioners(city: City, admission: Admission, trade: Trade) -> Iterator[Practitioner]:
    for _number in range(city.rng.randrange(1, 4)):
        identity = city.names.id_number()
        yield Practitioner(
            admission=admission,
            name=city.names.person(),
            id_number=identity,
            id_hash=id_hash_of(identity),
            certificate=trade.certificate,
            certificate_number=f"ZS{city.rng.randrange(10**8):08d}",
            social_security_unit=admission.firm.organisation.name,
        )


def _standing(city: City, guild: Guild) -> None:
    """Two firms suspended, two that have left the list."""
    operator, now = city.member(city.operator), clock.now()
    for firm, reason in zip(guild.firms[40:42], ("提交的报告引用过期监测数据", "无正当理由未按期签约"), strict=True):
        with clock.travelling(now - timedelta(days=100)):
            standing.suspend_firm(firm_id=firm.pk, reason=reason, until=now + timedelta(days=80), by=operator)
    for firm, reason in zip(guild.firms[50:52], ("机构申请退出", "营业执照被吊销"), strict=True):
        with clock.travelling(now - timedelta(days=99)):
            standing.delist_firm(firm_id=firm.pk, reason=reason, by=operator)
    for firm in guild.firms:
        firm.refresh_from_db(fields=["status"])


def _on_their_way(city: City, guild: Guild) -> None:
    """Applications: being drafted, waiting for the check, refused with a reason, on public notice."""
    services = {service.code: service for service in Service.objects.all()}
    kinds = {kind.code: kind for kind in QualificationKind.objects.all()}
    rng, now, operator = city.rng, clock.now(), city.member(city.operator)
    trades = [SURVEYORS, *rng.choices(TRADES, weights=[trade.weight for trade in TRADES], k=7)]
    applicants = _organisations(city, trades)
    guild.applicant = applicants[0]
    for number, (trade, organisation) in enumerate(zip(trades, applicants, strict=True)):
        with clock.travelling(now - timedelta(hours=30 - 3 * number)):
            draft = admissions.begin_admission(by=city.member(organisation))
            if number == 0:
                continue  # whoever plays the applicant begins with an empty form
            _fill(city, draft, trade, services, kinds)
            if number == 1:
                continue
            admission = admissions.submit_admission(by=city.member(organisation), undertaken=True)
        if number in (2, 3):
            with clock.travelling(now - timedelta(hours=4 - number)):
                _check(admission, by=operator, refuse=number == 2)


def _check(admission: Admission, *, by: object, refuse: bool) -> None:
    if refuse:
        reason = "营业执照扫描件上的住所与填写的不一致，请核对后重新提交。"
        admissions.refuse_admission(admission_id=admission.pk, reason=reason, by=by)  # type: ignore[arg-type]
        return
    noticed = admissions.publish_admission(admission_id=admission.pk, by=by)  # type: ignore[arg-type]
    noticed.notice_until = clock.now() + timedelta(days=3)
    noticed.save(update_fields=["notice_until"])


def _fill(
    city: City,
    draft: Admission,
    trade: Trade,
    services: dict[str, Service],
    kinds: dict[str, QualificationKind],
) -> None:
    draft.legal_representative, draft.address = city.names.person(), draft.firm.organisation.address
    draft.established_on, draft.registered_capital = date(2019, 5, 6), Decimal(3_000_000)
    draft.contact_name, draft.contact_phone = city.names.person(), city.names.phone()
    name, digest = scan_of(f"{draft.firm.uscc} 营业执照")
    draft.licence, draft.licence_sha256, draft.no_affiliation = name, digest, True
    draft.save()
    Offering.objects.bulk_create(offerings(city, draft, trade, services))
    Qualification.objects.bulk_create(qualifications(city, draft, trade, kinds, lapsed=False))
    Practitioner.objects.bulk_create(practitioners(city, draft, trade))
