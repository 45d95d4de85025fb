"""Districts, departments and the approval items that they decide."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model, covariant=True)


class DatedQuerySet(models.QuerySet[M]):
    """Rows that hold for a range of days: from `valid_from` to `valid_to`, both inclusive, open at the end when empty."""

    def valid_at(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class Dated(models.Model):
    valid_from = models.DateField(_("有效自"), default=date(2017, 1, 1))
    valid_to = models.DateField(_("有效至"), null=True, blank=True)

    objects: ClassVar[Any] = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_valid_at(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def dated_constraint(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=name, condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")))


class District(models.Model):
    """A platform of the "10+1" (区县市): the city itself and each district, by GB/T 2260 code."""

    class Kind(models.TextChoices):
        MUNICIPAL = "municipal", _("市本级")
        DISTRICT = "district", _("区")
        COUNTY = "county", _("县")
        CITY = "city", _("县级市")

    code = models.CharField(_("区划代码"), max_length=6, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    name_en = models.CharField(_("英文名称"), max_length=60)
    short = models.CharField(_("简称"), max_length=20)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind)

    class Meta:
        ordering = ["code"]
        verbose_name = _("区县市")

    def __str__(self) -> str:
        return self.name


class Function(Dated):
    """A line of administration (条线), such as 生态环境: departments of every district carry one or more.

    Reforms move a function to a successor on a day (环保 → 生态环境, 2019); what was approved before keeps its own.
    """

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    name_en = models.CharField(_("英文名称"), max_length=80)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")

    class Meta:
        ordering = ["code"]
        verbose_name = _("条线")
        constraints = [dated_constraint("function_dates")]

    def __str__(self) -> str:
        return self.name

    def at(self, day: date) -> Function:
        """The function that carries this one on `day`: itself, or the last successor in force."""
        function = self
        while not function.is_valid_at(day) and function.successor is not None:
            function = function.successor
        return function


class DepartmentQuerySet(DatedQuerySet["Department"]):
    def deciding(self, item: ApprovalItem, *, district: District, at: date) -> Self:
        """Departments that decide `item` in `district` on a day; the city's own where the district has none."""
        version = item.version_at(at)
        functions = (
            [function.at(at).pk for function in version.functions.select_related("successor")] if version else []
        )
        departments = self.valid_at(at).filter(functions__in=functions).distinct()
        local = departments.filter(district=district)
        return local if local.exists() else departments.filter(district__kind=District.Kind.MUNICIPAL)


class Department(Dated):
    """An approving department (审批部门) of one district, acting through its organisation's members."""

    organisation = models.OneToOneField("accounts.Organisation", models.PROTECT, related_name="department")
    code = models.CharField(_("代码"), max_length=20, unique=True)
    district = models.ForeignKey(District, models.PROTECT, related_name="departments")
    functions = models.ManyToManyField(Function, related_name="departments")
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")

    objects: ClassVar[Any] = DepartmentQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("审批部门")
        constraints = [dated_constraint("department_dates")]

    def __str__(self) -> str:
        return self.organisation.name


class DepartmentBody(Dated):
    """An institution (事业单位) under a department, or an association whose 业务主管单位 it is (RH1)."""

    class Relation(models.TextChoices):
        SPONSORS = "sponsors", _("举办单位")
        SUPERVISES = "supervises", _("业务主管单位")

    department = models.ForeignKey(Department, models.PROTECT, related_name="bodies")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="department_ties")
    relation = models.CharField(_("关系"), max_length=12, choices=Relation)
    source = models.CharField(_("来源"), max_length=200)

    class Meta:
        ordering = ["department_id", "organisation_id"]
        verbose_name = _("部门下属单位")
        constraints = [
            models.UniqueConstraint(fields=["department", "organisation", "relation"], name="department_body_once"),
            dated_constraint("department_body_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.department} · {self.organisation.name}"


class ApprovalItem(models.Model):
    """An approval item (审批事项) of the standard list; what it says on a day is its version of that day."""

    code = models.CharField(_("事项代码"), max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=160)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")

    class Meta:
        ordering = ["code"]
        verbose_name = _("审批事项")

    def __str__(self) -> str:
        return self.name

    def version_at(self, day: date) -> ItemVersion | None:
        return self.versions.valid_at(day).order_by("-number").first()


class ItemVersion(Dated):
    """What an approval item required during a range of days, with its basis and limits in working days."""

    item = models.ForeignKey(ApprovalItem, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("版本"), default=1)
    functions = models.ManyToManyField(Function, related_name="item_versions")
    legal_basis = models.CharField(_("依据"), max_length=200)
    statutory_days = models.PositiveSmallIntegerField(_("法定时限（工作日）"), null=True, blank=True)
    committed_days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), null=True, blank=True)
    acceptance_days = models.PositiveSmallIntegerField(
        _("收件审查时限（工作日）"),
        default=5,
        help_text=_("行政许可法第三十二条：逾期不告知的，自收到材料之日起即为受理。"),
    )

    class Meta:
        ordering = ["item_id", "number"]
        verbose_name = _("事项版本")
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="item_version_number"),
            dated_constraint("item_version_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.item} v{self.number}"
