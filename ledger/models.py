"""The public log (PROTOCOL §1): its entries, the tiles of its tree, its checkpoints, and who witnesses them."""

from __future__ import annotations

from django.contrib.postgres.indexes import HashIndex
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
    index = models.BigIntegerField(_("序号"), null=True)

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
            # Only what is integrated is looked for by its leaf or index: the change that appends does not pay for these two.
            HashIndex(fields=["leaf"], name="ledger_leaf", condition=~Q(index=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["index"], name="ledger_one_place", condition=~Q(index=None)),
            models.CheckConstraint(
                name="ledger_sealed_whole",
                condition=(
                    Q(sealed_for="", event=None, blind=None)
                    | (~Q(sealed_for="") & Q(blind__isnull=False, event__isnull=False))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"

    @property
    def leaf_hex(self) -> str:
        return bytes(self.leaf).hex()


class Blind(models.Model):
    """The blind of a value that the log holds only as SHA-256(blind ‖ value); deleting the row erases the value (PROTOCOL §1)."""

    digest = models.CharField(max_length=64, unique=True)
    blind = models.BinaryField(max_length=16)
    subject = models.CharField(_("对象"), max_length=80, db_index=True)

    class Meta:
        verbose_name = _("盲值")

    def __str__(self) -> str:
        return self.digest


class Tile(models.Model):
    """A hash tile of the log's tree: up to 256 hashes of 32 bytes; it only ever grows, and a full one stays as it is."""

    pk = models.CompositePrimaryKey("level", "number")
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField(max_length=256 * 32)

    class Meta:
        verbose_name = _("日志分块")

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Checkpoint(models.Model):
    """A signed checkpoint (检查点): the log's size and root with the log's signature, later the custodian's beside it."""

    size = models.BigIntegerField(_("条目数"), primary_key=True)
    root = models.BinaryField(_("根哈希"), max_length=32)
    note = models.TextField(_("签名检查点"))
    at = models.DateTimeField(_("签署时间"))
    cosignature = models.TextField(_("见证签名"), blank=True)
    cosigned_at = models.DateTimeField(_("见证时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("检查点")
        indexes = [models.Index(fields=["size"], name="ledger_cosigned", condition=~Q(cosignature=""))]

    def __str__(self) -> str:
        return str(self.size)

    @property
    def text(self) -> str:
        """The note with every signature that it has."""
        return self.note + self.cosignature


class Witness(models.Model):
    """The custodian (见证方) as the log sees it: when it was last here, and how far it has cosigned."""

    name = models.CharField(_("名称"), max_length=200, primary_key=True)
    vkey = models.CharField(_("公钥"), max_length=300)
    seen_at = models.DateTimeField(_("最近一次到访"))
    size = models.BigIntegerField(_("已见证条目数"), default=0)

    class Meta:
        verbose_name = _("见证方")

    def __str__(self) -> str:
        return self.name
