"""The steps of a case as a department or an applicant writes them down; approvals.domain decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals.domain import cases
from approvals.domain.recording import LONGEST_WORDS
from approvals.models import Case, CaseEvent, Category, Fault, Party, Special

Kind = CaseEvent.Kind
EARLIEST = datetime(2017, 1, 1, tzinfo=UTC)
"""The reform began then; an earlier moment is a slip of the pen."""


class MomentField(forms.DateTimeField):
    """A moment in local time, as browsers and people write it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"))
        kwargs.setdefault(
            "error_messages",
            {"invalid": _("请按“年-月-日 时:分”填写，例如 2026-11-25 09:30。"), "required": _("请填写发生时间。")},
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> datetime | None:
        at: datetime | None = super().clean(value)
        if at is not None and at < EARLIEST:
            raise forms.ValidationError(_("这个时间太早了，请检查年份。"), code="early")
        return at


def choice(label: Any, choices: Any, *, missing: Any, hint: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, widget=forms.RadioSelect, help_text=hint, error_messages={"required": missing}
    )


def words(label: Any, *, required: bool, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, help_text=hint, max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("请写明理由。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )  # fmt: skip


def _category() -> forms.ChoiceField:
    return choice(_("原因类别"), Category.choices, missing=_("请选择原因类别。"))


class FaultForm(forms.Form):
    """Where the fault lies; of a case with results of several firms, in which of them.

    case: the case that the step is of.
    """

    fault = choice(
        _("原因在哪里"), Fault.choices, missing=_("请选择原因在哪里。"),
        hint=_("原因是中介成果的，时间算中介机构的；其他的算申请人的。"),
    )  # fmt: skip
    deliverable = forms.ChoiceField(
        label=_("哪一份成果"), required=False, widget=forms.RadioSelect,
        help_text=_("原因在中介成果的，时间只算这份成果的机构的。"),
    )  # fmt: skip

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        results = case.deliverables
        if len(results) < 2:
            del self.fields["deliverable"]
            return
        named = self.fields["deliverable"]
        named.choices = [(each.result, f"{each.title}（{each.result}）") for each in results]  # type: ignore[attr-defined]
        if len({each.reference.rpartition("/")[0] for each in results}) == 1:
            # Versions of one contract's result: the last is what lies before them.
            named.initial = results[-1].result

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "deliverable" not in given:  # the field is not there, or what it holds is none of them
            return given
        if given.get("fault") != Fault.DELIVERABLE:
            given["deliverable"] = ""
        elif not given["deliverable"]:
            self.add_error("deliverable", _("这个办件有几份成果，请选择是哪一份。"))
        return given


class StepForm(forms.Form):
    """When it happened; now where nothing is said."""

    occurred_at = MomentField(label=_("发生时间"), required=False, help_text=_("不填就是现在。"))


class NoteForm(StepForm):
    """A step that needs no reason."""

    words = words(_("说明"), required=False)
    field_order = ["words", "occurred_at"]


class CorrectionForm(FaultForm, StepForm):
    """What has to be put right, all of it at once."""

    category = _category()
    first_time = choice(
        _("是否本可在第一次就一并告知"),
        [("no", _("否，这是第一次要求，或是新出现的问题")), ("yes", _("是，上次就应当提出（一次性告知）"))],
        missing=_("请选择是否本可一次性告知。"),
    )  # fmt: skip
    words = words(_("需要补正的内容"), required=True, hint=_("一次写全，申请人和中介机构照此办理。"))
    field_order = ["category", "fault", "deliverable", "first_time", "words", "occurred_at"]

    def clean_first_time(self) -> bool:
        return bool(self.cleaned_data["first_time"] == "yes")


class NotAcceptForm(FaultForm, StepForm):
    category = _category()
    words = words(_("不予受理的理由"), required=True)
    field_order = ["category", "fault", "deliverable", "words", "occurred_at"]


class SpecialForm(StepForm):
    special = choice(_("哪种程序"), Special.choices, missing=_("请选择程序。"), hint=_("所需时间不计入办理时限。"))
    words = words(_("说明"), required=False)
    field_order = ["special", "words", "occurred_at"]


class SuspendForm(StepForm):
    charged_to = choice(_("由谁承担这段时间"), Party.choices, missing=_("请选择由谁承担。"))
    words = words(_("中止的理由"), required=True)
    field_order = ["charged_to", "words", "occurred_at"]


class DecideForm(StepForm):
    outcome = choice(_("决定"), Case.Outcome.choices, missing=_("请选择决定。"))
    words = words(_("理由"), required=False, hint=_("不予许可的须写明理由。"))
    field_order = ["outcome", "words", "occurred_at"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("outcome") == Case.Outcome.REFUSED and not given.get("words"):
            self.add_error("words", _("不予许可的，请写明理由。"))
        return given


class ResubmitForm(forms.Form):
    """The applicant's: it happens when it is sent."""

    words = words(_("补正说明"), required=False, hint=_("写明改了什么；新的材料请先在“材料”里上传。"))


class WithdrawForm(FaultForm):
    fault = choice(
        _("为什么撤回"), [(Fault.DELIVERABLE.value, _("中介成果有问题")), (Fault.OTHER.value, _("其他原因"))],
        missing=_("请选择为什么撤回。"),
    )  # fmt: skip
    words = words(_("说明"), required=False)
    field_order = ["fault", "deliverable", "words"]


def form_for(form: type[forms.Form], case: Case, data: Any = None, **kwargs: Any) -> forms.Form:
    """A step's form, which knows the case where it asks for one of its results."""
    return form(data, case=case, **kwargs) if issubclass(form, FaultForm) else form(data, **kwargs)


@dataclass(frozen=True)
class Step:
    """A step that may be offered on a case's page: what may then happen, its form, the verb, and what the button says."""

    kind: CaseEvent.Kind
    form: type[forms.Form]
    take: Callable[..., Case]
    label: str | Promise
    submit: str | Promise
    danger: bool = False


# The first that fits is the one that is offered at once: what usually comes next stands first, what ends a case last.
OF_DEPARTMENT: dict[str, Step] = {
    "accept": Step(Kind.ACCEPTED, NoteForm, cases.accept_case, _("受理"), _("受理，开始办理")),
    "resubmitted": Step(Kind.RESUBMITTED, NoteForm, cases.resubmit_case, _("登记补正材料"), _("登记，重新审查")),
    "decide": Step(Kind.DECIDED, DecideForm, cases.decide_case, _("作出决定"), _("作出决定，办结")),
    "special-end": Step(
        Kind.SPECIAL_ENDED, NoteForm, cases.end_special, _("结束特别程序"), _("结束，继续计时")
    ),
    "resume": Step(Kind.RESUMED, NoteForm, cases.resume_case, _("恢复办理"), _("恢复办理")),
    "correction": Step(
        Kind.CORRECTION_ASKED, CorrectionForm, cases.ask_correction, _("要求补正"), _("发出补正通知")
    ),
    "special": Step(Kind.SPECIAL_STARTED, SpecialForm, cases.start_special, _("特别程序"), _("开始，停止计时")),
    "suspend": Step(Kind.SUSPENDED, SuspendForm, cases.suspend_case, _("中止"), _("中止办理")),
    "not-accept": Step(
        Kind.NOT_ACCEPTED, NotAcceptForm, cases.refuse_to_accept, _("不予受理"), _("作出不予受理决定"), danger=True
    ),
}  # fmt: skip
OF_APPLICANT: dict[str, Step] = {
    "resubmit": Step(Kind.RESUBMITTED, ResubmitForm, cases.resubmit_case, _("再次提交"), _("已补正，再次提交")),
    "withdraw": Step(Kind.WITHDRAWN, WithdrawForm, cases.withdraw_case, _("撤回申请"), _("撤回申请"), danger=True),
}
BY_KIND: dict[str, type[forms.Form]] = {
    Kind.RECEIVED: NoteForm,
    Kind.WITHDRAWN: NotAcceptForm,
    **{step.kind: step.form for step in OF_DEPARTMENT.values()},
}
"""The form in which an event of a kind is written, for its correction."""


def correcting(event: CaseEvent, data: Any = None) -> forms.Form:
    """A form that holds an event as it was written down; the moment has to be said."""
    form_class = BY_KIND[event.kind]
    initial = {
        "occurred_at": event.occurred_at,
        "words": event.words,
        "category": event.category,
        "fault": event.fault,
        "deliverable": event.deliverable,
        "first_time": "yes" if event.first_time else "no",
        "special": event.special,
        "charged_to": event.charged_to,
        "outcome": event.outcome,
    }
    form = form_for(form_class, event.case, data, initial=initial)
    form.fields["occurred_at"].required = True
    form.fields["occurred_at"].help_text = ""
    if event.kind == Kind.WITHDRAWN:
        del form.fields["category"]
        form.fields["words"].required = False
        form.fields["words"].label = _("说明")
    return form
