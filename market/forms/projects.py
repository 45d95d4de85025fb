"""Projects and needs as an owner types them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalItem, District
from core.choices import NamedChoiceField
from core.texts import VisibleTexts
from core.widgets import MoneyInput
from market.models import Need, Project, QualificationKind, Service

MONEY_ERRORS = {
    "invalid": _("请用数字填写金额（元），例如 48000.00。"),
    "max_digits": _("金额过大。"),
    "max_whole_digits": _("金额过大。"),
    "max_decimal_places": _("金额最多两位小数。"),
}


class ProjectForm(VisibleTexts, forms.ModelForm[Project]):
    district = NamedChoiceField(label=_("所在区县市"), queryset=District.objects.order_by("code"))

    class Meta:
        model = Project
        fields = [
            "name", "national_code", "district", "address", "funding", "must_be_tendered", "investment", "description",
        ]  # fmt: skip
        widgets = {"investment": MoneyInput(), "description": forms.Textarea(attrs={"rows": 3})}
        error_messages = {"investment": MONEY_ERRORS}


class ServiceChoiceForm(forms.Form):
    """The first step of a need: which service."""

    service = NamedChoiceField(
        label=_("中介服务"),
        queryset=Service.objects.order_by("code"),
        to_field_name="code",
        error_messages={"required": _("请选择中介服务。"), "invalid_choice": _("目录中没有这项服务。")},
    )


class NeedForm(VisibleTexts, forms.ModelForm[Need]):
    """What is needed. The items are those that the service serves."""

    item = NamedChoiceField(label=_("审批事项"), queryset=ApprovalItem.objects.none())
    kind = NamedChoiceField(
        label=_("要求的资质"), queryset=QualificationKind.objects.order_by("code"), required=False,
        help_text=_("只能要求目录允许的资质；不要求就不选。"),
    )  # fmt: skip
    level = forms.CharField(label=_("最低等级"), max_length=20, required=False, help_text=_("例如 乙级；不限就不填。"))

    class Meta:
        model = Need
        fields = ["title", "item", "requirement", "budget", "days", "optional_ground"]
        widgets = {"requirement": forms.Textarea(attrs={"rows": 5}), "budget": MoneyInput()}
        error_messages = {"budget": MONEY_ERRORS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        service = self.instance.service
        self.fields["item"].queryset = ApprovalItem.objects.filter(service_versions__service=service).distinct()  # type: ignore[attr-defined]
        if self.instance.pk and (first := self.instance.required_qualifications.first()) is not None:
            self.initial.update(kind=first.kind_id, level=first.level)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind, level = given.get("kind"), given.get("level")
        if level and kind is None:
            self.add_error("level", _("请先选择资质类别。"))
        elif kind is not None and level and kind.levels and level not in kind.levels:
            self.add_error("level", _("这类资质的等级是：%(levels)s。") % {"levels": "、".join(kind.levels)})
        return given

    @property
    def qualifications(self) -> list[tuple[QualificationKind, str]]:
        kind = self.cleaned_data.get("kind")
        return [(kind, self.cleaned_data.get("level") or "")] if kind is not None else []
