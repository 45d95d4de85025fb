"""Monthly bulletins, as they were made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from protocol import canonical


class BulletinQuerySet(models.QuerySet["Bulletin"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False).order_by("-month")

    def to_publish(self, *, now: datetime) -> Self:
        return self.filter(published_at=None, publishes_at__lte=now).order_by("month")


class Bulletin(models.Model):
    """The figures of a month (通报), taken once and never again; public as they are, or with a foreword, from `published_at` on.

    content: texts and whole numbers only (`ratings.domain.bulletin_figures`). digest: SHA-256 of `file`, in the public log.
    """

    month = models.DateField(_("月份"), unique=True)
    content = models.JSONField()
    made_at = models.DateTimeField(_("编制时间"))
    publishes_at = models.DateTimeField(_("最迟发布"))
    foreword = models.TextField(_("卷首语"), blank=True, default="")
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    published_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, blank=True, default="")
    pdf = models.FileField(upload_to="bulletins/", blank=True)

    objects = BulletinQuerySet.as_manager()

    class Meta:
        ordering = ["-month"]
        verbose_name = _("通报")
        constraints = [
            models.CheckConstraint(name="bulletin_of_a_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="bulletin_published_whole",
                condition=Q(published_at=None, digest="", pdf="", published_by=None)
                | (Q(published_at__isnull=False) & ~Q(digest="") & ~Q(pdf="")),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """As addresses have it: 2026-10."""
        return code_of(self.month)

    @property
    def subject(self) -> str:
        """What the public log calls it."""
        return f"bulletin/{self.code}"

    @property
    def file(self) -> bytes:
        """What its digest is of: content and foreword as canonical JSON."""
        told: dict[str, Any] = {**self.content, "foreword": self.foreword}
        return canonical.encode(told)


def code_of(month: date) -> str:
    """A month as codes have it."""
    return f"{month:%Y-%m}"
