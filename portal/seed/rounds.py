"""The city's rounds, lived through by the very functions that people and time use, in the order of their days.

Every round is a generator that gives the moment of its next step; the steps of all rounds are taken in the order of
time, so that codes and the log read as if the service had run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Organisation
from bidding.domain import closing, entries, opening, rounds, timetable
from bidding.domain.eligibility import reasons_between
from bidding.domain.lots import LotTerms
from bidding.models import CustodianKey, Lot, Policy, Round
from core import clock, worktime
from core.clock import LOCAL
from market.domain import standing
from market.models import Firm, Service
from portal.seed import acts
from portal.seed.city import MUNICIPAL, City
from portal.seed.contracts import Contracts, in_order
from portal.seed.firms import Guild
from portal.seed.owners import Owners, new_need
from portal.seed.plans import DAY, HOUR, MINUTE, Plan, Status
from portal.seed.prices import PRICES, USUAL_PRICE
from protocol.methods import METHODS
from protocol.parameters import OF_LOT
from protocol.seal import seal_bid

NOTICE_DAYS = 5
GROUNDS = {
    "proposal": (
        "服务内容复杂，方案差别大，只比价格选不出合适的机构。",
        "涉及多个专题，需要比较各机构的技术路线和人员安排。",
    ),
    "direct": ("金额在直接选取限额以内，与前期已完成的专题衔接，由同一机构继续承担。",),
}
MOST_DIRECT = Decimal(48_000)
"""Below what the city's policy lets an owner give without a selection."""
MOST_TOGETHER = 3
AFTER_DEADLINE = (
    (Status.CLOSED, closing.close_round),
    (Status.OPENED, opening.open_round),
    (Status.EVALUATED, closing.evaluate_round),
    (Status.CANDIDATE, closing.publish_candidate),
)


