"""The terms of a round that is split into lots: each has a name, and the amounts of its method for itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bidding.domain.lots import MOST_LOTS, LotTerms, sum_of
from bidding.forms.terms import TermsForm, amount_field
from bidding.models import Round
from bidding.models.rounds import LONGEST_TITLE
from protocol.parameters import OF_LOT

FEWEST_LOTS = 2
SHORT = {"price": gettext_lazy("给定价格"), "upper": gettext_lazy("最高限价"), "lower": gettext_lazy("最低限价")}


class SplitTermsForm(TermsForm):
    """As the terms of a round, with rows for its lots; a row that is left empty is no lot."""

    def __init__(self, *args: Any, rows: int, **kwargs: Any) -> None:
        self.numbers = range(1, min(max(rows, FEWEST_LOTS), MOST_LOTS) + 1)
        super().__init__(*args, **kwargs)
        kept = {lot.number: lot for lot in self.round.lots.all()} if self.round.has_lots else {}
        for number in self.numbers:
            self.fields[f"lot{number}_title"] = self._title(number)
            for name in self.own:
                self.fields[f"lot{number}_{name}"] = self._amount(number, name)
            for name in ("title", *self.own):
                value = getattr(kept.get(str(number)), name, None)
                self.initial.setdefault(f"lot{number}_{name}", "" if value is None else value)

    @property
    def own(self) -> list[str]:
        """The amounts that the method asks for, which every lot has of its own."""
        return [name for name in OF_LOT if name in self.method.parameters]

    @property
    def whole(self) -> tuple[str, ...]:
        return tuple(name for name in super().whole if name not in OF_LOT)

    def _title(self, number: int) -> forms.Field:
        field = forms.CharField(
            label=_("标段 %(number)s 名称") % {"number": number}, required=False, max_length=LONGEST_TITLE
        )
        field.needed_later = True  # type: ignore[attr-defined]
        return field

    def _amount(self, number: int, name: str) -> forms.Field:
        field = amount_field(name, False)
        field.label = _("标段 %(number)s %(label)s") % {"number": number, "label": SHORT[name]}
        field.needed_later = name in self.method.required  # type: ignore[attr-defined]
        return field

    @property
    def rows(self) -> Iterator[tuple[int, list[tuple[forms.BoundField, bool]]]]:
        """The fields of each lot, with whether they are amounts."""
        for number in self.numbers:
            yield number, [(self[f"lot{number}_{name}"], name != "title") for name in ("title", *self.own)]

    @property
    def plain(self) -> list[forms.BoundField]:
        return [field for field in super().plain if not field.name.startswith("lot")]

    @property
    def may_grow(self) -> bool:
        return len(self.numbers) < MOST_LOTS

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        written = [number for number in self.numbers if self._is_written(number)]
        if len(written) < FEWEST_LOTS:
            raise forms.ValidationError(_("请填写至少两个标段，或者不分标段。"))
        titles: set[str] = set()
        for number in written:
            self._check(number, given, titles)
        self._check_direct(self.lots)
        return given

    def _is_written(self, number: int) -> bool:
        return any(str(self[f"lot{number}_{name}"].data or "").strip() for name in ("title", *self.own))

    def _check(self, number: int, given: dict[str, Any], titles: set[str]) -> None:
        title = given.get(f"lot{number}_title")
        if title == "":
            self.add_error(f"lot{number}_title", _("请填写。"))
        elif title in titles:
            self.add_error(f"lot{number}_title", _("与前面的标段同名。"))
        titles.add(str(title))
        for name in self.own:
            missing = given.get(f"lot{number}_{name}") is None and f"lot{number}_{name}" not in self.errors
            if missing and (name in self.method.required or (name == "upper" and self.method.code == "auction")):
                self.add_error(f"lot{number}_{name}", _("请填写。"))
        upper, lower = given.get(f"lot{number}_upper"), given.get(f"lot{number}_lower")
        if upper is not None and lower is not None and lower > upper:
            self.add_error(f"lot{number}_lower", _("最低限价不能高于最高限价。"))

    def _check_direct(self, lots: list[LotTerms]) -> None:
        limit, total = self.policy.direct_limit, sum_of(lots, "price")
        if self.method.code == "direct" and total is not None and (limit is None or total > limit):
            shown = f"¥ {limit:,.2f}" if limit is not None else "–"
            self.add_error(None, _("各标段合计超过直接选取的金额上限（%(limit)s）。") % {"limit": shown})

    @property
    def lots(self) -> list[LotTerms]:
        given = self.cleaned_data
        return [
            LotTerms(
                title=given.get(f"lot{number}_title") or "",
                **{name: given.get(f"lot{number}_{name}") for name in self.own},
            )
            for number in self.numbers
            if self._is_written(number)
        ]


def terms_form(data: Any, *, round_: Round, policy: Any, asked: str) -> TermsForm:
    """The form of a round's terms. `asked` is what the address asks for: `several` lots, `one`, or as it is.

    What was posted says itself how many rows it has; with `more` it comes back with one row more, and nothing is checked yet.
    """
    if data is None:
        several = asked == "several" or (round_.has_lots and asked != "one" and not round_.is_together)
        rows = round_.lot_count if round_.has_lots else FEWEST_LOTS
        return (
            SplitTermsForm(round_=round_, policy=policy, rows=rows)
            if several
            else TermsForm(round_=round_, policy=policy)
        )
    posted = data.get("rows", "")
    if not (posted.isascii() and posted.isdigit() and len(posted) == 1):
        return TermsForm(data, round_=round_, policy=policy)
    if "more" in data:
        return SplitTermsForm(round_=round_, policy=policy, rows=int(posted) + 1, initial=data.dict())
    return SplitTermsForm(data, round_=round_, policy=policy, rows=int(posted))
