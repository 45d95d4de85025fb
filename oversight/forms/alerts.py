"""What is written about a lead: dismissed, or looked into; and a rule's figure tried and changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from core.texts import VisibleTexts
from oversight.domain.access import REASON_LENGTH
from oversight.models import Alert
from ratings.domain.access import LENGTH


class DismissForm(VisibleTexts, forms.Form):
    reason = forms.CharField(
        label=_("排除的理由"),
        help_text=_(
            "排除只表示不值得立案核查；规则要求的回避不受影响。同样的依据不会再次提示，依据或者权重明显变化时会。"
        ),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明理由。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )


class InquireForm(VisibleTexts, forms.Form):
    """About whom, over which further leads, and why."""

    party = forms.ChoiceField(
        label=_("当事方"), widget=forms.RadioSelect, error_messages={"required": _("请选择当事方。")}
    )
    further = forms.MultipleChoiceField(
        label=_("一并核查的线索"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("同一当事方的其他待分流线索。"),
    )  # fmt: skip
    text = forms.CharField(
        label=_("立案的考虑"), required=False, max_length=LENGTH, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("只有监管部门能看到。"),
    )  # fmt: skip

    def __init__(
        self, *args: Any, parties: Sequence[Organisation], further: Sequence[tuple[Alert, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["party"].choices = [(str(each.pk), each.public_name) for each in parties]  # type: ignore[attr-defined]
        self.fields["further"].choices = [(str(each.pk), label) for each, label in further]  # type: ignore[attr-defined]
        if len(parties) == 1:
            self.fields["party"].initial = str(parties[0].pk)
        if not further:
            del self.fields["further"]


class TrialForm(forms.Form):
    """A figure to try."""

    name = forms.ChoiceField(label=_("参数"))
    value = forms.DecimalField(
        label=_("试算的取值"), max_digits=7, decimal_places=4,
        error_messages={"required": _("请填写取值。"), "invalid": _("请填写数字。")},
    )  # fmt: skip

    def __init__(self, *args: Any, names: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].choices = list(names)  # type: ignore[attr-defined]


class ChangeForm(VisibleTexts, TrialForm):
    """The figure that shall hold, from when and on what basis."""

    valid_from = forms.DateField(
        label=_("生效日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("请填写生效日期。"), "invalid": _("请填写日期。")},
    )  # fmt: skip
    legal_basis = forms.CharField(
        label=_("依据"), max_length=REASON_LENGTH, error_messages={"required": _("请写明依据。")}
    )
