"""Supplementary agreements: a change of a sealed contract, sealed by the same parties."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts.models.contracts import Contract, ContractParty
from contracts.models.delivery import Matter
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField


class SupplementQuerySet(models.QuerySet["Supplement"]):
    def waiting(self) -> Self:
        return self.filter(status=Supplement.Status.WAITING)

    def lapsed_at(self, now: datetime) -> Self:
        """Those that were not sealed by everybody within their term."""
        return self.waiting().filter(due_at__lte=now).order_by("id")

    def in_force(self) -> Self:
        return self.filter(status=Supplement.Status.IN_FORCE)


class Supplement(models.Model):
    """A supplementary agreement (补充协议) that follows from an agreed change. Nothing changes before everybody has sealed it.

    `plan` are the milestones as they will be: number, amount and days of each. `raised_by`: the side that asked for a higher
    price, empty where the price does not rise; credit standing counts what a firm raised (DOMAIN "The joint score").
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("待盖章")
        IN_FORCE = "in_force", _("已生效")
        WITHDRAWN = "withdrawn", _("未盖章，已撤回")
        LAPSED = "lapsed", _("逾期未盖齐，已失效")

    lifecycle = Lifecycle({Status.WAITING: {Status.IN_FORCE, Status.WITHDRAWN, Status.LAPSED}})

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="supplements")
    matter = models.OneToOneField(Matter, models.PROTECT, related_name="supplement")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.WAITING)
    price_before = MoneyField(_("原价款（元）"))
    price = MoneyField(_("变更后的价款（元）"))
    days_before = models.PositiveSmallIntegerField(_("原承诺时限（工作日）"))
    days = models.PositiveSmallIntegerField(_("变更后的承诺时限（工作日）"))
    # Empty where what is to be done stays as it was.
    scope = models.TextField(_("变更后的服务内容"), max_length=5000, blank=True)
    plan = models.JSONField(default=list)
    raised_by = models.CharField(_("提出加价的一方"), max_length=6, choices=ContractParty.Side, blank=True)

    text_sha256 = models.CharField(max_length=64, editable=False)
    document = models.FileField(_("协议文件"), upload_to="contracts/")
    sha256 = models.CharField(max_length=64, editable=False)

    made_at = models.DateTimeField(_("订立时间"))
    due_at = models.DateTimeField(_("盖章期限"))
    in_force_at = models.DateTimeField(_("生效时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("失效时间"), null=True, blank=True)
    end_reason = EncryptedTextField(_("撤回原因"), blank=True, default="")

    objects = SupplementQuerySet.as_manager()

    class Meta:
        ordering = ["contract_id", "number"]
        verbose_name = _("补充协议")
        indexes = [models.Index(fields=["due_at"], name="supplement_to_seal", condition=Q(status="waiting"))]
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="supplement_number"),
            models.UniqueConstraint(fields=["contract"], name="supplement_one_waiting", condition=Q(status="waiting")),
            models.CheckConstraint(name="supplement_has_a_term", condition=Q(days__gte=1, price__gt=0)),
            models.CheckConstraint(
                name="supplement_changes_something",
                condition=~Q(price=F("price_before")) | ~Q(days=F("days_before")) | ~Q(scope=""),
            ),
            models.CheckConstraint(
                name="supplement_raised_by_somebody",
                condition=Q(raised_by="", price__lte=F("price_before"))
                | (~Q(raised_by="") & Q(price__gt=F("price_before"))),
            ),
            models.CheckConstraint(
                name="supplement_dated",
                condition=Q(status="waiting", in_force_at=None, ended_at=None)
                | Q(status="in_force", in_force_at__isnull=False, ended_at=None)
                | Q(status__in=["withdrawn", "lapsed"], in_force_at=None, ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """What people call it: the code of its contract and its own number."""
        return f"{self.contract.code}-{self.number}"

    @property
    def subject(self) -> str:
        """What the public log calls it."""
        return f"supplement/{self.code}"

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"supplement_{self.status}"

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.WAITING

    @property
    def is_raised_by_firm(self) -> bool:
        return self.raised_by == ContractParty.Side.FIRM


class SupplementSeal(models.Model):
    """A party's seal on a supplementary agreement; `sha256` is of the PDF with this seal the last one on it."""

    supplement = models.ForeignKey(Supplement, models.PROTECT, related_name="seals")
    party = models.ForeignKey(ContractParty, models.PROTECT, related_name="supplement_seals")
    sealed_at = models.DateTimeField(_("盖章时间"))
    sealed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ["supplement_id", "sealed_at", "id"]
        verbose_name = _("补充协议的盖章")
        constraints = [models.UniqueConstraint(fields=["supplement", "party"], name="supplement_sealed_once")]

    def __str__(self) -> str:
        return f"{self.supplement_id}/{self.party_id}"
