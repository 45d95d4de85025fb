"""The steps of an inquiry as they are written; `oversight.domain.inquiries` and `decisions` decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import WRITERS, Membership
from bidding.forms.objections import CheckedFilesField
from core import clock
from core.texts import VisibleTexts
from oversight.domain.access import REASON_LENGTH, tied_to
from oversight.domain.decisions import PUBLIC_LENGTH
from oversight.domain.inquiries import MOST_FILES, concerned
from oversight.models import Inquiry, Outcome
from ratings.domain.access import LENGTH


def _words(label: Any, *, hint: Any = "", rows: int = 5, length: int = LENGTH) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=length,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("请写明内容。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )


def _files() -> CheckedFilesField:
    return CheckedFilesField(
        label=_("材料"),
        required=False,
        most=MOST_FILES,
        help_text=_("可一次选几个，最多 5 个；PDF、PNG 或 JPEG，每个不超过 8 MB。"),
    )


class StepForm(VisibleTexts, forms.Form):
    """A form of a step: it knows the inquiry and who takes it."""

    def __init__(self, *args: Any, inquiry: Inquiry, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inquiry, self.by = inquiry, by
        self.prepare()

    def prepare(self) -> None:
        """Fit the fields to the inquiry."""


class _MemberField(forms.ModelChoiceField[Membership]):
    def label_from_instance(self, obj: Membership) -> str:
        return obj.user.get_full_name()


class AssignForm(StepForm):
    to = _MemberField(
        queryset=Membership.objects.none(), label=_("承办人"), empty_label=None,
        help_text=_("与当事方有利害关系的人员不在其中。"),
        error_messages={"required": _("请选择承办人。"), "invalid_choice": _("请选择承办人。")},
    )  # fmt: skip

    def prepare(self) -> None:
        rows = Membership.objects.active(at=clock.now()).filter(organisation=self.by.organisation, role__in=WRITERS)
        about = concerned(self.inquiry)
        free = [each.pk for each in rows.select_related("user") if not about & tied_to(each.user)]
        field: Any = self.fields["to"]
        field.queryset = Membership.objects.filter(pk__in=free).select_related("user").order_by("pk")


class NoteForm(StepForm):
    text = _words(_("工作记录"), hint=_("只有监管部门能看到。"), rows=3)
    evidence = _files()


class FreezeForm(StepForm):
    """Nothing to write."""


class NoticeForm(StepForm):
    text = _words(_("告知的事实和依据"), hint=_("当事方能看到，请不要写自然人的姓名。陈述期限会自动写明。"))


class StatementForm(StepForm):
    text = _words(_("陈述申辩"), hint=_("写明哪一点与事实不符，或者有什么正当理由。只有监管部门能看到。"))
    evidence = _files()


class CloseForm(StepForm):
    text = _words(_("不成立的理由"), hint=_("规则不再因这条路径要求回避；依据变化时会有新的线索。"), rows=3)


class DecisionForm(StepForm):
    outcome = forms.ChoiceField(
        label=_("决定"), widget=forms.RadioSelect, choices=[(each.value, each.label) for each in Outcome if each != "no_tie"],
        error_messages={"required": _("请选择如何决定。")},
    )  # fmt: skip
    months = forms.TypedChoiceField(
        label=_("暂停多久"), coerce=int, empty_value=None, required=False, widget=forms.RadioSelect,
        choices=[(each, format_lazy(_("{months} 个月"), months=each)) for each in Inquiry.MONTHS],
    )  # fmt: skip
    until = forms.DateField(
        label=_("回避到哪一天为止"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("不填的，到解除为止。"), error_messages={"invalid": _("请填写日期。")},
    )  # fmt: skip
    legal_basis = forms.CharField(
        label=_("依据"), max_length=REASON_LENGTH, error_messages={"required": _("请写明依据。")}
    )
    text = _words(_("理由"), hint=_("写明对陈述申辩的意见是否采纳。当事方能看到，不向社会公开。"))

    def prepare(self) -> None:
        outcome: Any = self.fields["outcome"]
        possible = {Outcome.REFERRAL}
        if self.inquiry.firm_id is not None:
            possible.add(Outcome.SUSPENSION)
            if self.inquiry.department_id is not None:
                possible.add(Outcome.RECUSAL)
        outcome.choices = [(each.value, each.label) for each in Outcome if each in possible]
        for name, needed in (("months", Outcome.SUSPENSION), ("until", Outcome.RECUSAL)):
            if needed not in possible:
                del self.fields[name]


class PublishForm(StepForm):
    text = _words(
        _("公布内容"), rows=4, length=PUBLIC_LENGTH,
        hint=_("所有人都能看到。用中性的语言写明决定和怎样恢复，不写自然人的姓名、电话和身份证号码。"),
    )  # fmt: skip


class AppealForm(StepForm):
    text = _words(_("申诉理由"), hint=_("写明对决定的哪一点不认可。申诉只有一次，处理之前决定继续有效。"))
    evidence = _files()


class AppealDecisionForm(StepForm):
    decision = forms.ChoiceField(
        label=_("处理"), widget=forms.RadioSelect,
        choices=[("yes", _("申诉成立，撤销决定")), ("no", _("申诉不成立，维持决定"))],
        error_messages={"required": _("请选择如何处理。")},
    )  # fmt: skip
    text = _words(_("理由"))


class LiftForm(StepForm):
    text = _words(_("解除的理由"), hint=_("例如关联已经终止。"), rows=3)


class AbstainForm(StepForm):
    text = _words(
        _("利害关系"),
        rows=2,
        length=REASON_LENGTH,
        hint=_("声明以后，与这一当事方有关的线索和核查对您不再可见，也不能再办理。"),
    )
