"""Cases as the clock of departments has them, each once."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ratings.models.line_rows import LineRow


class CaseRow(models.Model):
    """The department's time of a case that serves one line or several: each moment once (`measures.department_segments`).

    `used2` in whole microseconds of working time, as in `LineRow`. While the department has the ball in all its lines,
    `counted_from` is from when the part that runs counts. `lines` is how many lines it serves.
    """

    case = models.OneToOneField(
        "approvals.Case", models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    department = models.ForeignKey(
        "approvals.Department", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    item = models.ForeignKey(
        "approvals.ApprovalItem", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    committed_days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), null=True, blank=True)
    statutory_days = models.PositiveSmallIntegerField(_("法定时限（工作日）"), null=True, blank=True)
    received_at = models.DateTimeField(_("收件时间"), null=True, blank=True)
    decided_at = models.DateTimeField(_("审批决定时间"), null=True, blank=True)
    lines = models.PositiveIntegerField()
    used2 = models.BigIntegerField()
    late_corrections = models.PositiveSmallIntegerField(_("未一次性告知的补正次数"))
    counted_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["case_id"]
        verbose_name = _("审批办件用时")
        indexes = [
            models.Index(fields=["department", "item", "decided_at"], name="case_row_of_department"),
            models.Index(fields=["item", "decided_at"], name="case_row_of_item"),
            models.Index(fields=["case"], name="case_row_of_several", condition=Q(lines__gt=1)),
        ]
        constraints = [
            models.CheckConstraint(name="case_row_serves_a_line", condition=Q(lines__gte=1)),
            models.CheckConstraint(name="case_row_used_not_negative", condition=Q(used2__gte=0)),
            models.CheckConstraint(
                name="case_row_decided_after_received", condition=Q(decided_at=None) | Q(decided_at__gte=F("received_at"))
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.case_id)


class CaseOfLine(models.Model):
    """Which cases a line was or is with: those that were there before it ended."""

    pk = models.CompositePrimaryKey("line_id", "case_id")
    line = models.ForeignKey(LineRow, models.CASCADE, related_name="case_links", db_constraint=False, db_index=False)
    case = models.ForeignKey("approvals.Case", models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        verbose_name = _("事项链条的办件")
        indexes = [models.Index(fields=["case"], name="line_of_case")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.case_id}"
