"""Consortia: several firms that enter a round as one. Until opening only they themselves know of it."""

from __future__ import annotations

import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from bidding.models.rounds import Round
from core.fields import EncryptedTextField

LEAST, MOST = 2, 5
"""So many firms a consortium has, the lead firm among them."""
SHARE_LENGTH = 300


def new_key() -> str:
    """An address that counts nothing: by a number anybody could tell how many consortia there are."""
    return secrets.token_hex(8)


class ConsortiumQuerySet(models.QuerySet["Consortium"]):
    def of(self, organisation: Organisation) -> Self:
        """Those that this organisation leads or is asked to join: all that anybody may see before opening."""
        return self.filter(parties__firm__organisation=organisation)

    def running(self) -> Self:
        return self.filter(ended_at=None)


class Consortium(models.Model):
    """Several firms that enter a round as one (联合体), under the USCC of the lead firm (牵头单位).

    After 招标投标法 第31条 and 招标投标法实施条例 第37条. Nothing here is in the admin.
    """

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    round = models.ForeignKey(Round, models.PROTECT, related_name="consortia")
    lead = models.ForeignKey("market.Firm", models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("提出时间"))
    ended_at = models.DateTimeField(_("解散时间"), null=True, blank=True)

    objects = ConsortiumQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-id"]
        verbose_name = _("联合体")
        constraints = [
            models.UniqueConstraint(fields=["round", "lead"], name="consortium_led_once", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return self.key


class ConsortiumParty(models.Model):
    """One firm of a consortium, the lead firm among them, with its share of the work (分工)."""

    class Status(models.TextChoices):
        ASKED = "asked", _("待确认")
        CONFIRMED = "confirmed", _("已确认")
        DECLINED = "declined", _("已谢绝")
        RELEASED = "released", _("已解散")

    consortium = models.ForeignKey(Consortium, models.PROTECT, related_name="parties")
    # The consortium's own, so that the database refuses a firm that has confirmed twice in a round.
    round = models.ForeignKey(Round, models.PROTECT, related_name="+")
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="consortium_parties")
    share = EncryptedTextField(_("分工"))
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    # What the sealed events call the firm: its USCC, or the blinded hash of a sole trader's (PROTOCOL §1).
    told = models.CharField(max_length=64, blank=True)

    # Frozen at closing, as in an entry.
    eligible = models.BooleanField(null=True)
    credit = models.DecimalField(_("信用分"), max_digits=5, decimal_places=2, null=True, blank=True)
    reason = models.CharField(_("无效原因"), max_length=60, blank=True)
    reason_detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["consortium_id", "id"]
        verbose_name = _("联合体成员")
        constraints = [
            models.UniqueConstraint(fields=["consortium", "firm"], name="consortium_party_once"),
            # 实施条例 第37条: nobody is in two consortia of a round.
            models.UniqueConstraint(
                fields=["round", "firm"], name="consortium_confirmed_once", condition=Q(status="confirmed")
            ),
        ]
        indexes = [models.Index(fields=["firm", "status"], name="consortium_party_of_firm")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_lead(self) -> bool:
        return self.firm_id == self.consortium.lead_id
