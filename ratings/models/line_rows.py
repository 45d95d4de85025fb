"""Lines as rows: what scores, league tables and lists read."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ratings.columns import DECIDED
from ratings.models.numbers import (
    KIND_CHOICES,
    KIND_OF,
    OUTCOME_OF,
    PARTY_CHOICES,
    PARTY_OF,
    RUNNING,
    CountsFor,
)
from ratings.timeline import Kind, Outcome, Party


class LineRowQuerySet(models.QuerySet["LineRow"]):
    def running(self) -> Self:
        return self.filter(ended_at=None)

    def ended(self) -> Self:
        return self.filter(ended_at__isnull=False)


class LineRow(models.Model):
    """A line (事项链条) as it stood when it was last refreshed: what follows from its recorded events, for reading many at once.

    `used1` and `used2` are exact: whole microseconds of working time, of the segments that have ended. A working day is 24 hours
    of its date and moments are whole microseconds, so days × 86,400,000,000 is a whole number; the least of 0.01 day that the
    score asks for is not in it. A row need not be written because time passes: while a line runs, `ball_*` says who has the ball,
    and the working time from `ball_counted_from` to now is what comes on top of the sum that `ball_counts_for` names.

    Nothing is recorded here, so a row may be thrown away and made again (`refresh_lines`); that is why its references are not
    the database's business (a million lines have ten million of them), and go with what they name.
    """

    code = models.CharField(_("事项链条"), max_length=32, unique=True)
    need = models.ForeignKey("market.Need", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    project = models.ForeignKey("market.Project", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    owner = models.ForeignKey(
        "accounts.Organisation", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    service = models.ForeignKey("market.Service", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    item = models.ForeignKey(
        "approvals.ApprovalItem", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    department = models.ForeignKey(
        "approvals.Department", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    district = models.ForeignKey(
        "approvals.District", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    # Of the award in force; empty before.
    firm = models.ForeignKey(
        "market.Firm", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    award = models.ForeignKey(
        "bidding.Award", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    contract = models.ForeignKey(
        "contracts.Contract",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    last_case = models.ForeignKey(
        "approvals.Case", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )

    promised_days = models.PositiveSmallIntegerField(_("承诺时限（工作日）"), null=True, blank=True)
    # The service's guideline at the award, and what the version of the item says by which the last case is handled.
    standard_days = models.PositiveSmallIntegerField(_("指导时限（工作日）"), null=True, blank=True)
    committed_days = models.PositiveSmallIntegerField(_("部门承诺时限（工作日）"), null=True, blank=True)
    statutory_days = models.PositiveSmallIntegerField(_("法定时限（工作日）"), null=True, blank=True)

    outcome = models.PositiveSmallIntegerField(_("结果"))
    started_at = models.DateTimeField(_("开始时间"))
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("业主验收时间"), null=True, blank=True)
    decided_at = models.DateTimeField(_("审批决定时间"), null=True, blank=True)
    used1 = models.BigIntegerField()
    used2 = models.BigIntegerField()
    quality_returns = models.PositiveSmallIntegerField(_("因质量退回次数"))
    deliverable_corrections = models.PositiveSmallIntegerField(_("因成果补正次数"))
    late_corrections = models.PositiveSmallIntegerField(_("未一次性告知的补正次数"))
    ball_kind = models.PositiveSmallIntegerField(_("当前时段"), choices=KIND_CHOICES, null=True, blank=True)
    ball_party = models.PositiveSmallIntegerField(_("当前责任方"), choices=PARTY_CHOICES, null=True, blank=True)
    ball_since = models.DateTimeField(null=True, blank=True)
    ball_counted_from = models.DateTimeField(null=True, blank=True)
    ball_counts_for = models.PositiveSmallIntegerField(choices=CountsFor, null=True, blank=True)

    objects = LineRowQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("事项链条")
        indexes = [
            models.Index(fields=["need"], name="line_of_need"),
            models.Index(fields=["firm", "service", "ended_at"], name="line_of_firm", condition=Q(firm__isnull=False)),
            models.Index(fields=["department", "item", "ended_at"], name="line_of_department"),
            models.Index(fields=["district", "ended_at"], name="line_of_district"),
            models.Index(fields=["ended_at", "id"], name="line_ended", condition=Q(ended_at__isnull=False)),
            models.Index(fields=["ball_party", "ball_kind"], name="line_running", condition=Q(ended_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                name="line_ends_with_an_outcome",
                condition=Q(outcome=RUNNING, ended_at=None) | (Q(outcome__gt=RUNNING) & Q(ended_at__gt=F("started_at"))),
            ),
            models.CheckConstraint(
                name="line_running_has_a_ball",
                condition=Q(
                    ended_at=None, ball_kind__isnull=False, ball_party__isnull=False, ball_since__isnull=False,
                    ball_counted_from__isnull=False, ball_counts_for__isnull=False,
                )
                | Q(
                    ended_at__isnull=False, ball_kind=None, ball_party=None, ball_since=None, ball_counted_from=None,
                    ball_counts_for=None,
                ),
            ),
            models.CheckConstraint(
                name="line_decided_with_its_end",
                condition=Q(outcome__in=DECIDED, decided_at=F("ended_at"))
                | (~Q(outcome__in=DECIDED) & Q(decided_at=None)),
            ),
            models.CheckConstraint(
                name="line_firm_by_award",
                condition=Q(firm=None, award=None) | Q(firm__isnull=False, award__isnull=False),
            ),
            models.CheckConstraint(name="line_used_not_negative", condition=Q(used1__gte=0, used2__gte=0)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def outcome_name(self) -> Outcome:
        """How it stands, as the timeline calls it."""
        return OUTCOME_OF[self.outcome]

    @property
    def ball(self) -> tuple[Kind, Party] | None:
        """Who has the ball and why, while it runs."""
        if self.ball_kind is None or self.ball_party is None:
            return None
        return KIND_OF[self.ball_kind], PARTY_OF[self.ball_party]
