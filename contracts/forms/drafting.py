"""An owner's own part of a contract, and what a firm wants to be otherwise; contracts.domain decides."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.domain.access import LENGTH
from contracts.domain.drafting import SCOPE_LENGTH
from contracts.domain.plan import Step, demand_plan, most
from contracts.models import Contract
from core.decimals import PlainDecimalField
from core.errors import DomainError
from core.templatetags.mx import translated
from core.widgets import MoneyInput

SPARE = 2
"""Empty rows below those that are there."""


class EditForm(forms.Form):
    """What is to be done, and a row for each milestone; one that is left empty is none."""

    scope = forms.CharField(
        label=gettext_lazy("服务内容"),
        max_length=SCOPE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("请写明服务内容。")},
    )

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contract = contract
        self.lines = list(contract.lines.select_related("service", "item"))
        kept = list(contract.milestones.prefetch_related("lines"))
        self.numbers = range(1, min(len(kept) + SPARE, most(len(self.lines))) + 1)
        self.initial.setdefault("scope", contract.scope)
        for number in self.numbers:
            self.fields |= self._row(number)
        for number, milestone in enumerate(kept, start=1):
            row: dict[str, Any] = {
                f"name{number}": milestone.name,
                f"amount{number}": milestone.amount,
                f"days{number}": milestone.days,
                f"lines{number}": [str(line.number) for line in milestone.lines.all()],
            }
            self.initial = {**self.initial, **row}

    def _row(self, number: int) -> dict[str, forms.Field]:
        fields: dict[str, forms.Field] = {
            f"name{number}": forms.CharField(
                label=_("第 %(number)s 期") % {"number": number}, max_length=60, required=False
            ),
            f"amount{number}": PlainDecimalField(
                label=_("金额（元）"), max_digits=14, decimal_places=2, min_value=Decimal(0), required=False,
                widget=MoneyInput(),
            ),
            f"days{number}": forms.IntegerField(
                label=_("盖章后第几个工作日"), min_value=0, max_value=3650, required=False,
                widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            ),
        }  # fmt: skip
        if len(self.lines) > 1:
            fields[f"lines{number}"] = forms.MultipleChoiceField(
                label=_("交付哪些事项的成果"), required=False, choices=self._line_choices(),
                widget=forms.CheckboxSelectMultiple, help_text=_("都不选就是全部事项共用一份成果。"),
            )  # fmt: skip
        for field in fields.values():
            field.needed_later = True  # type: ignore[attr-defined]
        return fields

    def _line_choices(self) -> list[tuple[str, str]]:
        return [
            (str(line.number), f"{line.number} {translated(line.service)} → {translated(line.item)}")
            for line in self.lines
        ]

    @property
    def rows(self) -> Iterator[tuple[int, list[tuple[forms.BoundField, bool]], forms.BoundField | None]]:
        """The fields of each milestone, with whether they are amounts; and which lines it is for, where there are several."""
        for number in self.numbers:
            fields = [(self[f"{name}{number}"], name == "amount") for name in ("name", "amount", "days")]
            yield number, fields, self[f"lines{number}"] if len(self.lines) > 1 else None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self.steps: list[Step] = []
        for number in self.numbers:
            values = [given.get(f"{name}{number}") for name in ("name", "amount", "days")]
            if not any(value not in (None, "") for value in values):
                continue
            for name, value in zip(("name", "amount", "days"), values, strict=True):
                if value in (None, "") and f"{name}{number}" not in self.errors:
                    self.add_error(f"{name}{number}", _("请填写。"))
            if not any(f"{name}{number}" in self.errors for name in ("name", "amount", "days")):
                text, amount, days = values
                chosen = tuple(sorted(int(each) for each in given.get(f"lines{number}") or ()))
                self.steps.append(
                    Step(
                        name=str(text),
                        amount=Decimal(str(amount)),
                        days=int(str(days)),
                        delivers=days != 0,
                        lines=chosen,
                    )
                )
        if not self.errors:
            try:
                numbers = [line.number for line in self.lines]
                demand_plan(self.steps, price=self.contract.price, days=self.contract.days, lines=numbers)
            except DomainError as wrong:
                self.add_error(None, str(wrong))
        return given


class WordsForm(forms.Form):
    """Why, in somebody's own words, for the other side to read."""

    text = forms.CharField(
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": gettext_lazy("请写明原因。"),
            "max_length": gettext_lazy("最多 %(limit_value)d 个字。"),
        },
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label


class ReadForm(forms.Form):
    """The hash of the text that was read: what somebody agrees to, or seals."""

    text_sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)
