"""Contracts on file with the service centre."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contracts import Contract
from core.fields import EncryptedTextField


class FilingQuerySet(models.QuerySet["Filing"]):
    def waiting(self) -> Self:
        """Those that the centre has not filed yet, what is due first on top."""
        return self.filter(filed_at=None).order_by("due_at", "id")

    def filed(self) -> Self:
        return self.filter(filed_at__isnull=False).order_by("-filed_at", "-id")

    def late(self, *, now: datetime) -> Self:
        return self.filter(filed_at=None, due_at__lt=now)


class Filing(models.Model):
    """That a sealed contract is on file with the service centre (合同备案).

    It waits from the last seal on, nobody carries it there. The centre files what agrees with the award, or says what
    does not; the parties then mend it by a change of the contract, and the centre files it after that. A change that comes into
    force later is filed too (变更备案), under the number that the contract has. Filing is no condition of the contract's force
    (民法典 第502条: only where a law says so), so it moves no clock.
    """

    contract = models.OneToOneField(Contract, models.PROTECT, related_name="filing")
    due_at = models.DateTimeField(_("备案期限"))
    number = models.CharField(_("备案号"), max_length=20, unique=True, null=True, blank=True)
    filed_at = models.DateTimeField(_("备案时间"), null=True, blank=True)
    filed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    # The last that the centre has found fault with; for the parties, the centre and the regulator.
    remark = EncryptedTextField(_("备案意见"), blank=True, default="")
    remarked_at = models.DateTimeField(_("提出意见时间"), null=True, blank=True)

    objects = FilingQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        verbose_name = _("合同备案")
        indexes = [
            models.Index(fields=["due_at", "id"], name="filing_waiting", condition=Q(filed_at=None)),
            models.Index(fields=["-filed_at", "-id"], name="filing_filed", condition=Q(filed_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="filing_whole",
                condition=Q(filed_at=None, filed_by=None)
                | Q(filed_at__isnull=False, filed_by__isnull=False, number__isnull=False),
            ),
            models.CheckConstraint(
                name="filing_after_its_remark",
                condition=Q(filed_at=None) | Q(remarked_at=None) | Q(filed_at__gte=F("remarked_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.contract_id}"

    @property
    def is_filed(self) -> bool:
        return self.filed_at is not None

    @property
    def is_changed(self) -> bool:
        """Whether it was on file before a change came into force that is not."""
        return self.filed_at is None and self.number is not None

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return "filing_done" if self.filed_at else "filing_remarked" if self.remarked_at else "filing_waiting"

    @property
    def label(self) -> str:
        """Its status in a word."""
        if self.filed_at:
            return str(_("已备案"))
        if self.remarked_at:
            return str(_("备案待补正"))
        return str(_("待变更备案") if self.is_changed else _("待备案"))
