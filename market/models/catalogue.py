"""The service catalogue (中介服务事项目录) and the kinds of qualification that it asks for, both with dates."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalItem, Dated, dated_constraint


class QualificationKind(Dated):
    """A kind of qualification (资质), such as 测绘资质; several were abolished, so a requirement holds for a range of days."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120)
    levels = models.JSONField(_("等级（由高到低）"), default=list, blank=True)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    abolished_by = models.CharField(_("取消依据"), max_length=200, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")

    class Meta:
        ordering = ["code"]
        verbose_name = _("资质类别")
        constraints = [dated_constraint("qualification_kind_dates")]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A service of the catalogue (中介服务事项); what it is on a day is its version of that day."""

    code = models.CharField(_("代码"), max_length=10, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")
    search = models.TextField(_("检索文本"), editable=False, default="")

    class Meta:
        ordering = ["code"]
        verbose_name = _("中介服务")
        indexes = [GinIndex(fields=["search"], name="service_search", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.name

    def version_at(self, day: date) -> ServiceVersion | None:
        return self.versions.valid_at(day).order_by("-number").first()


class ServiceVersion(Dated):
    """What a service is during a range of days: the approval it serves, whether it is needed at all, and on what basis."""

    class Necessity(models.TextChoices):
        MANDATORY = "mandatory", _("法定必须")
        SELF = "self", _("可自行编制")
        OPTIONAL = "optional", _("不得强制")
        REGIONAL = "regional", _("可由区域评估替代")
        ABOLISHED = "abolished", _("已取消")

    service = models.ForeignKey(Service, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("版本"), default=1)
    items = models.ManyToManyField(ApprovalItem, related_name="service_versions")
    necessity = models.CharField(_("必要性"), max_length=12, choices=Necessity)
    legal_basis = models.CharField(_("依据"), max_length=300)
    requirement = models.CharField(_("机构要求"), max_length=200)
    qualification_kinds = models.ManyToManyField(QualificationKind, blank=True, related_name="service_versions")
    standard_days = models.PositiveSmallIntegerField(_("指导时限（工作日）"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=400, blank=True)

    class Meta:
        ordering = ["service_id", "number"]
        verbose_name = _("服务版本")
        constraints = [
            models.UniqueConstraint(fields=["service", "number"], name="service_version_number"),
            dated_constraint("service_version_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.service} v{self.number}"
