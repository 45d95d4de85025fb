"""What a department hands out when it has decided."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.models.cases import Case


class ResultQuerySet(models.QuerySet["Result"]):
    def readable_by(self, organisation: Organisation) -> Self:
        """Those of the cases that an organisation may read."""
        return self.filter(case__in=Case.objects.readable_by(organisation))

    def waiting(self) -> Self:
        """Those that their applicant has not collected yet."""
        return self.filter(collected_at=None)


class Result(models.Model):
    """A document in which a decision is written (批复、决定书), collected where everything was applied for (统一出件).

    Issued once and never altered; a document that was wrong is followed by another. It was served when its applicant has
    collected it (签收).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="results")
    number = models.CharField(_("文号"), max_length=60)
    file = models.FileField(_("文件"), upload_to="results/")
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    issued_at = models.DateTimeField(_("出件时间"))
    issued_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    collected_at = models.DateTimeField(_("签收时间"), null=True, blank=True)
    collected_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["issued_at", "id"]
        verbose_name = _("决定文书")
        indexes = [models.Index(fields=["case"], name="result_waiting", condition=Q(collected_at=None))]
        constraints = [
            models.UniqueConstraint(fields=["case", "sha256"], name="result_once"),
            models.CheckConstraint(name="result_sha256", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(
                name="result_collected_whole",
                condition=Q(collected_at=None, collected_by=None)
                | Q(collected_by__isnull=False, collected_at__gte=F("issued_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def name(self) -> str:
        """What the file is called when it is handed out."""
        return str(self.file.name).rpartition("/")[2]
