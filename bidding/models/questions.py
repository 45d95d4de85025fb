"""Questions to a round, and the answers that everybody reads."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bidding.models.rounds import Round

QUESTION_LENGTH = 500
ANSWER_LENGTH = 1_000


class QuestionQuerySet(models.QuerySet["Question"]):
    def waiting(self) -> Self:
        return self.filter(answered_at=None)

    def to_answer(self, *, now: datetime) -> Self:
        """What can still be answered, oldest first: its deadline is its round's."""
        taking = Q(round__status=Round.Status.ANNOUNCED, round__closes_at__gt=now)
        return self.waiting().filter(taking).order_by("asked_at", "id")

    def addenda(self) -> Self:
        """Answers that changed the requirement, in their order."""
        return self.filter(addendum__isnull=False).order_by("addendum")


class Question(models.Model):
    """A question to a round (答疑) with its answer. One that changed the requirement is an addendum (补遗) too.

    Who asked is nobody's to know but the asker's own: no page, list, file or log entry has it, and the admin neither.
    """

    round = models.ForeignKey(Round, models.PROTECT, related_name="questions")
    number = models.PositiveSmallIntegerField(_("序号"))
    asker = models.ForeignKey("market.Firm", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("提问时间"))
    text = models.TextField(_("问题"), max_length=QUESTION_LENGTH)

    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    answered_by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.TextField(_("答复"), max_length=ANSWER_LENGTH, blank=True)
    addendum = models.PositiveSmallIntegerField(_("补遗号"), null=True, blank=True)
    closed_before = models.DateTimeField(_("原截止时间"), null=True, blank=True)
    closes_at = models.DateTimeField(_("补遗后的截止时间"), null=True, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["round_id", "number"]
        verbose_name = _("提问")
        indexes = [models.Index(fields=["round", "asked_at"], name="question_waiting", condition=Q(answered_at=None))]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="question_number"),
            models.UniqueConstraint(fields=["round", "addendum"], name="question_addendum_number"),
            models.CheckConstraint(name="question_asks_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="question_answered_whole",
                condition=Q(answered_at=None, answered_by=None, answer="", addendum=None)
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            ),
            models.CheckConstraint(
                name="question_addendum_never_shortens",
                condition=Q(addendum=None, closed_before=None, closes_at=None)
                | Q(addendum__isnull=False, closes_at__gte=F("closed_before")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}/{self.number}"

    @property
    def moved_the_deadline(self) -> bool:
        return self.closes_at is not None and self.closes_at != self.closed_before
