"""What the service centre writes into the registry of experts, and what an expert writes on the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import PHONE, USERNAME
from accounts.models import normalise_username
from bidding.domain.marking import HIGHEST, Given
from bidding.models import Mark
from bidding.models.experts import COMMENT_LENGTH, REASON_LENGTH
from core.choices import NamedChoicesField
from core.decimals import PlainDecimalField
from core.identifiers import half_width
from market.forms.admission import DateInput
from market.models import Service


def _services() -> forms.ModelMultipleChoiceField[Service]:
    return NamedChoicesField(
        label=_("可评审的服务"),
        queryset=Service.objects.order_by("code"),
        to_field_name="code",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选一项可评审的服务。")},
    )


def _day(label: Any, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=DateInput(),
        error_messages={"required": _("请填写日期。"), "invalid": _("日期不对。")},
    )


def _party(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=200,
        help_text=_("本平台上的机构请填统一社会信用代码，其他单位填全称。"),
        error_messages={"required": _("请填写单位的名称或统一社会信用代码。")},
    )


class ExpertForm(forms.Form):
    """A person who comes into the registry."""

    username = forms.CharField(
        label=_("登录名"),
        max_length=30,
        help_text=_("已有账户的填原来的登录名；没有的会新开一个账户。"),
        error_messages={"required": _("请填写登录名。")},
    )
    name = forms.CharField(label=_("姓名"), max_length=60, required=False, help_text=_("新开账户时必填；不公开。"))
    phone = forms.CharField(label=_("手机号码"), max_length=20, required=False, help_text=_("加密保存，不公开。"))
    active_from = _day(_("入册日期"))
    services = _services()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("active_from", timezone.localdate())

    def clean_username(self) -> str:
        username = normalise_username(self.cleaned_data["username"])
        if not USERNAME.match(username):
            raise forms.ValidationError(_("登录名须为 3 至 30 个字母、数字、点或横线，以字母或数字开头。"))
        return username

    def clean_phone(self) -> str:
        phone = half_width(self.cleaned_data["phone"])
        if phone and not PHONE.match(phone):
            raise forms.ValidationError(_("请填写 11 位手机号码，或带区号的固定电话。"))
        return phone


class FieldsForm(forms.Form):
    """Which services an expert may judge."""

    services = _services()


class EmployerForm(forms.Form):
    """Where an expert works or has worked."""

    party = _party(_("工作单位"))
    since = _day(_("起"))
    until = _day(_("止"), required=False)


class ConflictForm(forms.Form):
    """From whose rounds an expert steps aside."""

    party = _party(_("须回避的单位"))
    reason = forms.CharField(label=_("缘由"), max_length=REASON_LENGTH, error_messages={"required": _("请写明缘由。")})


class StepAsideForm(forms.Form):
    """Why an expert does not judge, or no longer."""

    reason = forms.CharField(
        label=_("缘由"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("只有服务中心能看到，加密保存。"),
        error_messages={"required": _("请写明缘由。")},
    )


class MarksForm(forms.Form):
    """A mark and a comment for every proposal, by number; all of them are needed with `whole`."""

    def __init__(
        self, *args: Any, numbers: Iterable[int], kept: Mapping[int, Mark], whole: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = list(numbers)
        for number in self.numbers:
            self.fields[f"mark_{number}"] = _mark(whole)
            self.fields[f"comment_{number}"] = _comment(whole)
            mark = kept.get(number)
            if mark is not None:
                self.initial[f"mark_{number}"], self.initial[f"comment_{number}"] = mark.mark, mark.comment

    @property
    def given(self) -> dict[int, Given]:
        return {
            number: Given(mark=self.cleaned_data[f"mark_{number}"], comment=self.cleaned_data[f"comment_{number}"])
            for number in self.numbers
        }


def _mark(whole: bool) -> PlainDecimalField:
    field = PlainDecimalField(
        label=_("评分"),
        required=whole,
        min_value=Decimal(0),
        max_value=HIGHEST,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "is-number"}),
        help_text=_("0 至 100，最多两位小数。"),
        error_messages={
            "required": _("请填写评分。"),
            "invalid": _("请用数字填写。"),
            "min_value": _("评分不低于 0。"),
            "max_value": _("评分不高于 100。"),
            "max_decimal_places": _("最多两位小数。"),
        },
    )
    field.needed_later = True  # type: ignore[attr-defined]
    return field


def _comment(whole: bool) -> forms.CharField:
    field = forms.CharField(
        label=_("评语（评定后与评分一起公开）"),
        required=whole,
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请填写评语。"), "max_length": _("评语最多 500 个字。")},
    )
    field.needed_later = True  # type: ignore[attr-defined]
    return field
