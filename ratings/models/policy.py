"""What a city may set about scores, as dated data with its basis."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.models import Dated, dated_constraint
from protocol.scores.policy import CENTRE, CONDUCT, DEPARTMENT, EVALUATIONS, JOINT, OWNER, Policy

AT_LEAST_ONE = [MinValueValidator(1)]


def check_months(rows: Any) -> None:
    """Raise ValidationError unless it is a rising list of whole months."""
    whole = isinstance(rows, list) and bool(rows) and all(type(row) is int and 1 <= row <= 60 for row in rows)
    if not whole or sorted(set(rows)) != rows:
        raise ValidationError(_("暂停期限是由短到长的月数，例如 [3, 6, 12]。"))


class ScorePolicy(Dated):
    """The rules of scoring in force from a day on (评分规则). One is in force on a day: what was scored by it stays as it was.

    `as_policy` gives it to the arithmetic of `protocol.scores`, whose `Policy` says what each number does. What a deed costs is
    `DeductionRule`'s to say.
    """

    version = models.CharField(_("版本"), max_length=20, unique=True)
    par = models.PositiveSmallIntegerField(
        _("如期完成的分数"), default=75, validators=[*AT_LEAST_ONE, MaxValueValidator(100)]
    )
    half_life_months = models.PositiveSmallIntegerField(_("权重减半（月）"), default=12, validators=AT_LEAST_ONE)
    m = models.PositiveSmallIntegerField(_("向服务平均收缩的件数"), default=5, validators=AT_LEAST_ONE)
    cap = models.DecimalField(
        _("效率上限"), max_digits=4, decimal_places=2, default=Decimal("1.50"), validators=[MinValueValidator(1)]
    )
    return_factor = models.DecimalField(
        _("每次退回或补正的系数"), max_digits=3, decimal_places=2, default=Decimal("0.90"),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(1)],
    )  # fmt: skip
    habit_cases = models.PositiveSmallIntegerField(_("部门惯例向事项平均收缩的件数"), default=5)
    firms_for_mean = models.PositiveSmallIntegerField(_("计算服务平均的最少机构数"), default=3, validators=AT_LEAST_ONE)
    ranked_from = models.PositiveSmallIntegerField(_("参与排名的最少权重"), default=5)
    interval_factor = models.DecimalField(
        _("区间系数"), max_digits=4, decimal_places=3, default=Decimal("1.645"), help_text=_("1.645 对应 90% 的区间"),
        validators=[MinValueValidator(Decimal("0.001"))],
    )  # fmt: skip
    spread_unknown = models.DecimalField(
        _("件数不足时的标准差"), max_digits=5, decimal_places=4, default=Decimal("0.2500")
    )
    spread_from = models.PositiveSmallIntegerField(_("计算标准差的最少自由度"), default=10, validators=AT_LEAST_ONE)
    rater_marks = models.PositiveSmallIntegerField(_("评价人向总平均收缩的次数"), default=5)
    marks_unknown = models.DecimalField(
        _("尚无评价时的平均分"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("75.00"),
        validators=[MaxValueValidator(100)],
    )
    joint_share = models.PositiveSmallIntegerField(_("综合效率占比（%）"), default=60)
    evaluations_share = models.PositiveSmallIntegerField(_("评价占比（%）"), default=30)
    conduct_share = models.PositiveSmallIntegerField(_("守信占比（%）"), default=10)
    owner_weight = models.PositiveSmallIntegerField(_("业主评价权重"), default=5, validators=AT_LEAST_ONE)
    department_weight = models.PositiveSmallIntegerField(_("部门评价权重"), default=3, validators=AT_LEAST_ONE)
    centre_weight = models.PositiveSmallIntegerField(_("中心评价权重"), default=2, validators=AT_LEAST_ONE)
    grade_a = models.DecimalField(_("A 级不低于"), max_digits=5, decimal_places=2, default=Decimal("80.00"))
    grade_b = models.DecimalField(_("B 级不低于"), max_digits=5, decimal_places=2, default=Decimal("65.00"))
    grade_c = models.DecimalField(_("C 级不低于"), max_digits=5, decimal_places=2, default=Decimal("50.00"))
    suspension_months = models.JSONField(_("暂停期限（月）"), default=list, validators=[check_months])
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("评分规则")
        constraints = [
            dated_constraint("score_policy_dates"),
            ExclusionConstraint(
                name="score_policy_one_at_a_time",
                expressions=[
                    (
                        Func(
                            "valid_from", "valid_to", Value("[]"), function="daterange", output_field=DateRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    )
                ],
                violation_error_message=_("有效期与另一版评分规则重叠，请先为那一版填写有效至。"),
            ),
            models.CheckConstraint(
                name="score_policy_shares",
                condition=Q(joint_share=100 - F("evaluations_share") - F("conduct_share")),
                violation_error_message=_("三项占比之和须为 100。"),
            ),
            models.CheckConstraint(
                name="score_policy_grades",
                condition=Q(grade_a__gt=F("grade_b"), grade_b__gt=F("grade_c"), grade_c__gte=0),
                violation_error_message=_("等次的下限须由 A 到 C 递减。"),
            ),
            models.CheckConstraint(
                name="score_policy_numbers",
                condition=Q(
                    par__range=(1, 100),
                    half_life_months__gte=1,
                    m__gte=1,
                    cap__range=(1, 10),
                    return_factor__gt=0,
                    return_factor__lte=1,
                    interval_factor__gt=0,
                    spread_unknown__gte=0,
                    owner_weight__gte=1,
                    department_weight__gte=1,
                    centre_weight__gte=1,
                ),
                violation_error_message=_("效率上限在 1 到 10 之间，系数不大于 1，权重和件数至少为 1。"),
            ),
        ]

    def __str__(self) -> str:
        return self.version

    def clean(self) -> None:
        """Raise ValidationError for dates in the wrong order, of which the database could not even make a range."""
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("有效至不早于有效自。")})

    @classmethod
    def in_force(cls, now: datetime) -> ScorePolicy:
        """The policy of the day of `now`; there is always one, the first comes with the migrations."""
        found: ScorePolicy = cls.objects.valid_at(timezone.localdate(now)).first() or cls.objects.earliest("valid_from")
        return found

    def has_begun(self, now: datetime) -> bool:
        """Whether scores may have been made by it, so that of its numbers none is changed any more."""
        return self.pk is not None and self.valid_from <= timezone.localdate(now)

    def as_policy(self) -> Policy:
        """The same for the arithmetic. Raises ValueError for numbers by which nothing could be computed."""
        return Policy(
            version=self.version,
            valid_from=self.valid_from,
            valid_until=self.valid_to,
            legal_basis=self.legal_basis,
            par=self.par,
            half_life_months=self.half_life_months,
            m=self.m,
            cap=_whole(self.cap, 2),
            return_factor=_whole(self.return_factor, 2),
            habit_cases=self.habit_cases,
            firms_for_mean=self.firms_for_mean,
            ranked_from=self.ranked_from,
            interval_factor=_whole(self.interval_factor, 3),
            spread_unknown=_whole(self.spread_unknown, 4),
            spread_from=self.spread_from,
            rater_marks=self.rater_marks,
            marks_unknown=_whole(self.marks_unknown, 2),
            standing={JOINT: self.joint_share, EVALUATIONS: self.evaluations_share, CONDUCT: self.conduct_share},
            raters={OWNER: self.owner_weight, DEPARTMENT: self.department_weight, CENTRE: self.centre_weight},
            grades={"A": _whole(self.grade_a, 2), "B": _whole(self.grade_b, 2), "C": _whole(self.grade_c, 2)},
            suspension_months=tuple(self.suspension_months),
        )


def _whole(value: Decimal, places: int) -> int:
    """A decimal as so many tenths, hundredths …"""
    return int(Decimal(value).scaleb(places))
