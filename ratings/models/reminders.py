"""What the one clock keeps: who was told early that something will be late."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from market.models import Part
from ratings.words import KINDS


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def standing(self) -> Self:
        """Those whose reader still has the ball."""
        return self.filter(gone_at=None)

    def of(self, organisation: Organisation) -> Self:
        """What is on the desk of an organisation: of each line the latest mark alone, what is due first on top."""
        return self.standing().filter(organisation=organisation, is_latest=True).order_by("limit_at", "id")


class Reminder(models.Model):
    """Whoever has the ball is told once that half, three quarters or all of its time is used (期限提醒).

    It follows from the events of a line: `segment` is the id of the event that gave the ball away, with the kind of time. It is
    gone when the ball moves, or when a correction shows that there was nothing to tell; should the same come again, it is the
    same row. No change of state, so nothing of it is in the log.
    """

    class Mark(models.IntegerChoices):
        HALF = 1, _("已用一半")
        THREE_QUARTERS = 2, _("已用四分之三")
        LIMIT = 3, _("已到期限")

    need = models.ForeignKey("market.Need", models.PROTECT, related_name="reminders")
    line = models.CharField(_("事项链条"), max_length=32)
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="reminders")
    kind = models.CharField(_("时段"), max_length=16)
    segment = models.CharField(max_length=80)
    mark = models.PositiveSmallIntegerField(_("提醒"), choices=Mark)
    limit_at = models.DateTimeField(_("期限"))
    told_at = models.DateTimeField(_("提醒时间"))
    gone_at = models.DateTimeField(_("撤下时间"), null=True, blank=True)
    # Of several marks of one segment the last is shown.
    is_latest = models.BooleanField(default=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["limit_at", "id"]
        verbose_name = _("期限提醒")
        indexes = [
            models.Index(
                fields=["organisation", "limit_at"],
                name="reminder_on_desk",
                condition=Q(gone_at=None, is_latest=True),
            ),
            models.Index(fields=["need"], name="reminder_standing", condition=Q(gone_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["line", "segment", "mark", "organisation"], name="reminder_once"),
            models.UniqueConstraint(
                fields=["line"], name="reminder_one_shown", condition=Q(gone_at=None, is_latest=True)
            ),
            models.CheckConstraint(name="reminder_mark", condition=Q(mark__in=[1, 2, 3])),
            models.CheckConstraint(
                name="reminder_gone_after_told", condition=Q(gone_at=None) | Q(gone_at__gte=models.F("told_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.segment} {self.mark}"

    @property
    def part(self) -> Part:
        """The service and item of its line: a further one of its need, or the first."""
        _need, _dot, number = self.line.rpartition(".")
        return next((part for part in self.need.parts if str(part.number) == number), self.need.parts[0])

    @property
    def kind_label(self) -> str:
        return str(KINDS[self.kind][0])  # type: ignore[index]

    @property
    def next_label(self) -> str:
        """What ends the time that runs."""
        return str(KINDS[self.kind][1])  # type: ignore[index]
