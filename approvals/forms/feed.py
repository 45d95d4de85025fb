"""One event as a department's system or a table tells it: the same fields and the same words for both."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.domain.recording import LONGEST_WORDS, NEEDED
from approvals.forms.known import Known, KnownChoice
from approvals.forms.register import applicant_by_code
from approvals.models import ApprovalItem, Case, CaseEvent, Category, District, Fault, Party, Special
from core import clock
from core.identifiers import normalise_uscc

Kind = CaseEvent.Kind
EVENT_ID = re.compile(r"[\x21-\x7e]{1,80}")
EARLIEST_YEAR = 2017
TO_OPEN = ("item", "applicant", "project_name")
"""What an event has to tell where it begins a case that is not known here."""


def _coded(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=False,
        error_messages={"invalid_choice": _("没有“%(value)s”这个取值。")},
    )  # fmt: skip


class Answer(forms.ChoiceField):
    """Yes or no, as JSON and as spreadsheets write it."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).strip().lower()


class FeedMoment(forms.CharField):
    """ISO 8601; local time where no offset is said."""

    def clean(self, value: Any) -> datetime:
        text = str(super().clean(value))
        try:
            at = parse_datetime(text.replace("/", "-"))
        except ValueError:
            at = None
        if at is None:
            raise forms.ValidationError(_("时间应像 2026-11-25T09:30:00+08:00。"), code="invalid")
        at = at if at.tzinfo else at.replace(tzinfo=clock.LOCAL)
        if not EARLIEST_YEAR <= at.year <= EARLIEST_YEAR + 200:
            raise forms.ValidationError(_("这个时间太早或太晚，请检查年份。"), code="range")
        return at


class EventForm(forms.Form):
    """An event of a case. `case` is the department's own number of it, or ours."""

    id = forms.CharField(label="id", max_length=80)
    case = forms.CharField(label="case", max_length=64)
    kind = forms.ChoiceField(
        label="kind", choices=Kind.choices, error_messages={"invalid_choice": _("没有“%(value)s”这种事件。")}
    )
    occurred_at = FeedMoment(label="occurred_at", max_length=40)
    item = KnownChoice(
        label="item", queryset=ApprovalItem.objects.all(), to_field_name="code", required=False,
        error_messages={"invalid_choice": _("没有这个事项代码。")},
    )  # fmt: skip
    applicant = forms.CharField(label="applicant", max_length=30, required=False)
    project_code = forms.CharField(label="project_code", max_length=40, required=False)
    project_name = forms.CharField(label="project_name", max_length=100, required=False)
    district = KnownChoice(
        label="district", queryset=District.objects.all(), to_field_name="code", required=False,
        error_messages={"invalid_choice": _("没有这个区划代码。")},
    )  # fmt: skip
    filed_in = KnownChoice(
        label="filed_in", queryset=District.objects.all(), to_field_name="code", required=False,
        error_messages={"invalid_choice": _("没有这个区划代码。")},
    )  # fmt: skip
    category = _coded("category", Category.choices)
    words = forms.CharField(label="words", max_length=LONGEST_WORDS, required=False)
    fault = _coded("fault", Fault.choices)
    deliverable = forms.CharField(label="deliverable", max_length=40, required=False)
    first_time = Answer(
        label="first_time", choices=[("true", "true"), ("false", "false")], required=False,
        error_messages={"invalid_choice": _("没有“%(value)s”这个取值。")},
    )  # fmt: skip
    special = _coded("special", Special.choices)
    charged_to = _coded("charged_to", Party.choices)
    outcome = _coded("outcome", Case.Outcome.choices)
    corrects = forms.CharField(label="corrects", max_length=80, required=False)

    def __init__(self, *args: Any, known: Known | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        if known is not None:
            self.fields["item"].known = known.items  # type: ignore[attr-defined]
            for name in ("district", "filed_in"):
                self.fields[name].known = known.districts  # type: ignore[attr-defined]

    def clean_id(self) -> str:
        given: str = self.cleaned_data["id"]
        if not EVENT_ID.fullmatch(given):
            raise forms.ValidationError(_("须为 1 至 80 个可见的 ASCII 字符。"), code="invalid")
        return given

    def clean_applicant(self) -> Organisation | None:
        code = self.cleaned_data["applicant"]
        if not code:
            return None
        found = self.known.owners.get(normalise_uscc(code)) if self.known is not None else None
        return found or applicant_by_code(code)

    def clean_first_time(self) -> bool | None:
        given = self.cleaned_data["first_time"]
        return None if not given else given == "true"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind = given.get("kind", "")
        for name in NEEDED.get(kind, ()):
            if name in given and given[name] in (None, ""):
                self.add_error(name, _("这种事件须填写。"))
        if kind == Kind.RETRACTED and not given.get("corrects"):
            self.add_error("corrects", _("须写明更正哪一个事件。"))
        return given


def as_text(row: dict[str, Any]) -> dict[str, str]:
    """A row of JSON as a form reads it: true and false by their names, everything else as it is written."""
    told = {name: value for name, value in row.items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in told.items()}
