"""Approval cases of the city, lived through by the very functions that owners and departments use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

from django.core.files.base import ContentFile

from accounts.models import Membership, Organisation
from approvals.domain import cases, windows
from approvals.domain.windows import Wanted
from approvals.models import Application, ApprovalItem, Case, Fault, Party, Special
from contracts.domain import delivering
from contracts.models import Contract
from core.clock import LOCAL
from core.worktime import is_working
from market.domain import projects
from market.models import Project
from portal.seed.city import MUNICIPAL, City
from portal.seed.owners import PRIVATE_WORKS, PUBLIC_WORKS, Owners
from portal.seed.papers import PDF, titled_page

DAY = timedelta(days=1)
SHOWN = "330212"
"""Here a demonstration signs in as the department of the environment, so its desk has a case in every state."""
PLACES = ("330212", "330203", "330212", "330206", "330282", "330212", "330281", MUNICIPAL)
SETS = (("I004",), ("I004", "I005"), ("I003",), ("I011",), ("I005", "I008"), ("I004", "I018", "I019"), ("I014",))
WORDS = {
    "ask": ("环境现状监测数据缺少冬季一期，请补充后再报。", "quality", Fault.DELIVERABLE, False),
    "ask-again": ("上次未提出的图件比例不符合要求，请按规范重绘。", "form", Fault.DELIVERABLE, True),
    "ask-owner": ("缺少用地预审意见复印件，请补交。", "missing", Fault.OTHER, False),
}


@dataclass(frozen=True)
class Story:
    """What happens to the cases of an application: days after the filing, and the step.

    `ago` is how many days the filing is back at least, or exactly how many working days.
    """

    ago: int
    steps: tuple[tuple[float, str], ...] = ()
    items: tuple[str, ...] = ()
    joint: bool = False
    working: bool = False


OVER = 12
"""Of the stories the first so many are over; the rest have stopped somewhere on the way."""
STORIES = (
    Story(30, ((1, "accept"), (6, "grant"))),
    Story(40, ((2, "ask"), (7, "resubmit"), (8, "accept"), (16, "grant"))),
    Story(30, ((1, "accept"), (9, "grant"))),
    Story(60, ((1, "accept"), (3, "special"), (12, "special-end"), (20, "grant"))),
    Story(30, ((0.1, "accept"), (0.2, "grant"))),
    Story(50, ((2, "ask-owner"), (5, "resubmit"), (6, "ask-again"), (12, "resubmit"), (13, "accept"), (24, "grant"))),
    Story(60, ((1, "accept"), (4, "suspend"), (14, "resume"), (21, "grant"))),
    Story(50, ((3, "accept"), (15, "refuse"), (25, "refile"), (26, "accept"), (33, "grant"))),
    Story(30, ((4, "not-accept"), (8, "refile"), (9, "accept"), (15, "grant"))),
    Story(40, ((1, "accept"), (8, "withdraw"))),
    Story(60, ((1, "accept"), (7, "grant"), (9, "accept"), (14, "grant")), ("I004", "I005", "I011"), joint=True),
    Story(60, ((2, "accept"), (40, "grant"))),
    Story(0),
    Story(12),
    Story(9, ((2, "ask"),)),
    Story(4, ((1, "accept"),)),
    Story(13, ((0.1, "accept"),), ("I004",), working=True),
    Story(45, ((1, "accept"),)),
    Story(12, ((1, "accept"), (5, "special"))),
    Story(15, ((1, "accept"), (6, "suspend"))),
    Story(12, ((1, "accept"),), ("I004", "I005", "I011"), joint=True),
    Story(20, ((3, "not-accept"),)),
    Story(25, ((1, "accept"), (14, "refuse"))),
)

FOLLOWED = {
    "received": (),
    "correction": ((2, "ask"),),
    "accepted": ((1, "accept"),),
    "special": ((1, "accept"), (4, "special")),
    "granted": ((1, "accept"), (6, "grant")),
    "corrected": ((2, "ask"), (6, "revise"), (7, "resubmit"), (8, "accept"), (14, "grant")),
    "refused": ((1, "accept"), (9, "refuse")),
    "refiled": ((1, "accept"), (7, "refuse"), (12, "refile"), (13, "accept"), (18, "grant")),
    "withdrawn": ((1, "accept"), (5, "withdraw")),
}
"""What becomes of the case for which a contract's result was made: days after the filing, and the step."""


