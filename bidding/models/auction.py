"""The open descending auction of a lot: its times, its bidders under pseudonyms, their offers, its pauses."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bidding.models.entries import Entry
from bidding.models.rounds import Lot
from core.money import MoneyField


class Auction(models.Model):
    """The auction of a lot (多轮竞价), where it stands, and when it ends; all moments in whole milliseconds.

    Whoever takes an offer, pauses or ends it holds this row FOR UPDATE, and nothing above it: the hot path is one row.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("即将开始")
        RUNNING = "running", _("竞价中")
        PAUSED = "paused", _("已暂停")
        ENDED = "ended", _("已结束")

    lot = models.OneToOneField(Lot, models.PROTECT, related_name="auction")
    starts_at = models.DateTimeField(_("开始时间"))
    planned_end = models.DateTimeField(_("公布的结束时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    best = MoneyField(_("当前最低价"), null=True, blank=True)
    # Not indexed, nor anything else that every offer changes: the row is then updated in place.
    leader = models.ForeignKey("bidding.Bidder", models.PROTECT, null=True, related_name="+", db_index=False)
    count = models.PositiveIntegerField(_("出价次数"), default=0)
    extensions = models.PositiveIntegerField(_("延时次数"), default=0)
    moved_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(_("暂停时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("封存时间"), null=True, blank=True)
    # What the log has of the pseudonyms before the start; ledger.Blind keeps its blind.
    map_digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("多轮竞价")
        indexes = [models.Index(fields=["ends_at"], name="auction_running", condition=Q(ended_at=None))]
        constraints = [
            models.CheckConstraint(
                name="auction_times_in_order",
                condition=Q(starts_at__lt=F("planned_end")) & Q(ends_at__gte=F("planned_end")),
            ),
            models.CheckConstraint(
                name="auction_never_ended_early",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("ends_at")) | Q(paused_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"auction of {self.lot_id}"

    def state_at(self, now: datetime) -> Auction.State:
        """Where it is at `now`: past its end it has ended, even while the worker is down."""
        if self.ended_at is not None:
            return self.State.ENDED
        if self.paused_at is not None:
            return self.State.PAUSED
        if now >= self.ends_at:
            return self.State.ENDED
        return self.State.RUNNING if now >= self.starts_at else self.State.SCHEDULED

    @property
    def lateness(self) -> timedelta | None:
        """How long after its end it was sealed; no offer is taken in between."""
        return None if self.ended_at is None else self.ended_at - self.ends_at


class Bidder(models.Model):
    """An entrant of an auction, and the random pseudonym (代号) under which everybody sees its offers until the result."""

    auction = models.ForeignKey(Auction, models.PROTECT, related_name="bidders")
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="bidder")
    pseudonym = models.CharField(_("代号"), max_length=6)

    class Meta:
        verbose_name = _("竞价机构")
        constraints = [models.UniqueConstraint(fields=["auction", "pseudonym"], name="bidder_pseudonym_once")]

    def __str__(self) -> str:
        return self.pseudonym


class Offer(models.Model):
    """An accepted offer (出价), the `n`-th of its auction. It is never changed; `ends_at` is the end that it left."""

    auction = models.ForeignKey(Auction, models.PROTECT, related_name="offers", db_index=False)
    n = models.PositiveIntegerField()
    bidder = models.ForeignKey(Bidder, models.PROTECT, related_name="offers", db_index=False)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", db_index=False)
    amount = MoneyField(_("出价"))
    at = models.DateTimeField(_("时间"))
    ends_at = models.DateTimeField()
    extended = models.BooleanField(default=False)

    class Meta:
        ordering = ["auction_id", "n"]
        verbose_name = _("出价")
        constraints = [
            models.UniqueConstraint(fields=["auction", "n"], name="offer_in_order"),
            models.UniqueConstraint(fields=["auction", "amount"], name="offer_amount_once"),
            models.CheckConstraint(name="offer_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="offer_before_the_end", condition=Q(at__lt=F("ends_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.n}: {self.amount}"


class Pause(models.Model):
    """The service centre stopped an auction, and let it go on; the reasons are public, and in the log as blinded hashes."""

    auction = models.ForeignKey(Auction, models.PROTECT, related_name="pauses")
    at = models.DateTimeField(_("暂停时间"))
    reason = models.CharField(_("暂停原因"), max_length=500)
    until = models.DateTimeField(_("恢复时间"), null=True, blank=True)
    resume_reason = models.CharField(_("恢复说明"), max_length=500, blank=True)

    class Meta:
        ordering = ["auction_id", "at", "id"]
        verbose_name = _("竞价暂停")
        constraints = [
            models.UniqueConstraint(fields=["auction"], name="pause_one_open", condition=Q(until=None)),
            models.CheckConstraint(name="pause_in_order", condition=Q(until=None) | Q(until__gte=F("at"))),
        ]

    def __str__(self) -> str:
        return f"{self.auction_id} {self.at}"
