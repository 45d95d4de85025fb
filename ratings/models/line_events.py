"""The recorded events of lines, side by side."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ratings.models.line_rows import LineRow


class LineEvents(models.Model):
    """What was recorded of a line, in its order, as two columns (事件列): `ratings.recorded` says what the numbers mean.

    A copy of what rounds, contracts and cases have, so that a million lines can be computed anew without asking them;
    `cases` are the cases by their place in the numbers.
    """

    line = models.OneToOneField(LineRow, models.CASCADE, primary_key=True, related_name="recorded", db_constraint=False)
    codes = ArrayField(models.BigIntegerField())
    times = ArrayField(models.DateTimeField())
    cases = ArrayField(models.BigIntegerField(), default=list, blank=True)

    class Meta:
        ordering = ["line_id"]
        verbose_name = _("事项链条的事件")
        constraints = [
            models.CheckConstraint(name="line_events_whole", condition=Q(codes__len=F("times__len"))),
        ]

    def __str__(self) -> str:
        return str(self.line_id)
