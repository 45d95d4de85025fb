"""Consortia as they are typed: whether an owner accepts them, and whom a lead firm asks for what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.domain.consortia import Part, firm_named
from bidding.models import Round
from bidding.models.consortia import LEAST, MOST, SHARE_LENGTH
from core.errors import DomainError
from market.models import Firm


def consortium_field() -> forms.Field:
    """Of how many firms a consortium may be at most; empty where none is accepted."""
    return forms.TypedChoiceField(
        label=_("联合体"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("不接受联合体")), *((n, _("接受，最多 %(n)s 家") % {"n": n}) for n in range(LEAST, MOST + 1))],
        help_text=_("几家机构以一个身份共同参加，由牵头单位报名；各家都须符合条件（招标投标法第 31 条）。"),
    )


def _share(label: Any, *, required: bool) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=SHARE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("请写明分工。"), "max_length": _("分工最多 300 个字。")},
    )


class ConsortiumForm(forms.Form):
    """The lead firm's own share, then as many members as the round allows; the first of them has to be there."""

    own = _share(_("贵机构（牵头单位）的分工"), required=True)

    def __init__(self, *args: Any, round_: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = range(1, round_.consortium_most or LEAST)
        for n in self.numbers:
            self.fields[f"member_{n}"] = forms.CharField(
                label=_("成员 %(n)s：名称或统一社会信用代码") % {"n": n},
                required=n == 1,
                max_length=200,
                error_messages={"required": _("请填写成员。")},
            )
            self.fields[f"share_{n}"] = _share(_("成员 %(n)s 的分工") % {"n": n}, required=n == 1)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for n in self.numbers:
            named, share = given.get(f"member_{n}"), given.get(f"share_{n}")
            if named:
                try:
                    given[f"firm_{n}"] = firm_named(named)
                except DomainError as refused:
                    self.add_error(f"member_{n}", str(refused))
            if named and not share and f"share_{n}" not in self.errors:
                self.add_error(f"share_{n}", _("请写明分工。"))
            if share and not named and f"member_{n}" not in self.errors:
                self.add_error(f"member_{n}", _("请填写成员。"))
        return given

    def parts(self, lead: Firm) -> tuple[Part, list[Part]]:
        """The lead firm's part, and those of the members."""
        given = self.cleaned_data
        members = [
            Part(firm=given[f"firm_{n}"], share=given[f"share_{n}"]) for n in self.numbers if given.get(f"firm_{n}")
        ]
        return Part(firm=lead, share=given["own"]), members
