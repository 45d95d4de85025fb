"""What is written about recusals: a firm's objection, and a regulator's decisions."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from bidding.domain.objections import MOST_FILES, TEXT_LENGTH
from bidding.forms.objections import CheckedFilesField, choice_of, public_reason, writing
from bidding.models import Stop


class ContestForm(forms.Form):
    """Why a firm need not step aside, and what shows it."""

    text = writing(
        _("为什么不应当回避"),
        most=TEXT_LENGTH,
        rows=8,
        hint=_("写明哪一处关联不属实、已经终止或者不适用。只有监管部门和服务中心能看到。"),
    )
    evidence = CheckedFilesField(
        label=_("证明材料"),
        required=False,
        most=MOST_FILES,
        help_text=_("可一次选几个，最多 5 个；PDF、PNG 或 JPEG，每个不超过 8 MB。"),
    )


class RecusalForm(forms.Form):
    """The regulator's answer to such an objection, where no round is stopped by it."""

    decision = choice_of(
        _("处理"),
        [("dismiss", _("异议不成立，维持回避")), ("sustain", _("异议成立，这次比选无须回避"))],
        missing=_("请选择如何处理。"),
    )
    text = public_reason(_("决定和理由"))


class StopForm(forms.Form):
    """What becomes of a round that stands still."""

    outcome = choice_of(
        _("处理"),
        [
            (Stop.Outcome.SET_ASIDE.value, _("应当回避：该机构退出，比选继续")),
            (Stop.Outcome.KEPT.value, _("无须回避：该机构留下，比选继续")),
            (Stop.Outcome.VOIDED.value, _("竞争已受影响：这次比选作废")),
        ],
        missing=_("请选择如何处理。"),
    )
    text = public_reason(_("决定和理由"))
