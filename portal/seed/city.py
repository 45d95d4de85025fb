"""The city's offices: departments of the eleven platforms, their institutions and associations, and who runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from accounts.models import Kind, Membership, Organisation, Role, User
from approvals.models import Department, DepartmentBody, District, Function
from portal.seed.names import Names

MUNICIPAL = "330200"

# Line of administration, name of the city's office, pattern of a district's office ("" where only the city has one).
OFFICES = (
    (("development",), "宁波市发展和改革委员会", "{district}发展和改革局"),
    (("environment",), "宁波市生态环境局", "宁波市生态环境局{short}分局"),
    (("natural-resources",), "宁波市自然资源和规划局", "宁波市自然资源和规划局{short}分局"),
    (("water",), "宁波市水利局", "{district}水利局"),
    (("construction", "civil-defence"), "宁波市住房和城乡建设局", "{district}住房和城乡建设局"),
    (("transport",), "宁波市交通运输局", "{district}交通运输局"),
    (("emergency",), "宁波市应急管理局", "{district}应急管理局"),
    (("health",), "宁波市卫生健康委员会", "{district}卫生健康局"),
    (("finance",), "宁波市财政局", "{district}财政局"),
    (("meteorology",), "宁波市气象局", ""),
    (("heritage",), "宁波市文化广电旅游局", ""),
)
# Offices of before the reform, with who came after them.
FORMER = (
    ("environment-2017", "宁波市环境保护局", "environment"),
    ("land-2017", "宁波市国土资源局", "natural-resources"),
    ("planning-2017", "宁波市规划局", "natural-resources"),
    ("work-safety-2017", "宁波市安全生产监督管理局", "emergency"),
)
# Line, relation, name with an invented brand. A supervising body is a tie (RH1), industry regulation is not.
BODIES = (
    ("environment", "sponsors", "宁波市{brand}环境科学研究院"),
    ("environment", "supervises", "宁波市{brand}环境保护产业协会"),
    ("water", "sponsors", "宁波市{brand}水利水电规划院"),
    ("natural-resources", "sponsors", "宁波市{brand}测绘与遥感中心"),
    ("natural-resources", "sponsors", "宁波市{brand}海洋环境监测站"),
    ("construction", "sponsors", "宁波市{brand}建设工程质量检测站"),
    ("construction", "supervises", "宁波市{brand}勘察设计行业协会"),
    ("development", "sponsors", "宁波市{brand}工程咨询中心"),
    ("emergency", "supervises", "宁波市{brand}安全技术服务协会"),
    ("meteorology", "sponsors", "宁波市{brand}防雷技术中心"),
    ("transport", "sponsors", "宁波市{brand}航道勘测所"),
    ("health", "supervises", "宁波市{brand}职业健康促进会"),
    ("finance", "supervises", "宁波市{brand}资产评估协会"),
)
KINDS = {"sponsors": (Kind.INSTITUTION, "12"), "supervises": (Kind.ASSOCIATION, "51")}


@dataclass(kw_only=True)
class City:
    """What the other parts of the seed build upon; keys are codes and lines of administration."""

    names: Names
    password: str
    since: datetime
    districts: dict[str, District] = field(default_factory=dict)
    departments: dict[tuple[str, str], Department] = field(default_factory=dict)
    bodies: list[DepartmentBody] = field(default_factory=list)
    members: dict[int, Membership] = field(default_factory=dict)
    operator: Organisation = field(init=False)
    regulator: Organisation = field(init=False)

    @property
    def rng(self) -> Random:
        return self.names.rng

    def department(self, line: str, district: str) -> Department:
        """The office of a line in a district, or the city's where the district has none."""
        return self.departments.get((line, district)) or self.departments[line, MUNICIPAL]

    def member(self, organisation: Organisation) -> Membership:
        return self.members[organisation.pk]

    def employ(self, organisations: Sequence[Organisation], *, role: str = Role.ADMIN) -> None:
        """One person for each organisation, all with the demonstration's one password hash."""
        users = User.objects.bulk_create(
            User(username=f"u{organisation.pk:05d}", name=self.names.person(), password=self.password)
            for organisation in organisations
        )
        memberships = Membership.objects.bulk_create(
            Membership(user=user, organisation=organisation, role=role, active_from=self.since)
            for user, organisation in zip(users, organisations, strict=True)
        )
        self.members.update({each.organisation_id: each for each in memberships})


