"""Rounds that are stopped because a tie of an entrant has become known (回避)."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bidding.models.rounds import Round


class StopQuerySet(models.QuerySet["Stop"]):
    def pending(self) -> Self:
        """Those that hold their round: not decided, and the round not over."""
        return self.filter(outcome="").exclude(round__status__in=Stop.MOOT_IN)

    def for_list(self) -> Self:
        return self.select_related("round__owner", "round__department__organisation", "firm__organisation")


class Stop(models.Model):
    """That a round stands still since an entrant was found to have to step aside (暂停), until a regulator has decided.

    `firm` is whoever has entered: of a consortium its lead firm. `reasons` say what was found, organisations by name and natural
    persons never: `[{"code", "detail", "key", "party"}]`. Who it is stays back as long as the names of the entrants do.
    """

    class Outcome(models.TextChoices):
        """What the regulator has decided."""

        KEPT = "kept", _("无须回避，继续进行")
        SET_ASIDE = "set_aside", _("应当回避，继续进行")
        VOIDED = "voided", _("比选作废")

    MOOT_IN = (Round.Status.FAILED, Round.Status.CANCELLED, Round.Status.VOID)

    round = models.ForeignKey(Round, models.PROTECT, related_name="stops")
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="stops")
    reasons = models.JSONField(_("原因"), default=list)
    stopped_at = models.DateTimeField(_("暂停时间"))
    outcome = models.CharField(_("处理"), max_length=10, choices=Outcome, blank=True)
    decision = models.CharField(_("决定和理由"), max_length=500, blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")

    objects = StopQuerySet.as_manager()

    class Meta:
        ordering = ["round_id", "stopped_at", "id"]
        verbose_name = _("暂停")
        indexes = [models.Index(fields=["stopped_at", "id"], name="stop_waiting", condition=Q(outcome=""))]
        constraints = [
            models.UniqueConstraint(fields=["round", "firm"], name="stop_one_waiting", condition=Q(outcome="")),
            models.UniqueConstraint(
                fields=["round", "firm"], name="stop_set_aside_once", condition=Q(outcome="set_aside")
            ),
            models.CheckConstraint(
                name="stop_decided_whole",
                condition=Q(outcome="", decided_at=None) | Q(decided_at__isnull=False, decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.firm_id} {self.outcome}"

    @property
    def is_pending(self) -> bool:
        return not self.outcome and self.round.status not in self.MOOT_IN
