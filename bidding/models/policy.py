"""What a city may set about rounds, as dated data with its basis."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.models import Dated, dated_constraint
from core.money import MoneyField


class Policy(Dated):
    """The parameters of selection rounds (比选规则) in force from a day on: minimum entrants and notice lengths.

    Lengths are in `unit`: working days, counted as limit time, or minutes for a demonstration.
    """

    class Unit(models.TextChoices):
        WORKING_DAYS = "working_days", _("工作日")
        MINUTES = "minutes", _("分钟（演示）")

    version = models.CharField(_("版本"), max_length=20, unique=True)
    unit = models.CharField(_("时长单位"), max_length=12, choices=Unit, default=Unit.WORKING_DAYS)
    notice_minimum = models.PositiveSmallIntegerField(_("公告至截止至少"), default=3, validators=[MinValueValidator(1)])
    candidate_notice = models.PositiveSmallIntegerField(_("中选公示期"), default=2, validators=[MinValueValidator(1)])
    closing_time = models.TimeField(
        _("截止时刻"), default="16:00", help_text=_("以工作日计时，截止于期满次一工作日的这个时刻")
    )
    minimum_public = models.PositiveSmallIntegerField(_("财政资金最少有效报名数"), default=3)
    minimum_private = models.PositiveSmallIntegerField(_("社会资金最少有效报名数"), default=1)
    minimum_public_second = models.PositiveSmallIntegerField(_("再次公告：财政资金最少数"), default=2)
    minimum_private_second = models.PositiveSmallIntegerField(_("再次公告：社会资金最少数"), default=1)
    auction_lead_minutes = models.PositiveSmallIntegerField(
        _("多轮竞价：开启后多少分钟开始"), default=10, validators=[MinValueValidator(1)]
    )
    auction_minutes = models.PositiveSmallIntegerField(
        _("多轮竞价：持续多少分钟"), default=30, validators=[MinValueValidator(1)]
    )
    check_days = models.PositiveSmallIntegerField(_("审核期限（工作日）"), default=2)
    objection_days = models.PositiveSmallIntegerField(
        _("异议答复期限（工作日）"), default=3, validators=[MinValueValidator(1)]
    )
    complaint_days = models.PositiveSmallIntegerField(
        _("投诉期限（工作日）"), default=10, validators=[MinValueValidator(1)], help_text=_("自异议答复起")
    )
    decision_days = models.PositiveSmallIntegerField(
        _("投诉处理期限（工作日）"), default=30, validators=[MinValueValidator(1)]
    )
    walk_away_days = models.PositiveSmallIntegerField(_("弃选后暂停（日）"), default=90)
    choice_days = models.PositiveSmallIntegerField(_("业主选定期限（工作日）"), default=5)
    experts = models.PositiveSmallIntegerField(
        _("评审专家人数"), choices=[(3, "3"), (5, "5")], default=3, help_text=_("综合评分每个标段抽取的人数，须为单数")
    )
    marking_days = models.PositiveSmallIntegerField(
        _("评审期限"), default=3, validators=[MinValueValidator(1)], help_text=_("按本规则的时长单位，自抽中起")
    )
    direct_limit = MoneyField(_("直接选取的金额上限"), null=True, blank=True)
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("比选规则")
        constraints = [
            dated_constraint("policy_dates"),
            models.CheckConstraint(name="policy_experts_odd", condition=models.Q(experts__in=[3, 5])),
        ]

    def __str__(self) -> str:
        return self.version

    @classmethod
    def in_force(cls, now: datetime) -> Policy:
        """The policy of the day of `now`; there is always one, the first comes with the migrations."""
        return cls.objects.valid_at(timezone.localdate(now)).order_by(
            "-valid_from", "-id"
        ).first() or cls.objects.earliest("valid_from")

    @property
    def is_demo(self) -> bool:
        return self.unit == self.Unit.MINUTES

    def minimum(self, *, public_money: bool, second: bool) -> int:
        """Valid entrants that a round needs, by funding and by whether it was announced before (DOMAIN "A round")."""
        if public_money:
            return self.minimum_public_second if second else self.minimum_public
        return self.minimum_private_second if second else self.minimum_private
