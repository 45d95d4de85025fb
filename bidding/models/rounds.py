"""Selection rounds and their lots."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from approvals.models import Department
from bidding.models.policy import Policy
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from core.money import MoneyField
from market.models import FurtherService, Part, Service
from protocol.parameters import OF_LOT, of_lot

LONGEST_TITLE = 40
"""Characters in the title of a lot."""
PENDING_OBJECTION = ("filed", "escalated", "stopped")
"""States of an objection in which its round is not awarded (bidding.models.objections)."""


def _open_substitutions() -> models.QuerySet[models.Model]:
    return apps.get_model("bidding", "Substitution").objects.filter(settled_at=None)


def _waiting_stops() -> models.Exists:
    return models.Exists(apps.get_model("bidding", "Stop").objects.filter(round=models.OuterRef("pk"), outcome=""))


class RoundQuerySet(models.QuerySet["Round"]):
    def public(self) -> Self:
        """Rounds that everybody may read: announced at some time."""
        return self.filter(announced_at__isnull=False)

    def of_owner(self, organisation: Organisation) -> Self:
        return self.filter(owner=organisation)

    def due_to_close(self, *, now: datetime) -> Self:
        return self.filter(status=Round.Status.ANNOUNCED, closes_at__lte=now)

    def due_to_open(self) -> Self:
        """Closed rounds for which the custodian has released its key."""
        return self.not_stopped().filter(status=Round.Status.CLOSED).exclude(custodian_private="")

    def not_stopped(self) -> Self:
        """Without those that stand still for a tie that has become known (bidding.domain.stops)."""
        return self.filter(~_waiting_stops())

    def due_to_evaluate(self, *, now: datetime) -> Self:
        """Opened rounds that wait neither for their owner's choice nor, before anybody is late, for their experts.

        Nor for an auction that still runs.
        """
        goes_on = Q(auction__ends_at__gt=now) | Q(auction__paused_at__isnull=False)
        running = Lot.objects.filter(goes_on, round=models.OuterRef("pk"), auction__ended_at=None)
        opened = self.not_stopped().filter(~models.Exists(running), status=Round.Status.OPENED, choice_due_at=None)
        return opened.filter(Q(marks_due_at=None) | Q(marks_due_at__lte=now))

    def due_to_lapse(self, *, now: datetime) -> Self:
        """Opened rounds whose owner has not chosen within the term."""
        return self.not_stopped().filter(status=Round.Status.OPENED, choice_due_at__lte=now)

    def due_to_publish(self) -> Self:
        """Evaluated rounds whose winners are known."""
        evaluated = self.not_stopped().filter(status=Round.Status.EVALUATED)
        return evaluated.exclude(lots__substitutions__in=_open_substitutions())

    def due_to_settle(self) -> Self:
        """Rounds with a winner that walked away, and nobody who follows yet."""
        return self.filter(status=Round.Status.EVALUATED, lots__substitutions__in=_open_substitutions()).distinct()

    def due_to_recuse(self) -> Self:
        """Evaluated rounds with a winner whom a regulator has set aside."""
        out = apps.get_model("bidding", "Stop").objects.filter(round=models.OuterRef("pk"), outcome="set_aside")
        return self.filter(models.Exists(out), status=Round.Status.EVALUATED)

    def due_to_void(self, *, before: datetime) -> Self:
        """Closed rounds for which the custodian's key had not come `before`."""
        return self.filter(status=Round.Status.CLOSED, custodian_private="", closed_at__lte=before)

    def due_to_award(self, *, now: datetime) -> Self:
        due = self.not_stopped().filter(status=Round.Status.CANDIDATE, candidate_until__lte=now)
        return due.exclude(objections__status__in=PENDING_OBJECTION)

    def due_to_contract(self) -> Self:
        """Awarded rounds whose awards in force are all signed, as where one was signed before another lot's firm followed."""
        awards = apps.get_model("bidding", "Award").objects.filter(lot__round=models.OuterRef("pk"), revoked_at=None)
        signed = models.Exists(awards) & ~models.Exists(awards.filter(signed_at=None))
        return self.filter(signed, status=Round.Status.AWARDED)

    def open_at(self, now: datetime) -> Self:
        """Rounds that take entries at `now`, whatever the worker has moved since."""
        return self.filter(status=Round.Status.ANNOUNCED, closes_at__gt=now)

    def for_list(self) -> Self:
        rows = self.select_related("need__item", "service", "district", "owner", "department__organisation")
        return rows.prefetch_related("need__further")

    def asking_for(self, service: Service) -> Self:
        """Rounds of a service, first or further. Where no need has it as a further one, the first one's index alone does it."""
        further = FurtherService.objects.filter(service=service)
        if not further.exists():
            return self.filter(service=service)
        return self.filter(Q(service=service) | Q(need__in=further.values("need")))

    def decided_by(self, department: Department) -> Self:
        """Rounds whose results a department will decide on, all or one of them."""
        further = FurtherService.objects.filter(department=department)
        return self.filter(Q(department=department) | Q(need__in=further.values("need")))