def build_offices(city: City) -> None:
    """Departments, their bodies, the service centre and the regulator, each with a member."""
    city.districts = {district.code: district for district in District.objects.all()}
    functions = {function.code: function for function in Function.objects.all()}
    _departments(city, functions)
    _former(city, functions)
    _bodies(city)
    centre = "宁波市中介管理服务中心"
    city.operator = Organisation.objects.create(
        kind=Kind.OPERATOR, name=centre, uscc=city.names.uscc(prefix="12", division=MUNICIPAL)
    )
    city.regulator = Organisation.objects.create(
        kind=Kind.REGULATOR, name="宁波市审管办", uscc=city.names.uscc(prefix="11", division=MUNICIPAL)
    )
    organisations = list({each.pk: each.organisation for each in city.departments.values()}.values())
    organisations += [body.organisation for body in city.bodies]
    city.employ([*organisations, city.operator, city.regulator])


def _departments(city: City, functions: dict[str, Function]) -> None:
    planned = []
    for district in city.districts.values():
        for number, (lines, municipal, local) in enumerate(OFFICES, start=1):
            pattern = municipal if district.code == MUNICIPAL else local
            if pattern:
                name = pattern.format(district=district.name, short=district.short)
                planned.append((lines, district, f"{district.code}{number:02d}", name))
    organisations = Organisation.objects.bulk_create(
        Organisation(kind=Kind.DEPARTMENT, name=name, uscc=city.names.uscc(prefix="11", division=district.code))
        for _lines, district, _code, name in planned
    )
    departments = Department.objects.bulk_create(
        Department(organisation=organisation, code=code, district=district)
        for organisation, (_lines, district, code, _name) in zip(organisations, planned, strict=True)
    )
    through = Department.functions.through
    through.objects.bulk_create(
        through(department_id=department.pk, function_id=functions[line].pk)
        for department, (lines, *_rest) in zip(departments, planned, strict=True)
        for line in lines
    )
    for department, (lines, district, *_rest) in zip(departments, planned, strict=True):
        city.departments.update({(line, district.code): department for line in lines})


def _former(city: City, functions: dict[str, Function]) -> None:
    for number, (line, name, successor) in enumerate(FORMER, start=91):
        organisation = Organisation.objects.create(
            kind=Kind.DEPARTMENT, name=name, uscc=city.names.uscc(prefix="11", division=MUNICIPAL)
        )
        department = Department.objects.create(
            organisation=organisation,
            code=f"{MUNICIPAL}{number}",
            district=city.districts[MUNICIPAL],
            valid_to=date(2018, 12, 31),
            successor=city.departments[successor, MUNICIPAL],
        )
        department.functions.add(functions[line])


def _bodies(city: City) -> None:
    planned = [(line, relation, pattern.format(brand=city.names.brand())) for line, relation, pattern in BODIES]
    organisations = Organisation.objects.bulk_create(
        Organisation(
            kind=KINDS[relation][0], name=name, uscc=city.names.uscc(prefix=KINDS[relation][1], division=MUNICIPAL)
        )
        for _line, relation, name in planned
    )
    city.bodies = DepartmentBody.objects.bulk_create(
        _body(city.departments[line, MUNICIPAL], organisation, relation)
        for organisation, (line, relation, _name) in zip(organisations, planned, strict=True)
    )
    # A district's branch (分局) is a part of the city's bureau: what stands under the one stands under the other.
    DepartmentBody.objects.bulk_create(
        _body(branch, organisation, relation)
        for organisation, (line, relation, _name) in zip(organisations, planned, strict=True)
        for (its_line, _district), branch in city.departments.items()
        if its_line == line and branch.organisation.name.endswith("分局")
    )


def _body(department: Department, organisation: Organisation, relation: str) -> DepartmentBody:
    return DepartmentBody(
        department=department,
        organisation=organisation,
        relation=relation,
        source="事业单位登记信息（演示）" if relation == "sponsors" else "社会组织登记信息（演示）",
    )
