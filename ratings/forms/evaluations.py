"""Marks, words and evidence as they are written; `ratings.domain` decides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.texts import VisibleTexts
from core.uploads import CheckedFileField
from ratings.domain.access import LENGTH
from ratings.models import Dimension
from ratings.models.evaluations import MOST

MEANT = {
    Dimension.QUALITY: _("成果是否准确、完整，是否一次通过。"),
    Dimension.TIMELINESS: _("是否按承诺的时限完成，修改是否及时。"),
    Dimension.ATTITUDE: _("沟通、解释和配合审查的情况。"),
    Dimension.CHARGING: _("是否只按合同收费，票据是否规范。"),
    Dimension.CONDUCT: _("是否如实、独立、守约。"),
}
PUBLIC = _("向所有人公开，请不要写人名、电话和其他个人信息。")


def public_text(label: Any, *, required: bool, rows: int = 5) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=PUBLIC,
        required=required,
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("请写明内容。"), "max_length": _("最多 %(limit_value)d 个字。")},
    )


class EvaluationForm(VisibleTexts, forms.Form):
    """The five marks, words and a file."""

    text = public_text(_("评价内容"), required=False)
    evidence = CheckedFileField(
        label=_("证明材料"),
        required=False,
        help_text=_("PDF、PNG 或 JPEG，不超过 8 MB。不公开：只有机构、服务中心和监管部门能看到。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others, self.fields = self.fields, {}
        for dimension in Dimension:
            self.fields[dimension.value] = _mark(dimension)
        self.fields |= others

    @property
    def marks(self) -> dict[str, int]:
        """The valid form's marks, by dimension."""
        return {name: self.cleaned_data[name] for name in Dimension.values}

    @property
    def mark_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in Dimension.values]


def _mark(dimension: Dimension) -> forms.IntegerField:
    wrong = _("填 0 到 100 的整数。")
    return forms.IntegerField(
        label=dimension.label,
        help_text=MEANT[dimension],
        min_value=0,
        max_value=MOST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": "0", "max": str(MOST), "step": "1"}),
        error_messages={"required": _("请打分。"), "invalid": wrong, "min_value": wrong, "max_value": wrong},
    )


class ReplyForm(VisibleTexts, forms.Form):
    """What the firm says to an evaluation."""

    text = public_text(_("回复"), required=True)
