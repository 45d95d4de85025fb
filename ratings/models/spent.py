"""Where the time of decided lines goes, as rows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TimeSpent(models.Model):
    """The time from the announcement to the decision (全程用时) of the lines decided in a period, as the night found it.

    service or district: empty for all of them. Whole microseconds of working time: median and 90th percentile of the whole, and
    for each party the mean of what it used. Lines of natural persons are not in it (`ratings.domain.spending`).
    """

    class Period(models.IntegerChoices):
        """The decisions of so many months before the night."""

        YEAR = 12, _("近十二个月")
        QUARTER = 3, _("近三个月")
        EVER = 0, _("全部")

    period = models.PositiveSmallIntegerField(_("时间"), choices=Period)
    service = models.ForeignKey(
        "market.Service", models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    district = models.ForeignKey(
        "approvals.District", models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    as_of = models.DateTimeField(_("计算时间"))
    n = models.PositiveIntegerField(_("件数"))
    median = models.BigIntegerField(_("中位用时"))
    p90 = models.BigIntegerField(_("九成用时"))
    platform = models.BigIntegerField()
    firm = models.BigIntegerField()
    owner = models.BigIntegerField()
    department = models.BigIntegerField()
    statutory = models.BigIntegerField()
    line = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        verbose_name = _("全程用时")
        indexes = [models.Index(fields=["period", "district", "-median"], name="time_spent_by_service")]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "service", "district"], nulls_distinct=False, name="time_spent_once"
            ),
            models.CheckConstraint(name="time_spent_of_something", condition=models.Q(n__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.n}"
