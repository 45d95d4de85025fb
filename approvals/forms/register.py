"""A case that was handed in on paper, as a department writes it down; and an application through the one window."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import OWNER_KINDS, Organisation
from approvals.domain.projects import OwnProject
from approvals.domain.windows import MOST_ITEMS, Wanted
from approvals.forms.steps import StepForm
from approvals.models import ApprovalItem, Department, District
from core.identifiers import normalise_uscc
from core.uploads import CheckedFileField

MOST_FILES = 5


def items_of(department: Department) -> Any:
    """The items that a department's lines decide."""
    return ApprovalItem.objects.filter(versions__functions__in=department.functions.all()).distinct().order_by("code")


class RegisterForm(StepForm):
    """What stands on the paper."""

    item = forms.ModelChoiceField(
        label=_("审批事项"), queryset=ApprovalItem.objects.none(), error_messages={"required": _("请选择审批事项。")}
    )
    applicant = forms.CharField(
        label=_("申请人的统一社会信用代码"), max_length=30, help_text=_("自然人填业主编号。"),
        error_messages={"required": _("请填写申请人的统一社会信用代码。")},
    )  # fmt: skip
    project_name = forms.CharField(
        label=_("项目名称"), max_length=100, error_messages={"required": _("请填写项目名称。")}
    )
    project_code = forms.CharField(label=_("项目代码"), max_length=40, required=False)
    external_code = forms.CharField(label=_("部门办件编号"), max_length=64, required=False)
    district = forms.ModelChoiceField(label=_("项目所在地"), queryset=District.objects.order_by("code"))
    filed_in = forms.ModelChoiceField(
        label=_("收件地"), queryset=District.objects.order_by("code"), help_text=_("异地受理的，选实际收件的区县市。")
    )
    field_order = ["item", "applicant", "project_name", "project_code", "external_code", "district", "filed_in"]

    def __init__(self, *args: Any, department: Department, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"district": department.district_id, "filed_in": department.district_id})
        super().__init__(*args, **kwargs)
        self.fields["item"].queryset = items_of(department)  # type: ignore[attr-defined]

    def clean_applicant(self) -> Organisation:
        return applicant_by_code(self.cleaned_data["applicant"])


def applicant_by_code(text: str) -> Organisation:
    """The owner whom a code names. Raises ValidationError where there is none."""
    code = normalise_uscc(text)
    owners = Organisation.objects.filter(kind__in=OWNER_KINDS)
    found = owners.filter(uscc=code).first() or owners.filter(code=code).first()
    if found is None:
        raise forms.ValidationError(_("没有登记过这个代码的项目业主，请核对，或请业主先注册。"), code="unknown")
    return found


class ProjectChoiceForm(forms.Form):
    """The first step: for which of one's projects."""

    project = forms.ChoiceField(
        label=_("项目"), widget=forms.RadioSelect,
        error_messages={"required": _("请选择项目。"), "invalid_choice": _("请从您的项目中选择。")},
    )  # fmt: skip

    def __init__(self, *args: Any, projects: list[OwnProject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].choices = [(each.code, f"{each.name}（{each.code}）") for each in projects]  # type: ignore[attr-defined]


class ApplicationForm(forms.Form):
    """All the items that a project needs, and the material that they share."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    items = forms.ModelMultipleChoiceField(
        label=_("要办的事项"), queryset=ApprovalItem.objects.none(), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一个事项。")},
    )  # fmt: skip
    filed_in = forms.ModelChoiceField(
        label=_("在哪里提交"), queryset=District.objects.order_by("code"),
        help_text=_("可以在任何一个区县市提交；由项目所在地的部门办理。"),
        error_messages={"required": _("请选择在哪里提交。")},
    )  # fmt: skip
    lead = forms.ModelChoiceField(
        label=_("联合审批的牵头事项"), queryset=ApprovalItem.objects.none(), required=False, empty_label=_("不联合，各办各的"),
        help_text=_("选了以后由办这个事项的部门牵头，同一步的事项同时办理。"),
    )  # fmt: skip
    later = forms.ModelMultipleChoiceField(
        label=_("第二步办理的事项"), queryset=ApprovalItem.objects.none(), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("只在联合审批时有用：第一步的事项全部准予许可后，这些事项自动开始。"),
    )  # fmt: skip

    def __init__(self, *args: Any, project: OwnProject, items: Any, **kwargs: Any) -> None:
        initial = {"key": uuid4(), "filed_in": project.district.pk, "items": list(project.items)}
        super().__init__(*args, **{"initial": initial, **kwargs})
        for name in ("items", "lead", "later"):
            self.fields[name].queryset = items  # type: ignore[attr-defined]
        for number in range(1, MOST_FILES + 1):
            self.fields[f"title_{number}"] = forms.CharField(
                label=_("材料 %(number)d 的名称") % {"number": number}, max_length=100, required=False
            )
            self.fields[f"file_{number}"] = CheckedFileField(
                label=_("材料 %(number)d") % {"number": number}, required=False
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        items, lead, later = given.get("items"), given.get("lead"), given.get("later") or []
        if items is None:
            return given
        if len(items) > MOST_ITEMS:
            self.add_error("items", _("一次最多申请 %(most)d 个事项。") % {"most": MOST_ITEMS})
        if lead is not None and lead not in items:
            self.add_error("lead", _("牵头事项须在要办的事项之中。"))
        if later and lead is None:
            self.add_error("later", _("分步办理的，请先选择牵头事项。"))
        elif any(each not in items for each in later):
            self.add_error("later", _("第二步的事项须在要办的事项之中。"))
        elif later and len(later) == len(items):
            self.add_error("later", _("第一步至少要有一个事项。"))
        return given

    @property
    def wanted(self) -> list[Wanted]:
        later = set(self.cleaned_data["later"])
        return [Wanted(item=each, step=2 if each in later else 1) for each in self.cleaned_data["items"]]

    @property
    def handed_in(self) -> list[tuple[str, Any]]:
        given = self.cleaned_data
        numbers = range(1, MOST_FILES + 1)
        return [(given[f"title_{n}"], given[f"file_{n}"]) for n in numbers if given.get(f"file_{n}")]


class MaterialForm(forms.Form):
    """One more piece of material, for all cases of the application."""

    title = forms.CharField(label=_("材料名称"), max_length=100, error_messages={"required": _("请填写材料名称。")})
    file = CheckedFileField(label=_("文件"))
