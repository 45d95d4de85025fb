"""What a change of a contract may be, and what it makes of price, terms and milestones. Nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.translation import gettext as _

from contracts.models import Contract, Milestone
from core import worktime
from core.errors import DomainError
from core.money import CENT, yuan

LONGEST = 2000
"""Working days: about eight years."""
SCOPE_LENGTH = 5000
OVER = (Milestone.Status.ACCEPTED, Milestone.Status.CANCELLED)

Fixed = Callable[[Contract], Collection[int]]
_fixed: list[Fixed] = []


def register(fixed: Fixed) -> None:
    """A higher room tells the primary keys of the milestones whose amount somebody was asked to pay: it stays as it is."""
    if fixed not in _fixed:
        _fixed.append(fixed)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A contract as it will be: price in yuan, term in working days from the sealing, scope (empty where it stays)."""

    price: Decimal
    days: int
    scope: str = ""


def change_of(contract: Contract, *, price: Decimal | None, days: int | None, scope: str) -> Change:
    """What was asked for, beside what stays. Raises DomainError where nothing would change."""
    scope = scope.strip().replace("\r\n", "\n")
    change = Change(
        price=contract.price if price is None else yuan(price),
        days=contract.days if days is None else days,
        scope="" if scope == contract.scope.strip().replace("\r\n", "\n") else scope,
    )
    if (change.price, change.days, change.scope) == (contract.price, contract.days, ""):
        raise DomainError(_("请至少改变价款、承诺时限、服务内容中的一项。"), code="words")
    return change


def demand_change(contract: Contract, change: Change, *, now: datetime) -> None:
    """Raise DomainError, at the field, where the price or the term may not become that."""
    if len(change.scope) > SCOPE_LENGTH:
        raise DomainError(_("服务内容最多 %(most)d 个字。") % {"most": SCOPE_LENGTH}, code="scope")
    if not 1 <= change.days <= LONGEST:
        raise DomainError(_("承诺时限为 1 至 %(most)d 个工作日。") % {"most": LONGEST}, code="days")
    if change.days != contract.days and end_of(contract, change.days) <= now:
        raise DomainError(_("变更后的期限已经过了，请写更长的时限。"), code="days")
    _demand_price(contract, change.price)


def _demand_price(contract: Contract, price: Decimal) -> None:
    if price <= 0:
        raise DomainError(_("变更后的价款须大于零。"), code="price")
    most = highest_price(contract)
    if price > contract.price and price > most:
        raise DomainError(
            _(
                "各次加价合计不得超过中选价的 %(percent)d%%，即价款最高 %(most)s 元：再高等于改变选取的结果，须另行选取。"
            )
            % {"percent": contract.policy.raise_percent, "most": f"{most:,.2f}"},
            code="price",
        )
    if price == contract.price:
        return
    open_ = sum((each.amount for each in movable(contract)), Decimal(0))
    if price < contract.price and contract.price - price >= open_:
        raise DomainError(
            _("减少的价款须小于尚未验收、也没有申请付款的各期合计 %(open)s 元。") % {"open": f"{open_:,.2f}"},
            code="price",
        )
    if not movable(contract):
        raise DomainError(_("各期都已验收或申请付款，价款不能再变。"), code="price")


def highest_price(contract: Contract) -> Decimal:
    """The most that a contract's price may become by all its changes together, by the policy of its day; rounded down."""
    price: Decimal = contract.award.amount
    return (price * (100 + contract.policy.raise_percent) / 100).quantize(CENT, rounding=ROUND_DOWN)


def movable(contract: Contract) -> list[Milestone]:
    """Milestones whose amount may change: not accepted, and nobody was asked to pay them; the last first."""
    fixed = {pk for each in _fixed for pk in each(contract)}
    return [each for each in _last_first(contract) if each.status not in OVER and each.pk not in fixed]


def plan_after(contract: Contract, change: Change) -> list[dict[str, Any]]:
    """Every milestone as it will be. What is less is taken from the last that can give, what is more comes to the last.

    A longer term moves whatever is not delivered yet by as much; a shorter one draws in what would lie beyond it.
    """
    amounts, left = {each.pk: each.amount for each in contract.milestones.all()}, contract.price - change.price
    for milestone in movable(contract):
        less = min(left, milestone.amount)
        amounts[milestone.pk] -= less
        left -= less
    return [
        {
            "amount": f"{amounts[each.pk]:.2f}",
            "days": _days_after(each, contract.days, change.days),
            "delivers": each.delivers,
            "name": each.name,
            "number": each.number,
        }
        for each in contract.milestones.all()
    ]


def _days_after(milestone: Milestone, before: int, after: int) -> int:
    if milestone.status in OVER or not milestone.delivers:
        return milestone.days
    return milestone.days + after - before if after > before else min(milestone.days, after)


def end_of(contract: Contract, days: int) -> datetime:
    """The end of a term of a sealed contract."""
    assert contract.sealed_at is not None
    return worktime.add_working_days(contract.sealed_at, days)


def _last_first(contract: Contract) -> list[Milestone]:
    return sorted(contract.milestones.all(), key=lambda each: -each.number)
