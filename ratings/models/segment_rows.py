"""Segments of lines as rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ratings.models.line_rows import LineRow
from ratings.models.numbers import KIND_CHOICES, PARTY_CHOICES, CountsFor


class SegmentRow(models.Model):
    """A segment of a line (时段), numbered from 1; the last one of a running line has no end.

    `worked` is its working time in whole microseconds, `counted` what of it its limit counts (a limit begins with the day after
    it was set). `cause` is the place, from 1, of the event that began it in the line's recorded events. The segments of a line
    are written by one statement, and the database refuses it where they leave a gap, overlap, or do not fill the line.
    """

    pk = models.CompositePrimaryKey("line_id", "number")
    line = models.ForeignKey(LineRow, models.CASCADE, related_name="segments", db_constraint=False, db_index=False)
    number = models.SmallIntegerField()
    kind = models.PositiveSmallIntegerField(_("时段"), choices=KIND_CHOICES)
    party = models.PositiveSmallIntegerField(_("责任方"), choices=PARTY_CHOICES)
    counts_for = models.PositiveSmallIntegerField(choices=CountsFor)
    cause = models.SmallIntegerField()
    case = models.ForeignKey(
        "approvals.Case", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    started_at = models.DateTimeField(_("开始时间"))
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    worked = models.BigIntegerField(null=True, blank=True)
    counted = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["line_id", "number"]
        verbose_name = _("时段")
        constraints = [
            models.CheckConstraint(
                name="segment_whole",
                condition=Q(ended_at=None, worked=None, counted=None)
                | Q(ended_at__gt=F("started_at"), worked__gte=F("counted"), counted__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}/{self.number}"
