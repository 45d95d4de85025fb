"""Imagining lives: firms quick and slow, careful and not, departments of different habit, and what goes wrong now and then.

Every firm has a pace (1 is as long as it has promised) and a care, every department a tempo; what happens to a life follows
from those and from chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db.models import Max

from approvals.models import ApprovalItem, CaseEvent, Department, District, Fault, Party, Special
from bidding.domain import timetable
from bidding.models import Policy
from contracts.models import ContractPolicy
from core import worktime
from core.clock import LOCAL
from market.models import AffiliationDeclaration, Firm, Project, Qualification, Service, Suspension
from portal.seed.bulk.life import Act, Announcement, Life, Offer
from portal.seed.bulk.selecting import NOTICE_DAYS, award_after
from portal.seed.cases import WORDS
from portal.seed.city import City
from portal.seed.contracts import INPUT, RETURNED, SUSPENDED, TERMINATED, filed_after
from portal.seed.firms import Guild
from portal.seed.owners import PRIVATE_WORKS, PUBLIC_WORKS, Owners
from portal.seed.plans import DAY, HOUR, MINUTE
from portal.seed.prices import PRICES

Event = CaseEvent.Kind
PUBLIC_LEAST = 3
"""Valid entrants that public money needs, by the policies that the city has."""
NEEDED = "按现行法规和技术规范完成，成果应满足审批部门受理要求，并配合审查、修改直至审批通过。"
GIVEN_UP = "项目停建，业主不再履行合同。"
NOT_ACCEPTED = "报告编制深度不足，不具备受理条件。"
REFUSED = "选址不符合所在区域的规划管控要求。"
WITHDRAWN = "建设方案调整。"


@dataclass(frozen=True)
class Manner:
    """How a firm works: `pace` as a part of the promised days, `care` as the chance that nothing is wrong with a result."""

    pace: float
    care: float


@dataclass(kw_only=True)
class Imagination:
    """Imagines lives in a city; the same chances give the same lives."""

    city: City
    guild: Guild
    owners: Owners
    now: datetime
    rng: Random
    manners: dict[int, Manner] = field(default_factory=dict)
    tempi: dict[int, float] = field(default_factory=dict)
    deciding: dict[tuple[int, str], Department | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        day = self.now.astimezone(LOCAL).date()
        self.workdays = worktime.calendar(day - 1_000 * DAY, day + 400 * DAY)
        tied = AffiliationDeclaration.objects.values_list("admission__firm_id", flat=True)
        lapsed = Qualification.objects.filter(valid_to__lt=day).values_list("admission__firm_id", flat=True)
        self.kept_out = {*tied, *lapsed, *Suspension.objects.values_list("firm_id", flat=True)}
        newest = Qualification.objects.values_list("admission__firm_id").annotate(since=Max("valid_from"))
        self.qualified: dict[int, date] = dict(newest.order_by())
        self.services = [
            each for each in Service.objects.order_by("code") if each.code in PRICES and self._firms(each, self.now)
        ]
        self.items: dict[int, ApprovalItem] = {}

    def life(self, day: date, *, again: date | None = None) -> Life:
        """A life whose need is announced on a day; nobody comes, and it is announced `again` on another, where that is given."""
        rng = self.rng
        service, district = self._where(day)
        item, department = self._item(service), self._department(self._item(service), district, day)
        assert department is not None
        public = rng.random() < 0.35
        owner = self.city.member(rng.choice(self.owners.institutions if public else self.owners.companies))
        budget = Decimal(PRICES[service.code] * rng.randrange(70, 170) // 10_000 * 100)
        times = [self._announced(day) for day in ([day, again] if again else [day])]
        offers, closes, policy = self._offers(service, times[-1].announced, budget, least=PUBLIC_LEAST if public else 1)
        winner = min(offers, key=lambda offer: offer.amount)
        contract = self._filed(self._until_now(self._contract(award_after(closes, policy), winner)))
        accepted = next((act.at for act in contract if act.kind.startswith("accepted")), None)
        case = self._until_now(self._case(accepted, item, department, winner.firm)) if accepted else ()
        works = rng.choice(PUBLIC_WORKS if public else PRIVATE_WORKS).format(n=rng.randrange(60, 1_000))
        return Life(
            owner=owner,
            operator=self.city.member(self.city.operator),
            clerk=self.city.member(department.organisation).user,
            firm=self.city.member(winner.firm.organisation),
            service=service,
            item=item,
            department=department,
            district=district,
            project=f"{works}项目",
            address=self.city.names.address(district.name),
            funding=Project.Funding.PUBLIC if public else Project.Funding.PRIVATE,
            requirement=NEEDED,
            budget=budget,
            days=winner.days,
            announcements=(*times[:-1], Announcement(**{**vars(times[-1]), "offers": offers})),
            contract=contract,
            case=case,
        )

    def _until_now(self, acts: Iterator[Act]) -> tuple[Act, ...]:
        """Acts in office hours of working days, each after the one before, as far as they lie in the past."""
        kept: list[Act] = []
        for act in acts:
            at = act.at
            if act.kind == "accepted-silently":
                at = ContractPolicy.in_force(kept[-1].at).end_of_silence(kept[-1].at)
            elif act.kind != "drafted":
                at = self._in_office(at)
                at = max(at, kept[-1].at + 10 * MINUTE) if kept else at
            if at > self.now:
                break
            kept.append(Act(at=at, kind=act.kind, more=act.more))
        return tuple(kept)

    def _in_office(self, at: datetime) -> datetime:
        """The same time of the day on which somebody works next; what would be at night is in the day."""
        local = at.astimezone(LOCAL)
        day = local.date()
        while not self.workdays.works(day):
            day += DAY
        hour = local.hour if 9 <= local.hour < 18 else 9 + local.hour % 9
        return datetime.combine(day, time(hour, local.minute), tzinfo=LOCAL)

    def _where(self, day: date) -> tuple[Service, District]:
        """A service that enough firms could give by then, and a district in which somebody decides what it is for."""
        at = datetime.combine(day, time(0), tzinfo=LOCAL)
        while True:
            service = self.rng.choice(self.services)
            district = self.rng.choice(list(self.city.districts.values()))
            enough = len(self._firms(service, at)) >= PUBLIC_LEAST
            if enough and self._department(self._item(service), district, day) is not None:
                return service, district

    def _item(self, service: Service) -> ApprovalItem:
        if service.pk not in self.items:
            version = service.version_at(self.now.astimezone(LOCAL).date())
            assert version is not None
            self.items[service.pk] = version.items.order_by("code")[0]
        return self.items[service.pk]

    def _department(self, item: ApprovalItem, district: District, day: date) -> Department | None:
        key = (item.pk, district.code)
        if key not in self.deciding:
            rows = Department.objects.deciding(item, district=district, at=day).select_related("organisation")
            self.deciding[key] = rows.order_by("code").first()
        return self.deciding[key]

    def _firms(self, service: Service, at: datetime) -> list[Firm]:
        """Firms that could enter at a moment: listed, without ties, nothing lapsed; the first have the most chances."""
        return [
            firm
            for firm in self.guild.offering[service.code]
            if firm.status == Firm.Status.LISTED
            and firm.listed_at is not None
            and firm.listed_at <= at
            and firm.pk not in self.kept_out
            and self.qualified.get(firm.pk, date.min) <= at.date()
        ]

    def _announced(self, day: date) -> Announcement:
        at = datetime.combine(day, time(9), tzinfo=LOCAL) + self.rng.randrange(480) * MINUTE
        return Announcement(drafted=at - 2 * DAY, submitted=at - 5 * HOUR, announced=at)

    def _offers(
        self, service: Service, announced: datetime, budget: Decimal, *, least: int
    ) -> tuple[tuple[Offer, ...], datetime, Policy]:
        rng, policy = self.rng, Policy.in_force(announced)
        closes = timetable.closing_of(policy, NOTICE_DAYS, announced_at=announced)
        firms = self._firms(service, announced)
        weights = [1 / (place + 2) for place in range(len(firms))]
        chosen = list(dict.fromkeys(rng.choices(firms, weights, k=2 * least + rng.randrange(5))))
        chosen += [firm for firm in firms if firm not in chosen][: max(0, least - len(chosen))]
        minutes = (closes - announced) // MINUTE - 20
        offers = tuple(
            Offer(
                firm=firm,
                user=self.city.member(firm.organisation).user,
                amount=(budget * rng.randrange(7_000, 9_900) / 10_000).quantize(Decimal("0.01")),
                days=rng.randrange(10, 21),
                at=announced + rng.randrange(10, minutes) * MINUTE,
            )
            for firm in chosen
        )
        return offers, closes, policy

    def _manner(self, firm: Firm) -> Manner:
        if firm.pk not in self.manners:
            own = Random(f"firm {firm.uscc}")  # noqa: S311  a demonstration comes out again
            self.manners[firm.pk] = Manner(pace=own.lognormvariate(-0.15, 0.3), care=own.betavariate(6, 2))
        return self.manners[firm.pk]

    def _tempo(self, department: Department) -> float:
        if department.pk not in self.tempi:
            self.tempi[department.pk] = Random(f"department {department.code}").uniform(0.55, 1.25)  # noqa: S311  as above
        return self.tempi[department.pk]

    def _hours(self, least: float, most: float) -> timedelta:
        return timedelta(minutes=round(self.rng.uniform(least, most) * 60))

    def _worked(self, since: datetime, days: float) -> datetime:
        """Some time of the afternoon of the working day that is so many after a moment."""
        return worktime.add_working_days(since, max(1, round(days))) - self._hours(7, 11)

    def _contract(self, award: datetime, winner: Offer) -> Iterator[Act]:
        rng, manner = self.rng, self._manner(winner.firm)
        yield Act(at=(at := award + MINUTE), kind="drafted")
        yield Act(at=(at := at + self._hours(4, 60)), kind="proposed")
        yield Act(at=(at := at + self._hours(2, 50)), kind="agreed")
        yield Act(at=(at := at + self._hours(1, 20)), kind="sealed", more={"side": "firm"})
        yield Act(at=(at := at + self._hours(1, 70)), kind="sealed", more={"side": "owner"})
        work, chance = winner.days * manner.pace * rng.uniform(0.75, 1.3), rng.random()
        if chance < 0.35:
            for act in self._matter(at, "input" if chance < 0.3 else "suspension"):
                yield (last := act)
            at, work = last.at, work * 0.7
        elif chance < 0.37:
            yield Act(at=at + self._hours(50, 300), kind="abandoned", more={"words": GIVEN_UP})
            return
        elif chance < 0.39:
            put = {"matter": "termination", "words": TERMINATED, "charged_to": "owner"}
            yield Act(at=(at := at + self._hours(50, 300)), kind="put", more=put)
            yield Act(at=at + self._hours(2, 40), kind="answered")
            return
        yield from self._delivered(at, work, manner)

    def _filed(self, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        """The same acts, with the centre's among them when the contract is sealed: it files within two working days."""
        seals = [act.at for act in acts if act.kind == "sealed"]
        if len(seals) < 2 or (at := filed_after(seals[-1])) > self.now:
            return acts
        return tuple(sorted((*acts, Act(at=at, kind="filed")), key=lambda act: act.at))

    def _matter(self, since: datetime, matter: str) -> Iterator[Act]:
        words = INPUT if matter == "input" else SUSPENDED
        more = {"matter": matter, "words": words, "charged_to": "owner"}
        yield Act(at=(at := since + self._hours(20, 60)), kind="put", more=more)
        yield Act(at=(at := at + self._hours(2, 30)), kind="answered")
        yield Act(at=at + (self._hours(24, 140) if matter == "input" else self._hours(200, 900)), kind="finished")

    def _delivered(self, since: datetime, work: float, manner: Manner) -> Iterator[Act]:
        rng = self.rng
        yield Act(at=(at := self._worked(since, work)), kind="submitted", more={"note": "报审稿"})
        for _time in range(2):
            if rng.random() < manner.care:
                break
            more = {"reasons": rng.choice((["errors", "form"], ["incomplete"], ["wish"])), "words": RETURNED}
            yield Act(at=(at := at + self._hours(10, 100)), kind="returned", more=more)
            at = self._worked(at, rng.uniform(1.5, 6) * manner.pace)
            yield Act(at=at, kind="submitted", more={"note": "修改稿"})
        if rng.random() < 0.06:
            yield Act(at=ContractPolicy.in_force(at).end_of_silence(at), kind="accepted-silently")
        else:
            yield Act(at=at + self._hours(10, 110), kind="accepted")

    def _case(self, accepted: datetime, item: ApprovalItem, department: Department, firm: Firm) -> Iterator[Act]:
        rng, manner, tempo = self.rng, self._manner(firm), self._tempo(department)
        version = item.version_at(self.now.astimezone(LOCAL).date())
        promised = (version.committed_days or version.statutory_days or 10) if version else 10
        yield Act(at=(at := accepted + self._hours(10, 130)), kind="filed")
        if rng.random() < 0.04:
            more = {"category": "quality", "fault": Fault.DELIVERABLE, "words": NOT_ACCEPTED}
            yield Act(at=(at := at + self._hours(20, 70)), kind=Event.NOT_ACCEPTED, more=more)
            yield Act(at=(at := at + self._hours(60, 200)), kind="refiled")
        for number in range(3):
            asked = self._asked(number, manner)
            if asked is None:
                break
            yield Act(at=(at := at + self._hours(10, 70)), kind=Event.CORRECTION_ASKED, more=asked)
            yield Act(at=(at := self._worked(at, rng.uniform(1, 6) * manner.pace)), kind=Event.RESUBMITTED)
        if rng.random() < 0.015:
            more = {"fault": Fault.OTHER, "words": WITHDRAWN}
            yield Act(at=at + self._hours(10, 60), kind=Event.WITHDRAWN, more=more)
            return
        yield Act(at=(at := at + self._hours(6, 60) * tempo), kind=Event.ACCEPTED)
        for act in self._stood_still(at):
            yield act
            at = act.at
        refused = rng.random() < 0.05
        at = self._worked(at, promised * tempo * rng.uniform(0.35, 1.05))
        more = {"outcome": "refused", "words": REFUSED} if refused else {"outcome": "granted"}
        yield Act(at=at, kind=Event.DECIDED, more=more)
        if refused and rng.random() < 0.7:
            yield Act(at=(at := at + self._hours(60, 250)), kind="refiled")
            yield Act(at=(at := at + self._hours(6, 60) * tempo), kind=Event.ACCEPTED)
            yield Act(at=self._worked(at, promised * tempo * 0.6), kind=Event.DECIDED, more={"outcome": "granted"})

    def _asked(self, number: int, manner: Manner) -> dict[str, Any] | None:
        """What is asked to be corrected: the result's fault where its firm has little care, now and then the owner's."""
        chance = self.rng.random()
        which = "ask" if chance < (1 - manner.care) * 0.9 else "ask-owner" if chance > 0.93 else ""
        if not which:
            return None
        words, category, fault, first = WORDS["ask-again" if which == "ask" and number else which]
        return {"words": words, "category": category, "fault": fault, "first_time": first}

    def _stood_still(self, since: datetime) -> Iterator[Act]:
        chance = self.rng.random()
        if chance < 0.1:
            special = self.rng.choice(list(Special))
            yield Act(at=(at := since + self._hours(20, 70)), kind=Event.SPECIAL_STARTED, more={"special": special})
            yield Act(at=at + self._hours(100, 400), kind=Event.SPECIAL_ENDED)
        elif chance < 0.13:
            more = {"charged_to": Party.OWNER, "words": "申请人书面要求暂缓办理。"}
            yield Act(at=(at := since + self._hours(20, 70)), kind=Event.SUSPENDED, more=more)
            yield Act(at=at + self._hours(150, 700), kind=Event.RESUMED)
