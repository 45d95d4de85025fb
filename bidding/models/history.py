"""Rounds of an older system, as it recorded them: shown as historical, never mixed with our own."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.money import MoneyField


class HistoricalRound(models.Model):
    """A round that an older system ran (历史项目). Amounts are in its currency's main unit, as recorded."""

    code = models.CharField(_("原编号"), max_length=40, unique=True)
    opened_on = models.DateField(_("开启日期"))
    title = models.CharField(_("标题"), max_length=200)
    kind = models.CharField(_("类别"), max_length=60, blank=True)
    upper_limit = MoneyField(_("最高限价"), null=True, blank=True)
    lower_limit = MoneyField(_("最低限价"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200)
    imported_at = models.DateTimeField(auto_now_add=True)
    search = models.TextField(editable=False, default="")

    class Meta:
        ordering = ["-opened_on", "-id"]
        verbose_name = _("历史项目")
        indexes = [
            models.Index(fields=["-opened_on", "-id"], name="historical_list"),
            GinIndex(fields=["search"], name="historical_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.code


class HistoricalBid(models.Model):
    """A bid of a historical round, by the bidder's code or name in that system; some bidders have several."""

    round = models.ForeignKey(HistoricalRound, models.CASCADE, related_name="bids")
    bidder = models.CharField(_("投标人"), max_length=100)
    amount = MoneyField(_("报价"), null=True, blank=True)
    disqualified_reason = models.CharField(_("无效原因"), max_length=200, blank=True)
    won = models.BooleanField(_("中标"), default=False)

    class Meta:
        ordering = ["round_id", "amount", "id"]
        verbose_name = _("历史报价")

    def __str__(self) -> str:
        return f"{self.round_id} {self.bidder}"
