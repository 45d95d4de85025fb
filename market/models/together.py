"""Several services done together by one firm (多评合一, 多测合一): a need's further ones, and what a city lets be combined."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalItem, Dated, Department, dated_constraint
from market.models.catalogue import Service
from market.models.projects import Need

MOST_EVER = 6
"""Services of one need that a policy may allow at most: an announcement in the log has to hold them, a page to show them."""


class FurtherServiceManager(models.Manager["FurtherService"]):
    """With what every page of a need names, so that asking for a need's services is one query."""

    def get_queryset(self) -> models.QuerySet[FurtherService]:
        return super().get_queryset().select_related("service", "item", "department__organisation")


class FurtherService(models.Model):
    """A further service of a need, for one approval item (一并委托的服务), done by the same firm under the same contract.

    `number` goes on from the need's own, which is 1; the contract's line has the same.
    """

    need = models.ForeignKey(Need, models.CASCADE, related_name="further")
    number = models.PositiveSmallIntegerField()
    service = models.ForeignKey(Service, models.PROTECT, related_name="+", verbose_name=_("中介服务"))
    item = models.ForeignKey(ApprovalItem, models.PROTECT, related_name="+", verbose_name=_("审批事项"))
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("审批部门"))
    optional_ground = models.CharField(_("非必须时仍委托的理由"), max_length=300, blank=True)

    objects: ClassVar[Any] = FurtherServiceManager()

    class Meta:
        ordering = ["need_id", "number"]
        verbose_name = _("一并委托的服务")
        constraints = [
            models.UniqueConstraint(fields=["need", "number"], name="further_service_number"),
            models.UniqueConstraint(fields=["need", "service", "item"], name="further_service_once"),
            models.CheckConstraint(name="further_service_from_2", condition=Q(number__range=(2, MOST_EVER))),
        ]
        indexes = [
            models.Index(fields=["service", "need"], name="further_by_service"),
            models.Index(fields=["department", "need"], name="further_by_department"),
            models.Index(fields=["item", "need"], name="further_by_item"),
        ]

    def __str__(self) -> str:
        return f"{self.need_id}.{self.number}"


class ServiceBundle(Dated):
    """Services that a city lets be commissioned together from one firm (合并委托目录): 多测合一, 多评合一."""

    code = models.SlugField(_("代码"), max_length=40)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120)
    services = models.ManyToManyField(Service, related_name="bundles", verbose_name=_("中介服务"))
    legal_basis = models.CharField(_("依据"), max_length=300)
    explanation = models.CharField(_("说明"), max_length=300)
    explanation_en = models.CharField(_("英文说明"), max_length=400)

    class Meta:
        ordering = ["code", "valid_from"]
        verbose_name = _("合并委托目录")
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="service_bundle_version"),
            dated_constraint("service_bundle_dates"),
        ]

    def __str__(self) -> str:
        return self.code


class CombinationPolicy(Dated):
    """How many services one need may have, and whether such as no bundle names may be combined freely (合并委托规则).

    Where none is in force, a need has one service.
    """

    version = models.CharField(_("版本"), max_length=20, unique=True)
    most = models.PositiveSmallIntegerField(
        _("一项需求最多几项服务"), default=4, validators=[MinValueValidator(2), MaxValueValidator(MOST_EVER)]
    )
    free = models.BooleanField(_("目录以外可以自由组合"), default=False)
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("合并委托规则")
        constraints = [
            dated_constraint("combination_policy_dates"),
            models.CheckConstraint(name="combination_policy_most", condition=Q(most__range=(2, MOST_EVER))),
        ]

    def __str__(self) -> str:
        return self.version
