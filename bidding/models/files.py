"""Proposal files as firms send them: ciphertexts that nobody here can read before opening."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from bidding.models.rounds import Round


class ProposalFile(models.Model):
    """A ciphertext that a firm has uploaded for a round (方案文件密文); its key travels in the envelope (PROTOCOL §2).

    That there is one, and how many, is nobody's to know before opening: nothing here is in the admin.
    """

    round = models.ForeignKey(Round, models.PROTECT, related_name="files")
    firm = models.ForeignKey("market.Firm", models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    file = models.FileField(upload_to="proposals/")
    at = models.DateTimeField(_("收到时间"))

    class Meta:
        ordering = ["round_id", "id"]
        verbose_name = _("方案文件")
        constraints = [models.UniqueConstraint(fields=["round", "firm", "sha256"], name="proposal_file_once")]

    def __str__(self) -> str:
        return self.sha256
