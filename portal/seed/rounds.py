"""The city's rounds, lived through by the very functions that people and time use, in the order of their days.

Every round is a generator that gives the moment of its next step; the steps of all rounds are taken in the order of
time, so that codes and the log read as if the service had run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Organisation
from bidding.domain import auction, choosing, closing, entries, marking, opening, rounds, timetable
from bidding.domain.eligibility import reasons_against, reasons_between
from bidding.models import CustodianKey, Policy, Round, Seat
from core import clock, worktime
from core.clock import LOCAL
from market.domain import standing
from market.models import Firm, Service
from portal.seed.city import MUNICIPAL, City
from portal.seed.firms import Guild
from portal.seed.owners import Owners, new_need
from portal.seed.plans import Plan
from protocol.methods import METHODS
from protocol.seal import seal_bid

Status = Round.Status
NOTICE_DAYS = 5
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Services that may be asked for without a further ground, with what they cost in yuan.
PRICES = {
    "S005": 90_000, "S006": 60_000, "S011": 70_000, "S012": 180_000, "S013": 120_000, "S014": 80_000, "S015": 60_000,
    "S019": 30_000, "S020": 18_000, "S022": 65_000, "S024": 25_000, "S025": 36_000, "S026": 30_000, "S030": 90_000,
    "S031": 50_000, "S034": 45_000,
}  # fmt: skip

GROUNDS = (
    "服务内容复杂，方案差别大，只比价格选不出合适的机构。",
    "涉及多个专题，需要比较各机构的技术路线和人员安排。",
)
DIRECT_GROUNDS = (
    "上一阶段的成果由这家机构完成，本次只作补充，金额不大。",
    "工期紧，这家机构已掌握现场资料，金额在直接选取的限额以内。",
)
DIRECT_MOST = Decimal(50_000)
"""No policy of the city takes more for naming a firm directly."""
COMMENTS = ("技术路线清楚，进度合理。", "人员配备齐全，成果要求写得具体。", "对现场情况了解不够，工作量估计偏少。")
REASONS_FOR = ("进度安排最可靠，人员配备齐全，时限最短。", "技术路线清楚，类似项目经验多，报价合理。")
REASONS_AGAINST = (
    "进度安排偏松，没有写明各阶段成果。",
    "人员配备不足，现场工作量估计偏少。",
    "方案完整，价格高于其他几家。",
)


@dataclass(kw_only=True)
class Rounds:
    """Lives the rounds of a city."""

    city: City
    guild: Guild
    owners: Owners
    now: datetime
    attend: Callable[[], None]

    def __post_init__(self) -> None:
        self.services = {service.code: service for service in Service.objects.all()}
        self.rng = self.city.names.rng
        self.operator = self.city.member(self.city.operator)

    def live(self, plans: list[Plan]) -> None:
        """Take the steps of all plans in the order of time, up to now."""
        due = [(next(steps := self._life(plan)), number, steps) for number, plan in enumerate(plans)]
        heapq.heapify(due)
        while due:
            moment, number, steps = heapq.heappop(due)
            with clock.travelling(moment):
                following = next(steps, None)
            if following is not None and following <= self.now:
                heapq.heappush(due, (following, number, steps))

    def _life(self, plan: Plan) -> Iterator[datetime]:
        announced = self._announced(plan)
        yield announced - (DAY * 2 if plan.minutes is None else 20 * MINUTE)
        round_ = self._draft(plan)
        if plan.stage != Status.DRAFT:
            yield from self._after_draft(round_, plan, announced)

    def _after_draft(self, round_: Round, plan: Plan, announced: datetime) -> Iterator[datetime]:
        owner = self.city.member(round_.owner)
        yield announced - (5 * HOUR if plan.minutes is None else 10 * MINUTE)
        rounds.submit_round(round_id=round_.pk, by=owner)
        if plan.stage == Status.SUBMITTED:
            return
        yield announced
        if plan.stage == Status.RETURNED:
            reason = "服务内容写得不够清楚：请写明成果的形式、份数和评审由谁组织。"
            rounds.return_round(round_id=round_.pk, reason=reason, by=self.operator)
            return
        if not CustodianKey.objects.filter(round=None).exists():
            self.attend()
        announced_round = rounds.announce_round(round_id=round_.pk, by=self.operator)
        self.attend()
        yield from self._notice(announced_round, plan, announced)

    def _notice(self, round_: Round, plan: Plan, announced: datetime) -> Iterator[datetime]:
        assert round_.closes_at is not None
        entered: list[Firm] = []
        for firm, moment in self._entrants(round_, plan, announced):
            yield moment
            if not reasons_against(firm=firm, round_=round_, at=moment):  # it may have been suspended meanwhile
                self._enter(round_, plan, firm)
                entered.append(firm)
        if plan.suspends and entered:
            yield round_.closes_at - MINUTE
            until = self.now + 60 * DAY
            standing.suspend_firm(
                firm_id=entered[-1].pk, reason="涉嫌出具失实报告，立案调查", until=until, by=self.operator
            )
        if plan.stage == Status.CANCELLED:
            yield announced + (round_.closes_at - announced) / 2
            owner = self.city.member(round_.owner)
            rounds.cancel_round(round_id=round_.pk, reason="项目选址调整，本次需求不再实施。", by=owner)
        elif plan.stage != Status.ANNOUNCED:
            yield from self._result(round_, plan)

    def _result(self, round_: Round, plan: Plan) -> Iterator[datetime]:
        assert round_.closes_at is not None
        moment = round_.closes_at
        for reached, step in (
            (Status.CLOSED, closing.close_round),
            (Status.OPENED, opening.open_round),
            (Status.EVALUATED, closing.evaluate_round),
            (Status.CANDIDATE, closing.publish_candidate),
        ):
            yield moment
            round_ = step(round_id=round_.pk, now=moment)
            if round_.status == Status.FAILED:
                yield from self._again(round_, plan)
                return
            if reached == Status.EVALUATED and round_.status == Status.OPENED:
                if plan.waits:
                    return
                moment += HOUR if plan.minutes is None else 10 * MINUTE
                yield moment
                round_ = self._choose(round_) if round_.choice_due_at else self._mark(round_)
            if plan.stage == reached:
                return
            if reached == Status.OPENED and plan.method == "auction":
                moment = yield from self._auction(round_)
            if reached == Status.CLOSED:
                self.attend()
            moment += timedelta(seconds=2)
        assert round_.candidate_until is not None
        yield round_.candidate_until
        closing.award_round(round_id=round_.pk, now=round_.candidate_until)

    def _auction(self, round_: Round) -> Generator[datetime, None, datetime]:
        """Offers in turns, each a little below the best; gives the moment after the end."""
        lot = round_.lots.select_related("auction").get()
        firms = [bidder.entry.firm for bidder in lot.auction.bidders.select_related("entry__firm__organisation")]
        best, step = Decimal(round_.parameters["upper"]), Decimal(round_.parameters["step"])
        moment = lot.auction.starts_at
        for number in range(len(firms) * 3):
            moment += timedelta(seconds=self.rng.randrange(20, 90))
            yield moment
            best -= step * self.rng.randrange(1, 4)
            firm = firms[number % len(firms)]
            auction.place_offer(lot_id=lot.pk, firm=firm, user=self.city.member(firm.organisation).user, amount=best)
        lot.auction.refresh_from_db()
        return lot.auction.ends_at + timedelta(seconds=1)

    def _mark(self, round_: Round) -> Round:
        """Every drawn expert accepts, and marks all proposals."""
        seats = list(Seat.objects.filter(lot__round=round_).select_related("expert__user", "lot"))
        for seat in seats:
            marking.accept_seat(seat_id=seat.pk, user=seat.expert.user)
            given = {
                number: marking.Given(mark=Decimal(self.rng.randrange(60, 97)), comment=self.rng.choice(COMMENTS))
                for number, _entry in enumerate(marking.proposals(seat.lot), start=1)
            }
            marking.submit_marks(seat_id=seat.pk, user=seat.expert.user, given=given)
        return Round.objects.get(pk=round_.pk)

    def _choose(self, round_: Round) -> Round:
        """The owner picks one of its short list, with reasons."""
        listed = round_.lots.get().short_list
        picked = self.rng.choice(listed)
        reasons = {uscc: self.rng.choice(REASONS_FOR if uscc == picked else REASONS_AGAINST) for uscc in listed}
        by = self.city.member(round_.owner)
        return choosing.choose(round_id=round_.pk, uscc=picked, reason=reasons[picked], reasons=reasons, by=by)

    def _again(self, failed: Round, plan: Plan) -> Iterator[datetime]:
        if plan.again is None:
            return
        announced = self._announced(plan.again)
        yield announced - (DAY if plan.again.minutes is None else 30 * MINUTE)
        second = rounds.announce_again(round_id=failed.pk, by=self.city.member(failed.owner))
        self._edit(second, plan.again, second.parameters)
        yield from self._after_draft(second, plan.again, announced)

    def _announced(self, plan: Plan) -> datetime:
        """When a round must be announced that closes as planned."""
        if plan.minutes is not None:
            return plan.closes - plan.minutes * MINUTE
        local = plan.closes.astimezone(LOCAL)
        for back in range(NOTICE_DAYS, 40):
            start = datetime.combine(local.date() - back * DAY, time(10), tzinfo=LOCAL)
            closes = timetable.closing_of(Policy.in_force(start), NOTICE_DAYS, announced_at=start)
            if closes.date() <= local.date() and worktime.is_working(start.date()):
                return start + self.rng.randrange(300) * MINUTE
        raise AssertionError("no working day within forty days")

    def _draft(self, plan: Plan) -> Round:
        owner, service = self._owner(plan), self._service(plan)
        budget = Decimal(PRICES[service.code] * self.rng.randrange(80, 160) // 10_000 * 100)
        district = MUNICIPAL if plan.showcase or plan.public_money else self.rng.choice(list(self.city.districts))
        need = new_need(self.city, owner, service, budget=budget, district=district, public_money=plan.public_money)
        round_ = rounds.draft_round(need=need, by=self.city.member(owner))
        self._edit(round_, plan, self._terms(plan.method, budget))
        Round.objects.filter(pk=round_.pk).update(created_at=clock.now())
        return round_

    def _terms(self, method: str, budget: Decimal) -> dict[str, Any]:
        """The method's parameters, with limits and prices that follow from the budget."""
        limit, price = {"upper": f"{budget:.2f}"}, {"price": f"{budget * 8 / 10:.2f}"}
        terms: dict[str, dict[str, Any]] = {
            "lowest": limit,
            "draw": price,
            "mean": {**limit, "coefficients": ["0.95", "0.96", "0.97", "0.98"], "trim_over": "5"},
            "lowest_draw": {**limit, "k": "3"},
            "credit_draw": {**price, "long_list": "8", "short_list": "3"},
            "proposal": {**limit, "ground": self.rng.choice(GROUNDS)},
            "scored": {**limit, "weights": {"price": "40", "quality": "40", "record": "20"}},
            "auction": {**limit, "step": f"{budget / 100:.2f}", "extend_within_s": "120", "extend_by_s": "120"},
            "direct": {"price": f"{min(budget * 8 / 10, DIRECT_MOST):.2f}", "ground": self.rng.choice(DIRECT_GROUNDS)},
        }
        return terms[method]

    def _edit(self, round_: Round, plan: Plan, parameters: dict[str, Any]) -> None:
        rounds.edit_round(
            round_id=round_.pk,
            method=plan.method,
            parameters=parameters,
            notice_length=plan.minutes or NOTICE_DAYS,
            by=self.city.member(round_.owner),
            named=self.rng.choice(self._able(round_, at=clock.now())) if plan.method == "direct" else None,
        )

    def _owner(self, plan: Plan) -> Organisation:
        if plan.showcase:
            return self.owners.companies[0]
        if plan.public_money:
            return self.rng.choice(self.owners.institutions)
        return self.rng.choice([*self.owners.companies, *self.owners.persons])

    def _service(self, plan: Plan) -> Service:
        codes = [code for code in PRICES if len(self.guild.offering[code]) >= 5]
        return self.services[plan.showcase or self.rng.choice(codes)]

    def _entrants(self, round_: Round, plan: Plan, announced: datetime) -> list[tuple[Firm, datetime]]:
        """Firms that may enter, at moments spread over the notice."""
        assert round_.closes_at is not None
        able = self._able(round_, at=announced)
        chosen = self.rng.sample(able, min(plan.entrants, len(able)))
        last = min(round_.closes_at, self.now) - 2 * MINUTE
        span = max((last - announced) // timedelta(seconds=1), 1)
        moments = sorted(announced + timedelta(seconds=self.rng.randrange(span)) for _firm in chosen)
        return list(zip(chosen, moments, strict=True))

    def _able(self, round_: Round, *, at: datetime) -> list[Firm]:
        """Who may enter then, but for the firms that a demonstration plays."""
        firms = [firm for firm in self.guild.offering[round_.service.code] if firm not in self.guild.players]
        reasons = reasons_between(firms, [round_], at=at)
        return [firm for firm in firms if not reasons[firm.pk, round_.pk]]

    def _enter(self, round_: Round, plan: Plan, firm: Firm) -> None:
        amount = None
        if METHODS[plan.method].priced:
            upper = Decimal(round_.parameters["upper"])
            share = self.rng.randrange(103, 120) if plan.all_too_dear else self.rng.randrange(70, 99)
            amount = (upper * share / 100 // 100 * 100).quantize(Decimal("0.01"))
        bid = seal_bid(
            round=round_.code,
            lot="1",
            uscc=firm.uscc,
            platform=round_.platform_public,
            custodian=round_.custodian_public,
            amount=amount,
            days=self.rng.randrange(10, 21),
            nonce=self.rng.randbytes(32).hex(),
        )
        user = self.city.member(firm.organisation).user
        entries.submit_envelope(
            round_id=round_.pk, firm=firm, user=user, sealed=bid.envelope, token_sha256=bid.token_sha256
        )
