"""What follows from the demo city's awards: contracts drafted, sealed, delivered, and a few that went wrong.

Each life is a generator of the moments of its steps; what would lie after now has not happened yet.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile

from accounts.models import Membership
from bidding.models import Award, Round
from contracts.document import text_hash
from contracts.domain import delivering, drafting, filing, matters, sealing
from contracts.models import Contract, Deliverable, Matter
from core import worktime
from portal.seed import together
from portal.seed.cases import Cases
from portal.seed.city import City
from portal.seed.papers import PDF, titled_page
from portal.seed.payments import Payments
from portal.seed.plans import DAY, HOUR, MINUTE, TOGETHER, Plan

CHANGE = "请在服务内容中写明甲方提供地形图和勘察资料的时间。"
RETURNED = "第三章源强核算与工程分析不一致，附图缺少比例尺，请一并修改。"
INPUT = "请提供最新的总平面布置图和地下管线资料（电子版）。"
SUSPENDED = "地块征收尚未完成，现场不具备进场条件，双方同意中止，条件具备后恢复。"
TERMINATED = "项目选址调整，原服务内容不再需要，双方同意解除，已完成的部分不再另行计费。"
ABANDONED = "项目负责人和主要技术人员离职，无力继续履行。"


@dataclass(kw_only=True)
class Contracts:
    """Lives the contracts of a city's awards, with what is paid under them and the cases that their results go to."""

    city: City
    payments: Payments
    cases: Cases

    def life(self, round_: Round, plan: Plan, *, since: datetime) -> Iterator[datetime]:
        """The contracts of all awards of a round, all with the fate of its plan."""
        yield (moment := since + MINUTE)
        drafted = []
        for award in Award.objects.in_force().filter(lot__round=round_).order_by("lot__number"):
            contract = drafting.draft_contract(award_id=award.pk, now=moment)
            assert contract is not None
            drafted.append(contract)
        if plan.contract != "draft":
            for contract in drafted:
                yield from self._sealed(contract, plan, since=moment)

    def _sealed(self, contract: Contract, plan: Plan, *, since: datetime) -> Iterator[datetime]:
        (owner, firm), fate = self._sides(contract), plan.contract
        yield (moment := since + DAY + 2 * HOUR)
        drafting.propose_contract(contract_id=contract.pk, by=owner)
        if fate == "proposed":
            return
        if fate in ("asked", "returned"):
            yield (moment := moment + 3 * HOUR)
            drafting.ask_for_change(contract_id=contract.pk, text=CHANGE, by=firm)
            if fate == "asked":
                return
            yield (moment := moment + 2 * HOUR)
            drafting.propose_contract(contract_id=contract.pk, by=owner)
        yield (moment := moment + DAY)
        contract.refresh_from_db()
        drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=firm)
        if fate == "agreed":
            return
        for party in contract.parties.select_related("organisation").order_by("-number"):
            yield (moment := moment + 5 * HOUR)
            by = self.city.member(party.organisation)
            sealing.seal_contract(contract_id=contract.pk, text_sha256=text_hash(contract), by=by)
            if fate == "half":
                return
        yield from in_order([self._filed(contract, since=moment), self._in_force(contract, plan, since=moment)])

    def _filed(self, contract: Contract, *, since: datetime) -> Iterator[datetime]:
        yield filed_after(since)
        filing.file_contract(contract_id=contract.pk, by=self.city.member(self.city.operator))

    def _in_force(self, contract: Contract, plan: Plan, *, since: datetime) -> Iterator[datetime]:
        if plan.pays:
            yield from self.payments.on_sealing(contract, since=since)
        if plan.contract != "running":
            yield from self._after(contract, plan, since=since)

    def _after(self, contract: Contract, plan: Plan, *, since: datetime) -> Iterator[datetime]:
        if plan.contract == TOGETHER:
            yield from together.delivered(self.city, contract, since=since)
            return
        owner, firm = self._sides(contract)
        yield (moment := since + 2 * DAY)
        match plan.contract:
            case "input" | "asking":
                asked = matters.propose_matter(contract_id=contract.pk, kind=Matter.Kind.INPUT, words=INPUT, by=firm)
                if plan.contract == "asking":
                    return
                yield (moment := moment + 4 * HOUR)
                matters.answer_matter(matter_id=asked.pk, agrees=True, words="", by=owner)
                yield (moment := moment + 2 * DAY)
                matters.finish_matter(matter_id=asked.pk, by=owner)
            case "suspended" | "terminated":
                kind = Matter.Kind.SUSPENSION if plan.contract == "suspended" else Matter.Kind.TERMINATION
                words = SUSPENDED if plan.contract == "suspended" else TERMINATED
                put = matters.propose_matter(
                    contract_id=contract.pk, kind=kind, words=words, charged_to=Matter.Party.OWNER, by=owner
                )
                yield moment + HOUR
                matters.answer_matter(matter_id=put.pk, agrees=True, words="", by=firm)
                return
            case "abandoned":
                matters.abandon_contract(contract_id=contract.pk, reason=ABANDONED, by=firm)
                return
        yield from self._delivered(contract, plan, since=moment)

    def _delivered(self, contract: Contract, plan: Plan, *, since: datetime) -> Iterator[datetime]:
        owner, firm = self._sides(contract)
        yield (moment := worktime.add_working_days(since, max(1, contract.days * 2 // 3)) - 8 * HOUR)
        first = _submit(contract, firm, "报审稿")
        if plan.contract == "submitted":
            return
        if plan.contract == "silent":
            yield (moment := first.review_due_at)
            delivering.accept_by_silence(deliverable_id=first.pk, now=moment)
        else:
            yield (moment := moment + 2 * DAY)
            if plan.contract == "returned":
                delivering.return_deliverable(
                    deliverable_id=first.pk, reasons=["errors", "form"], words=RETURNED, by=owner
                )
                yield (moment := moment + 3 * DAY)
                first = _submit(contract, firm, "修改稿")
                yield (moment := moment + DAY)
            delivering.accept_deliverable(deliverable_id=first.pk, by=owner)
        yield from self._paid_and_filed(contract, plan, since=moment)

    def _paid_and_filed(self, contract: Contract, plan: Plan, *, since: datetime) -> Iterator[datetime]:
        """The money and the case go their ways beside each other."""
        ways = []
        if plan.pays:
            ways.append(self.payments.on_acceptance(contract, how=plan.pays, since=since))
        if plan.case:
            ways.append(self.cases.follow(contract, story=plan.case, since=since))
        yield from in_order(ways)

    def _sides(self, contract: Contract) -> tuple[Membership, Membership]:
        return self.city.member(contract.owner), self.city.member(contract.firm.organisation)


def filed_after(sealed_at: datetime) -> datetime:
    """When the service centre has filed what was sealed then: in the afternoon of the second working day after it."""
    return worktime.add_working_days(sealed_at, 2) - 8 * HOUR


def in_order(lives: Iterable[Iterator[datetime]]) -> Iterator[datetime]:
    """The moments of several lives as one, each step taken at its own."""
    due = [(moment, number, life) for number, life in enumerate(lives) if (moment := next(life, None)) is not None]
    heapq.heapify(due)
    while due:
        moment, number, life = heapq.heappop(due)
        yield moment
        if (following := next(life, None)) is not None:
            heapq.heappush(due, (following, number, life))


def _submit(contract: Contract, by: Membership, name: str) -> Deliverable:
    milestone = contract.milestones.filter(delivers=True).order_by("number").first()
    assert milestone is not None
    content = ContentFile(titled_page(f"{contract.title}（{name}）"))
    return delivering.submit_deliverable(milestone_id=milestone.pk, content=content, kind=PDF, note=name, by=by)
