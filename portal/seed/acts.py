"""What people do in a round besides posting and entering it: ask, offer, mark, choose, object, walk away.

Each is a generator of the moments of its steps, which gives the moment from which the round goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bidding.domain import auction, choosing, closing, consortia, marking, objections, questions, substitution
from bidding.models import Objection, Round, Seat
from market.models import Firm
from portal.seed.city import City
from portal.seed.plans import HOUR, MINUTE

Steps = Generator[datetime, None, datetime]

ASKED = (
    ("成果需要几份纸质件？是否需要另外提供可编辑的电子版？", "纸质件三份，电子版一份，格式不限。", False),
    ("现场踏勘由谁组织，费用是否包含在报价里？", "踏勘由业主组织；新增一次补充踏勘，费用包含在报价里。", True),
    ("专家评审会的费用由谁承担？", "", False),
)
"""Question, answer, and whether the answer changes the requirement; the last one still waits for its answer."""
SHARES = ("总体负责，编制成果并配合审查。", "现场调查和数据采集。")
COMMENTS = ("技术路线清楚，进度合理。", "人员配备齐全，成果要求写得具体。", "对现场情况了解不够，工作量估计偏少。")
REASONS_FOR = ("进度安排最可靠，人员配备齐全，时限最短。", "技术路线清楚，类似项目经验多，报价合理。")
REASONS_AGAINST = (
    "进度安排偏松，没有写明各阶段成果。",
    "人员配备不足，现场工作量估计偏少。",
    "方案完整，价格高于其他几家。",
)
OBJECTION = "中选候选机构近期完成的同类项目与其申报业绩不符，请核实。"
ANSWERS = {
    Objection.Status.REJECTED: "经核实，候选机构申报的业绩与合同、成果文件一致，异议不成立。",
    Objection.Status.UPHELD: "经核实，候选机构申报的业绩无法证明，异议成立，本次比选作废。",
}
COMPLAINT = "答复没有说明核实了哪些合同，请监管部门复核。"
WALKS_AWAY = "项目负责人离职，无法按承诺的时限完成。"


def ask(city: City, round_: Round, firms: Sequence[Firm], *, since: datetime) -> Steps:
    """Questions of firms, each answered soon after by the owner; one answer changes the requirement."""
    moment = since
    for number, (text, answer, changes) in enumerate(ASKED, start=1):
        yield (moment := moment + 2 * MINUTE)
        questions.ask(round_id=round_.pk, text=text, by=city.member(firms[number % len(firms)].organisation))
        if answer:
            yield (moment := moment + 2 * MINUTE)
            owner = city.member(round_.owner)
            questions.answer(round_id=round_.pk, number=number, text=answer, changes=changes, by=owner)
    return moment


def join(city: City, round_: Round, lead: Firm, member: Firm, *, since: datetime) -> Steps:
    """A firm proposes a consortium to another, which confirms it."""
    yield (moment := since + 2 * MINUTE)
    own, others = (consortia.Part(firm=firm, share=share) for firm, share in zip((lead, member), SHARES, strict=True))
    made = consortia.propose(round_id=round_.pk, lead=own, members=[others], by=city.member(lead.organisation))
    yield (moment := moment + 2 * MINUTE)
    consortia.answer(key=made.key, confirms=True, by=city.member(member.organisation))
    return moment


def offer(city: City, round_: Round) -> Steps:
    """Offers in an auction, in turns, each a little below the best, until nobody goes on."""
    lot = round_.lots.select_related("auction").get()
    firms = [bidder.entry.firm for bidder in lot.auction.bidders.select_related("entry__firm__organisation")]
    best, step = Decimal(round_.parameters["upper"]), Decimal(round_.parameters["step"])
    moment = lot.auction.starts_at
    for number in range(len(firms) * 3):
        yield (moment := moment + timedelta(seconds=city.rng.randrange(20, 90)))
        best -= step * city.rng.randrange(1, 4)
        firm = firms[number % len(firms)]
        auction.place_offer(lot_id=lot.pk, firm=firm, user=city.member(firm.organisation).user, amount=best)
    lot.auction.refresh_from_db()
    return lot.auction.ends_at + timedelta(seconds=1)


def decide(city: City, round_: Round, *, since: datetime) -> Steps:
    """After the opening: every drawn expert accepts and marks all proposals, or the owner picks one of its short list."""
    yield (moment := since + 20 * MINUTE)
    if round_.choice_due_at is None:
        for seat in Seat.objects.filter(lot__round=round_).select_related("expert__user", "lot"):
            _mark(city, seat)
        return moment
    listed = round_.lots.get().short_list
    picked = city.rng.choice(listed)
    reasons = {uscc: city.rng.choice(REASONS_FOR if uscc == picked else REASONS_AGAINST) for uscc in listed}
    owner = city.member(round_.owner)
    choosing.choose(round_id=round_.pk, uscc=picked, reason=reasons[picked], reasons=reasons, by=owner)
    return moment


def _mark(city: City, seat: Seat) -> None:
    marking.accept_seat(seat_id=seat.pk, user=seat.expert.user)
    given = {
        number: marking.Given(mark=Decimal(city.rng.randrange(60, 97)), comment=city.rng.choice(COMMENTS))
        for number, _entry in enumerate(marking.proposals(seat.lot), start=1)
    }
    marking.submit_marks(seat_id=seat.pk, user=seat.expert.user, given=given)


def walk_away(city: City, round_: Round, *, attend: Callable[[], None]) -> Steps:
    """The candidate gives its lot up; with the custodian's next code, where one is needed, the next firm is on notice."""
    assert round_.candidate_at is not None
    yield (moment := round_.candidate_at + HOUR)
    winner = round_.lots.select_related("winner__organisation").get().winner
    assert winner is not None
    substitution.walk_away(round_id=round_.pk, reason=WALKS_AWAY, by=city.member(winner.organisation))
    attend()
    yield (moment := moment + 2 * MINUTE)
    substitution.settle(round_id=round_.pk, now=moment)
    closing.publish_candidate(round_id=round_.pk, now=moment)
    return moment


def object_to(city: City, round_: Round, *, outcome: Objection.Status, since: datetime) -> Steps:
    """Somebody who entered in vain, or the owner, objects to the candidate; the service centre answers, unless it is busy."""
    yield (moment := since + HOUR)
    lot = round_.lots.get()
    loser = lot.entries.live().exclude(firm=lot.winner).select_related("firm__organisation").order_by("pk").first()
    objector = city.member(loser.firm.organisation if loser else round_.owner)
    objection = objections.file_objection(round_id=round_.pk, text=OBJECTION, files=(), by=objector)
    if outcome == Objection.Status.FILED:
        return moment
    answered = outcome if outcome in ANSWERS else Objection.Status.REJECTED
    yield (moment := moment + HOUR)
    objections.answer_objection(
        objection_id=objection.pk, outcome=answered, text=ANSWERS[answered], by=city.member(city.operator)
    )
    if outcome == Objection.Status.ESCALATED:
        yield (moment := moment + HOUR)
        objections.escalate_objection(objection_id=objection.pk, text=COMPLAINT, by=objector)
    return moment
