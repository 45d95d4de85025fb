"""What a city may set about evaluations and conduct, as dated data with its basis."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.models import Dated, dated_constraint
from core import worktime


class Timed(Dated):
    """Terms in force from a day on: lengths in `unit`, working days counted as limit time."""

    class Unit(models.TextChoices):
        WORKING_DAYS = "working_days", _("工作日")
        MINUTES = "minutes", _("分钟（演示）")

    version = models.CharField(_("版本"), max_length=20, unique=True)
    unit = models.CharField(_("时长单位"), max_length=12, choices=Unit, default=Unit.WORKING_DAYS)
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.version

    @classmethod
    def in_force(cls, now: datetime) -> Self:
        """The one of the day of `now`; there is always one, the first comes with the migrations."""
        rows = cls.objects.valid_at(timezone.localdate(now)).order_by("-valid_from", "-id")
        found: Any = rows.first() or cls.objects.earliest("valid_from")
        return found  # type: ignore[no-any-return]

    def end_of(self, length: int, *, since: datetime) -> datetime:
        """When a term of `length` that is set at a moment ends."""
        if self.unit == self.Unit.MINUTES:
            return since + timedelta(minutes=length)
        return worktime.add_working_days(since, length)

    @property
    def is_demo(self) -> bool:
        return self.unit == self.Unit.MINUTES


def _term(label: object, default: int, hint: object = "") -> models.PositiveSmallIntegerField:  # type: ignore[type-arg]
    return models.PositiveSmallIntegerField(
        label,  # type: ignore[arg-type]
        default=default,
        validators=[MinValueValidator(1)],
        help_text=hint,  # type: ignore[arg-type]
    )


class EvaluationPolicy(Timed):
    """How long evaluations may be given, edited and replied to, and what makes a burst of like marks (评价规则)."""

    give_days = _term(_("可以评价的天数"), 60, _("自然日，自验收通过（审批部门：审批决定）起算"))
    edit = _term(_("评价可以修改的期限"), 5)
    reply = _term(_("机构可以回复的期限"), 10)
    reply_edit = _term(_("回复可以修改的期限"), 3)
    burst_count = models.PositiveSmallIntegerField(
        _("集中相同评价的条数"), default=5, validators=[MinValueValidator(2)]
    )
    burst_hours = _term(_("集中相同评价的时间（小时）"), 24)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("评价规则")
        constraints = [dated_constraint("evaluation_policy_dates")]


class ConductPolicy(Timed):
    """The terms of deductions, and who is on the red list (行为记分规则)."""

    state = _term(_("陈述申辩期限"), 5)
    appeal = _term(_("申诉期限"), 15)
    repair_after_days = models.PositiveSmallIntegerField(
        _("多少日后可以申请信用修复"), default=90, help_text=_("自然日，自扣分生效起算")
    )
    late_over = models.PositiveSmallIntegerField(_("逾期多少个工作日以上扣分"), default=10)
    look_back_days = _term(_("追溯的天数"), 365, _("自然日：更早的事实不再扣分"))
    red_months = _term(_("红榜：保持最高等级的月数"), 6)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("行为记分规则")
        constraints = [dated_constraint("conduct_policy_dates")]


class Deed(models.TextChoices):
    """What a firm is charged for (DOMAIN "The joint score", credit standing)."""

    ABANDONED = "abandoned", _("中选后放弃或者中途弃约")
    UNSIGNED = "unsigned", _("逾期不签订合同")
    FEE_RAISED = "fee_raised", _("在合同价款以外加价")
    RETURNED = "returned", _("成果因质量问题被审批部门退回")
    LATE = "late", _("严重逾期")
    LAPSED = "lapsed", _("履行期间资质失效")
    FORGED = "forged", _("出具虚假成果或者出借资质")


class DeductionRule(Dated):
    """How many points a deed costs and for how long (扣分标准), from a day on.

    `listed` puts the firm on the black list, `to_d` into grade D, for as long as the deduction is in force.
    """

    kind = models.CharField(_("行为"), max_length=12, choices=Deed)
    points = models.PositiveSmallIntegerField(_("扣分"), validators=[MinValueValidator(1), MaxValueValidator(100)])
    months = models.PositiveSmallIntegerField(_("有效期（月）"), validators=[MinValueValidator(1)])
    listed = models.BooleanField(_("列入黑榜"), default=False)
    to_d = models.BooleanField(_("直接评为 D 级"), default=False, help_text=_("只用于列入黑榜的行为"))
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["kind", "-valid_from"]
        verbose_name = _("扣分标准")
        constraints = [
            dated_constraint("deduction_rule_dates"),
            models.UniqueConstraint(fields=["kind", "valid_from"], name="deduction_rule_once"),
            models.CheckConstraint(
                name="deduction_rule_points", condition=Q(points__gte=1, points__lte=100, months__gte=1)
            ),
            models.CheckConstraint(
                name="deduction_rule_d_is_listed",
                condition=Q(to_d=False) | Q(listed=True),
                violation_error_message=_("直接评为 D 级的行为须列入黑榜。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.points}"

    @classmethod
    def of(cls, kind: str, *, at: datetime) -> DeductionRule | None:
        """The rule of the day on which something was done; None where it cost nothing then."""
        rows = cls.objects.valid_at(timezone.localdate(at)).filter(kind=kind).order_by("-valid_from", "-id")
        found: DeductionRule | None = rows.first()
        return found