class Round(models.Model):
    """A selection round (比选): from the owner's draft over announcement, closing and opening to the award.

    Owner, service, district and department are those of the need when it was submitted; the log has what was announced.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待审核")
        RETURNED = "returned", _("已退回")
        ANNOUNCED = "announced", _("报名中")
        CLOSED = "closed", _("已截止")
        OPENED = "opened", _("已开启")
        EVALUATED = "evaluated", _("已评定")
        CANDIDATE = "candidate", _("中选公示")
        AWARDED = "awarded", _("已中选")
        CONTRACTED = "contracted", _("已签约")
        FAILED = "failed", _("流标")
        CANCELLED = "cancelled", _("已取消")
        VOID = "void", _("作废")

    lifecycle = Lifecycle(
        {
            Status.DRAFT: {Status.SUBMITTED, Status.CANCELLED},
            Status.SUBMITTED: {Status.RETURNED, Status.ANNOUNCED, Status.CANCELLED},
            Status.RETURNED: {Status.SUBMITTED, Status.CANCELLED},
            Status.ANNOUNCED: {Status.CLOSED, Status.CANCELLED},
            Status.CLOSED: {Status.OPENED, Status.FAILED, Status.VOID},
            Status.OPENED: {Status.EVALUATED, Status.FAILED, Status.VOID},
            Status.EVALUATED: {Status.CANDIDATE, Status.VOID, Status.FAILED},
            # A winner that walks away sends its round back: the next one is on public notice anew.
            Status.CANDIDATE: {Status.AWARDED, Status.VOID, Status.EVALUATED},
            Status.AWARDED: {Status.CONTRACTED, Status.VOID, Status.EVALUATED},
        }
    )
    EDITABLE = (Status.DRAFT, Status.RETURNED)
    # From opening on, what was sealed is public: who entered, with what, and what came of it.
    DISCLOSED = (Status.OPENED, Status.EVALUATED, Status.CANDIDATE, Status.AWARDED, Status.CONTRACTED)

    need = models.ForeignKey("market.Need", models.PROTECT, related_name="rounds")
    previous = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="successors")
    sequence = models.PositiveSmallIntegerField(_("第几次公告"), default=1)
    code = models.CharField(_("编号"), max_length=20, unique=True)
    status = models.CharField(_("状态"), max_length=12, choices=Status, default=Status.DRAFT)

    owner = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="rounds")
    service = models.ForeignKey("market.Service", models.PROTECT, related_name="rounds")
    district = models.ForeignKey("approvals.District", models.PROTECT, related_name="rounds")
    department = models.ForeignKey("approvals.Department", models.PROTECT, related_name="rounds")
    title = models.CharField(_("标题"), max_length=100)
    search = models.TextField(editable=False, default="")

    method = models.CharField(_("选取方式"), max_length=16, blank=True)
    parameters = models.JSONField(_("参数"), default=dict, blank=True)
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, blank=True, related_name="rounds")
    # Whom the owner names, by the method `direct`.
    named = models.ForeignKey("market.Firm", models.PROTECT, null=True, blank=True, related_name="+")
    lot_count = models.PositiveSmallIntegerField(_("标段数"), default=1)
    notice_length = models.PositiveSmallIntegerField(_("公告时长"), null=True, blank=True)
    minimum = models.PositiveSmallIntegerField(_("最少有效报名数"), null=True, blank=True)
    # Of how many firms a consortium (联合体) may be; empty where none is accepted.
    consortium_most = models.PositiveSmallIntegerField(_("联合体最多几家"), null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    check_due_at = models.DateTimeField(_("审核期限"), null=True, blank=True)
    announced_at = models.DateTimeField(_("公告时间"), null=True, blank=True)
    closes_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("关闭时间"), null=True, blank=True)
    opened_at = models.DateTimeField(_("开启时间"), null=True, blank=True)
    choice_due_at = models.DateTimeField(_("业主选定期限"), null=True, blank=True)
    # When the first of the experts who sit now is late; empty while a replacement is to be drawn.
    marks_due_at = models.DateTimeField(_("评审期限"), null=True, blank=True)
    evaluated_at = models.DateTimeField(_("评定时间"), null=True, blank=True)
    candidate_at = models.DateTimeField(_("公示开始"), null=True, blank=True)
    candidate_until = models.DateTimeField(_("公示结束"), null=True, blank=True)
    awarded_at = models.DateTimeField(_("中选时间"), null=True, blank=True)
    contracted_at = models.DateTimeField(_("签约时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("终止时间"), null=True, blank=True)
    reason = models.CharField(_("退回、流标或取消的原因"), max_length=500, blank=True)
    failure = models.CharField(_("流标类别"), max_length=LONGEST_TITLE, blank=True)

    # The two locks and the draw (PROTOCOL §2, §3). Ours is made at the announcement and stays encrypted until opening;
    # the custodian's public key and commitment come from its stock, its private key and codes when it releases them.
    platform_public = models.CharField(max_length=64, blank=True)
    platform_private = EncryptedTextField(blank=True)
    custodian_public = models.CharField(max_length=64, blank=True)
    custodian_private = models.CharField(max_length=64, blank=True)
    commitment = models.CharField(max_length=64, blank=True)
    codes = models.JSONField(default=list, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-announced_at", "-id"]
        verbose_name = _("比选")
        indexes = [
            models.Index(fields=["-announced_at", "-id"], name="round_list", condition=Q(announced_at__isnull=False)),
            models.Index(fields=["status", "-announced_at", "-id"], name="round_by_status"),
            models.Index(fields=["service", "-announced_at"], name="round_by_service"),
            models.Index(fields=["district", "-announced_at"], name="round_by_district"),
            models.Index(fields=["owner", "-created_at"], name="round_by_owner"),
            models.Index(fields=["closes_at"], name="round_due_close", condition=Q(status="announced")),
            models.Index(fields=["candidate_until"], name="round_due_award", condition=Q(status="candidate")),
            models.Index(fields=["submitted_at"], name="round_to_check", condition=Q(status="submitted")),
            models.Index(fields=["closed_at"], name="round_to_open", condition=Q(status="closed")),
            models.Index(fields=["opened_at"], name="round_to_evaluate", condition=Q(status="opened")),
            GinIndex(fields=["search"], name="round_search", opclasses=["gin_trgm_ops"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["previous"], name="round_announced_again_once", condition=~Q(status="cancelled")
            ),
            models.UniqueConstraint(
                fields=["need"], name="round_one_running", condition=~Q(status__in=["failed", "cancelled", "void"])
            ),
            models.CheckConstraint(
                name="round_submitted_whole",
                condition=Q(status__in=["draft", "cancelled"])
                | (Q(submitted_at__isnull=False, notice_length__isnull=False, policy__isnull=False) & ~Q(method="")),
            ),
            models.CheckConstraint(
                name="round_announced_whole",
                condition=Q(status__in=["draft", "submitted", "returned", "cancelled"])
                | (
                    Q(announced_at__isnull=False, closes_at__isnull=False, minimum__isnull=False)
                    & ~Q(platform_public="")
                    & ~Q(commitment="")
                ),
            ),
            models.CheckConstraint(
                name="round_opened_dated",
                condition=~Q(status__in=["opened", "evaluated", "candidate", "awarded", "contracted"])
                | Q(closed_at__isnull=False, opened_at__isnull=False),
            ),
            models.CheckConstraint(
                name="round_never_closed_early", condition=Q(closed_at=None) | Q(closed_at__gte=models.F("closes_at"))
            ),
            models.CheckConstraint(
                name="round_consortium_of_2_to_5",
                condition=Q(consortium_most=None) | (Q(consortium_most__range=(2, 5)) & ~Q(method="direct")),
            ),
            models.CheckConstraint(
                name="round_end_says_why", condition=~Q(status__in=["failed", "cancelled", "void"]) | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="round_awarded_dated", condition=~Q(status="awarded") | Q(awarded_at__isnull=False)
            ),
            models.CheckConstraint(
                name="round_contracted_dated",
                condition=~Q(status="contracted") | Q(awarded_at__isnull=False, contracted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_public(self) -> bool:
        return self.announced_at is not None

    @property
    def is_disclosed(self) -> bool:
        return self.opened_at is not None and self.status in self.DISCLOSED

    @property
    def is_editable(self) -> bool:
        return self.status in self.EDITABLE

    @property
    def is_second(self) -> bool:
        return self.sequence > 1

    @property
    def has_lots(self) -> bool:
        """Whether it has several."""
        return self.lot_count > 1

    @property
    def is_together(self) -> bool:
        """Whether one firm is to do several services, decided as one: the other of lots."""
        return self.need.is_together

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it is about: one service for one approval item, or several that one firm does together."""
        first = Part(
            number=1,
            service=self.service,
            item=self.need.item,
            department=self.department,
            optional_ground=self.need.optional_ground,
        )
        return (first, *self.need.further_parts)

    @property
    def services(self) -> tuple[Service, ...]:
        """Its services, each once, the first one first."""
        further = {part.service.pk: part.service for part in self.need.further_parts}
        return tuple({self.service_id: self.service, **further}.values())

    @property
    def departments(self) -> tuple[Department, ...]:
        """Who decides on its results, each once: a firm tied to any of them is kept out."""
        further = {part.department.pk: part.department for part in self.need.further_parts}
        return tuple({self.department_id: self.department, **further}.values())

    @property
    def successor(self) -> Round | None:
        """The second announcement of this failed round, where there is one."""
        return self.successors.exclude(status=self.Status.CANCELLED).first()

    @property
    def subject(self) -> str:
        """What the public log calls this round."""
        return f"round/{self.code}"

    def takes_entries_at(self, now: datetime) -> bool:
        return self.status == self.Status.ANNOUNCED and self.closes_at is not None and now < self.closes_at

    def status_at(self, now: datetime) -> Round.Status:
        """The status at `now`: a round past its deadline is closed, even while the worker is down."""
        past = self.status == self.Status.ANNOUNCED and not self.takes_entries_at(now)
        return self.Status.CLOSED if past else self.Status(self.status)


