"""The systems of departments that send events by themselves."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import functions
from django.utils.translation import gettext_lazy as _

from approvals.models.departments import Department


class ApiClientQuerySet(models.QuerySet["ApiClient"]):
    def usable(self) -> Self:
        return self.filter(revoked_at=None)


class ApiClient(models.Model):
    """A system of a department (接入系统) and the public key by which it signs. Whoever reads the database can sign nothing."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="clients")
    key_id = models.CharField(_("客户端编号"), max_length=24, unique=True)
    label = models.CharField(_("系统名称"), max_length=60)
    public_key = models.BinaryField(_("公钥"), max_length=32)
    created_at = models.DateTimeField(_("建立时间"), db_default=functions.Now())
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("作废时间"), null=True, blank=True)

    objects = ApiClientQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("接入系统")
        indexes = [models.Index(fields=["department", "-created_at"], name="client_of_department")]

    def __str__(self) -> str:
        return self.label
