"""Forms of signing up, signing in and membership."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.domain.joining import SIGN_UP_KINDS
from accounts.models import Kind, Role, User, normalise_username
from core.identifiers import half_width, normalise_id_number, normalise_uscc, validate_id_number, validate_uscc

PHONE = re.compile(r"\A(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})\Z")
USERNAME = re.compile(r"\A[a-z0-9][a-z0-9._-]{2,29}\Z")


class SignInForm(AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("登录名或密码不对。连续错 5 次会锁定 15 分钟。"),
        "inactive": _("这个账户已停用，请联系服务中心。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("登录名")
        self.fields["password"].label = _("密码")
        self.fields["username"].error_messages["required"] = _("请填写登录名。")
        self.fields["password"].error_messages["required"] = _("请填写密码。")

    def clean_username(self) -> str:
        return normalise_username(self.cleaned_data["username"])


class SignUpForm(forms.Form):
    """One form for owners, firms and natural persons; what a kind does not need stays empty."""

    kind = forms.ChoiceField(
        label=_("注册为"),
        choices=[(kind.value, kind.label) for kind in SIGN_UP_KINDS],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择注册为哪一类。")},
    )
    organisation_name = forms.CharField(
        label=_("机构名称"), max_length=100, required=False, help_text=_("与营业执照一致；自然人不填。")
    )
    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=30, required=False, help_text=_("18 位；自然人不填。")
    )
    name = forms.CharField(label=_("您的姓名"), max_length=60, error_messages={"required": _("请填写姓名。")})
    id_number = forms.CharField(
        label=_("身份证号码"), max_length=24, required=False, help_text=_("自然人业主必填；加密保存，不公开。")
    )
    phone = forms.CharField(
        label=_("手机号码"),
        max_length=20,
        help_text=_("加密保存，不公开。"),
        error_messages={"required": _("请填写手机号码。")},
    )
    username = forms.CharField(
        label=_("登录名"),
        max_length=30,
        help_text=_("3 至 30 个小写字母、数字、点、横线。"),
        error_messages={"required": _("请填写登录名。")},
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("密码"),
        help_text=_("至少 10 个字符，不能全是数字，不能是常见的密码。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("请填写密码。")},
        max_length=128,
    )
    password_again = forms.CharField(
        label=_("再输一次密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("请再输一次密码。")},
        max_length=128,
    )

    def clean_username(self) -> str:
        username = normalise_username(self.cleaned_data["username"])
        if not USERNAME.match(username):
            raise ValidationError(_("登录名须为 3 至 30 个字母、数字、点或横线，以字母或数字开头。"))
        return username

    def clean_phone(self) -> str:
        phone = half_width(self.cleaned_data["phone"])
        if not PHONE.match(phone):
            raise ValidationError(_("请填写 11 位手机号码，或带区号的固定电话。"))
        return phone

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") == Kind.PERSON:
            self._clean_person(given)
        elif given.get("kind"):
            self._clean_organisation(given)
        self._clean_passwords(given)
        return given

    def _clean_person(self, given: dict[str, Any]) -> None:
        number = normalise_id_number(given.get("id_number") or "")
        given["organisation_name"], given["uscc"] = "", ""
        if not number:
            self.add_error("id_number", _("自然人业主请填写身份证号码。"))
            return
        self._checked("id_number", number, validate_id_number)

    def _clean_organisation(self, given: dict[str, Any]) -> None:
        uscc = normalise_uscc(given.get("uscc") or "")
        if not given.get("organisation_name"):
            self.add_error("organisation_name", _("请填写机构名称。"))
        if not uscc:
            self.add_error("uscc", _("请填写统一社会信用代码。"))
        else:
            self._checked("uscc", uscc, validate_uscc)
        if number := normalise_id_number(given.get("id_number") or ""):
            self._checked("id_number", number, validate_id_number)

    def _checked(self, field: str, value: str, validate: Any) -> None:
        try:
            validate(value)
        except ValidationError as wrong:
            self.add_error(field, wrong)
        else:
            self.cleaned_data[field] = value

    def _clean_passwords(self, given: dict[str, Any]) -> None:
        password, again = given.get("password"), given.get("password_again")
        if password and again and password != again:
            self.add_error("password_again", _("两次输入的密码不一样。"))
        elif password:
            try:
                validate_password(password, User(username=given.get("username") or "", name=given.get("name") or ""))
            except ValidationError as weak:
                self.add_error("password", weak)


class TokenForm(forms.Form):
    """The six digits of the authenticator."""

    token = forms.RegexField(
        r"\A\d{6}\Z",
        label=_("动态码"),
        strip=True,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "6", "autofocus": True}
        ),
        error_messages={"required": _("请填写动态码。"), "invalid": _("动态码是 6 位数字。")},
    )


class MemberForm(forms.Form):
    """Somebody else who will act for the organisation."""

    username = forms.CharField(label=_("登录名"), max_length=40, error_messages={"required": _("请填写登录名。")})
    role = forms.ChoiceField(
        label=_("职责"), choices=[(role.value, role.label) for role in (Role.HANDLER, Role.VIEWER, Role.ADMIN)]
    )


class ApiTokenForm(forms.Form):
    """What a token is for."""

    label = forms.CharField(
        label=_("用途"),
        max_length=60,
        help_text=_("例如：投标软件。令牌只显示一次。"),
        error_messages={"required": _("请写明令牌的用途。")},
    )
