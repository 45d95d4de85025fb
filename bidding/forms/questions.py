"""A question and its answer as they are typed; what they mean is decided by bidding.domain.questions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.models.questions import ANSWER_LENGTH, QUESTION_LENGTH
from core.templatetags.mx import moment


class QuestionForm(forms.Form):
    """What a firm asks."""

    text = forms.CharField(
        label=_("问题"),
        help_text=_("所有人都能看到问题和答复，但没有人看得到是谁提的。请不要写出贵机构的名称，也不要写报价。"),
        max_length=QUESTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("请写明问题。"), "max_length": _("问题最多 500 个字。")},
    )


class AnswerForm(forms.Form):
    """The answer, and whether it changes what is asked for; with what that does to the deadline."""

    answer = forms.CharField(
        label=_("答复"),
        help_text=_("公布以后不能更改。"),
        max_length=ANSWER_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("请写明答复。"), "max_length": _("答复最多 1000 个字。")},
    )
    changes = forms.BooleanField(label=_("这项答复改变了要求，作为补遗公布"), required=False)

    def __init__(self, *args: Any, closes_at: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if closes_at is not None:
            self.fields["changes"].help_text = _("截止时间将为 %(at)s：从补遗起至少再公告规定的最短时长。") % {
                "at": moment(closes_at)
            }
