"""What the rules have found, and what a city may set about them."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from approvals.models import Dated, dated_constraint


class Effect(models.TextChoices):
    """What follows from a tie (后果)."""

    KEPT_OUT = "kept_out", _("回避")
    FLAGGED = "flagged", _("提示")
    EXCEPTED = "excepted", _("例外")


class TieQuerySet(models.QuerySet["Tie"]):
    def standing(self) -> Self:
        """What the last scan has found."""
        return self.filter(gone_at=None)

    def holding_on(self, day: date) -> Self:
        return self.standing().filter(Q(since=None) | Q(since__lte=day), Q(until=None) | Q(until__gte=day))

    def keeping_out(self, day: date) -> Self:
        return self.holding_on(day).filter(effect=Effect.KEPT_OUT)


class Tie(models.Model):
    """A rule that applies between a firm and a department (关联), with the path that shows it; a lead, never a verdict.

    `path` has parties by primary key and organisations by name; a natural person is in it by primary key alone. Rows are never
    changed: what a scan does not find again is gone, what it finds otherwise is a new row.
    """

    firm = models.ForeignKey("market.Firm", models.CASCADE, related_name="ties")
    department = models.ForeignKey("approvals.Department", models.CASCADE, related_name="ties")
    rule = models.CharField(_("规则"), max_length=8)
    effect = models.CharField(_("后果"), max_length=10, choices=Effect)
    path = models.JSONField(_("路径"), default=list)
    share_low = models.PositiveIntegerField(null=True, blank=True)
    share_high = models.PositiveIntegerField(null=True, blank=True)
    since = models.DateField(_("起"), null=True, blank=True)
    until = models.DateField(_("止"), null=True, blank=True)
    basis = models.CharField(_("依据"), max_length=300)
    digest = models.CharField(max_length=64, editable=False)
    found_at = models.DateTimeField(_("发现时间"))
    gone_at = models.DateTimeField(_("不再成立"), null=True, blank=True)

    objects = TieQuerySet.as_manager()

    class Meta:
        ordering = ["firm_id", "department_id", "rule"]
        verbose_name = _("关联")
        indexes = [models.Index(fields=["department", "rule"], name="tie_of_department", condition=Q(gone_at=None))]
        constraints = [
            models.UniqueConstraint(
                fields=["firm", "department", "rule"], name="tie_one_standing", condition=Q(gone_at=None)
            ),
            models.CheckConstraint(
                name="tie_gone_after_found", condition=Q(gone_at=None) | Q(gone_at__gte=F("found_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.firm_id}–{self.department_id}"


class Scan(models.Model):
    """One run over the graph (扫描): all of it, or what has changed since the last one."""

    class Scope(models.TextChoices):
        ALL = "all", _("全部")
        CHANGED = "changed", _("变更部分")

    scope = models.CharField(_("范围"), max_length=8, choices=Scope)
    day = models.DateField(_("日期"))
    seen_until = models.DateTimeField(_("看到"))
    firms = models.PositiveIntegerField(_("涉及机构"))
    found = models.PositiveIntegerField(_("新发现"))
    gone = models.PositiveIntegerField(_("不再成立"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("扫描")
        indexes = [models.Index(fields=["-at", "-id"], name="scan_last")]

    def __str__(self) -> str:
        return f"{self.scope} {self.at:%Y-%m-%d %H:%M}"


class RuleParameter(Dated):
    """A figure of a rule that a city sets for a range of days, in place of the usual one (规则参数)."""

    rule = models.CharField(_("规则"), max_length=8)
    name = models.CharField(_("参数"), max_length=30)
    value = models.DecimalField(_("取值"), max_digits=10, decimal_places=4)
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["rule", "name", "-valid_from"]
        verbose_name = _("规则参数")
        constraints = [
            dated_constraint("rule_parameter_dates"),
            models.UniqueConstraint(fields=["rule", "name", "valid_from"], name="rule_parameter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.name} {self.value}"


class RuleException(Dated):
    """Where a rule does not keep a firm out although it applies (条例 第43条 另有规定的除外), with its basis.

    Empty columns mean every firm, every department, every body.
    """

    rule = models.CharField(_("规则"), max_length=8)
    firm = models.ForeignKey("market.Firm", models.CASCADE, null=True, blank=True, related_name="+")
    department = models.ForeignKey("approvals.Department", models.CASCADE, null=True, blank=True, related_name="+")
    body = models.ForeignKey(
        "accounts.Organisation", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("下属单位")
    )
    legal_basis = models.CharField(_("依据"), max_length=300)
    inquiry = models.ForeignKey(
        "oversight.Inquiry", models.PROTECT, null=True, blank=True, related_name="exceptions", editable=False
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["rule", "id"]
        verbose_name = _("规则例外")
        constraints = [
            dated_constraint("rule_exception_dates"),
            models.CheckConstraint(
                name="rule_exception_is_of_something",
                condition=Q(firm__isnull=False) | Q(department__isnull=False) | Q(body__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.legal_basis}"
