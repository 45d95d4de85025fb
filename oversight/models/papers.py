"""What CL4 compares of proposals: keyed hashes of what a file says of itself, made after opening."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class PaperMarks(models.Model):
    """A proposal file as it can be compared with others of its round and nowhere else (方案文件特征).

    `author` and `numbers` are keyed hashes, `sketch` a sample of keyed hashes of its text (`oversight.screens.wording`), all
    salted with the round. A row without any says that the file has been read and tells nothing. It goes with the file.
    """

    file = models.OneToOneField("bidding.ProposalFile", models.CASCADE, related_name="marks")
    author = models.BinaryField(max_length=32, null=True)
    numbers = ArrayField(models.BinaryField(max_length=32), default=list)
    sketch = ArrayField(models.BigIntegerField(), default=list)
    read_at = models.DateTimeField(_("读取时间"))

    class Meta:
        ordering = ["id"]
        verbose_name = _("方案文件特征")

    def __str__(self) -> str:
        return str(self.pk)
