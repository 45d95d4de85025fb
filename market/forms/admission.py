"""A firm's material, section by section, and what the service centre writes about it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from core.choices import NamedChoiceField
from core.clock import LOCAL
from core.crypto import lookup_hash
from core.identifiers import normalise_id_number, normalise_uscc, validate_id_number
from core.uploads import CheckedFileField, sha256_of
from core.widgets import MoneyInput
from market.models import (
    Admission,
    AffiliationDeclaration,
    Offering,
    Practitioner,
    Qualification,
    QualificationKind,
    Service,
)


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class MaterialForm(forms.ModelForm[Admission]):
    """What an application says of the firm itself."""

    licence = CheckedFileField(label=_("营业执照扫描件"), required=False)

    class Meta:
        model = Admission
        fields = [
            "legal_representative", "address", "established_on", "registered_capital", "introduction", "contact_name",
            "contact_phone", "licence", "no_affiliation",
        ]  # fmt: skip
        widgets = {
            "established_on": DateInput(),
            "introduction": forms.Textarea(attrs={"rows": 4}),
            "registered_capital": MoneyInput(),
            "contact_name": forms.TextInput(),
            "contact_phone": forms.TextInput(),
        }

    NEEDED_LATER = ("legal_representative", "address", "contact_name", "contact_phone", "licence")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.NEEDED_LATER:  # a draft may be saved without them, an application not be submitted
            self.fields[name].needed_later = True  # type: ignore[attr-defined]

    def save(self, commit: bool = True) -> Admission:
        if "licence" in self.changed_data and self.cleaned_data.get("licence"):
            self.instance.licence_sha256 = sha256_of(self.cleaned_data["licence"])
        return super().save(commit)


class SectionForm(forms.ModelForm[Any]):
    """One row of a section; the draft that it belongs to is given by the view."""

    def __init__(self, *args: Any, admission: Admission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.admission = admission

    def clean(self) -> dict[str, Any]:
        return super().clean() or {}

    def _get_validation_exclusions(self) -> set[str]:
        # A row is unique within its draft, which the view sets and no field shows.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"admission"}


class OfferingForm(SectionForm):
    service = NamedChoiceField(label=_("中介服务"), queryset=Service.objects.order_by("code"))

    class Meta:
        model = Offering
        fields = ["service", "promised_days", "price_from", "price_to"]
        widgets = {"price_from": MoneyInput(), "price_to": MoneyInput()}
        error_messages = {"__all__": {"unique_together": _("这项服务已经填过。")}}


class QualificationForm(SectionForm):
    kind = NamedChoiceField(label=_("资质类别"), queryset=QualificationKind.objects.order_by("code"))
    scan = CheckedFileField(label=_("扫描件"))

    class Meta:
        model = Qualification
        fields = ["kind", "level", "number", "issuer", "valid_from", "valid_to", "scan"]
        widgets = {"valid_from": DateInput(), "valid_to": DateInput()}

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        kind, level = given.get("kind"), given.get("level")
        if kind is not None and kind.levels and level not in kind.levels:
            self.add_error("level", _("这类资质的等级是：%(levels)s。") % {"levels": "、".join(kind.levels)})
        if given.get("valid_from") and given.get("valid_to") and given["valid_to"] < given["valid_from"]:
            self.add_error("valid_to", _("有效期至不能早于有效期起。"))
        return given

    def save(self, commit: bool = True) -> Any:
        self.instance.scan_sha256 = sha256_of(self.cleaned_data["scan"])
        return super().save(commit)


class PractitionerForm(SectionForm):
    id_number = forms.CharField(
        label=_("身份证号"), max_length=24, help_text=_("加密保存，不公开；用来保证一人只登记在一家机构。")
    )

    class Meta:
        model = Practitioner
        fields = ["name", "id_number", "certificate", "certificate_number", "social_security_unit", "valid_to"]
        widgets = {"valid_to": DateInput()}

    def clean_id_number(self) -> str:
        number = normalise_id_number(self.cleaned_data["id_number"])
        validate_id_number(number)
        self.instance.id_hash = id_hash_of(number)
        if Practitioner.objects.filter(admission=self.instance.admission, id_hash=self.instance.id_hash).exists():
            raise ValidationError(_("这位执业人员已经填过。"))
        return number


def id_hash_of(number: str) -> bytes:
    """By what a practitioner is found again without the number being readable."""
    return bytes.fromhex(lookup_hash(normalise_id_number(number), field="market.practitioner.id_number"))


class DeclarationForm(SectionForm):
    counterpart_uscc = forms.CharField(
        label=_("对方统一社会信用代码"),
        max_length=30,
        required=False,
        help_text=_("对方是本市审批部门或其下属单位的，填代码；否则填名称。"),
    )

    class Meta:
        model = AffiliationDeclaration
        fields = ["kind", "counterpart_uscc", "counterpart_name", "share", "since", "until", "detail"]
        widgets = {"since": DateInput(), "until": DateInput(), "detail": forms.Textarea(attrs={"rows": 2})}

    def clean_counterpart_uscc(self) -> str:
        code = normalise_uscc(self.cleaned_data["counterpart_uscc"])
        if code:
            known = Organisation.objects.filter(uscc=code).exclude(kind=Kind.PERSON).first()
            if known is None:
                raise ValidationError(_("平台上没有这个代码的单位；请改填名称。"))
            self.instance.counterpart = known
        return code

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if (
            self.instance.counterpart is None
            and not given.get("counterpart_name")
            and "counterpart_uscc" not in self.errors
        ):
            self.add_error("counterpart_name", _("请填写对方单位的代码或名称。"))
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", _("结束日期不能早于开始日期。"))
        return given


SECTION_FORMS: dict[str, type[SectionForm]] = {
    "offerings": OfferingForm,
    "qualifications": QualificationForm,
    "practitioners": PractitionerForm,
    "declarations": DeclarationForm,
}
SECTION_NAMES = {
    "offerings": _("服务承诺"),
    "qualifications": _("资质"),
    "practitioners": _("执业人员"),
    "declarations": _("关联关系申报"),
}


class UndertakingForm(forms.Form):
    undertaken = forms.BooleanField(
        label=_("我们承诺：所填内容真实完整，遵守比选规则，不出借资质，与审批部门的关联关系已全部申报。"),
        error_messages={"required": _("请先勾选承诺。")},
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("理由"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明理由。")},
    )


class SuspensionForm(ReasonForm):
    until = forms.DateField(
        label=_("暂停至"), required=False, widget=DateInput(), help_text=_("当天 24 时结束；不填则直到解除。")
    )

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        return datetime.combine(day, time.max, tzinfo=LOCAL) if day else None
