"""What the API keeps of its own."""

from __future__ import annotations

from django.db import models

from accounts.models import Membership


class IdempotentAnswer(models.Model):
    """The answer to a write with an `Idempotency-Key`, so that sending it again changes nothing and is answered alike."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "key"], name="answer_once")]
        indexes = [models.Index(fields=["at"], name="answer_at")]

    def __str__(self) -> str:
        return self.key
