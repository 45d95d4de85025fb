"""Projects and needs as an owner types them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalItem, District
from core.choices import NamedChoiceField
from core.texts import VisibleTexts
from core.widgets import MoneyInput
from market.domain.combining import Wanted, verdict
from market.domain.offering import Group, Offer
from market.domain.reuse import Existing
from market.models import FurtherService, Need, Project, QualificationKind, Region, RequiredQualification, Service

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

    def __init__(self, *args: Any, offers: Sequence[Offer] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        service = self.instance.service
        self.fields["item"].queryset = ApprovalItem.objects.filter(service_versions__service=service).distinct()  # type: ignore[attr-defined]
        self.further_rows = [FurtherRow(self, number, offer) for number, offer in enumerate(offers, start=2)]
        if not self.instance.pk:
            return
        required = list(self.instance.required_qualifications.all())
        for first in (each for each in required if each.number == 1):
            self.initial.update(kind=first.kind_id, level=first.level)
        kept = list(self.instance.further.all())
        for row in self.further_rows:
            row.take_up(kept, required)

    def clean_budget(self) -> Decimal | None:
        budget: Decimal | None = self.cleaned_data["budget"]
        if budget == 0:
            raise forms.ValidationError(_("金额须大于零。"))
        return budget

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for end in ("", *(str(row.number) for row in self.further_rows)):
            kind, level = given.get(f"kind{end}"), given.get(f"level{end}")
            if level and kind is None:
                self.add_error(f"level{end}", _("请先选择资质类别。"))
            elif kind is not None and level and kind.levels and level not in kind.levels:
                self.add_error(f"level{end}", _("这类资质的等级是：%(levels)s。") % {"levels": "、".join(kind.levels)})
        return given

    @property
    def qualifications(self) -> list[tuple[QualificationKind, str]]:
        """Those of the first service."""
        return self.qualifications_of("")

    def qualifications_of(self, end: str) -> list[tuple[QualificationKind, str]]:
        """Those asked for in the fields whose names end so."""
        kind = self.cleaned_data.get(f"kind{end}")
        return [(kind, self.cleaned_data.get(f"level{end}") or "")] if kind is not None else []

    @property
    def further(self) -> list[Wanted]:
        """What the same firm is to do together with it."""
        return [row.wanted for row in self.further_rows]


class FurtherRow:
    """The fields of one further service in the form of a need: why, where it need not be, and what is asked of the firm."""

    def __init__(self, form: NeedForm, number: int, offer: Offer) -> None:
        self.form, self.number, self.offer = form, number, offer
        kinds = offer.version.qualification_kinds.order_by("code")
        self.names: list[str] = []
        if offer.wants_ground:
            ground = Need._meta.get_field("optional_ground")
            self._add("ground", forms.CharField(label=ground.verbose_name, max_length=300, required=False))
        only = list(kinds)
        if only:
            self._add("kind", NamedChoiceField(label=_("要求的资质"), queryset=kinds, required=False))
            self._add("level", forms.CharField(label=_("最低等级"), max_length=20, required=False))
            form.initial.setdefault(f"kind{number}", only[0].pk if len(only) == 1 else None)

    def _add(self, name: str, field: forms.Field) -> None:
        self.names.append(name)
        self.form.fields[f"{name}{self.number}"] = field

    def take_up(self, kept: Sequence[FurtherService], required: Sequence[RequiredQualification]) -> None:
        """Show what was written of this service before."""
        mine = [each for each in kept if (each.service_id, each.item_id) == (self.offer.service.pk, self.offer.item.pk)]
        for each in mine:
            asked = next((one for one in required if one.number == each.number), None)
            self.form.initial[f"ground{self.number}"] = each.optional_ground
            self.form.initial[f"kind{self.number}"] = asked.kind_id if asked else None
            self.form.initial[f"level{self.number}"] = asked.level if asked else ""

    def __iter__(self) -> Iterator[forms.BoundField]:
        return (self.form[f"{name}{self.number}"] for name in self.names)

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            service=self.offer.service,
            item=self.offer.item,
            optional_ground=self.form.cleaned_data.get(f"ground{self.number}") or "",
            qualifications=self.form.qualifications_of(str(self.number)),
        )


class TogetherForm(forms.Form):
    """Which of the offered services are to be commissioned together with the first (一并委托)."""

    def __init__(self, *args: Any, need: Need, groups: Sequence[Group], day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.need, self.day = need, day
        self.offers = {offer.key: offer for group in groups for offer in group.offers}
        self.fields["with"] = forms.MultipleChoiceField(
            label=_("一并委托的服务"), required=False, choices=[(key, key) for key in self.offers],
            error_messages={"invalid_choice": _("目录中没有这样的组合，请重新选择。")},
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (
            self.chosen
            and not (found := verdict([self.need.service, *(each.service for each in self.chosen)], self.day)).holds
        ):
            self.add_error("with", found.text)
        return given

    @property
    def chosen(self) -> list[Offer]:
        """In the order of the catalogue, each once."""
        keys = set(self.cleaned_data.get("with", ()))
        return [offer for key, offer in self.offers.items() if key in keys]


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
