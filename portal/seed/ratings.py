"""What is said of the city's firms, and what their conduct has cost them: lived by the functions that people and beat use.

Its chances are its own, so that rounds and cases come out as without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from django.core.files.base import ContentFile
from fpdf import FPDF

from accounts.models import Kind, Membership
from core import clock
from core.clock import LOCAL
from market.models import Firm
from portal.seed.city import City
from portal.seed.firms import Guild
from ratings.domain import deductions, due, evaluating, replying
from ratings.domain.finding import propose_found
from ratings.domain.waiting import lines_of, lines_to_evaluate
from ratings.models import ConductPolicy, Deed, Dimension, Evaluation, EvaluationPolicy

DAY = timedelta(days=1)
EVENINGS, EVERY = 73, 6
"""So many days back the first contract may have been accepted, and every so manieth evening since then people evaluate."""
SAID = {
    "owner": (
        "按时提交，一次通过审查。",
        "沟通及时，修改了两次才定稿。",
        "成果质量好，收费清楚。",
        "比承诺晚了几天，态度尚可。",
    ),
    "department": ("报告内容完整，结论明确。", "源强核算有误，补正一次后通过。", "图件规范。"),
    "centre": ("合同和成果按时上传。", "资料更新不够及时，已提醒。"),
}
REPLIES = ("感谢评价，今后继续改进。", "延误是因为现场资料移交较晚，已在内部整改。")
STATED = "超期主要是业主资料移交较晚，请核对时间轴。"


@dataclass(frozen=True)
class Story:
    """A deduction of a firm: the deed, how many days ago it was proposed, and the steps after the proposal by days."""

    kind: Deed
    ago: float
    steps: tuple[tuple[float, str], ...] = ()


TO_FORCE = ((1, "notice"), (4, "state"), (12, "deduct"))
STORIES = (
    Story(Deed.RETURNED, 0.5),
    Story(Deed.LATE, 3, ((1, "notice"),)),
    Story(Deed.FEE_RAISED, 6, ((1, "notice"), (3, "state"))),
    Story(Deed.LATE, 30, ((1, "notice"), (4, "state"), (12, "drop"))),
    Story(Deed.ABANDONED, 20, TO_FORCE),
    Story(Deed.UNSIGNED, 24, (*TO_FORCE, (15, "appeal"))),
    Story(Deed.RETURNED, 60, (*TO_FORCE, (15, "appeal"), (22, "uphold"))),
    Story(Deed.FEE_RAISED, 70, (*TO_FORCE, (15, "appeal"), (25, "reject"))),
    Story(Deed.ABANDONED, 130, (*TO_FORCE, (110, "repair"))),
    Story(Deed.LAPSED, 140, (*TO_FORCE, (110, "repair"), (118, "repaired"))),
    Story(Deed.LATE, 215, TO_FORCE),
    Story(Deed.LATE, 16, TO_FORCE),
)
"""Every state once; the last is of a firm as which a demonstration signs in, and so is the second."""
PLAYERS = {1: 0, 11: 1, 4: 2}
"""Which story is whose of the players."""


def load_demo_rules(*, valid_from: date) -> None:
    """Terms of minutes, so that a demonstration can be played through while one watches."""
    basis = "仅供演示：期限以分钟计，不具法律效力"
    EvaluationPolicy.objects.create(
        version="demo", unit=EvaluationPolicy.Unit.MINUTES, edit=5, reply=60, reply_edit=3, burst_count=4,
        valid_from=valid_from, legal_basis=basis,
    )  # fmt: skip
    ConductPolicy.objects.create(
        version="demo", unit=ConductPolicy.Unit.MINUTES, state=10, appeal=60, repair_after_days=0,
        valid_from=valid_from, legal_basis=basis,
    )  # fmt: skip


def lives(city: City, guild: Guild, *, now: datetime, rng: Random) -> list[Iterator[datetime]]:
    """The evenings on which people evaluate, and the deductions one by one."""
    others = [firm for firm in guild.firms if firm not in guild.players and firm.status == Firm.Status.LISTED]
    told = []
    for number, story in enumerate(STORIES):
        firm = guild.players[PLAYERS[number]] if number in PLAYERS else others[number]
        told.append(_deduction(city, story, firm, number, now=now))
    return [_evenings(city, now=now, rng=rng), *told]


def _evenings(city: City, *, now: datetime, rng: Random) -> Iterator[datetime]:
    day = now.astimezone(LOCAL).date() - DAY * EVENINGS
    while (moment := datetime.combine(day, time(19, 30), tzinfo=LOCAL)) < now - DAY / 4:
        yield moment
        due.settle_due(moment)
        _evaluate(city, rng, now=moment)
        _reply(city, rng, now=moment)
        day += EVERY * DAY
    yield now - timedelta(minutes=2)
    propose_found(clock.now())
    due.settle_due(clock.now())


def _evaluate(city: City, rng: Random, *, now: datetime) -> None:
    """Some of those who may, and not all of them ever do."""
    lines = list(lines_of(city.operator, now=now))
    raters = {each.contract.owner_id: city.member(each.contract.owner) for each in lines}
    offices = {each.department_id: city.member(each.department.organisation) for each in lines}
    centre = [city.member(city.operator)] if lines else []
    for by in (*raters.values(), *offices.values(), *centre):
        for own in lines_to_evaluate(by.organisation, now=now):
            if rng.random() < 0.45:
                _mark(own.pk, own.contract.firm_id, by, rng)


def _mark(line_id: int, firm_id: int, by: Membership, rng: Random) -> None:
    side = {Kind.DEPARTMENT: "department", Kind.OPERATOR: "centre"}.get(Kind(by.organisation.kind), "owner")
    level = 70 + firm_id * 7 % 25
    marks = {name: min(100, level + rng.randrange(-8, 9)) for name in Dimension.values}
    text = rng.choice(SAID[side]) if rng.random() < 0.8 else ""
    evidence = _paper() if rng.random() < 0.2 else None
    evaluating.evaluate(line_id=line_id, marks=marks, text=text, evidence=evidence, by=by)


def _reply(city: City, rng: Random, *, now: datetime) -> None:
    rows = (
        Evaluation.objects.public(now=now).filter(reply=None, reply_until__gt=now).select_related("firm__organisation")
    )
    for found in rows.order_by("pk"):
        if rng.random() < 0.15:
            by = city.member(found.firm.organisation)
            replying.reply_to(evaluation_id=found.pk, text=rng.choice(REPLIES), by=by)


def _deduction(city: City, story: Story, firm: Firm, number: int, *, now: datetime) -> Iterator[datetime]:
    begun = now - DAY * story.ago
    yield begun
    by = city.member(city.operator)
    found = deductions.propose(
        firm=firm, kind=story.kind, source=f"demo/{number}", occurred_at=begun - DAY, facts={}, by=by,
        text="演示：服务中心查实后提出。", files=[_paper()],
    )  # fmt: skip
    if found is None:
        return
    for after, step in story.steps:
        yield begun + DAY * after
        _take(city, found.pk, firm, step)


def _take(city: City, pk: int, firm: Firm, step: str) -> None:
    centre, regulator = city.member(city.operator), city.member(city.regulator)
    own = city.member(firm.organisation)
    match step:
        case "notice":
            deductions.notice(deduction_id=pk, text="", by=centre)
        case "state":
            deductions.state(deduction_id=pk, text=STATED, files=[_paper()], by=own)
        case "deduct" | "drop":
            words = "陈述理由不足以免责。" if step == "deduct" else "经核对时间轴，超期不归责于机构。"
            deductions.decide(deduction_id=pk, deducts=step == "deduct", text=words, by=centre)
        case "appeal":
            deductions.appeal(deduction_id=pk, text="决定没有考虑业主两次变更范围。", files=[_paper()], by=own)
        case "uphold" | "reject":
            words = "业主变更范围属实，撤销扣分。" if step == "uphold" else "变更范围已另行顺延，维持扣分。"
            deductions.decide_appeal(deduction_id=pk, upheld=step == "uphold", text=words, by=regulator)
        case "repair":
            deductions.ask_repair(deduction_id=pk, text="已退还多收费用并完成内部培训。", files=[_paper()], by=own)
        case "repaired":
            deductions.decide_repair(deduction_id=pk, repaired=True, text="已纠正，材料齐全。", by=centre)


def _paper() -> ContentFile[bytes]:
    """A page that stands for a proof."""
    paper = FPDF(format="A4")
    paper.add_page()
    paper.set_font("Helvetica", size=16)
    paper.cell(text="Demonstration: a proof would be here.")
    return ContentFile(bytes(paper.output()), name="proof.pdf")
