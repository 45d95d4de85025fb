"""What a city may set about contracts, as dated data with its basis: their terms and their texts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.models import Dated, dated_constraint
from core import worktime
from market.models import Service


class ContractPolicy(Dated):
    """The terms of contracts in force from a day on (合同规则): lengths in `unit`, working days counted as limit time."""

    class Unit(models.TextChoices):
        WORKING_DAYS = "working_days", _("工作日")
        MINUTES = "minutes", _("分钟（演示）")

    version = models.CharField(_("版本"), max_length=20, unique=True)
    unit = models.CharField(_("时长单位"), max_length=12, choices=Unit, default=Unit.WORKING_DAYS)
    silence = models.PositiveSmallIntegerField(
        _("验收期限"),
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_("成果提交后业主在这一期限内不答复的，视为验收通过"),
    )
    filing = models.PositiveSmallIntegerField(
        _("备案期限"),
        default=7,
        validators=[MinValueValidator(1)],
        help_text=_("各方盖章以后，服务中心在这一期限内备案或者提出意见"),
    )
    raise_percent = models.PositiveSmallIntegerField(
        _("加价上限（%）"),
        default=10,
        help_text=_("各次补充协议合计增加的价款不超过中选价的这一比例；0 为不得加价"),
    )
    raise_basis = models.CharField(
        _("加价上限的依据"),
        max_length=300,
        default="《中华人民共和国政府采购法》第四十九条（社会资金比照执行，待法制机构确认）",
    )
    supplement_term = models.PositiveSmallIntegerField(
        _("补充协议盖章期限"),
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_("双方商定变更后，各方在这一期限内没有盖齐的，补充协议失效"),
    )
    abandon_days = models.PositiveSmallIntegerField(_("弃约后暂停（日）"), default=180)
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("合同规则")
        constraints = [dated_constraint("contract_policy_dates")]

    def __str__(self) -> str:
        return self.version

    @classmethod
    def in_force(cls, now: datetime) -> ContractPolicy:
        """The policy of the day of `now`; there is always one, the first comes with the migrations."""
        rows = cls.objects.valid_at(timezone.localdate(now)).order_by("-valid_from", "-id")
        found: ContractPolicy = rows.first() or cls.objects.earliest("valid_from")
        return found

    def end_of_silence(self, submitted_at: datetime) -> datetime:
        """When silence about something submitted then becomes acceptance."""
        return self._after(submitted_at, self.silence)

    def end_of_filing(self, sealed_at: datetime) -> datetime:
        """By when the service centre files what was sealed then."""
        return self._after(sealed_at, self.filing)

    def end_of_sealing(self, made_at: datetime) -> datetime:
        """By when everybody has to seal a supplementary agreement that was made then."""
        return self._after(made_at, self.supplement_term)

    def _after(self, at: datetime, length: int) -> datetime:
        if self.unit == self.Unit.MINUTES:
            return at + timedelta(minutes=length)
        return worktime.add_working_days(at, length)


def check_plan(plan: Any) -> None:
    """Raise ValidationError unless a payment plan is a list of rows whose shares sum to 100 and whose last is the whole term."""
    good = isinstance(plan, list) and 1 <= len(plan) <= 8 and all(map(_is_row, plan))
    if not good:
        raise ValidationError(_("付款计划是 1 到 8 行，每行有 name、share、days（占承诺时限的百分比）和 on_sealing。"))
    if sum(row["share"] for row in plan) != 100:
        raise ValidationError(_("各期比例之和须为 100。"))
    if plan[-1]["on_sealing"] or plan[-1]["days"] != 100:
        raise ValidationError(_("最后一期须在全部时限届满时交付成果（days 为 100）。"))


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("name"), str)
        and 0 < len(row["name"]) <= 60
        and type(row.get("share")) is int
        and 0 < row["share"] <= 100
        and type(row.get("days")) is int
        and 0 <= row["days"] <= 100
        and type(row.get("on_sealing")) is bool
    )


class ContractTemplate(Dated):
    """The text and payment plan with which contracts of a service begin (合同示范文本); without a service, those of all others.

    `plan` rows: name, share in per cent of the price, days in per cent of the promised term, on_sealing where nothing is
    delivered for it. A version that was used is never altered: an operator adds the next one.
    """

    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("中介服务")
    )
    version = models.CharField(_("版本"), max_length=20)
    clauses = models.TextField(_("合同条款"), max_length=20_000)
    plan = models.JSONField(_("付款计划"), validators=[check_plan])
    days = models.PositiveSmallIntegerField(
        _("没有承诺时限时（工作日）"), default=20, validators=[MinValueValidator(1)]
    )
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["service_id", "-valid_from", "-id"]
        verbose_name = _("合同示范文本")
        constraints = [
            dated_constraint("contract_template_dates"),
            models.UniqueConstraint(
                fields=["service", "version"], name="contract_template_version", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service or _('通用')} {self.version}"

    @classmethod
    def of(cls, service: Service | None, *, now: datetime) -> ContractTemplate:
        """The latest of a service on the day of `now`, else the common one; the first comes with the migrations."""
        rows = cls.objects.valid_at(timezone.localdate(now)).order_by("-valid_from", "-id")
        found: ContractTemplate = (
            rows.filter(service=service).first()
            or rows.filter(service=None).first()
            or cls.objects.filter(service=None).earliest("valid_from")
        )
        return found
