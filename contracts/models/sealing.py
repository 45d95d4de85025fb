"""The certificates with which a demonstration seals; a city's e-seal service keeps its own, and nothing of it is here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import EncryptedTextField


class SealAuthority(models.Model):
    """The small certificate authority of a demonstration (演示用电子印章证书机构), made at its first use."""

    name = models.CharField(max_length=60, unique=True)
    certificate = models.TextField()
    private_key = EncryptedTextField()

    class Meta:
        verbose_name = _("演示印章证书机构")

    def __str__(self) -> str:
        return self.name


class SealCertificate(models.Model):
    """An organisation's certificate of that authority (演示用电子印章)."""

    authority = models.ForeignKey(SealAuthority, models.PROTECT, related_name="certificates")
    organisation = models.OneToOneField("accounts.Organisation", models.PROTECT, related_name="seal_certificate")
    certificate = models.TextField()
    private_key = EncryptedTextField()

    class Meta:
        verbose_name = _("演示电子印章")

    def __str__(self) -> str:
        return str(self.organisation_id)
