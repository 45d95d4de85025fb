"""A payment plan: from the shares of a template to amounts that sum to the price to the cent, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.errors import DomainError
from core.money import CENT, yuan

NAME_LENGTH = 60
MOST = 8
"""Milestones of a contract with one line; one with several has one more for each."""


def most(lines: int) -> int:
    """How many milestones a contract with so many lines may have."""
    return MOST + lines - 1


@dataclass(frozen=True, kw_only=True)
class Step:
    """One milestone as it is planned: an amount in yuan, working days from the sealing, and whether something is delivered.

    `lines`: the numbers of the contract's lines that it delivers for; none means all of them.
    """

    name: str
    amount: Decimal
    days: int
    delivers: bool = True
    lines: tuple[int, ...] = ()


def one_for_each(steps: Sequence[Step], names: Mapping[int, str]) -> list[Step]:
    """A plan for a contract of several lines: the last milestone becomes one for each, with an equal part of its amount.

    `names` of the lines by their numbers. What is left over in cents falls to the last.
    """
    if len(names) < 2:
        return list(steps)
    *before, last = steps
    part = (last.amount / len(names)).quantize(CENT, rounding=ROUND_DOWN)
    own = [
        replace(last, name=f"{name} · {last.name}"[:NAME_LENGTH], amount=part, lines=(number,))
        for number, name in names.items()
    ]
    own[-1] = replace(own[-1], amount=last.amount - part * (len(names) - 1))
    return [*before, *own]


def steps_of(plan: Sequence[Mapping[str, Any]], *, price: Decimal, days: int) -> list[Step]:
    """The milestones of a template's plan. What rounding leaves over falls to the last, so that they sum to the price."""
    steps = []
    left = price
    for number, row in enumerate(plan, start=1):
        part = (price * row["share"] / 100).quantize(CENT, rounding=ROUND_DOWN)
        amount = left if number == len(plan) else part
        left -= part
        term = 0 if row["on_sealing"] else max(1, -(-days * row["days"] // 100))
        steps.append(Step(name=row["name"], amount=yuan(amount), days=term, delivers=not row["on_sealing"]))
    return steps


def demand_plan(steps: Collection[Step], *, price: Decimal, days: int, lines: Collection[int] = (1,)) -> list[Step]:
    """A plan that an owner has put together, in the order of its days. Raises DomainError, in the user's words, otherwise.

    `lines`: the numbers of the contract's lines; something is delivered for each.
    """
    if not 1 <= len(steps) <= most(len(lines)):
        raise DomainError(_("付款计划须有 1 到 %(most)d 期。") % {"most": most(len(lines))}, code="milestones")
    ordered = sorted(steps, key=lambda step: (step.days, step.delivers))
    for step in ordered:
        if not step.name.strip():
            raise DomainError(_("请写明每一期的名称。"), code="milestones")
        if step.amount < 0 or (step.amount == 0 and price > 0):
            raise DomainError(_("每一期的金额须大于零。"), code="milestones")
        if (step.days > 0) != step.delivers:
            raise DomainError(
                _("“%(name)s”：交付成果的期限至少 1 个工作日；不交付成果的，在盖章时支付，写 0。")
                % {"name": step.name},
                code="milestones",
            )
    _demand_lines(ordered, lines)
    total = sum((step.amount for step in ordered), Decimal(0))
    if total != price:
        raise DomainError(
            _("各期金额合计 %(total)s 元，须等于合同价款 %(price)s 元。")
            % {"total": f"{total:,.2f}", "price": f"{price:,.2f}"},
            code="milestones",
        )
    if not ordered[-1].delivers or ordered[-1].days != days:
        raise DomainError(
            _("最后一期须在承诺时限的第 %(days)d 个工作日交付成果：时限由选取的结果确定，不能改。") % {"days": days},
            code="milestones",
        )
    return ordered


def _demand_lines(steps: Collection[Step], lines: Collection[int]) -> None:
    """Every line gets something delivered, and no milestone is for a line that is not there."""
    known = set(lines)
    served: set[int] = set()
    for step in steps:
        if not known.issuperset(step.lines):
            raise DomainError(_("“%(name)s”：合同里没有这一事项。") % {"name": step.name}, code="milestones")
        if step.delivers:
            served |= set(step.lines) or known
    if missing := sorted(known - served):
        told = "、".join(str(number) for number in missing)
        raise DomainError(_("事项 %(lines)s 还没有交付成果的一期。") % {"lines": told}, code="milestones")
