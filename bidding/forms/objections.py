"""Objections, answers, complaints and decisions as they are written; bidding.domain.objections decides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from bidding.domain.objections import MOST_FILES, REASON_LENGTH, TEXT_LENGTH, Decision
from bidding.models import Lot, Objection, Round
from core.uploads import CheckedFileField

Status = Objection.Status


def writing(label: Any, *, most: int, rows: int, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("请写明理由。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )


def public_reason(label: Any) -> forms.CharField:
    return writing(
        label, most=REASON_LENGTH, rows=6, hint=_("各方都能看到；作废的，理由向所有人公布，请不要写个人信息。")
    )


def choice_of(label: Any, choices: list[tuple[str, Any]], *, missing: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, widget=forms.RadioSelect, error_messages={"required": missing}
    )


def _charged() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("作废归责于"),
        choices=[("", _("不归责于某一方（计入平台）")), *Objection.Party.choices],
        required=False,
        help_text=_("比选作废的，从此刻到下一次中选的时间计入这一方；选取继续的，不必选择。"),
    )


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class CheckedFilesField(CheckedFileField):
    """Several scans, each checked by its content."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SeveralFilesInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}))
        super().__init__(**kwargs)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = [each for each in data or [] if each]
        if len(files) > self.most:
            raise forms.ValidationError(_("最多 %(most)d 个文件。"), code="many", params={"most": self.most})
        return [self._clean_one(each) for each in files]

    def _clean_one(self, file: UploadedFile[Any]) -> UploadedFile[Any]:
        name = file.name
        try:
            checked: UploadedFile[Any] = super().clean(file)
        except forms.ValidationError as wrong:
            told = [format_lazy("{name}：{problem}", name=name, problem=each) for each in wrong.messages]
            raise forms.ValidationError(told, code="file") from wrong
        return checked


class LotChoice(forms.ModelChoiceField[Lot]):
    """Lots by what people call them."""

    def label_from_instance(self, obj: Lot) -> str:
        return obj.name


class ObjectionForm(forms.Form):
    """What is wrong with the result, and what shows it."""

    lot = LotChoice(
        Lot.objects.none(),
        label=_("针对哪个标段"),
        required=False,
        to_field_name="number",
        empty_label=_("整次比选"),
        help_text=_("只针对一个标段的，请选标段；处理完之前，整次比选都不发出中选通知书。"),
        error_messages={"invalid_choice": _("请选择这次比选的标段。")},
    )
    text = writing(
        _("异议内容和理由"),
        most=TEXT_LENGTH,
        rows=8,
        hint=_("写明哪一点不符合规则、依据是什么。只有当事各方、服务中心和监管部门能看到。"),
    )
    evidence = CheckedFilesField(
        label=_("证明材料"),
        required=False,
        most=MOST_FILES,
        help_text=_("可一次选几个，最多 5 个；PDF、PNG 或 JPEG，每个不超过 8 MB。"),
    )

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if round_.has_lots:
            self.fields["lot"].queryset = round_.lots.order_by("number")  # type: ignore[attr-defined]
        else:
            del self.fields["lot"]


class AnswerObjectionForm(forms.Form):
    """The service centre's answer."""

    outcome = choice_of(
        _("结论"),
        [
            (Status.REJECTED.value, _("异议不成立，选取继续")),
            (Status.NO_EFFECT.value, _("异议成立，但不影响结果，选取继续")),
            (Status.UPHELD.value, _("异议成立，这次比选作废")),
        ],
        missing=_("请选择结论。"),
    )
    charged_to = _charged()
    text = public_reason(_("答复和理由"))


class ComplaintForm(forms.Form):
    """Why the objector does not accept the answer."""

    text = writing(_("投诉内容和理由"), most=TEXT_LENGTH, rows=6, hint=_("写明对答复的哪一点不认可。"))


class DecisionForm(forms.Form):
    """The regulator's order."""

    decision = choice_of(
        _("处理"),
        [
            (Decision.STOP.value, _("责令暂停，继续调查")),
            (Decision.DISMISS.value, _("投诉不成立，恢复进行")),
            (Decision.VOID.value, _("投诉成立，这次比选作废")),
        ],
        missing=_("请选择如何处理。"),
    )
    charged_to = _charged()
    text = public_reason(_("决定和理由"))

    def __init__(self, *args: Any, is_stopped: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_stopped:
            kept = [each for each in self.fields["decision"].choices if each[0] != Decision.STOP.value]  # type: ignore[attr-defined]
            self.fields["decision"].choices = kept  # type: ignore[attr-defined]
