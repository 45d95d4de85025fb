"""Projects, the needs that owners post for them, and the dated rules that say what a need may and may not do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.models import ApprovalItem, Dated, Department, District, dated_constraint
from core.money import MoneyField
from market.models.catalogue import QualificationKind, Service


class ProjectQuerySet(models.QuerySet["Project"]):
    def of(self, organisation: Organisation) -> Self:
        return self.filter(owner=organisation)


class Project(models.Model):
    """A project (建设项目) whose approvals need assessments."""

    class Funding(models.TextChoices):
        PUBLIC = "public", _("财政资金或国有资金")
        PRIVATE = "private", _("社会资金")

    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="projects")
    code = models.CharField(_("编号"), max_length=20, unique=True)
    national_code = models.CharField(_("项目代码（在线平台）"), max_length=40, blank=True)
    name = models.CharField(_("项目名称"), max_length=100)
    district = models.ForeignKey(District, models.PROTECT, related_name="projects", verbose_name=_("所在区县市"))
    address = models.CharField(_("建设地点"), max_length=200)
    # Where it lies in an area with regional assessments.
    region = models.ForeignKey(
        "market.Region", models.PROTECT, null=True, blank=True, related_name="projects", verbose_name=_("区域评估片区")
    )
    funding = models.CharField(_("资金来源"), max_length=8, choices=Funding)
    must_be_tendered = models.BooleanField(_("属于依法必须招标的工程建设项目"), default=False)
    investment = MoneyField(_("总投资（元）"), null=True, blank=True)
    description = models.TextField(_("项目概况"), max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("项目")
        indexes = [models.Index(fields=["owner", "-created_at"], name="project_owner")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "national_code"], name="project_national_code", condition=~Q(national_code="")
            )
        ]

    def __str__(self) -> str:
        return self.name


class NeedQuerySet(models.QuerySet["Need"]):
    def of(self, organisation: Organisation) -> Self:
        return self.filter(project__owner=organisation)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One service of a need for one approval item; `number` from 1. A line on the one clock, and a line of the contract."""

    number: int
    service: Service
    item: ApprovalItem
    department: Department
    optional_ground: str


class Need(models.Model):
    """What an owner needs (中介服务需求): one service for one approval item of one project. Rounds choose who does it.

    Services that the same firm is to do together with it are `further` (market.models.together); `parts` are all of them.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="needs")
    code = models.CharField(_("编号"), max_length=20, unique=True)
    service = models.ForeignKey(Service, models.PROTECT, related_name="needs", verbose_name=_("中介服务"))
    item = models.ForeignKey(ApprovalItem, models.PROTECT, related_name="needs", verbose_name=_("审批事项"))
    department = models.ForeignKey(Department, models.PROTECT, related_name="needs", verbose_name=_("审批部门"))
    title = models.CharField(_("标题"), max_length=100)
    requirement = models.TextField(_("服务内容与要求"), max_length=5000, blank=True)
    budget = MoneyField(_("预算金额（元）"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(
        _("要求完成时限（工作日）"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    optional_ground = models.CharField(_("非必须时仍委托的理由"), max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = NeedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("需求")
        indexes = [models.Index(fields=["project", "service"], name="need_project_service")]

    def __str__(self) -> str:
        return self.title

    @cached_property
    def further_parts(self) -> tuple[Part, ...]:
        """What the same firm is to do beside the first service; read once, by one query where it was not prefetched."""
        return tuple(
            Part(
                number=each.number,
                service=each.service,
                item=each.item,
                department=each.department,
                optional_ground=each.optional_ground,
            )
            for each in (self.further.all() if self.pk else ())
        )

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its services for approval items, the first one first."""
        first = Part(
            number=1,
            service=self.service,
            item=self.item,
            department=self.department,
            optional_ground=self.optional_ground,
        )
        return (first, *self.further_parts)

    @property
    def item_ids(self) -> tuple[int, ...]:
        return (self.item_id, *(part.item.pk for part in self.further_parts))

    def forget_parts(self) -> None:
        """Read them anew when they are asked for next."""
        self.__dict__.pop("further_parts", None)
        getattr(self, "_prefetched_objects_cache", {}).pop("further", None)

    @property
    def is_together(self) -> bool:
        """Whether it asks for several services at once (多评合一, 多测合一)."""
        return bool(self.further_parts)


def services_in(parts: Iterable[Part]) -> tuple[Service, ...]:
    """The services of parts, each once."""
    return tuple({part.service.pk: part.service for part in parts}.values())


class RequiredQualification(models.Model):
    """A qualification that a need asks of the firm, at `level` or higher (any level when empty), for one of its services."""

    need = models.ForeignKey(Need, models.CASCADE, related_name="required_qualifications")
    number = models.PositiveSmallIntegerField(default=1)
    kind = models.ForeignKey(QualificationKind, models.PROTECT, related_name="+", verbose_name=_("资质类别"))
    level = models.CharField(_("最低等级"), max_length=20, blank=True)

    class Meta:
        ordering = ["number", "kind__code"]
        constraints = [models.UniqueConstraint(fields=["need", "number", "kind"], name="required_kind_once")]

    def __str__(self) -> str:
        return f"{self.need_id} {self.kind_id}"


class NeedRule(Dated):
    """A dated rule of law or policy about needs, for a city's lawyer to confirm: where it applies and what it does.

    `effect` names what the rule does; empty conditions apply to everything. Amounts in yuan.
    """

    class Effect(models.TextChoices):
        TENDER = "tender", _("应当依法招标，不在本平台选取")
        NO_LOWER_LIMIT = "no_lower_limit", _("不得设置最低限价")
        NO_DRAW = "no_draw", _("不得以随机方式确定")
        NO_DIRECT = "no_direct", _("不得直接选取")

    code = models.SlugField(_("代码"), max_length=40)
    effect = models.CharField(_("效果"), max_length=20, choices=Effect)
    services = models.ManyToManyField(Service, blank=True, related_name="rules")
    funding = models.CharField(_("资金来源"), max_length=8, choices=Project.Funding, blank=True)
    tendered_projects_only = models.BooleanField(_("仅限依法必须招标的项目"), default=False)
    amount_from = MoneyField(_("金额不低于（元）"), null=True, blank=True)
    legal_basis = models.CharField(_("依据"), max_length=300)
    explanation = models.CharField(_("说明"), max_length=300)
    explanation_en = models.CharField(_("英文说明"), max_length=400)

    class Meta:
        ordering = ["code", "valid_from"]
        verbose_name = _("需求规则")
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="need_rule_version"),
            dated_constraint("need_rule_dates"),
        ]

    def __str__(self) -> str:
        return self.code
