"""Records of the national data standard's table for intermediary services (工程建设项目审批管理系统, version 3)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models.cases import Case
from approvals.models.departments import Department


class ServiceInstance(models.Model):
    """An intermediary service done for a case (中介服务事项实例): the pair of both joins a firm's time to a department's."""

    class LimitKind(models.TextChoices):
        WORKING = "1", _("工作日")
        CALENDAR = "2", _("自然日")

    department = models.ForeignKey(Department, models.PROTECT, related_name="service_instances")
    local_key = models.CharField(_("地方数据主键"), max_length=50)
    case = models.ForeignKey(Case, models.PROTECT, related_name="service_instances")
    division = models.CharField(_("行政区划代码"), max_length=12)
    project_code = models.CharField(_("项目代码"), max_length=40)
    service_name = models.CharField(_("中介服务事项名称"), max_length=200)
    service_code = models.CharField(_("中介服务事项编码"), max_length=40)
    standard_code = models.CharField(_("对应标准中介服务事项编码"), max_length=40, blank=True)
    code = models.CharField(_("中介服务事项实例编码"), max_length=64)
    limit = models.PositiveSmallIntegerField(_("办理时限"), null=True, blank=True)
    limit_kind = models.CharField(_("时限类型"), max_length=1, choices=LimitKind, blank=True)
    firm_code = models.CharField(_("中介机构代码"), max_length=18)
    firm_name = models.CharField(_("中介机构名称"), max_length=200)
    client = models.CharField(_("委托人"), max_length=200)
    client_code = models.CharField(_("委托人代码"), max_length=20)
    is_valid = models.BooleanField(_("数据有效标识"), default=True)
    invalid_reason = models.CharField(_("数据无效原因"), max_length=500, blank=True)
    imported_at = models.DateTimeField(_("导入时间"))

    class Meta:
        ordering = ["department_id", "local_key"]
        verbose_name = _("中介服务事项实例")
        constraints = [
            models.UniqueConstraint(fields=["department", "local_key"], name="service_instance_once"),
            models.CheckConstraint(
                name="service_instance_limit_whole", condition=Q(limit=None, limit_kind="") | ~Q(limit_kind="")
            ),
            models.CheckConstraint(
                name="service_instance_reason", condition=Q(is_valid=True) | ~Q(invalid_reason="")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.local_key
