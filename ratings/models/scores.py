"""Scores as rows: what pages, lists and files read, and what is usual, so that one firm can be scored at once."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ratings.models.policy import ScorePolicy


class Scored(models.Model):
    """A score with what stands beside it (`protocol.scores.figures`). Points, days and shares in hundredths, the rest in 10⁻⁴.

    efficiency: the mean of E₁ (of a firm) or E₂ (of a department) alone, weighted. What is of ended lines is empty where
    nothing has ended; median and 90th percentile are not there over several services or items. month: empty for the score of
    the present; else its first day, and the row is the last of that month under that policy, which never changes afterwards.
    """

    policy = models.ForeignKey(ScorePolicy, models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(_("月份"), null=True, blank=True)
    as_of = models.DateTimeField(_("计算时间"))
    n = models.PositiveIntegerField(_("件数"))
    weight = models.BigIntegerField(_("权重"))
    score = models.PositiveSmallIntegerField(_("得分"))
    low = models.PositiveSmallIntegerField(_("区间下限"))
    high = models.PositiveSmallIntegerField(_("区间上限"))
    ranked = models.BooleanField(_("参与排名"))
    efficiency = models.PositiveIntegerField(_("自身效率"))
    first_pass = models.PositiveSmallIntegerField(_("一次通过率"), null=True, blank=True)
    median = models.BigIntegerField(_("中位用时"), null=True, blank=True)
    p90 = models.BigIntegerField(_("九成用时"), null=True, blank=True)
    overdue = models.PositiveSmallIntegerField(_("超期率"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.score / 100:.2f} ({self.n})"


def _sound(name: str) -> list[models.BaseConstraint]:
    return [
        models.CheckConstraint(
            name=f"{name}_within", condition=Q(low__lte=F("score"), score__lte=F("high"), high__lte=10_000)
        ),
        models.CheckConstraint(name=f"{name}_of_something", condition=Q(n__gte=1)),
    ]


class FirmScore(Scored):
    """A firm's score (机构得分) for a service or, empty, over all; in a district or, empty, in the whole city."""

    firm = models.ForeignKey("market.Firm", models.CASCADE, related_name="+", db_index=False)
    service = models.ForeignKey(
        "market.Service", models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    district = models.ForeignKey(
        "approvals.District", models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["firm_id", "service_id"]
        verbose_name = _("机构得分")
        indexes = [
            models.Index(
                fields=["service", "district", "-ranked", "-low", "-score", "id"],
                name="firm_score_league",
                condition=Q(month=None),
            ),
        ]
        constraints = [
            *_sound("firm_score"),
            models.UniqueConstraint(
                fields=["firm", "service", "district"], condition=Q(month=None), nulls_distinct=False,
                name="firm_score_now",
            ),
            models.UniqueConstraint(
                fields=["firm", "month", "policy", "service", "district"], condition=Q(month__isnull=False),
                nulls_distinct=False, name="firm_score_of_month",
            ),
        ]  # fmt: skip


class DepartmentScore(Scored):
    """A department's score (部门得分) for an approval item, or over all where there is none."""

    department = models.ForeignKey("approvals.Department", models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(
        "approvals.ApprovalItem", models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["department_id", "item_id"]
        verbose_name = _("部门得分")
        indexes = [
            models.Index(
                fields=["item", "-ranked", "-low", "-score", "id"],
                name="department_score_league",
                condition=Q(month=None),
            ),
        ]
        constraints = [
            *_sound("department_score"),
            models.UniqueConstraint(
                fields=["department", "item"], condition=Q(month=None), nulls_distinct=False,
                name="department_score_now",
            ),
            models.UniqueConstraint(
                fields=["department", "month", "policy", "item"], condition=Q(month__isnull=False),
                nulls_distinct=False, name="department_score_of_month",
            ),
        ]  # fmt: skip


class DistrictScore(Scored):
    """A district (区县市) or, empty, the whole city: its lines as if of one firm, or its departments' cases as if of one.

    A district's firms are those whose work lies there, its departments those that belong to it.
    """

    class Of(models.TextChoices):
        """Whose time it is."""

        FIRMS = "firms", _("中介机构")
        DEPARTMENTS = "departments", _("审批部门")

    of = models.CharField(max_length=12, choices=Of)
    district = models.ForeignKey(
        "approvals.District", models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["of", "district_id"]
        verbose_name = _("区县市得分")
        constraints = [
            *_sound("district_score"),
            models.UniqueConstraint(
                fields=["of", "district"], condition=Q(month=None), nulls_distinct=False, name="district_score_now"
            ),
            models.UniqueConstraint(
                fields=["month", "of", "policy", "district"], condition=Q(month__isnull=False),
                nulls_distinct=False, name="district_score_of_month",
            ),
        ]  # fmt: skip


class ScoreNorm(models.Model):
    """What is usual in a service (of J) or an item (of E₂): `figures.Norm`, in ten-thousandths, under the policy."""

    service = models.OneToOneField("market.Service", models.CASCADE, null=True, blank=True, related_name="+")
    item = models.OneToOneField("approvals.ApprovalItem", models.CASCADE, null=True, blank=True, related_name="+")
    policy = models.ForeignKey(ScorePolicy, models.PROTECT, related_name="+", db_index=False)
    as_of = models.DateTimeField()
    mean = models.PositiveIntegerField()
    spread = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        verbose_name = _("服务或事项的平均")
        constraints = [
            models.CheckConstraint(
                name="score_norm_of_one",
                condition=Q(service=None, item__isnull=False) | Q(service__isnull=False, item=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mean} ± {self.spread}"


class DepartmentHabit(models.Model):
    """How a department usually fares with an item (部门惯例): `lines.Habit`, values in ten-thousandths."""

    department = models.ForeignKey("approvals.Department", models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey("approvals.ApprovalItem", models.CASCADE, related_name="+", db_index=False)
    n = models.PositiveIntegerField()
    item_mean = models.PositiveIntegerField()
    value = models.PositiveIntegerField()

    class Meta:
        ordering = ["department_id", "item_id"]
        verbose_name = _("部门惯例")
        constraints = [models.UniqueConstraint(fields=["department", "item"], name="department_habit_once")]

    def __str__(self) -> str:
        return f"{self.department_id} {self.item_id}: {self.value}"


class ScoreMark(models.Model):
    """A firm or a department whose lines have changed, so that its scores must follow (待重算): as `StaleMark`."""

    firm = models.ForeignKey(
        "market.Firm", models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )
    department = models.ForeignKey(
        "approvals.Department", models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("待重算")

    def __str__(self) -> str:
        return f"{self.firm_id or ''}/{self.department_id or ''}"
