"""Other rules of scoring, tried on what has happened."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ratings.models.policy import ScorePolicy

UNTRIED = ("id", "version", "valid_from", "valid_to", "legal_basis")
"""What of a policy is no number to be tried."""


class PolicyTrial(models.Model):
    """A trial (试算) of numbers for the scores: the whole history by them, beside the rules in force. It changes no score.

    numbers: the fields of `ScorePolicy` that are tried. result: counts and rows as `ratings.domain.trials` writes them.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("试算中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("没有算成")

    numbers = models.JSONField(encoder=DjangoJSONEncoder)
    beside = models.ForeignKey(ScorePolicy, models.PROTECT, related_name="+")
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.WAITING)
    asked_at = models.DateTimeField(_("提出时间"))
    asked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("评分规则试算")
        constraints = [
            models.CheckConstraint(
                name="policy_trial_done_with_result",
                condition=Q(status="done", done_at__isnull=False, result__isnull=False) | (~Q(status="done") & Q(result=None)),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.pk}: {self.status}"

    @property
    def changed(self) -> list[tuple[str, Any, Any]]:
        """What is tried otherwise than in force: the name of a number, its value in force, and the tried one."""
        found = []
        for field in ScorePolicy._meta.fields:
            if field.name in self.numbers:
                tried = field.to_python(self.numbers[field.name])
                if tried != getattr(self.beside, field.name):
                    found.append((str(field.verbose_name), getattr(self.beside, field.name), tried))
        return found
