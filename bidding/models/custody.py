"""The custodian's stock of keys."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from bidding.models.rounds import Round


class CustodianKey(models.Model):
    """A public key of the custodian with its commitment to a draw, registered ahead and used by one round (PROTOCOL §2, §3).

    `note` is the custodian's signed word for it.
    """

    public = models.CharField(max_length=64, primary_key=True)
    commitment = models.CharField(max_length=64, unique=True)
    n = models.PositiveSmallIntegerField()
    note = models.TextField()
    registered_at = models.DateTimeField(_("登记时间"))
    round = models.OneToOneField(Round, models.PROTECT, null=True, blank=True, related_name="custodian_key")

    class Meta:
        verbose_name = _("见证方密钥")
        indexes = [
            models.Index(fields=["registered_at", "public"], name="custodian_stock", condition=models.Q(round=None))
        ]

    def __str__(self) -> str:
        return self.public
