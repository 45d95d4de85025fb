"""The registry of experts, and what they do in a round: seats on its panel, and marks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bidding.models.entries import Entry
from bidding.models.rounds import Lot, Round
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle

COMMENT_LENGTH = 500
REASON_LENGTH = 200


class ExpertQuerySet(models.QuerySet["Expert"]):
    def active_on(self, day: date) -> Self:
        return self.filter(Q(active_until=None) | Q(active_until__gte=day), active_from__lte=day)


class Expert(models.Model):
    """A person who may be drawn to judge proposals (评审专家). Everybody may know the code; the person stays inside."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="expert")
    code = models.CharField(_("专家编号"), max_length=20, unique=True)
    fields = models.ManyToManyField("market.Service", verbose_name=_("可评审的服务"), related_name="experts")
    active_from = models.DateField(_("入册日期"))
    active_until = models.DateField(_("出册日期"), null=True, blank=True)

    objects = ExpertQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("评审专家")
        constraints = [
            models.CheckConstraint(
                name="expert_dates", condition=Q(active_until=None) | Q(active_until__gte=F("active_from"))
            )
        ]

    def __str__(self) -> str:
        return self.code

    def is_active_on(self, day: date) -> bool:
        return self.active_from <= day and (self.active_until is None or day <= self.active_until)


class Tied(models.Model):
    """An organisation to which an expert is tied: one of the platform, or any by its name."""

    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(_("单位名称"), max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class ExpertEmployer(Tied):
    """Where an expert works or has worked (工作单位)."""

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="employers")
    since = models.DateField(_("起"))
    until = models.DateField(_("止"), null=True, blank=True)

    class Meta:
        ordering = ["-since", "-id"]
        verbose_name = _("工作单位")
        constraints = [
            models.CheckConstraint(name="employer_dates", condition=Q(until=None) | Q(until__gte=F("since")))
        ]


class ExpertConflict(Tied):
    """An organisation from whose rounds an expert steps aside by own declaration (回避申报)."""

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="conflicts")
    reason = EncryptedTextField(_("缘由"))
    declared_at = models.DateTimeField(_("申报时间"))
    withdrawn_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        ordering = ["-declared_at", "-id"]
        verbose_name = _("回避申报")


class ExpertPool(models.Model):
    """The experts without conflict among whom a round draws, frozen at closing (PROTOCOL §2); codes in ascending order."""

    round = models.OneToOneField(Round, models.PROTECT, related_name="pool")
    codes = models.JSONField()
    blind = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("专家池")

    def __str__(self) -> str:
        return str(self.round_id)


class SeatQuerySet(models.QuerySet["Seat"]):
    def of(self, user: object) -> Self:
        """The seats of one person: all that an expert may see."""
        return self.filter(expert__user=user)

    def running(self) -> Self:
        return self.filter(status__in=Seat.RUNNING)

    def out(self) -> Self:
        return self.filter(status__in=Seat.OUT)


class Seat(models.Model):
    """An expert drawn for a lot (评审席位), with the attendance: when drawn, accepted and done, or why not.

    `iteration` is that of the draw which gave the seat, `asked` that of the code which a lost seat has asked for.
    """

    class Status(models.TextChoices):
        DRAWN = "drawn", _("待应邀")
        ACCEPTED = "accepted", _("评审中")
        SUBMITTED = "submitted", _("已提交")
        DECLINED = "declined", _("未应邀")
        CONFLICT = "conflict", _("回避")
        ABSENT = "absent", _("缺席")

    lifecycle = Lifecycle(
        {
            Status.DRAWN: {Status.ACCEPTED, Status.DECLINED, Status.CONFLICT, Status.ABSENT},
            Status.ACCEPTED: {Status.SUBMITTED, Status.DECLINED, Status.CONFLICT, Status.ABSENT},
        }
    )
    RUNNING = (Status.DRAWN, Status.ACCEPTED)
    OUT = (Status.DECLINED, Status.CONFLICT, Status.ABSENT)

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="seats")
    expert = models.ForeignKey(Expert, models.PROTECT, related_name="seats")
    iteration = models.PositiveSmallIntegerField()
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.DRAWN)
    drawn_at = models.DateTimeField(_("抽中时间"))
    due_at = models.DateTimeField(_("评审期限"))
    accepted_at = models.DateTimeField(_("应邀时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    reason = EncryptedTextField(_("缘由"), blank=True, default="")
    asked = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["lot_id", "iteration", "id"]
        verbose_name = _("评审席位")
        constraints = [
            models.UniqueConstraint(fields=["lot", "expert"], name="seat_once"),
            models.UniqueConstraint(fields=["lot", "asked"], name="seat_asks_once"),
            models.CheckConstraint(
                name="seat_ended_dated",
                condition=Q(status__in=["drawn", "accepted"], ended_at=None)
                | (~Q(status__in=["drawn", "accepted"]) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="seat_submitted_accepted", condition=~Q(status="submitted") | Q(accepted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.expert_id}"

    @property
    def is_running(self) -> bool:
        return self.status in self.RUNNING

    @property
    def mark_name(self) -> str:
        """Its status as portal.marks calls it, where other things have the same words."""
        return f"seat_{self.status}"

    def takes_marks_at(self, now: datetime) -> bool:
        return self.status == self.Status.ACCEPTED and now < self.due_at


class Mark(models.Model):
    """What an expert makes of one proposal (评分), 0 to 100 with two places, and why; a draft until the seat is submitted."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="marks")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="marks")
    mark = models.DecimalField(
        _("评分"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    comment = models.CharField(_("评语"), max_length=COMMENT_LENGTH, blank=True)

    class Meta:
        ordering = ["seat_id", "entry_id"]
        verbose_name = _("评分")
        constraints = [
            models.UniqueConstraint(fields=["seat", "entry"], name="mark_once"),
            models.CheckConstraint(name="mark_0_to_100", condition=Q(mark=None) | Q(mark__gte=0, mark__lte=100)),
        ]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.entry_id}"
