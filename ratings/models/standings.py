"""A firm's standing from a moment on: what rounds, lists and the red list ask of the past."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from protocol.scores.policy import GRADES
from ratings.models.policy import ScorePolicy


class FirmStanding(models.Model):
    """A firm's joint score over all services, and what its standing came to, from a moment on (信用分沿革). Never altered.

    A row is added when the joint score, whether it is ranked, or the grade has changed; in hundredths. joint: empty where no
    line counts. Evaluations and deductions have moments of their own, so what they come to at a moment is computed for that
    moment (`ratings.domain.standings`); value and grade are what they were when the row was added.
    """

    firm = models.ForeignKey("market.Firm", models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("自"))
    policy = models.ForeignKey(ScorePolicy, models.PROTECT, related_name="+", db_index=False)
    joint = models.PositiveSmallIntegerField(_("综合效率分"), null=True, blank=True)
    ranked = models.BooleanField(_("参与排名"))
    value = models.PositiveSmallIntegerField(_("信用分"))
    grade = models.CharField(_("信用等级"), max_length=1, choices=[(each, each) for each in GRADES])

    class Meta:
        ordering = ["firm_id", "-at"]
        verbose_name = _("信用分沿革")
        constraints = [
            models.UniqueConstraint(fields=["firm", "at"], name="firm_standing_once"),
            models.CheckConstraint(
                name="firm_standing_within",
                condition=(Q(joint=None) | Q(joint__lte=10_000)) & Q(value__lte=10_000, grade__in=GRADES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.firm_id} {self.grade} {self.value / 100:.2f}"
