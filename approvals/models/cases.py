"""Approval cases and what happens to them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from approvals.models.applications import Application, Material
from approvals.models.clients import ApiClient
from approvals.models.departments import ApprovalItem, Department, District, ItemVersion
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle

RUNNING = ["received", "correction", "accepted"]
ENDED = ["decided", "not_accepted", "withdrawn"]


class Party(models.TextChoices):
    """To whom a moment is charged (DOMAIN "One clock")."""

    FIRM = "firm", _("中介服务机构")
    OWNER = "owner", _("项目业主")
    DEPARTMENT = "department", _("审批部门")
    PLATFORM = "platform", _("平台")
    STATUTORY = "statutory", _("法定程序")


class Fault(models.TextChoices):
    """Where the reason lies."""

    DELIVERABLE = "deliverable", _("中介成果")
    OTHER = "other", _("其他（申请人一方）")


class Category(models.TextChoices):
    """Why something is asked for or not accepted."""

    MISSING = "missing", _("材料缺失")
    FORM = "form", _("不符合法定形式")
    QUALITY = "quality", _("成果内容或深度不足")
    CONTRADICTION = "contradiction", _("材料之间不一致")
    EXPIRED = "expired", _("材料或资质过期")
    COMPETENCE = "competence", _("不属于本机关职权")
    UNNEEDED = "unneeded", _("依法不需要许可")
    OTHER = "other", _("其他")


class Special(models.TextChoices):
    """Procedures whose time the law does not count (行政许可法 第45条)."""

    HEARING = "hearing", _("听证")
    REVIEW = "review", _("专家评审")
    PUBLICITY = "publicity", _("公示")
    TEST = "test", _("现场检验、检测")


class CaseQuerySet(models.QuerySet["Case"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Those of this organisation: as applicant, as the department that decides, as regulator."""
        if organisation.kind == Kind.REGULATOR:
            return self
        if organisation.kind == Kind.DEPARTMENT:
            return self.filter(department__organisation=organisation)
        return self.filter(applicant=organisation)

    def decided_by(self, organisation: Organisation) -> Self:
        return self.filter(department__organisation=organisation)

    def running(self) -> Self:
        return self.filter(status__in=RUNNING)

    def late(self, *, now: datetime) -> Self:
        """Past what was promised. A clock that stands still has no deadline, so it is not late."""
        return self.filter(due_at__lte=now)

    def soon(self, *, now: datetime) -> Self:
        """Three quarters of the limit are used, and it is not over."""
        return self.filter(soon_at__lte=now, due_at__gt=now)

    def standing_still(self) -> Self:
        return self.running().filter(~Q(suspended="") | ~Q(special=""))

    def for_list(self) -> Self:
        return self.select_related("item", "department__organisation", "applicant", "district", "filed_in", "version")


