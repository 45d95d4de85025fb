"""What one side puts to the other, and the answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.domain.access import LENGTH
from contracts.domain.changing import LONGEST, SCOPE_LENGTH
from contracts.models import Contract, Matter
from core.widgets import MoneyInput

K = Matter.Kind
ASKS = {
    K.INPUT: _("需要业主提供什么资料"),
    K.BLOCKED: _("为什么要等"),
    K.SUSPENSION: _("为什么中止，什么时候可以恢复"),
    K.CHANGE: _("为什么变更"),
    K.TERMINATION: _("为什么解除"),
}


class ProposeForm(forms.Form):
    """In words, and what the kind needs beside them."""

    words = forms.CharField(
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("请写明原因。")},
    )

    def __init__(self, *args: Any, contract: Contract, kind: Matter.Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = str(ASKS[kind])
        if kind in Matter.CHARGED:
            self.fields["charged_to"] = forms.ChoiceField(
                label=_("归责于"),
                choices=Matter.Party.choices,
                widget=forms.RadioSelect,
                error_messages={"required": _("请选择归责于哪一方。")},
            )
        if kind == K.CHANGE:
            self._ask_for_terms(contract)
        if kind == K.BLOCKED:
            others = Contract.objects.filter(project=contract.project_id, sealed_at__isnull=False)
            self.fields["other"] = forms.ModelChoiceField(
                others.exclude(pk=contract.pk).order_by("code"),
                label=_("等待哪一份合同的成果"),
                to_field_name="code",
                error_messages={"required": _("请选择同一项目的另一份合同。")},
            )

    def _ask_for_terms(self, contract: Contract) -> None:
        """Price, term and scope as they are now, each to be left or changed."""
        self.fields["price"] = forms.DecimalField(
            label=_("变更后的价款（元）"),
            max_digits=14,
            decimal_places=2,
            initial=contract.price,
            widget=MoneyInput(),
            help_text=_("不变的不用改。各次加价合计不超过中选价的 %(percent)d%%；由机构提出的加价会记录并公开。")
            % {"percent": contract.policy.raise_percent},
            required=False,
        )
        self.fields["days"] = forms.IntegerField(
            label=_("变更后的承诺时限（工作日）"),
            min_value=1,
            max_value=LONGEST,
            initial=contract.days,
            help_text=_("自合同盖章之日起算。延长的，还没有交付的各期一起顺延。"),
            required=False,
        )
        self.fields["scope"] = forms.CharField(
            label=_("变更后的服务内容"),
            max_length=SCOPE_LENGTH,
            initial=contract.scope,
            widget=forms.Textarea(attrs={"rows": 6}),
            required=False,
        )
        self.order_fields(["price", "days", "scope", "words"])


class AnswerForm(forms.Form):
    """Yes or no; no says why."""

    agrees = forms.TypedChoiceField(
        label=_("答复"),
        choices=[("1", _("同意")), ("0", _("不同意"))],
        coerce=lambda given: given == "1",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择同意或不同意。")},
    )
    words = forms.CharField(
        label=_("说明"),
        required=False,
        max_length=LENGTH,
        help_text=_("不同意的，请写明理由。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("agrees") is False and not (given.get("words") or "").strip():
            self.add_error("words", _("请写明原因。"))
        return given


class AbandonForm(forms.Form):
    """Why the contract is given up; the service centre says to whom it is charged."""

    text = forms.CharField(
        label=_("弃约原因"),
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("请写明原因。")},
    )

    def __init__(self, *args: Any, names_party: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if names_party:
            self.fields["charged_to"] = forms.ChoiceField(
                label=_("归责于"),
                choices=[(Matter.Party.FIRM, _("机构")), (Matter.Party.OWNER, _("业主"))],
                widget=forms.RadioSelect,
                error_messages={"required": _("请选择归责于哪一方。")},
            )
