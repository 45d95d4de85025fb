"""The steps of a deduction as they are written; `ratings.domain.deductions` decides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bidding.forms.objections import CheckedFilesField
from contracts.models import Contract
from core.texts import VisibleTexts
from ratings.domain.access import LENGTH
from ratings.domain.deductions import MOST_FILES
from ratings.models import Deed


def _words(label: Any, *, hint: Any = "", required: bool = True, rows: int = 5) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("请写明内容。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )


def _files(*, required: bool = False) -> CheckedFilesField:
    return CheckedFilesField(
        label=_("证明材料"),
        required=required,
        most=MOST_FILES,
        help_text=_("可一次选几个，最多 5 个；PDF、PNG 或 JPEG，每个不超过 8 MB。"),
    )


def _verdict(yes: Any, no: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("决定"),
        choices=[("yes", yes), ("no", no)],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择如何决定。")},
    )


class NoticeForm(VisibleTexts, forms.Form):
    """What the firm is told, beside the facts."""

    text = _words(_("告知说明"), required=False, hint=_("事实、依据、分值和期限会自动写明，这里可以补充。"), rows=3)


class DropForm(VisibleTexts, forms.Form):
    """Why what a rule has found is not pursued."""

    text = _words(_("不予扣分的理由"), rows=3)


class StatementForm(VisibleTexts, forms.Form):
    """What the firm says to a notice."""

    text = _words(_("陈述申辩"), hint=_("写明哪一点与事实不符，或者有什么正当理由。只有服务中心和监管部门能看到。"))
    evidence = _files()


class DecisionForm(VisibleTexts, forms.Form):
    decision = _verdict(_("予以扣分"), _("不予扣分"))
    text = _words(_("理由"), hint=_("写明对机构陈述的意见是否采纳。"))


class AppealForm(VisibleTexts, forms.Form):
    text = _words(_("申诉理由"), hint=_("写明对扣分决定的哪一点不认可。申诉只有一次，决定之前扣分继续有效。"))
    evidence = _files()


class AppealDecisionForm(VisibleTexts, forms.Form):
    decision = _verdict(_("申诉成立，撤销扣分"), _("申诉不成立，维持扣分"))
    text = _words(_("理由"))


class RepairForm(VisibleTexts, forms.Form):
    text = _words(_("已经怎样纠正"))
    evidence = _files(required=True)

    def clean_evidence(self) -> list[Any]:
        given: list[Any] = self.cleaned_data["evidence"]
        if not given:
            raise forms.ValidationError(_("请附上已经纠正的证明材料。"), code="required")
        return given


class RepairDecisionForm(VisibleTexts, forms.Form):
    decision = _verdict(_("同意修复，扣分就此终止"), _("不予修复"))
    text = _words(_("理由"))


class ReportForm(VisibleTexts, forms.Form):
    """What no rule can find, about the firm of a contract."""

    contract = forms.CharField(label=_("合同编号"), max_length=20, error_messages={"required": _("请填写合同编号。")})
    kind = forms.ChoiceField(
        label=_("行为"),
        choices=Deed.choices,
        initial=Deed.FEE_RAISED,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择是哪一种行为。")},
    )
    occurred_on = forms.DateField(
        label=_("发生日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("请填写发生日期。")},
    )
    text = _words(_("事实"), hint=_("写明查实的经过。机构能看到，不向社会公开。"))
    evidence = _files()

    def clean_contract(self) -> Contract:
        code = self.cleaned_data["contract"].strip().upper()
        found = Contract.objects.public().select_related("firm__organisation").filter(code=code).first()
        if found is None:
            raise forms.ValidationError(_("没有这个编号的合同，或者还没有盖章成立。"), code="unknown")
        return found

    def clean_occurred_on(self) -> Any:
        day = self.cleaned_data["occurred_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("发生日期不能在今天之后。"), code="future")
        return day