class Case(models.Model):
    """A case of an approval item (审批事项办件) for one project, decided by one department.

    What it is now follows from its events (`approvals.domain.history`); the columns hold that for lists, and the deadlines.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("等待上一步")
        RECEIVED = "received", _("已收件")
        CORRECTION = "correction", _("待补正")
        ACCEPTED = "accepted", _("已受理")
        DECIDED = "decided", _("已办结")
        NOT_ACCEPTED = "not_accepted", _("不予受理")
        WITHDRAWN = "withdrawn", _("已撤回")

    class Outcome(models.TextChoices):
        GRANTED = "granted", _("准予许可")
        REFUSED = "refused", _("不予许可")

    lifecycle = Lifecycle(
        {
            Status.PLANNED: {Status.RECEIVED, Status.WITHDRAWN},
            Status.RECEIVED: {Status.CORRECTION, Status.ACCEPTED, Status.NOT_ACCEPTED, Status.WITHDRAWN},
            Status.CORRECTION: {Status.RECEIVED, Status.NOT_ACCEPTED, Status.WITHDRAWN},
            Status.ACCEPTED: {Status.DECIDED, Status.WITHDRAWN},
        }
    )

    code = models.CharField(_("编号"), max_length=20, unique=True)
    application = models.ForeignKey(Application, models.PROTECT, null=True, blank=True, related_name="cases")
    step = models.PositiveSmallIntegerField(_("步骤"), default=1)
    previous = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="successor")
    item = models.ForeignKey(ApprovalItem, models.PROTECT, related_name="cases", verbose_name=_("审批事项"))
    version = models.ForeignKey(ItemVersion, models.PROTECT, related_name="cases")
    department = models.ForeignKey(Department, models.PROTECT, related_name="cases", verbose_name=_("审批部门"))
    filed_in = models.ForeignKey(District, models.PROTECT, related_name="+", verbose_name=_("收件地"))
    district = models.ForeignKey(District, models.PROTECT, related_name="+", verbose_name=_("办理地"))
    applicant = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="cases")
    project_code = models.CharField(_("项目代码"), max_length=40, blank=True)
    project_name = models.CharField(_("项目名称"), max_length=100)
    external_code = models.CharField(_("部门办件编号"), max_length=64, blank=True)

    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.PLANNED)
    suspended = models.CharField(_("中止责任方"), max_length=12, choices=Party, blank=True)
    special = models.CharField(_("特别程序"), max_length=12, choices=Special, blank=True)
    outcome = models.CharField(_("结果"), max_length=8, choices=Outcome, blank=True)
    received_at = models.DateTimeField(_("收件时间"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("受理时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    due_at = models.DateTimeField(_("承诺期限"), null=True, blank=True)
    soon_at = models.DateTimeField(_("临期时间"), null=True, blank=True)
    statutory_due_at = models.DateTimeField(_("法定期限"), null=True, blank=True)
    late_noted_at = models.DateTimeField(_("督办时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("建立时间"))

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("审批办件")
        indexes = [
            models.Index(fields=["department", "-created_at", "-id"], name="case_of_department"),
            models.Index(fields=["department", "due_at"], name="case_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["due_at"], name="case_due_anywhere", condition=Q(due_at__isnull=False)),
            models.Index(fields=["applicant", "-created_at"], name="case_of_applicant"),
            models.Index(fields=["project_code"], name="case_of_project"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "external_code"], name="case_external_code", condition=~Q(external_code="")
            ),
            models.UniqueConstraint(
                fields=["application", "item"],
                name="case_item_once_at_a_time",
                condition=Q(application__isnull=False, status__in=["planned", *RUNNING]),
            ),
            models.CheckConstraint(
                name="case_received_whole",
                condition=Q(status__in=["planned", "withdrawn"], received_at=None) | Q(received_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_accepted_whole",
                condition=~Q(status__in=["accepted", "decided"]) | Q(accepted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_decided_whole",
                condition=(Q(status="decided") & ~Q(outcome="")) | (~Q(status="decided") & Q(outcome="")),
            ),
            models.CheckConstraint(
                name="case_ended_whole",
                condition=Q(status__in=ENDED, ended_at__isnull=False, due_at=None, suspended="", special="")
                | (~Q(status__in=ENDED) & Q(ended_at=None)),
            ),
            models.CheckConstraint(
                name="case_special_while_examined", condition=Q(special="") | Q(status="accepted")
            ),
            models.CheckConstraint(
                name="case_standing_still_has_no_deadline", condition=Q(suspended="", special="") | Q(due_at=None)
            ),
            models.CheckConstraint(
                name="case_soon_before_due",
                condition=Q(due_at=None, soon_at=None)
                | Q(due_at__isnull=False, soon_at__isnull=False, soon_at__lte=models.F("due_at")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def deliverables(self) -> list[Material]:
        """The results of firms among its material, as they came."""
        return [each for each in self.materials.all() if each.reference]

    @property
    def subject(self) -> str:
        """What the log calls it."""
        return f"case/{self.code}"

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def is_elsewhere(self) -> bool:
        return self.filed_in_id != self.district_id

    @property
    def shown_code(self) -> str:
        """The state in one code for the eye: a mark where the clock stands still, else the status, else the outcome."""
        if self.suspended:
            return "case_suspended"
        return f"case_{(self.special and 'special') or self.outcome or self.status}"

    @property
    def shown_label(self) -> str:
        if self.suspended:
            return str(_("已中止"))
        if self.special:
            return str(self.get_special_display())
        return str(self.get_outcome_display() if self.outcome else self.get_status_display())

    def urgency_at(self, now: datetime) -> str:
        """`late`, `soon` or nothing."""
        if self.due_at is None or self.soon_at is None:
            return ""
        return "late" if self.due_at <= now else "soon" if self.soon_at <= now else ""

    def is_overdue_at(self, now: datetime) -> bool:
        """Whether the limit of the law is over too."""
        return self.statutory_due_at is not None and self.statutory_due_at <= now


class CaseEvent(models.Model):
    """What happened to a case and when (办件事件). Never changed: a later event corrects an earlier one."""

    class Kind(models.TextChoices):
        RECEIVED = "case_received", _("收件")
        ACCEPTED = "case_accepted", _("受理")
        NOT_ACCEPTED = "case_not_accepted", _("不予受理")
        CORRECTION_ASKED = "correction_asked", _("要求补正")
        RESUBMITTED = "case_resubmitted", _("补正后再次提交")
        SPECIAL_STARTED = "special_started", _("特别程序开始")
        SPECIAL_ENDED = "special_ended", _("特别程序结束")
        SUSPENDED = "case_suspended", _("中止")
        RESUMED = "case_resumed", _("恢复办理")
        DECIDED = "case_decided", _("作出决定")
        WITHDRAWN = "case_withdrawn", _("撤回申请")
        RETRACTED = "retracted", _("更正：此事未发生")

    class Source(models.TextChoices):
        DESK = "desk", _("工作台")
        APPLICANT = "applicant", _("申请人")
        WINDOW = "window", _("一窗受理")
        API = "api", _("部门系统")
        IMPORT = "import", _("表格导入")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    number = models.PositiveSmallIntegerField(_("序号"))
    kind = models.CharField(_("事件"), max_length=20, choices=Kind)
    occurred_at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    source = models.CharField(_("来源"), max_length=12, choices=Source)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    client = models.ForeignKey(ApiClient, models.PROTECT, null=True, blank=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    event_id = models.CharField(_("部门事件编号"), max_length=80, blank=True)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    fault = models.CharField(_("原因在"), max_length=12, choices=Fault, blank=True)
    # Of a case that has several results of firms: the one at fault. Empty: whichever there is.
    deliverable = models.CharField(_("所指成果"), max_length=40, blank=True)
    category = models.CharField(_("原因类别"), max_length=16, choices=Category, blank=True)
    words = EncryptedTextField(_("说明"), blank=True, default="")
    first_time = models.BooleanField(_("本可一次性告知"), null=True, blank=True)
    special = models.CharField(_("特别程序"), max_length=12, choices=Special, blank=True)
    charged_to = models.CharField(_("责任方"), max_length=12, choices=Party, blank=True)
    outcome = models.CharField(_("结果"), max_length=8, choices=Case.Outcome, blank=True)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="corrected_by")
    waiting = models.BooleanField(_("等待前序事件"), default=False)

    class Meta:
        ordering = ["case_id", "occurred_at", "number"]
        verbose_name = _("办件事件")
        indexes = [models.Index(fields=["case", "occurred_at", "number"], name="event_of_case")]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="event_number"),
            models.UniqueConstraint(
                fields=["department", "event_id"], name="event_of_department_once", condition=~Q(event_id="")
            ),
            models.CheckConstraint(
                name="event_has_a_source", condition=Q(by__isnull=False) | Q(client__isnull=False)
            ),
            models.CheckConstraint(
                name="event_not_in_the_future", condition=Q(occurred_at__lte=models.F("recorded_at"))
            ),
            models.CheckConstraint(
                name="event_correction_whole",
                condition=~Q(kind="correction_asked") | (~Q(fault="") & ~Q(category="") & Q(first_time__isnull=False)),
            ),
            models.CheckConstraint(
                name="event_fault_whole",
                condition=~Q(kind__in=["case_not_accepted", "case_withdrawn"]) | ~Q(fault=""),
            ),
            models.CheckConstraint(
                name="event_deliverable_at_fault", condition=Q(deliverable="") | Q(fault="deliverable")
            ),
            models.CheckConstraint(
                name="event_special_whole", condition=~Q(kind="special_started") | ~Q(special="")
            ),
            models.CheckConstraint(
                name="event_suspension_whole", condition=~Q(kind="case_suspended") | ~Q(charged_to="")
            ),
            models.CheckConstraint(name="event_decision_whole", condition=~Q(kind="case_decided") | ~Q(outcome="")),
            models.CheckConstraint(
                name="event_retraction_corrects", condition=~Q(kind="retracted") | Q(corrects__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.case_id}#{self.number} {self.kind}"
