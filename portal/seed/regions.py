"""Two regions with assessments made once for everybody, and a project that uses one of them."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from django.core.files.base import ContentFile

from core import clock
from market.domain import projects, reuse
from market.models import Project, Region, RegionalAssessment, Service, ServiceVersion
from portal.seed.city import City
from portal.seed.owners import Owners
from portal.seed.papers import plain_page

REGIONS = (
    (
        "qianwan",
        "前湾新兴产业片区",
        "Qianwan Industrial Region",
        "330282",
        "东至兴慈一路，南至滨海二路，西至四灶浦，北至海堤",
    ),
    (
        "yongjiang",
        "甬江科创片区",
        "Yongjiang Innovation Region",
        "330211",
        "东至绕城高速，南至甬江，西至世纪大道，北至雄镇路",
    ),
)
FROM, TO = date(2025, 7, 1), date(2030, 6, 30)


def build_regions(city: City, owners: Owners) -> None:
    """An assessment of each region for every service that may be replaced so, and one project that has chosen one."""
    day = clock.now().astimezone(clock.LOCAL).date()
    regional = ServiceVersion.objects.valid_at(day).filter(necessity=ServiceVersion.Necessity.REGIONAL)
    services = list(Service.objects.filter(versions__in=regional).distinct().order_by("code"))
    for code, name, name_en, district, boundary in REGIONS:
        made = Region.objects.create(
            code=code, name=name, name_en=name_en, district=city.districts[district], boundary=boundary
        )
        for service in services:
            _assess(made, service)
    _use(city, owners, services[0], day)


def _assess(region: Region, service: Service) -> None:
    code = f"{region.code}-{service.code.lower()}"
    paper = plain_page(f"Regional assessment {code} (demonstration)")
    made = RegionalAssessment(
        code=code,
        region=region,
        service=service,
        title=f"{region.name}区域{service.name}",
        issuer=f"{region.name}管理办公室（演示）",
        basis="演示文号〔2025〕1 号",
        conditions="项目类别与规模须符合片区准入清单",
        valid_from=FROM,
        valid_to=TO,
        sha256=sha256(paper).hexdigest(),
        size=len(paper),
    )
    made.file.save(f"{code}.pdf", ContentFile(paper))


def _use(city: City, owners: Owners, service: Service, day: date) -> None:
    owner = owners.companies[0]
    by, region = city.member(owner), Region.objects.get(code=REGIONS[0][0])
    project = projects.save_project(
        by=by,
        project=Project(
            name="年产 20 万套智能阀门生产线项目",
            district=region.district,
            region=region,
            address=city.names.address(region.district.name),
            funding=Project.Funding.PRIVATE,
            description="演示项目，名称与地址均为虚构。",
        ),
    )
    chosen = reuse.existing(project=project, service=service, day=day)[0]
    version = service.version_at(day)
    assert version is not None
    item = version.items.order_by("code")[0]
    reuse.use_existing(project_id=project.pk, service=service, item=item, reference=chosen.reference, by=by)
