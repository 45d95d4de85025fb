"""The queue of the public log: what has happened, in the words of PROTOCOL §1, waiting for the sequencer."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class QueuedEntry(models.Model):
    """An entry of the public log (公开日志), final once its transaction has committed.

    `entry` are the exact bytes of the JCS object; the leaf is SHA-256(0x00 ‖ entry). `event` and `blind` are kept for
    sealed entries only, until opening publishes them. `index` is given by the sequencer.
    """

    at = models.DateTimeField(_("时间"))
    type = models.CharField(_("类型"), max_length=60)
    subject = models.CharField(_("对象"), max_length=80)
    entry = models.BinaryField(_("条目"), max_length=16 * 1024)
    leaf = models.BinaryField(_("叶哈希"), max_length=32)
    index = models.BigIntegerField(_("序号"), null=True, unique=True)

    # Sealed entries say nothing in public before opening; whose they are is known inside only.
    sealed_for = models.CharField(_("密封对象"), max_length=80, blank=True)
    event = models.BinaryField(_("密封事件"), null=True)
    blind = models.BinaryField(_("盲值"), max_length=16, null=True)

    class Meta:
        verbose_name = _("日志条目")
        indexes = [
            models.Index(fields=["subject", "id"], name="ledger_subject"),
            models.Index(fields=["sealed_for", "id"], name="ledger_sealed_for", condition=~Q(sealed_for="")),
            models.Index(fields=["id"], name="ledger_waiting", condition=Q(index=None)),
        ]
        constraints = [
            models.CheckConstraint(
                name="ledger_sealed_whole",
                condition=(
                    Q(sealed_for="", event=None, blind=None)
                    | (~Q(sealed_for="") & Q(blind__isnull=False, event__isnull=False))
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Blind(models.Model):
    """The blind of a value that the log holds only as SHA-256(blind ‖ value); deleting the row erases the value (PROTOCOL §1)."""

    digest = models.CharField(max_length=64, unique=True)
    blind = models.BinaryField(max_length=16)
    subject = models.CharField(_("对象"), max_length=80, db_index=True)

    class Meta:
        verbose_name = _("盲值")

    def __str__(self) -> str:
        return self.digest
