"""Files that go with a step of a procedure: an objection, a deduction, an inquiry."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Attachment(models.Model):
    """One of a few files that were handed in together, for the same readers as the words that it goes with.

    A model says to what it belongs, and where its `file` is kept.
    """

    number = models.PositiveSmallIntegerField()
    file = models.FileField(_("文件"))
    sha256 = models.CharField(max_length=64, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What the file is called when it is handed out."""
        return str(self.file.name).rpartition("/")[2]
