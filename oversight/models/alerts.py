"""What rules and screens hand to people, as the regulator's desk keeps it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.lifecycle import Lifecycle


class AlertQuerySet(models.QuerySet["Alert"]):
    def standing(self) -> Self:
        """What was found again the last time that it was looked for."""
        return self.filter(gone_at=None)

    def apart_from(self, organisations: Collection[int]) -> Self:
        """Those that do not concern any of these organisations: what a person who is tied to them may read."""
        return self.exclude(pk__in=Alert.objects.about(organisations).values("pk")) if organisations else self

    def about(self, organisations: Collection[int]) -> Self:
        """Those that concern one of these organisations, as a firm or as an owner."""
        firms = Alert.firms.through.objects.filter(firm__organisation__in=organisations)
        return self.filter(Q(pk__in=firms.values("alert")) | Q(owner__in=organisations))

    def since(self, moment: datetime) -> Self:
        """What came, changed or went since a moment."""
        return self.filter(Q(changed_at__gte=moment) | Q(gone_at__gte=moment))

    def for_list(self) -> Self:
        return self.select_related("department__organisation", "department__district", "owner").prefetch_related(
            "firms__organisation"
        )


class Alert(models.Model):
    """A lead (线索) that a rule or a screen has found and a person looks at; never a verdict.

    `key` makes it the same lead when it is found again; of a rule and a key one stands at a time. `evidence` has natural persons
    by primary key alone. `substance` is a digest of what makes the evidence another one: `oversight.domain.alerting`.
    """

    class Status(models.TextChoices):
        NEW = "new", _("待分流")
        DISMISSED = "dismissed", _("已排除")
        IN_INQUIRY = "in_inquiry", _("核查中")
        CONFIRMED = "confirmed", _("核查属实")
        REFUTED = "refuted", _("核查不成立")

    lifecycle = Lifecycle(
        {
            Status.NEW: {Status.DISMISSED, Status.IN_INQUIRY},
            Status.IN_INQUIRY: {Status.CONFIRMED, Status.REFUTED},
            Status.CONFIRMED: {
                Status.REFUTED,
                Status.IN_INQUIRY,
            },  # an appeal was upheld; another firm of it is looked into
            Status.REFUTED: {Status.IN_INQUIRY},
        }
    )
    UNDECIDED = (Status.NEW, Status.IN_INQUIRY)

    rule = models.CharField(_("规则"), max_length=8)
    key = models.CharField(max_length=200)
    weight = models.PositiveSmallIntegerField(_("权重"))
    firms = models.ManyToManyField("market.Firm", related_name="alerts", verbose_name=_("机构"))
    department = models.ForeignKey("approvals.Department", models.CASCADE, null=True, blank=True, related_name="alerts")
    rounds = models.ManyToManyField("bidding.Round", related_name="alerts", verbose_name=_("比选"))
    owner = models.ForeignKey("accounts.Organisation", models.CASCADE, null=True, blank=True, related_name="alerts")
    evidence = models.JSONField(_("依据"), default=dict)
    substance = models.CharField(max_length=64, editable=False)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.NEW)
    found_at = models.DateTimeField(_("发现时间"))
    changed_at = models.DateTimeField(_("变化时间"))
    gone_at = models.DateTimeField(_("不再成立"), null=True, blank=True)
    dismissed_at = models.DateTimeField(_("排除时间"), null=True, blank=True)
    dismissed_by = models.ForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")
    dismissed_reason = models.CharField(_("排除的理由"), max_length=300, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-weight", "-found_at", "-id"]
        verbose_name = _("线索")
        indexes = [
            models.Index(fields=["-weight", "-found_at", "-id"], name="alert_open", condition=Q(gone_at=None)),
            models.Index(fields=["status", "-weight", "-found_at", "-id"], name="alert_by_status"),
            models.Index(fields=["rule", "status"], name="alert_of_rule"),
            models.Index(fields=["rule", "key", "-found_at"], name="alert_latest"),
            models.Index(fields=["-changed_at"], name="alert_changed"),
            models.Index(fields=["-gone_at"], name="alert_gone", condition=Q(gone_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["rule", "key"], name="alert_one_standing", condition=Q(gone_at=None)),
            models.CheckConstraint(name="alert_weight", condition=Q(weight__lte=100)),
            models.CheckConstraint(name="alert_days", condition=Q(gone_at=None) | Q(gone_at__gte=F("found_at"))),
            models.CheckConstraint(
                name="alert_dismissed_whole",
                condition=(Q(status="dismissed", dismissed_at__isnull=False) & ~Q(dismissed_reason=""))
                | (~Q(status="dismissed") & Q(dismissed_at=None, dismissed_by=None, dismissed_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.key}"

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"alert_{self.status}"
