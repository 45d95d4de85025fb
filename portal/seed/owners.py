"""Owners and their projects: companies, public institutions and two natural persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from accounts.models import Kind, Membership, Organisation, Role
from core import clock
from core.codes import Letter, next_code
from market.domain import projects
from market.domain.combining import Wanted, versions_on
from market.models import Need, Project, Service
from portal.seed.city import MUNICIPAL, City

COMPANIES = 16
INSTITUTIONS = 6
PERSONS = 2
BUSINESSES = ("置业", "精密机械", "新材料", "生物科技", "港口物流", "电子科技", "汽车零部件", "食品")
PUBLIC = ("宁波市{brand}城市建设服务中心", "宁波市{brand}学校", "宁波市{brand}医院", "宁波市{brand}公园管理处")
PRIVATE_WORKS = (
    "年产 {n} 万套智能装备生产线",
    "{n} 号厂房扩建",
    "滨水商务楼 {n} 号地块",
    "冷链仓储中心（{n} 期）",
    "研发中心 {n} 号楼",
)
PUBLIC_WORKS = (
    "老旧小区改造（{n} 期）",
    "{n} 号河道综合整治",
    "教学楼 {n} 号楼新建",
    "支路 {n} 号线道路工程",
    "门诊楼 {n} 期扩建",
)


@dataclass(kw_only=True)
class Owners:
    """Who posts needs, by whose money they spend."""

    companies: list[Organisation] = field(default_factory=list)
    institutions: list[Organisation] = field(default_factory=list)
    persons: list[Organisation] = field(default_factory=list)
    both: Membership = field(init=False)

    def of_kind(self, kind: str) -> list[Organisation]:
        """Those of a kind, by the word that plans use."""
        return {"company": self.companies, "institution": self.institutions, "person": self.persons}[kind]


def build_owners(city: City) -> Owners:
    """Owners with an administrator each; one person handles matters of two of them."""
    owners = Owners()
    names, rng = city.names, city.rng
    codes = [each.code for each in city.districts.values() if each.code != MUNICIPAL]
    owners.companies = [
        _organisation(city, f"宁波{names.brand()}{rng.choice(BUSINESSES)}有限公司", "91", rng.choice(codes))
        for _number in range(COMPANIES)
    ]
    owners.institutions = [
        _organisation(city, PUBLIC[number % len(PUBLIC)].format(brand=names.brand()), "12", MUNICIPAL)
        for number in range(INSTITUTIONS)
    ]
    owners.persons = [
        Organisation.objects.create(
            kind=Kind.PERSON,
            name=names.person(),
            code=next_code(Letter.PERSON, at=clock.now()),
            contact_phone=names.phone(),
        )
        for _number in range(PERSONS)
    ]
    city.employ([*owners.companies, *owners.institutions, *owners.persons])
    handler = city.member(owners.companies[1])
    owners.both = Membership.objects.create(
        user=handler.user, organisation=owners.institutions[1], role=Role.HANDLER, active_from=city.since
    )
    return owners


def _organisation(city: City, name: str, prefix: str, division: str) -> Organisation:
    return Organisation.objects.create(
        kind=Kind.OWNER,
        name=name,
        uscc=city.names.uscc(prefix=prefix, division=division),
        address=city.names.address(city.districts[division].name),
        contact_phone=city.names.phone(),
    )


def new_need(
    city: City,
    owner: Organisation,
    service: Service,
    *,
    budget: Decimal,
    district: str,
    public_money: bool,
    further: Sequence[Service] = (),
) -> Need:
    """A project of the owner and a need for it, as the owner would have entered them now.

    `further`: what the same firm is to do beside the service.
    """
    rng, now, by = city.rng, clock.now(), city.member(owner)
    works = rng.choice(PUBLIC_WORKS if public_money else PRIVATE_WORKS).format(n=rng.randrange(2, 60))
    project = projects.save_project(
        by=by,
        project=Project(
            name=f"{works}项目",
            district=city.districts[district],
            address=city.names.address(city.districts[district].name),
            funding=Project.Funding.PUBLIC if public_money else Project.Funding.PRIVATE,
            investment=budget * rng.randrange(80, 400),
            description="演示项目，名称与地址均为虚构。",
        ),
    )
    version = service.version_at(now.astimezone(clock.LOCAL).date())
    assert version is not None
    need = Need(
        project=project,
        service=service,
        item=version.items.order_by("code")[0],
        title=f"{project.name}{'、'.join(each.name for each in (service, *further))}"[:100],
        requirement=_requirement(service),
        budget=budget,
        days=rng.choice((20, 25, 30)),
    )
    need = projects.save_need(
        by=by,
        need=need,
        qualifications=[(kind, "") for kind in version.qualification_kinds.all()],
        further=_wanted(further, now.astimezone(clock.LOCAL).date()),
    )
    _written_at(project, need, now)
    return need


def _wanted(services: Sequence[Service], day: date) -> list[Wanted]:
    """What the same firm is to do too, each for the first of its items, with the qualifications that the catalogue names."""
    versions = versions_on(services, day)
    return [
        Wanted(
            service=each,
            item=min(versions[each.pk].items.all(), key=lambda item: item.code),
            qualifications=[(kind, "") for kind in versions[each.pk].qualification_kinds.all()],
        )
        for each in services
    ]


def _requirement(service: Service) -> str:
    return (
        f"按现行法规和技术规范完成{service.name}，成果应满足审批部门受理要求，并配合审查、修改直至审批通过。\n"
        "费用包含现场踏勘、资料收集、成果编制、评审配合等全部工作。"
    )


def _written_at(project: Project, need: Need, at: datetime) -> None:
    """The columns that Django fills with the machine's own time."""
    Project.objects.filter(pk=project.pk).update(created_at=at)
    Need.objects.filter(pk=need.pk).update(created_at=at)
