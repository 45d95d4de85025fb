"""What exists and need not be commissioned again: regional assessments (区域评估), and what a project uses of all that exists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.models import ApprovalItem, Dated, DatedQuerySet, District, dated_constraint
from market.models.catalogue import Service


class Region(models.Model):
    """An area for which assessments were made once for everybody (区域评估片区), such as a development zone."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120)
    district = models.ForeignKey(District, models.PROTECT, related_name="regions", verbose_name=_("所在区县市"))
    boundary = models.CharField(_("四至范围"), max_length=300)

    class Meta:
        ordering = ["district__code", "code"]
        verbose_name = _("区域评估片区")

    def __str__(self) -> str:
        return self.name


class RegionalAssessmentQuerySet(DatedQuerySet["RegionalAssessment"]):
    def serving(self, services: Collection[Service], *, region: Region | None, day: date) -> Self:
        """Those that projects in a region may use in place of some services on a day."""
        return self.valid_at(day).filter(service__in=services, region=region) if region is not None else self.none()

    def for_list(self) -> Self:
        return self.select_related("region__district", "service")


class RegionalAssessment(Dated):
    """The result of a service for a whole region, which its projects use instead of commissioning their own."""

    code = models.SlugField(_("编号"), max_length=40, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="assessments", verbose_name=_("片区"))
    service = models.ForeignKey(Service, models.PROTECT, related_name="regional", verbose_name=_("中介服务"))
    title = models.CharField(_("成果名称"), max_length=100)
    issuer = models.CharField(_("组织编制单位"), max_length=100)
    basis = models.CharField(_("审查或批复文号"), max_length=200)
    conditions = models.CharField(_("适用条件"), max_length=500, blank=True)
    file = models.FileField(_("成果文件"), upload_to="regional/")
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveIntegerField(editable=False)

    objects: ClassVar[Any] = RegionalAssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["region__district__code", "region__code", "service__code", "-valid_from", "id"]
        verbose_name = _("区域评估成果")
        indexes = [models.Index(fields=["service", "region", "-valid_from"], name="regional_of_service")]
        constraints = [dated_constraint("regional_dates")]

    def __str__(self) -> str:
        return self.title

    @property
    def reference(self) -> str:
        """What a reuse calls it."""
        return f"regional/{self.code}"


class ReuseQuerySet(models.QuerySet["Reuse"]):
    def of(self, organisation: Organisation) -> Self:
        return self.filter(project__owner=organisation)


class Reuse(models.Model):
    """That a project uses what exists (成果复用) for an approval item, instead of commissioning a service again.

    `reference` names what is used: `regional/<code>`, or what a higher room calls a deliverable of its own.
    """

    project = models.ForeignKey("market.Project", models.CASCADE, related_name="reuses")
    service = models.ForeignKey(Service, models.PROTECT, related_name="+", verbose_name=_("中介服务"))
    item = models.ForeignKey(ApprovalItem, models.PROTECT, related_name="+", verbose_name=_("审批事项"))
    reference = models.CharField(_("成果"), max_length=60)
    title = models.CharField(_("成果名称"), max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("时间"))
    ended_at = models.DateTimeField(_("取消时间"), null=True, blank=True)

    objects = ReuseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("成果复用")
        indexes = [models.Index(fields=["project", "-created_at"], name="reuse_of_project")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "service", "item"], name="reuse_once", condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.reference}"
