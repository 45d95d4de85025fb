"""The lots into which an owner splits a round (标段): with titles, prices and limits of their own, decided each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bidding.models import Lot, Round
from bidding.models.rounds import LONGEST_TITLE
from core.errors import DomainError
from core.money import yuan
from protocol.methods import METHODS
from protocol.parameters import OF_LOT, Parameters

MOST_LOTS = 9


@dataclass(frozen=True, kw_only=True)
class LotTerms:
    """What an owner writes for one of several lots; amounts in yuan."""

    title: str
    price: Decimal | None = None
    upper: Decimal | None = None
    lower: Decimal | None = None


class LotProblem(DomainError):
    """What is wrong with one of the lots; `number` says with which."""

    def __init__(self, number: str, message: str, *, code: str) -> None:
        self.number = number
        super().__init__(_("标段 %(number)s：%(message)s") % {"number": number, "message": message}, code=code)


def put_lots(round_: Round, lots: Sequence[LotTerms] | None) -> None:
    """Give a drafted round these lots: none or one for a round that is not split, whose amounts are its parameters.

    None leaves the lots that are there, without amounts that the method does not take; services that were put together
    meanwhile leave none. Raises LotProblem for the first lot that cannot be, DomainError for too many and for amounts of the
    whole round beside those of its lots.
    """
    if lots is None and round_.has_lots and not round_.is_together:
        lots = [LotTerms(title=each.title, **_taken(round_, each)) for each in round_.lots.order_by("number")]
    if lots is None or len(lots) < 2:
        _put(round_, [{"title": "", **amounts(round_.parameters)}])
        return
    if len(lots) > MOST_LOTS:
        raise DomainError(_("最多 %(most)d 个标段。") % {"most": MOST_LOTS}, code="lots")
    _demand_one_service(round_)
    if any(round_.parameters.get(name) for name in OF_LOT):
        raise DomainError(_("分标段的，价格和限价写在各标段里。"), code="lots")
    _demand_possible(round_, lots)
    _put(round_, [{"title": each.title.strip(), **_amounts(each)} for each in lots])


def _demand_one_service(round_: Round) -> None:
    """Services commissioned together are decided as one, and lots each on its own: a round is one or the other."""
    if round_.is_together:
        raise DomainError(_("一并委托的几项服务由一家机构承担、一次评定，不能再分标段。"), code="lots")


def _put(round_: Round, written: Sequence[dict[str, Any]]) -> None:
    for number, each in enumerate(written, start=1):
        Lot.objects.update_or_create(round=round_, number=str(number), defaults=each)
    round_.lots.exclude(number__in=[str(number) for number in range(1, len(written) + 1)]).delete()
    round_.lot_count = len(written)
    round_.save(update_fields=["lot_count"])


def _amounts(given: LotTerms | Lot) -> dict[str, Decimal | None]:
    return {name: None if (value := getattr(given, name)) is None else yuan(value) for name in OF_LOT}


def _taken(round_: Round, lot: Lot) -> dict[str, Decimal | None]:
    taken = METHODS[round_.method].parameters
    return {name: value for name, value in _amounts(lot).items() if name in taken}


def amounts(parameters: Parameters) -> dict[str, Decimal | None]:
    """Price and limits of a round that is not split."""
    return {name: yuan(parameters[name]) if parameters.get(name) else None for name in OF_LOT}


def _demand_possible(round_: Round, lots: Sequence[LotTerms]) -> None:
    seen: set[str] = set()
    for number, each in enumerate(lots, start=1):
        title, taken = each.title.strip(), METHODS[round_.method].parameters
        if not title:
            raise LotProblem(str(number), _("请填写标段名称。"), code="title")
        if len(title) > LONGEST_TITLE:
            raise LotProblem(str(number), _("名称最多 %(length)d 个字。") % {"length": LONGEST_TITLE}, code="title")
        if title in seen:
            raise LotProblem(str(number), _("与前面的标段同名。"), code="title")
        seen.add(title)
        if each.upper is not None and each.lower is not None and each.upper < each.lower:
            raise LotProblem(str(number), _("最低限价不能高于最高限价。"), code="lower")
        given = {name: amount for name, amount in _amounts(each).items() if amount is not None}
        if any(name not in taken or amount <= 0 for name, amount in given.items()):
            raise LotProblem(str(number), _("价格或限价不合这种选取方式。"), code="limits")


def demand_terms(round_: Round) -> None:
    """Raise DomainError, with the number of the lot where there are several, for terms by which a lot cannot be decided."""
    method = METHODS[round_.method]
    if round_.has_lots:
        _demand_one_service(round_)
    for lot in round_.lots.order_by("number"):
        said, code = "", ""
        if round_.method == "auction" and lot.upper is None:
            said, code = _("多轮竞价须设最高限价，第一次出价从它开始。"), "upper"
        elif problems := method.check_parameters(lot.terms):
            said, code = _("选取方式的价格或限价没有填好，请回到上一步。"), problems[0].code
        if code and round_.has_lots:
            raise LotProblem(lot.number, said, code=code)
        if code:
            raise DomainError(said, code=code)


def whole_terms(round_: Round) -> dict[str, Any]:
    """The parameters of a round as a whole: of several lots prices and limits together, which is what the law looks at."""
    found = dict(round_.parameters)
    if not round_.has_lots:
        return found
    for name in OF_LOT:
        if (together := sum_of(list(round_.lots.all()), name)) is not None:
            found[name] = f"{together:.2f}"
    return found


def sum_of(lots: Sequence[LotTerms | Lot], name: str) -> Decimal | None:
    """One amount of all lots together; None where a lot without an upper limit leaves it open, or where none has it."""
    given = [amount for lot in lots if (amount := getattr(lot, name)) is not None]
    return sum(given, Decimal(0)) if given and (name == "lower" or len(given) == len(lots)) else None


def copy_lots(round_: Round, previous: Round) -> None:
    """Give a new draft the lots of the round before it."""
    _put(round_, [{"title": each.title, **_amounts(each)} for each in previous.lots.order_by("number")])
