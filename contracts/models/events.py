"""What happened to contracts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contracts import Contract
from contracts.models.milestones import Milestone
from core.fields import EncryptedTextField


class ContractEvent(models.Model):
    """What happened to a contract, as its history and the timeline read it (合同事件).

    `at` is when it counts from, `recorded_at` when it was written down: an input that a firm waits for counts from its asking,
    once the owner has confirmed it. `party`: to whom it is charged, or who did it. Never altered.
    """

    class Kind(models.TextChoices):
        DRAFTED = "drafted", _("按中选结果生成合同草稿")
        PROPOSED = "proposed", _("业主把合同文本交给机构确认")
        CHANGE_ASKED = "change_asked", _("机构要求修改")
        AGREED = "agreed", _("机构同意合同文本")
        REOPENED = "reopened", _("合同文本退回修改")
        MEMBER_SEALED = "member_sealed", _("联合体成员盖章")
        SEALED = "sealed", _("盖章")
        CONTRACT_SEALED = "contract_sealed", _("各方盖章，合同成立")
        REVOKED = "revoked", _("未签订，合同草稿失效")
        SUBMITTED = "submitted", _("提交成果")
        ACCEPTED = "accepted", _("验收通过")
        RETURNED = "returned", _("退回成果")
        INPUT_ASKED = "input_asked", _("等待业主提供资料")
        INPUT_PROVIDED = "input_provided", _("业主已提供资料")
        BLOCKED = "blocked", _("等待另一合同的成果")
        UNBLOCKED = "unblocked", _("另一合同的成果已到")
        REVIEW_REVISION_ASKED = "review_revision_asked", _("专家评审要求修改")
        SUSPENDED = "suspended", _("中止履行")
        RESUMED = "resumed", _("恢复履行")
        SUPPLEMENT_MADE = "supplement_made", _("商定变更，订立补充协议")
        SUPPLEMENT_SEALED = "supplement_sealed", _("在补充协议上盖章")
        SUPPLEMENT_ENDED = "supplement_ended", _("补充协议没有生效")
        CHANGED = "changed", _("补充协议生效，合同变更")
        FILED = "filed", _("服务中心备案")
        FILING_REMARKED = "filing_remarked", _("服务中心提出备案意见")
        COMPLETED = "completed", _("全部成果验收，履行完毕")
        TERMINATED = "terminated", _("合同解除")
        ABANDONED = "abandoned", _("弃约")

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24, choices=Kind)
    at = models.DateTimeField(_("时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    party = models.CharField(max_length=10, blank=True)
    milestone = models.ForeignKey(Milestone, models.PROTECT, null=True, blank=True, related_name="events")
    by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    # Codes, numbers and yes or no; what people wrote is in `note`.
    data = models.JSONField(default=dict, blank=True)
    note = EncryptedTextField(blank=True, default="")

    class Meta:
        ordering = ["contract_id", "at", "id"]
        verbose_name = _("合同事件")
        indexes = [
            models.Index(fields=["contract", "at", "id"], name="contract_event_order"),
            models.Index(fields=["recorded_at", "id"], name="contract_event_recorded"),
        ]
        constraints = [
            models.CheckConstraint(name="contract_event_known_in_time", condition=Q(at__lte=F("recorded_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.kind}"
