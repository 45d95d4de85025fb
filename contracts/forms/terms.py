"""The next version of a contract's text, as the service centre writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.models import ContractTemplate
from contracts.models.terms import check_plan
from core.choices import NamedChoiceField
from market.models import Service

ROWS = 8
PARTS = ("name", "share", "days", "on_sealing")


class TemplateForm(forms.Form):
    """The text, and a row for each part of the price; one that is left empty is none."""

    service = NamedChoiceField(
        Service.objects.order_by("code"),
        label=gettext_lazy("中介服务"),
        to_field_name="code",
        required=False,
        empty_label=gettext_lazy("通用：没有专门文本的服务"),
    )
    version = forms.CharField(
        label=gettext_lazy("版本"),
        max_length=20,
        help_text=gettext_lazy("例如 2027-01，印在合同里"),
        error_messages={"required": gettext_lazy("请填写版本号。")},
    )
    valid_from = forms.DateField(
        label=gettext_lazy("从哪一天起用"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("上一个版本到前一天为止；已经起草的合同不变"),
        error_messages={
            "required": gettext_lazy("请填写起用的日期。"),
            "invalid": gettext_lazy("请填写日期，例如 2027-01-01。"),
        },
    )
    clauses = forms.CharField(
        label=gettext_lazy("合同条款"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 24}),
        error_messages={"required": gettext_lazy("请写明合同条款。")},
    )
    days = forms.IntegerField(
        label=gettext_lazy("没有承诺时限时（工作日）"),
        min_value=1,
        max_value=3650,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": gettext_lazy("请填写工作日数。")},
    )
    legal_basis = forms.CharField(
        label=gettext_lazy("依据"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("请写明依据。")},
    )

    def __init__(self, *args: Any, begins_with: ContractTemplate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {name: getattr(begins_with, name) for name in ("service", "clauses", "days", "legal_basis")}
        self.initial = {**given, "service": getattr(begins_with.service, "code", ""), **self.initial}
        for number in range(1, ROWS + 1):
            self.fields |= _row(number)
        for number, row in enumerate(begins_with.plan, start=1):
            self.initial |= {f"{part}{number}": row[part] for part in PARTS}

    @property
    def rows(self) -> Iterator[tuple[int, list[forms.BoundField]]]:
        """The fields of each part of the price."""
        for number in range(1, ROWS + 1):
            yield number, [self[f"{part}{number}"] for part in PARTS]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self.plan: list[dict[str, Any]] = []
        for number in range(1, ROWS + 1):
            row = {part: given.get(f"{part}{number}") for part in PARTS}
            if any(row[part] not in (None, "", False) for part in PARTS):
                self.plan.append(self._whole(number, row))
        if not self.errors:
            try:
                check_plan(self.plan)
            except ValidationError as wrong:
                self.add_error(None, wrong)
        return given

    def _whole(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """A row with what goes without saying: what is paid with the sealing has no days."""
        if row["on_sealing"] and row["days"] is None:
            row["days"] = 0
        for part, why in (
            ("name", _("请写明这一期的名称。")),
            ("share", _("请填写占价款百分之几。")),
            ("days", _("请填写期限。")),
        ):
            if row[part] in (None, "") and f"{part}{number}" not in self.errors:
                self.add_error(f"{part}{number}", why)
        return row


def _row(number: int) -> dict[str, forms.Field]:
    digits = forms.TextInput(attrs={"inputmode": "numeric"})
    fields: dict[str, forms.Field] = {
        f"name{number}": forms.CharField(
            label=_("第 %(number)s 期") % {"number": number}, max_length=60, required=False
        ),
        f"share{number}": forms.IntegerField(
            label=_("占价款百分之几"), min_value=1, max_value=100, required=False, widget=digits
        ),
        f"days{number}": forms.IntegerField(
            label=_("期限占承诺时限百分之几"), min_value=0, max_value=100, required=False, widget=digits
        ),
        f"on_sealing{number}": forms.BooleanField(label=_("盖章时支付，不交付成果"), required=False),
    }
    for field in fields.values():
        field.needed_later = True  # type: ignore[attr-defined]
    return fields