@dataclass(kw_only=True)
class Rounds:
    """Lives the rounds of a city."""

    city: City
    guild: Guild
    owners: Owners
    now: datetime
    attend: Callable[[], None]
    contracts: Contracts

    def __post_init__(self) -> None:
        self.services = {service.code: service for service in Service.objects.all()}
        self.rng = self.city.rng
        self.named: set[Firm] = set()
        self.operator = self.city.member(self.city.operator)

    def live(
        self,
        plans: list[Plan],
        *,
        beside: Iterable[Iterator[datetime]] = (),
        tell: Callable[[datetime], None] = lambda moment: None,
    ) -> None:
        """Take the steps of all plans, and of other lives `beside` them, in the order of time up to now; `tell` how far it is."""
        steps = in_order([*map(self._life, plans), *beside])
        moment = next(steps, None)
        while moment is not None and moment <= self.now:
            tell(moment)
            with clock.travelling(moment):
                moment = next(steps, None)

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
        entered: list[Firm] = []
        firms, since = self._entrants(round_, plan, at=announced), announced
        if plan.asks:
            since = yield from acts.ask(self.city, round_, firms, since=announced)
            round_.refresh_from_db(fields=["closes_at"])
        if plan.joins:
            lead, member, *others = firms
            since = yield from acts.join(self.city, round_, lead, member, since=since)
            firms = [lead, *others]
        assert round_.closes_at is not None
        ends = announced + (round_.closes_at - announced) / 2 if plan.stage == Status.CANCELLED else round_.closes_at
        for firm, moment in zip(firms, self._moments(len(firms), since=since, until=ends), strict=True):
            yield moment
            with suppress(entries.KeptOut):  # it may have been suspended meanwhile
                self._enter(round_, plan, firm)
                entered.append(firm)
        if plan.stage == Status.CANCELLED:
            yield ends
            owner = self.city.member(round_.owner)
            rounds.cancel_round(round_id=round_.pk, reason="项目选址调整，本次需求不再实施。", by=owner)
        elif plan.stage != Status.ANNOUNCED:
            yield from self._suspended(round_, plan, entered)
            yield from self._result(round_, plan)

    def _suspended(self, round_: Round, plan: Plan, entered: list[Firm]) -> Iterator[datetime]:
        """In the last minute, one of those who have entered."""
        firms = [firm for firm in entered if firm not in self.named]
        if plan.suspends and firms:
            assert round_.closes_at is not None
            yield round_.closes_at - MINUTE
            until = self.now + 60 * DAY
            standing.suspend_firm(
                firm_id=firms[-1].pk, reason="涉嫌出具失实报告，立案调查", until=until, by=self.operator
            )

    def _result(self, round_: Round, plan: Plan) -> Iterator[datetime]:
        assert round_.closes_at is not None
        moment = round_.closes_at
        for reached, step in AFTER_DEADLINE:
            yield moment
            round_ = step(round_id=round_.pk, now=moment)
            if reached == Status.EVALUATED and round_.status == Status.OPENED:
                if plan.waits:
                    return
                moment = yield from acts.decide(self.city, round_, since=moment)
                round_.refresh_from_db()
            if round_.status == Status.FAILED:
                yield from self._again(round_, plan)
                return
            if reached == Status.CANDIDATE:
                yield from self._candidate(round_, plan)
            if plan.stage == reached and not plan.waits:
                return
            if reached == Status.CLOSED:
                self.attend()
            if reached == Status.OPENED and plan.method == "auction":
                moment = yield from acts.offer(self.city, round_)
            moment += timedelta(seconds=2)

    def _candidate(self, round_: Round, plan: Plan) -> Iterator[datetime]:
        assert round_.candidate_at is not None
        moment = round_.candidate_at
        if plan.walks_away and round_.lots.get().winner not in self.named:
            moment = yield from acts.walk_away(self.city, round_, attend=self.attend)
            round_.refresh_from_db()
        if plan.objects is not None:
            yield from acts.object_to(self.city, round_, outcome=plan.objects, since=moment)
        if plan.stage == Status.AWARDED:
            assert round_.candidate_until is not None
            yield round_.candidate_until
            closing.award_round(round_id=round_.pk, now=round_.candidate_until)
            if plan.contract:
                yield from self.contracts.life(round_, plan, since=round_.candidate_until)

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
        further = [self.services[code] for code in plan.together[1:]]
        price = sum(PRICES.get(each.code, USUAL_PRICE) for each in (service, *further))
        budget = Decimal(price * self.rng.randrange(80, 160) // 10_000 * 100)
        district = MUNICIPAL if plan.showcase or plan.winner or plan.public_money else ""
        district = plan.district or district or self.rng.choice(list(self.city.districts))
        need = new_need(
            self.city,
            owner,
            service,
            budget=budget,
            district=district,
            public_money=plan.public_money,
            further=further,
        )
        round_ = rounds.draft_round(need=need, by=self.city.member(owner))
        terms = self._terms(plan.method, budget)
        self._edit(round_, plan, terms, lots=_split(terms, plan.lots))
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
            "proposal": {**limit, "ground": self.rng.choice(GROUNDS["proposal"])},
            "scored": {**limit, "weights": {"price": "40", "quality": "40", "record": "20"}},
            "auction": {**limit, "step": f"{budget / 100:.2f}", "extend_within_s": "120", "extend_by_s": "120"},
            "direct": {
                "price": f"{min(budget * 8 / 10, MOST_DIRECT):.2f}",
                "ground": self.rng.choice(GROUNDS["direct"]),
            },
        }
        return terms[method]

    def _edit(
        self, round_: Round, plan: Plan, parameters: dict[str, Any], *, lots: list[LotTerms] | None = None
    ) -> None:
        rounds.edit_round(
            round_id=round_.pk,
            method=plan.method,
            parameters=parameters,
            notice_length=plan.minutes or NOTICE_DAYS,
            by=self.city.member(round_.owner),
            named=self._named(round_) if plan.method == rounds.DIRECT else None,
            lots=lots,
            consortium_most=MOST_TOGETHER if plan.joins else None,
        )

    def _named(self, round_: Round) -> Firm:
        """Whom an owner chooses without a selection; it enters no other round, so that nothing there keeps it out of its own."""
        named = round_.named or self.rng.choice(self._able(round_, at=clock.now()))
        self.named.add(named)
        return named

    def _owner(self, plan: Plan) -> Organisation:
        if plan.showcase:
            return self.owners.companies[0]
        if plan.owner:
            kind, _space, number = plan.owner.partition(" ")
            return self.owners.of_kind(kind)[int(number)]
        if plan.public_money:
            return self.rng.choice(self.owners.institutions)
        return self.rng.choice([*self.owners.companies, *self.owners.persons])

    def _service(self, plan: Plan) -> Service:
        codes = [code for code in PRICES if len(self.guild.offering[code]) >= 5]
        return self.services[plan.showcase or plan.service or next(iter(plan.together), None) or self.rng.choice(codes)]

    def _entrants(self, round_: Round, plan: Plan, *, at: datetime) -> list[Firm]:
        """Firms that may enter; none of those that a demonstration plays, nor, elsewhere, those that an owner has named."""
        if round_.named is not None:
            return [round_.named][: plan.entrants]
        able = [firm for firm in self._able(round_, at=at) if firm not in self.named]
        others = self.rng.sample(able, min(plan.entrants, len(able)))
        return [*others, self._player(plan)] if plan.winner else others

    def _player(self, plan: Plan) -> Firm:
        return self.guild.players["abc".index(plan.winner)]

    def _able(self, round_: Round, *, at: datetime) -> list[Firm]:
        firms = [firm for firm in self.guild.offering[round_.service.code] if firm not in self.guild.players]
        reasons = reasons_between(firms, [round_], at=at)
        return [firm for firm in firms if not reasons[firm.pk, round_.pk]]

    def _moments(self, count: int, *, since: datetime, until: datetime) -> list[datetime]:
        """Moments spread over the notice, as far as it is over."""
        last = min(until, self.now) - 2 * MINUTE
        span = max((last - since) // timedelta(seconds=1), 1)
        return sorted(since + timedelta(seconds=self.rng.randrange(span)) for _number in range(count))

    def _enter(self, round_: Round, plan: Plan, firm: Firm) -> None:
        """In every lot; whom the plan lets win is the cheapest."""
        wins = bool(plan.winner) and firm == self._player(plan)
        user = self.city.member(firm.organisation).user
        for lot in round_.lots.order_by("number"):
            bid = seal_bid(
                round=round_.code,
                lot=lot.number,
                uscc=firm.uscc,
                platform=round_.platform_public,
                custodian=round_.custodian_public,
                amount=self._amount(lot, plan, wins=wins) if METHODS[plan.method].priced else None,
                days=self.rng.randrange(10, 21),
                nonce=self.rng.randbytes(32).hex(),
            )
            entries.submit_envelope(
                round_id=round_.pk,
                lot=lot.number,
                firm=firm,
                user=user,
                sealed=bid.envelope,
                token_sha256=bid.token_sha256,
            )

    def _amount(self, lot: Lot, plan: Plan, *, wins: bool) -> Decimal:
        assert lot.upper is not None
        share = self.rng.randrange(103, 120) if plan.all_too_dear else self.rng.randrange(70, 99)
        share = 68 if wins else share
        upper: Decimal = lot.upper
        return (upper * share / 100 // 100 * 100).quantize(Decimal("0.01"))


def _split(terms: dict[str, Any], titles: tuple[str, ...]) -> list[LotTerms] | None:
    """Take price and limits out of the terms of a round that has several lots, and give each lot its part of them."""
    if not titles:
        return None
    whole = {name: Decimal(terms.pop(name)) for name in OF_LOT if name in terms}
    parts = {name: amount // len(titles) // 100 * 100 for name, amount in whole.items()}
    return [LotTerms(title=title, **parts) for title in titles]
