"""Who enters rounds with whom, counted every night for the desk."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Network(models.Model):
    """The firms that met in rounds of a period (同场网络), of one service or of all: how many, and when that was counted.

    `pairs` is how many pairs met at all, `tied` how many of them more often than their activity explains; the most
    surprising of these are kept as meetings. Rows are counted anew every night and nothing refers to them.
    """

    period = models.CharField(_("时段"), max_length=8)
    since = models.DateField(_("起"))
    until = models.DateField(_("止"))
    service = models.ForeignKey("market.Service", models.CASCADE, null=True, blank=True, related_name="+")
    rounds = models.PositiveIntegerField(_("比选"))
    firms = models.PositiveIntegerField(_("机构"))
    pairs = models.PositiveIntegerField(_("同场的两家"))
    tied = models.PositiveIntegerField(_("超出预期的两家"))
    at = models.DateTimeField(_("计算时间"))

    class Meta:
        ordering = ["-until", "since", "service"]
        verbose_name = _("同场网络")
        constraints = [
            models.UniqueConstraint(fields=["period", "service"], name="network_once", nulls_distinct=False),
            models.CheckConstraint(name="network_dates", condition=Q(until__gte=F("since"))),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.service_id or '*'}"


class Meeting(models.Model):
    """Two firms that met more often than their activity explains (同场); a lead, never a verdict.

    `place` is from 1, the most surprising first. `bids_low` and `bids_high` are in how many rounds each was.
    """

    network = models.ForeignKey(Network, models.CASCADE, related_name="meetings", db_index=False)
    place = models.PositiveSmallIntegerField()
    low = models.ForeignKey("market.Firm", models.CASCADE, related_name="+")
    high = models.ForeignKey("market.Firm", models.CASCADE, related_name="+")
    met = models.PositiveIntegerField(_("同场"))
    expected = models.DecimalField(_("预期"), max_digits=10, decimal_places=1)
    bids_low = models.PositiveIntegerField()
    bids_high = models.PositiveIntegerField()

    class Meta:
        ordering = ["network_id", "place"]
        verbose_name = _("同场")
        constraints = [
            models.UniqueConstraint(fields=["network", "place"], name="meeting_place"),
            models.CheckConstraint(name="meeting_of_two", condition=Q(low__lt=F("high"))),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} {self.high_id}"
