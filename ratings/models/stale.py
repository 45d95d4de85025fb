"""What is to be refreshed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class StaleMark(models.Model):
    """Something was recorded of `subject` (as `core.changes` calls it), and the lines that it touches must follow (待更新).

    Written in the transaction of the change, one row for each time: two that change the same never wait for each other, and a
    change during a refresh leaves a mark that the refresh has not seen. `not_before`: it could not be done; tried again then.
    """

    subject = models.CharField(max_length=40)
    not_before = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("待更新")

    def __str__(self) -> str:
        return self.subject
