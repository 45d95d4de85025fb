"""Winners who walk away or have to step aside, and who follows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bidding.models.rounds import Lot


class Substitution(models.Model):
    """A winner that has walked away from a lot (弃选) or steps aside from it (回避), and the firm that follows it (递补).

    `iteration` is that of the new draw, where the method draws again; until the custodian's code is there nobody follows.
    """

    class Cause(models.TextChoices):
        WALKED_AWAY = "walked_away", _("弃选")
        RECUSED = "recused", _("回避")

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="substitutions")
    number = models.PositiveSmallIntegerField()
    cause = models.CharField(_("缘由"), max_length=12, choices=Cause, default=Cause.WALKED_AWAY)
    at = models.DateTimeField(_("弃选时间"))
    out = models.ForeignKey("market.Firm", models.PROTECT, related_name="+")
    reason = models.CharField(_("弃选原因"), max_length=500)
    iteration = models.PositiveSmallIntegerField(null=True, blank=True)
    successor = models.ForeignKey("market.Firm", models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(_("递补时间"), null=True, blank=True)

    class Meta:
        ordering = ["lot_id", "number"]
        verbose_name = _("递补")
        constraints = [
            models.UniqueConstraint(fields=["lot", "number"], name="substitution_number"),
            models.UniqueConstraint(fields=["lot"], name="substitution_one_open", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.number}"