@dataclass(kw_only=True)
class Cases:
    """Lives the applications of a city; its chances are its own, so that rounds come out as without it."""

    city: City
    owners: Owners
    now: datetime
    rng: Random

    def __post_init__(self) -> None:
        self.items = {each.code: each for each in ApprovalItem.objects.all()}

    def lives(self, count: int) -> list[Iterator[datetime]]:
        """`count` applications: every story once, and then mostly those that are over."""
        return [self._life(number, self._story(number)) for number in range(count)]

    def _story(self, number: int) -> Story:
        return STORIES[number] if number < len(STORIES) else STORIES[number % OVER]

    def _life(self, number: int, story: Story) -> Iterator[datetime]:
        ago = story.ago + (self.rng.randrange(0, 240) if number % len(STORIES) < OVER else 0)
        begun = self._filed(ago, working=story.working)
        yield begun
        application = self._file(number, story)
        for after, step in story.steps:
            yield begun + DAY * after + timedelta(minutes=self.rng.randrange(7, 120))
            for case in self._turn(application, step):
                self._take(case, step)

    def follow(self, contract: Contract, *, story: str, since: datetime) -> Iterator[datetime]:
        """The owner applies for what a contract's result is for, and the department goes on from there."""
        begun = _on_a_working_day(since + DAY)
        yield begun
        line = contract.lines.select_related("project__district", "project__owner", "item").get()
        application = windows.file_application(
            key=UUID(int=self.rng.getrandbits(128)),
            project_code=line.project.code,
            wanted=[Wanted(item=line.item)],
            filed_in=line.project.district,
            lead=None,
            files=[],
            by=self._member(line.project.owner),
        )
        moment = begun
        for after, step in FOLLOWED[story]:
            planned = begun + DAY * after + timedelta(minutes=self.rng.randrange(7, 120))
            yield (moment := max(_on_a_working_day(planned), moment + timedelta(hours=1)))
            for case in self._turn(application, step):
                if step == "revise":
                    self._revise(contract, case)
                else:
                    self._take(case, step)

    def _revise(self, contract: Contract, case: Case) -> None:
        """The department's correction concerns the result: the firm makes it once more, and the owner accepts it."""
        milestone = contract.milestones.filter(delivers=True).latest("number")
        delivering.ask_for_revision(
            milestone_id=milestone.pk, words=WORDS["ask"][0], by=self._member(case.department.organisation)
        )
        made = delivering.submit_deliverable(
            milestone_id=milestone.pk,
            content=ContentFile(titled_page(f"{contract.title}（补正稿）")),
            kind=PDF,
            note="补正稿",
            by=self._member(contract.firm.organisation),
        )
        delivering.accept_deliverable(deliverable_id=made.pk, by=self._member(contract.owner))

    def _filed(self, ago: int, *, working: bool) -> datetime:
        if not ago:
            return self.now - timedelta(hours=3)
        day = (self.now if working else self.now - DAY * ago).astimezone(LOCAL).date()
        left = ago if working else 1
        while left:
            day -= DAY
            left -= is_working(day)
        return datetime.combine(day, time(9, self.rng.randrange(60)), tzinfo=LOCAL)

    def _file(self, number: int, story: Story) -> Application:
        rng = self.rng
        owner = rng.choice([*self.owners.companies, *self.owners.institutions])
        on_way = OVER <= number < len(STORIES)
        district = self.city.districts[SHOWN if on_way else PLACES[number % len(PLACES)]]
        elsewhere = rng.random() < 0.15
        codes = story.items or SETS[0 if on_way else number % len(SETS)]
        later = {codes[-1]} if story.joint else set()
        return windows.file_application(
            key=UUID(int=rng.getrandbits(128)),
            project_code=self._project(owner, district.code).code,
            wanted=[Wanted(item=self.items[code], step=2 if code in later else 1) for code in codes],
            filed_in=rng.choice(list(self.city.districts.values())) if elsewhere else district,
            lead=self.items[codes[0]] if story.joint else None,
            files=[],
            by=self.city.member(owner),
        )

    def _project(self, owner: Organisation, district: str) -> Project:
        rng, public = self.rng, owner in self.owners.institutions
        works = rng.choice(PUBLIC_WORKS if public else PRIVATE_WORKS).format(n=rng.randrange(60, 400))
        return projects.save_project(
            by=self.city.member(owner),
            project=Project(
                name=f"{works}项目",
                district=self.city.districts[district],
                address=f"{self.city.districts[district].name}甬新路 {rng.randrange(1, 900)} 号",
                funding=Project.Funding.PUBLIC if public else Project.Funding.PRIVATE,
                description="演示项目，名称与地址均为虚构。",
            ),
        )

    def _turn(self, application: Application, step: str) -> list[Case]:
        """The cases that a step is about: those of the step of a joint approval that runs, the newest of each item."""
        rows = application.cases.filter(successor=None).select_related("department__organisation", "applicant")
        over = step == "refile"
        return [
            each for each in rows.order_by("step", "id") if (each.ended_at is not None if over else each.is_running)
        ]

    def _take(self, case: Case, step: str) -> None:
        clerk, owner, pk = self._member(case.department.organisation), self._member(case.applicant), case.pk
        match step:
            case "accept":
                cases.accept_case(case_id=pk, by=clerk)
            case "ask" | "ask-again" | "ask-owner":
                words, category, fault, first = WORDS[step]
                cases.ask_correction(
                    case_id=pk, category=category, fault=fault, first_time=first, words=words, by=clerk
                )
            case "resubmit":
                cases.resubmit_case(case_id=pk, words="已按补正通知修改。", by=owner)
            case "special":
                cases.start_special(case_id=pk, special=self.rng.choice(list(Special)), by=clerk)
            case "special-end":
                cases.end_special(case_id=pk, by=clerk)
            case "suspend":
                cases.suspend_case(case_id=pk, charged_to=Party.OWNER, words="申请人书面要求暂缓办理。", by=clerk)
            case "resume":
                cases.resume_case(case_id=pk, by=clerk)
            case "grant":
                cases.decide_case(case_id=pk, outcome=Case.Outcome.GRANTED, by=clerk)
            case _:
                self._end(case, step, clerk=clerk, owner=owner)

    def _end(self, case: Case, step: str, *, clerk: Membership, owner: Membership) -> None:
        match step:
            case "refuse":
                words = "选址不符合所在区域的规划管控要求。"
                cases.decide_case(case_id=case.pk, outcome=Case.Outcome.REFUSED, words=words, by=clerk)
            case "not-accept":
                words = "报告编制深度不足，不具备受理条件。"
                cases.refuse_to_accept(
                    case_id=case.pk, category="quality", fault=Fault.DELIVERABLE, words=words, by=clerk
                )
            case "withdraw":
                cases.withdraw_case(case_id=case.pk, fault=Fault.OTHER, words="建设方案调整。", by=owner)
            case "refile":
                windows.refile(case_id=case.pk, by=owner)

    def _member(self, organisation: Organisation) -> Membership:
        return self.city.member(organisation)


def _on_a_working_day(moment: datetime) -> datetime:
    """The same time of the next day on which offices are open."""
    while not is_working(moment.astimezone(LOCAL).date()):
        moment += DAY
    return moment
