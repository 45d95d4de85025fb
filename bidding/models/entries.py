"""Entries and what comes of them. Before opening an entry shows nothing but that its own firm has one."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from bidding.models.consortia import Consortium
from bidding.models.rounds import Lot, Round
from core.money import MoneyField


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, organisation: Organisation) -> Self:
        """A firm's own entries: all that anybody may see before opening."""
        return self.filter(firm__organisation=organisation)

    def disclosed(self) -> Self:
        return self.filter(lot__round__status__in=Round.DISCLOSED, lot__round__opened_at__isnull=False)

    def live(self) -> Self:
        return self.filter(withdrawn_at=None)


class Entry(models.Model):
    """A firm's sealed entry in a lot (报名与报价): the envelope of PROTOCOL §2, opened only with all the others.

    Names, amounts and the number of entries are nobody's to know before opening: nothing here is in the admin.
    """

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="entries")
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="entries")
    admission = models.ForeignKey("market.Admission", models.PROTECT, related_name="+")
    # For whom the firm enters as the lead firm; empty where it enters alone.
    consortium = models.ForeignKey(Consortium, models.PROTECT, null=True, blank=True, related_name="entries")
    submitted_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    received_at = models.DateTimeField(_("收到时间"))
    replacements = models.PositiveSmallIntegerField(default=0)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    envelope = models.BinaryField(max_length=6144, null=True)
    envelope_sha256 = models.CharField(max_length=64, blank=True)
    token_sha256 = models.CharField(max_length=64, blank=True)
    receipt = models.ForeignKey("ledger.QueuedEntry", models.PROTECT, null=True, related_name="+")

    # Frozen at closing: whether the firm may take part, by the reasons of bidding.domain.eligibility, and its credit score
    # where the method weighs it.
    eligible = models.BooleanField(null=True)
    credit = models.DecimalField(_("信用分"), max_digits=5, decimal_places=2, null=True, blank=True)
    # Known after opening.
    opened = models.BooleanField(null=True)
    amount = MoneyField(_("报价"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), null=True, blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    valid = models.BooleanField(null=True)
    reason = models.CharField(_("无效原因"), max_length=60, blank=True)
    reason_detail = models.CharField(max_length=300, blank=True)
    # By the method `scored`: what the firm has for each part, as protocol.methods.scored prints it.
    scores = models.JSONField(_("得分"), null=True, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["lot_id", "id"]
        verbose_name = _("报名")
        constraints = [
            models.UniqueConstraint(fields=["lot", "firm"], name="entry_once"),
            models.CheckConstraint(name="entry_at_most_10_replacements", condition=Q(replacements__lte=10)),
            models.CheckConstraint(
                name="entry_withdrawn_is_empty",
                condition=Q(withdrawn_at__isnull=True, envelope__isnull=False)
                | Q(withdrawn_at__isnull=False, envelope__isnull=True),
            ),
            models.CheckConstraint(name="entry_invalid_says_why", condition=~Q(valid=False) | ~Q(reason="")),
        ]
        indexes = [models.Index(fields=["firm", "-received_at"], name="entry_of_firm")]

    def __str__(self) -> str:
        return str(self.pk)


class Draw(models.Model):
    """One iteration of the draw of PROTOCOL §3 in a lot, with everything that is needed to compute it again."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="draws")
    purpose = models.CharField(max_length=20)
    iteration = models.PositiveSmallIntegerField()
    one_time_code = models.CharField(max_length=64)
    randomness = models.TextField()
    labels = models.JSONField()
    order = models.JSONField()

    class Meta:
        ordering = ["lot_id", "iteration"]
        verbose_name = _("抽取")
        constraints = [models.UniqueConstraint(fields=["lot", "purpose", "iteration"], name="draw_once")]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.purpose} {self.iteration}"


class AwardQuerySet(models.QuerySet["Award"]):
    def in_force(self) -> Self:
        """Without those whose firm has walked away."""
        return self.filter(revoked_at=None)


class Award(models.Model):
    """The award of a lot (中选): the firm, the amount in yuan and the notice (中选通知书) that can be printed."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="awards")
    code = models.CharField(_("通知书编号"), max_length=20, unique=True)
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="awards")
    amount = MoneyField(_("中选金额"))
    days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), null=True, blank=True)
    issued_at = models.DateTimeField(_("发出时间"))
    contract_due_at = models.DateTimeField(_("签约期限"))
    revoked_at = models.DateTimeField(_("失效时间"), null=True, blank=True)
    signed_at = models.DateTimeField(_("签约时间"), null=True, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at"]
        verbose_name = _("中选")
        constraints = [
            models.UniqueConstraint(fields=["lot"], name="award_one_in_force", condition=Q(revoked_at=None)),
            models.CheckConstraint(
                name="award_signed_is_not_revoked", condition=Q(signed_at=None) | Q(revoked_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.code
