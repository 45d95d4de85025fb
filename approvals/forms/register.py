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
from core.templatetags.mx import translated
from core.uploads import CheckedFileField

MOST_FILES = 3


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


class ItemChoice(forms.ModelMultipleChoiceField[ApprovalItem]):
    """Items in the reader's language."""

    def label_from_instance(self, obj: ApprovalItem) -> str:
        return f"{translated(obj)}（{obj.code}）"


class ItemsForm(forms.Form):
    """The second step: all the items that the project needs, and where the application is handed in."""

    project = forms.CharField(widget=forms.HiddenInput)
    items = ItemChoice(
        label=_("要办的事项"), queryset=ApprovalItem.objects.none(), widget=forms.CheckboxSelectMultiple,
        to_field_name="code",
        error_messages={"required": _("请至少选择一个事项。"), "invalid_choice": _("没有这个事项代码。")},
    )  # fmt: skip
    filed_in = forms.ModelChoiceField(
        label=_("在哪里提交"), queryset=District.objects.order_by("code"), to_field_name="code",
        help_text=_("可以在任何一个区县市提交；由项目所在地的部门办理。"),
        error_messages={"required": _("请选择在哪里提交。"), "invalid_choice": _("没有这个区划代码。")},
    )  # fmt: skip

    def __init__(self, *args: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].queryset = items  # type: ignore[attr-defined]

    def clean_items(self) -> list[ApprovalItem]:
        chosen = list(self.cleaned_data["items"])
        if len(chosen) > MOST_ITEMS:
            raise forms.ValidationError(_("一次最多申请 %(most)d 个事项。") % {"most": MOST_ITEMS}, code="many")
        return chosen


class ApplicationForm(forms.Form):
    """The third step: whether the departments work together, and the material that all of them share."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    lead = forms.ChoiceField(
        label=_("联合审批"), required=False,
        help_text=_("选了牵头事项，办这个事项的部门就牵头，同一步的事项同时办理，到期一起督办。"),
    )  # fmt: skip
    later = forms.MultipleChoiceField(
        label=_("第二步办理的事项"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("只在联合审批时有用：第一步的事项全部准予许可后，这些事项自动开始。"),
    )  # fmt: skip

    def __init__(self, *args: Any, items: list[ApprovalItem], **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"key": uuid4()}, **kwargs})
        self.chosen = {each.code: each for each in items}
        choices = [(each.code, translated(each)) for each in items]
        if len(items) < 2:
            del self.fields["lead"], self.fields["later"]
        else:
            led = [(code, _("联合审批，牵头事项：%(item)s") % {"item": name}) for code, name in choices]
            self.fields["lead"].choices = [("", _("不联合，各办各的")), *led]  # type: ignore[attr-defined]
            self.fields["later"].choices = choices  # type: ignore[attr-defined]
        for number in range(1, MOST_FILES + 1):
            title, file = _("材料 %(number)d 的名称"), _("材料 %(number)d")
            self.fields[f"title_{number}"] = forms.CharField(
                label=title % {"number": number}, max_length=100, required=False
            )
            self.fields[f"file_{number}"] = CheckedFileField(label=file % {"number": number}, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        lead, later = given.get("lead"), given.get("later") or []
        if later and not lead:
            self.add_error("later", _("分步办理的，请先选择牵头事项。"))
        elif later and len(later) == len(self.chosen):
            self.add_error("later", _("第一步至少要有一个事项。"))
        for number in range(1, MOST_FILES + 1):
            if given.get(f"title_{number}") and not given.get(f"file_{number}") and f"file_{number}" not in self.errors:
                self.add_error(f"file_{number}", _("请选择这份材料的文件。"))
        return given

    @property
    def lead_item(self) -> ApprovalItem | None:
        return self.chosen.get(self.cleaned_data.get("lead") or "")

    @property
    def wanted(self) -> list[Wanted]:
        later = set(self.cleaned_data.get("later") or [])
        return [Wanted(item=each, step=2 if code in later else 1) for code, each in self.chosen.items()]

    @property
    def handed_in(self) -> list[tuple[str, Any]]:
        given = self.cleaned_data
        numbers = range(1, MOST_FILES + 1)
        return [(given[f"title_{n}"], given[f"file_{n}"]) for n in numbers if given.get(f"file_{n}")]


class MaterialForm(forms.Form):
    """One more piece of material, for all cases of the application."""

    title = forms.CharField(label=_("材料名称"), max_length=100, error_messages={"required": _("请填写材料名称。")})
    file = CheckedFileField(label=_("文件"))