class Lot(models.Model):
    """A lot of a round (标段), decided on its own; most rounds have one. Amounts in yuan, limits inclusive."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="lots")
    number = models.CharField(_("标段"), max_length=4, default="1")
    # Only where the round has several.
    title = models.CharField(_("标段名称"), max_length=40, blank=True)
    price = MoneyField(_("固定价格"), null=True, blank=True)
    upper = MoneyField(_("最高限价"), null=True, blank=True)
    lower = MoneyField(_("最低限价"), null=True, blank=True)
    # Where the owner picks: from whom, in the order in which they are shown, and then whom and why. Where experts mark: the
    # valid entrants in the order of the draw, by which proposals are numbered.
    short_list = models.JSONField(_("候选名单"), default=list, blank=True)
    choice = models.JSONField(_("业主的选定"), null=True, blank=True)
    # The first result, as PROTOCOL §5 `result` has it; null until evaluated.
    result = models.JSONField(_("结果"), null=True, blank=True)
    winner = models.ForeignKey("market.Firm", models.PROTECT, null=True, blank=True, related_name="won_lots")
    amount = MoneyField(_("中选金额"), null=True, blank=True)

    class Meta:
        ordering = ["round_id", "number"]
        verbose_name = _("标段")
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="lot_number"),
            models.CheckConstraint(
                name="lot_limits_in_order", condition=Q(upper=None) | Q(lower=None) | Q(upper__gte=models.F("lower"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}/{self.number}"

    @property
    def name(self) -> str:
        """What people call it."""
        return _("标段 %(number)s · %(title)s") % {"number": self.number, "title": self.title}

    @property
    def limits(self) -> dict[str, str | None]:
        """Its own price and limits, as they are printed."""
        own = {name: getattr(self, name) for name in OF_LOT}
        return {name: None if amount is None else f"{amount:.2f}" for name, amount in own.items()}

    @property
    def terms(self) -> dict[str, Any]:
        """The parameters by which it is decided: those of its round, and over them its own price and limits."""
        return of_lot(self.round.parameters, self.limits)
