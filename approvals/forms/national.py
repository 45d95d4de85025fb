"""A row of the national table for intermediary services, version 3, by the names of its columns."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import Case, Department, ServiceInstance

COLUMNS = (
    ("LSH", ""),
    ("DFSJZJ", "local_key"),
    ("XZQHDM", "division"),
    ("XMDM", "project_code"),
    ("ZJFWSXMC", "service_name"),
    ("ZJFWSXBM", "service_code"),
    ("DYBZZJFWSXBM", "standard_code"),
    ("ZJFWSXSLBM", "code"),
    ("SPSXSLBM", ""),
    ("BLSX", "limit"),
    ("SXLX", "limit_kind"),
    ("ZJJGDM", "firm_code"),
    ("ZJJGMC", "firm_name"),
    ("WTR", "client"),
    ("WTRDM", "client_code"),
    ("SJYXBS", "is_valid"),
    ("SJWXYY", "invalid_reason"),
)
"""The standard's columns in its order, with what they are here; the row number and the case have no column of their own."""
DIVISION = re.compile(r"[0-9]{6}([0-9]{3}){0,2}")
CODE = re.compile(r"[0-9A-Z]{18}")


def _text(label: Any, most: int, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=required)


class RecordForm(forms.Form):
    """What each column holds; the approval instance has to be a case of the department that imports."""

    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"LSH", "DYBZZJFWSXBM", "BLSX", "SXLX", "SJYXBS", "SJWXYY"})

    LSH = forms.IntegerField(label="LSH", min_value=1, required=False)
    DFSJZJ = _text("DFSJZJ", 50)
    XZQHDM = _text("XZQHDM", 12)
    XMDM = _text("XMDM", 40)
    ZJFWSXMC = _text("ZJFWSXMC", 200)
    ZJFWSXBM = _text("ZJFWSXBM", 40)
    DYBZZJFWSXBM = _text("DYBZZJFWSXBM", 40, required=False)
    ZJFWSXSLBM = _text("ZJFWSXSLBM", 64)
    SPSXSLBM = _text("SPSXSLBM", 64)
    BLSX = forms.IntegerField(label="BLSX", min_value=0, max_value=9999, required=False)
    SXLX = forms.ChoiceField(
        label="SXLX", choices=ServiceInstance.LimitKind.choices, required=False,
        error_messages={"invalid_choice": _("时限类型为 1（工作日）或 2（自然日）。")},
    )  # fmt: skip
    ZJJGDM = _text("ZJJGDM", 18)
    ZJJGMC = _text("ZJJGMC", 200)
    WTR = _text("WTR", 200)
    WTRDM = _text("WTRDM", 20)
    SJYXBS = forms.ChoiceField(
        label="SJYXBS", choices=[("1", "1"), ("0", "0")], required=False,
        error_messages={"invalid_choice": _("数据有效标识为 1（有效）或 0（无效）。")},
    )  # fmt: skip
    SJWXYY = _text("SJWXYY", 500, required=False)

    def __init__(self, *args: Any, department: Department, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.department = department

    def clean_XZQHDM(self) -> str:
        return self._formed("XZQHDM", DIVISION, _("行政区划代码为 6、9 或 12 位数字。"))

    def clean_ZJJGDM(self) -> str:
        return self._formed("ZJJGDM", CODE, _("中介机构代码为 18 位统一社会信用代码。"))

    def clean_SPSXSLBM(self) -> Case:
        named, own = self.cleaned_data["SPSXSLBM"], Case.objects.filter(department=self.department)
        found = own.filter(external_code=named).first() or own.filter(code=named).first()
        if found is None:
            raise forms.ValidationError(_("本部门没有编号为 %(code)s 的办件。"), code="unknown", params={"code": named})
        return found

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("BLSX") is not None and not given.get("SXLX") and "SXLX" not in self.errors:
            self.add_error("SXLX", _("填了办理时限的，须填时限类型。"))
        if given.get("SXLX") and given.get("BLSX") is None and "BLSX" not in self.errors:
            self.add_error("BLSX", _("填了时限类型的，须填办理时限。"))
        if given.get("SJYXBS") == "0" and not given.get("SJWXYY"):
            self.add_error("SJWXYY", _("数据无效的，须写明原因。"))
        return given

    def _formed(self, name: str, pattern: re.Pattern[str], wrong: Any) -> str:
        given: str = self.cleaned_data[name]
        if not pattern.fullmatch(given):
            raise forms.ValidationError(wrong, code="invalid")
        return given

    def instance_of(self, department: Department) -> ServiceInstance:
        """The record that this row is, not saved."""
        given = self.cleaned_data
        values = {name: given[column] for column, name in COLUMNS if name}
        values["is_valid"] = given["SJYXBS"] != "0"
        return ServiceInstance(department=department, case=given["SPSXSLBM"], **values)
