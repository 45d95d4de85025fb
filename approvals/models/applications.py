"""One application for all the items that a project needs, and the material that its cases share."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from approvals.models.departments import Department, District


class ApplicationQuerySet(models.QuerySet["Application"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Those of this organisation: as applicant, as a department that leads or decides a part, as regulator."""
        if organisation.kind == Kind.REGULATOR:
            return self
        if organisation.kind == Kind.DEPARTMENT:
            own = Q(lead__organisation=organisation) | Q(cases__department__organisation=organisation)
            return self.filter(own).distinct()
        return self.filter(applicant=organisation)

    def joint(self) -> Self:
        """Joint approvals, whose limit is one."""
        return self.filter(lead__isnull=False)

    def late(self, *, now: datetime) -> Self:
        """Past the joint limit. While nothing is with a department there is none, so it is not late."""
        return self.filter(joint_due_at__lte=now)

    def soon(self, *, now: datetime) -> Self:
        """Three quarters of the joint limit are used, and it is not over."""
        return self.filter(joint_soon_at__lte=now, joint_due_at__gt=now)

    def for_list(self) -> Self:
        return self.select_related("applicant", "filed_in", "district", "lead__organisation")


class Application(models.Model):
    """An application through one window (一窗申请): what it takes is handed in once, each item becomes a case.

    It may be filed in any district (异地受理); who decides follows from `district`, where the project lies. With a `lead`
    it is a joint approval (联合审批): cases of one step run side by side, the next step begins when the one before is granted.
    """

    code = models.CharField(_("编号"), max_length=20, unique=True)
    applicant = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="applications")
    project_code = models.CharField(_("项目代码"), max_length=40)
    project_name = models.CharField(_("项目名称"), max_length=100)
    filed_in = models.ForeignKey(District, models.PROTECT, related_name="+", verbose_name=_("收件地"))
    district = models.ForeignKey(District, models.PROTECT, related_name="+", verbose_name=_("项目所在地"))
    lead = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="led", verbose_name=_("牵头部门")
    )
    joint_days = models.PositiveSmallIntegerField(_("联合审批时限（工作日）"), null=True, blank=True)
    # They follow from the events of all cases (approvals.domain.joint); none while nothing is with a department.
    joint_due_at = models.DateTimeField(_("联合审批期限"), null=True, blank=True)
    joint_soon_at = models.DateTimeField(_("联合审批临期时间"), null=True, blank=True)
    joint_followed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("全部办结时间"), null=True, blank=True)
    late_noted_at = models.DateTimeField(_("督办时间"), null=True, blank=True)
    filed_at = models.DateTimeField(_("提交时间"))
    filed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    key = models.UUIDField(_("提交标识"), unique=True, help_text=_("同一次填写只提交一次。"))

    objects = ApplicationQuerySet.as_manager()
    days_left: Fraction | None = None
    """Working days until the joint limit, negative past it, where `joint.with_days_left` has counted them."""

    class Meta:
        ordering = ["-filed_at", "-id"]
        verbose_name = _("一窗申请")
        indexes = [
            models.Index(fields=["applicant", "-filed_at"], name="application_of_applicant"),
            models.Index(fields=["lead", "-filed_at"], name="application_of_lead"),
            models.Index(
                fields=["joint_due_at", "id"], name="application_joint_due", condition=Q(joint_due_at__isnull=False)
            ),
            models.Index(
                fields=["id"],
                name="application_not_followed",
                condition=Q(lead__isnull=False, joint_followed_at=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="application_joint_whole", condition=Q(lead=None, joint_days=None) | Q(lead__isnull=False)
            ),
            models.CheckConstraint(
                name="application_joint_limit_whole",
                condition=Q(joint_due_at=None, joint_soon_at=None)
                | Q(
                    joint_due_at__isnull=False,
                    joint_soon_at__isnull=False,
                    joint_soon_at__lte=F("joint_due_at"),
                    joint_days__isnull=False,
                    ended_at=None,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """What the log calls it."""
        return f"application/{self.code}"

    def urgency_at(self, now: datetime) -> str:
        """`late`, `soon` or nothing, by the joint limit."""
        if self.joint_due_at is None or self.joint_soon_at is None:
            return ""
        return "late" if self.joint_due_at <= now else "soon" if self.joint_soon_at <= now else ""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was filed in another district than the one that decides (异地受理)."""
        return self.filed_in_id != self.district_id


class Material(models.Model):
    """A piece of material (申请材料): a file, or the reference of a deliverable that the departments need not be brought.

    It belongs to an application and goes to each of its cases that needs it, or to a single case without one.
    """

    application = models.ForeignKey(Application, models.PROTECT, null=True, blank=True, related_name="materials")
    cases = models.ManyToManyField("approvals.Case", related_name="materials")
    title = models.CharField(_("材料名称"), max_length=100)
    file = models.FileField(_("文件"), upload_to="applications/", blank=True)
    reference = models.CharField(_("成果编号"), max_length=40, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    added_at = models.DateTimeField(_("提交时间"))
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["added_at", "id"]
        verbose_name = _("申请材料")
        indexes = [models.Index(fields=["reference"], name="material_reference", condition=~Q(reference=""))]
        constraints = [
            models.CheckConstraint(
                name="material_file_or_reference", condition=Q(file="") ^ Q(reference=""),
            ),
            models.CheckConstraint(name="material_sha256", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
            models.UniqueConstraint(
                fields=["application", "sha256"],
                name="material_handed_in_once",
                condition=Q(application__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @property
    def result(self) -> str:
        """The code of the deliverable that it is."""
        return self.reference.rpartition("/")[2]

    @property
    def name(self) -> str:
        """What the file is called when it is handed out."""
        return str(self.file.name).rpartition("/")[2]
