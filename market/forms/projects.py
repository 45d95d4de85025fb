"""Projects and needs as an owner types them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalItem, District
from core.choices import NamedChoiceField
from core.texts import VisibleTexts
from core.widgets import MoneyInput
from market.domain.reuse import Existing
from market.models import Need, Project, QualificationKind, Region, Service

MONEY_ERRORS = {
    "invalid": _("请用数字填写金额（元），例如 48000.00。"),
    "max_digits": _("金额过大。"),
    "max_whole_digits": _("金额过大。"),
    "max_decimal_places": _("金额最多两位小数。"),
}


class ProjectForm(VisibleTexts, forms.ModelForm[Project]):
    district = NamedChoiceField(label=_("所在区县市"), queryset=District.objects.order_by("code"))
    region = NamedChoiceField(
        label=_("区域评估片区"), queryset=Region.objects.select_related("district"), required=False,
        empty_label=_("不在片区内"), help_text=_("在片区内的项目可以直接使用区域评估成果，不必另行委托。"),
    )  # fmt: skip

    class Meta:
        model = Project
        fields = [
            "name", "national_code", "district", "address", "region", "funding", "must_be_tendered", "investment", "description",
        ]  # fmt: skip
        widgets = {"investment": MoneyInput(), "description": forms.Textarea(attrs={"rows": 3})}
        error_messages = {"investment": MONEY_ERRORS}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        region, district = given.get("region"), given.get("district")
        if region is not None and district is not None and region.district_id != district.pk:
            where = {"district": region.district.name}
            self.add_error("region", _("这个片区在%(district)s，与项目所在区县市不符。") % where)
        return given


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

    def clean_budget(self) -> Decimal | None:
        budget: Decimal | None = self.cleaned_data["budget"]
        if budget == 0:
            raise forms.ValidationError(_("金额须大于零。"))
        return budget

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


class ReuseForm(forms.Form):
    """Which result an owner uses, and for which approval item of the service."""

    item = forms.ModelChoiceField(
        label=_("审批事项"), queryset=ApprovalItem.objects.none(), to_field_name="code", empty_label=None,
        error_messages={"invalid_choice": _("目录中这项服务不是为所选的审批事项设定的。")},
    )  # fmt: skip
    reference = forms.ChoiceField(
        label=_("已有成果"), widget=forms.RadioSelect,
        error_messages={
            "required": _("请选择要使用的成果。"), "invalid_choice": _("这份成果现在不能使用，请重新选择。"),
        },
    )  # fmt: skip

    def __init__(self, *args: Any, service: Service, existing: Sequence[Existing], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items = ApprovalItem.objects.filter(service_versions__service=service).distinct().order_by("code")
        self.fields["item"].queryset = items  # type: ignore[attr-defined]
        self.fields["reference"].choices = [(each.reference, each.title) for each in existing]  # type: ignore[attr-defined]
        self.initial.setdefault("reference", existing[0].reference if existing else "")
