"""An inquiry into leads: assigned, its evidence frozen, the party heard, decided, published, appealed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Kind, Organisation
from core.attachments import Attachment
from core.fields import EncryptedTextField
from core.lifecycle import Lifecycle
from oversight.models.alerts import Alert


class Outcome(models.TextChoices):
    """What an inquiry ends with (核查决定)."""

    NO_TIE = "no_tie", _("核查不成立")
    RECUSAL = "recusal", _("应当回避")
    SUSPENSION = "suspension", _("暂停参加比选")
    REFERRAL = "referral", _("移送")


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def readable_by(self, organisation: Organisation, *, tied_to: Collection[int] = ()) -> Self:
        """A regulator: all but what concerns organisations that the reader is tied to. A party: its own, from the notice on."""
        if organisation.kind == Kind.REGULATOR and tied_to:
            concerned = Inquiry.alerts.through.objects.filter(alert__in=Alert.objects.about(tied_to))
            return self.exclude(party__in=tied_to).exclude(pk__in=concerned.values("inquiry"))
        if organisation.kind == Kind.REGULATOR:
            return self
        return self.filter(party=organisation, noticed_at__isnull=False)

    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def in_force(self, *, now: datetime) -> Self:
        """Decisions that stand at `now`; an appeal changes nothing until it is decided."""
        day = Q(until=None) | Q(until__gt=now)
        return self.filter(day, status__in=Inquiry.DECIDED_IN, ended_at=None, decided_at__lte=now)

    def under_way(self, *, now: datetime) -> Self:
        """Running, appealed, or decided within the term of an appeal."""
        appealable = Q(status=Inquiry.Status.DECIDED, appeal_until__gt=now)
        return self.filter(Q(status__in=[*Inquiry.RUNNING, Inquiry.Status.APPEALED]) | appealable)

    def recusing(self, *, now: datetime) -> Self:
        return self.in_force(now=now).filter(outcome=Outcome.RECUSAL)

    def for_list(self) -> Self:
        return self.select_related(
            "party", "firm__organisation", "department__organisation", "assigned_to__user", "assigned_to__organisation"
        )


class Inquiry(models.Model):
    """A regulator's inquiry (核查) about one party, a firm or an owner, that leads have given rise to.

    `reasons` are for the party; `public_text` is what everybody reads, in neutral words and without natural persons. A recusal is
    of one department's rounds. `until` is when a recusal or suspension ends by itself; `ended_at` when it was lifted.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("核查中")
        NOTICED = "noticed", _("已告知，待陈述")
        HEARD = "heard", _("已陈述，待决定")
        CLOSED = "closed", _("不成立，已办结")
        DECIDED = "decided", _("已决定")
        APPEALED = "appealed", _("申诉中")
        REVOKED = "revoked", _("申诉成立，已撤销")

    lifecycle = Lifecycle(
        {
            Status.OPEN: {Status.NOTICED, Status.CLOSED},
            # Without a statement it is decided when the term for one is over.
            Status.NOTICED: {Status.HEARD, Status.DECIDED, Status.CLOSED},
            Status.HEARD: {Status.DECIDED, Status.CLOSED},
            Status.DECIDED: {Status.APPEALED},
            Status.APPEALED: {Status.DECIDED, Status.REVOKED},
        }
    )
    RUNNING = (Status.OPEN, Status.NOTICED, Status.HEARD)
    DECIDED_IN = (Status.DECIDED, Status.APPEALED)
    MONTHS = (3, 6, 12)

    code = models.CharField(_("编号"), max_length=20, unique=True)
    party = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="inquiries")
    firm = models.ForeignKey("market.Firm", models.PROTECT, null=True, blank=True, related_name="inquiries")
    department = models.ForeignKey(
        "approvals.Department", models.PROTECT, null=True, blank=True, related_name="inquiries"
    )
    alerts = models.ManyToManyField(Alert, related_name="inquiries")
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.OPEN)
    assigned_to = models.ForeignKey("accounts.Membership", models.PROTECT, related_name="+", verbose_name=_("承办人"))

    opened_at = models.DateTimeField(_("立案时间"))
    noticed_at = models.DateTimeField(_("告知时间"), null=True, blank=True)
    state_until = models.DateTimeField(_("陈述期限"), null=True, blank=True)
    stated_at = models.DateTimeField(_("陈述时间"), null=True, blank=True)

    outcome = models.CharField(_("决定"), max_length=10, choices=Outcome, blank=True)
    months = models.PositiveSmallIntegerField(_("暂停月数"), null=True, blank=True)
    reasons = EncryptedTextField(_("理由"), blank=True, default="")
    legal_basis = models.CharField(_("依据"), max_length=300, blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    until = models.DateTimeField(_("有效期至"), null=True, blank=True)
    suspension = models.OneToOneField(
        "market.Suspension", models.PROTECT, null=True, blank=True, related_name="inquiry"
    )
    public_text = models.CharField(_("公布内容"), max_length=500, blank=True)
    published_at = models.DateTimeField(_("公布时间"), null=True, blank=True)

    appeal_until = models.DateTimeField(_("申诉期限"), null=True, blank=True)
    appealed_at = models.DateTimeField(_("申诉时间"), null=True, blank=True)
    appeal_decided_at = models.DateTimeField(_("申诉处理时间"), null=True, blank=True)
    appeal_decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(_("解除时间"), null=True, blank=True)

    objects = InquiryQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        verbose_name = _("核查")
        indexes = [
            models.Index(fields=["status", "-opened_at", "-id"], name="inquiry_by_status"),
            models.Index(fields=["party", "-opened_at"], name="inquiry_of_party"),
            models.Index(fields=["firm", "department"], name="inquiry_recusing", condition=Q(outcome="recusal")),
            models.Index(
                fields=["-published_at", "-id"], name="inquiry_published", condition=Q(published_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="inquiry_noticed_whole",
                condition=Q(noticed_at=None, state_until=None, status__in=["open", "closed"])
                | Q(noticed_at__isnull=False, state_until__isnull=False),
            ),
            models.CheckConstraint(name="inquiry_heard_whole", condition=~Q(status="heard") | Q(stated_at__isnull=False)),
            models.CheckConstraint(
                name="inquiry_decided_whole",
                condition=Q(status__in=["open", "noticed", "heard"], outcome="", decided_at=None, decided_by=None)
                | Q(status="closed", outcome="no_tie", decided_at__isnull=False, decided_by__isnull=False)
                | (
                    Q(status__in=["decided", "appealed", "revoked"], decided_at__isnull=False, decided_by__isnull=False)
                    & Q(outcome__in=["recusal", "suspension", "referral"], noticed_at__isnull=False)
                    & Q(appeal_until__isnull=False) & ~Q(legal_basis="")
                ),
            ),
            models.CheckConstraint(
                name="inquiry_outcome_whole",
                condition=Q(outcome__in=["", "no_tie", "referral"], months=None, suspension=None)
                | Q(outcome="recusal", months=None, suspension=None, firm__isnull=False, department__isnull=False)
                | Q(outcome="suspension", months__in=[3, 6, 12], suspension__isnull=False, firm__isnull=False),
            ),
            models.CheckConstraint(
                name="inquiry_published_whole",
                condition=Q(published_at=None, public_text="")
                | (
                    Q(status__in=["decided", "appealed", "revoked"], published_at__isnull=False,
                      published_at__gte=F("decided_at"))
                    & ~Q(public_text="")
                ),
            ),
            models.CheckConstraint(
                name="inquiry_appealed_whole",
                condition=~Q(status__in=["appealed", "revoked"]) | Q(appealed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="inquiry_revoked_whole",
                condition=~Q(status="revoked") | Q(appeal_decided_by__isnull=False, appeal_decided_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """What the public log calls it."""
        return f"inquiry/{self.code}"

    @property
    def mark(self) -> str:
        """Its status as portal.marks calls it."""
        return f"inquiry_{self.status}"

    @property
    def is_decided(self) -> bool:
        return self.decided_at is not None

    @property
    def has_effect(self) -> bool:
        """Whether a decision with an effect stands, as far as nobody has lifted it."""
        return self.status in self.DECIDED_IN and self.ended_at is None

    def is_in_force_at(self, now: datetime) -> bool:
        return self.has_effect and (self.until is None or now < self.until)

    def may_be_stated_at(self, now: datetime) -> bool:
        return self.status == self.Status.NOTICED and self.state_until is not None and now < self.state_until

    def may_be_decided_at(self, now: datetime) -> bool:
        """Once the party has spoken, or has let its term pass."""
        if self.status == self.Status.HEARD:
            return True
        return self.status == self.Status.NOTICED and self.state_until is not None and self.state_until <= now

    def may_be_appealed_at(self, now: datetime) -> bool:
        """Once, within its term."""
        in_time = self.appeal_until is not None and now < self.appeal_until
        return self.status == self.Status.DECIDED and self.appealed_at is None and in_time

    def may_be_lifted_at(self, now: datetime) -> bool:
        ends = self.outcome in (Outcome.RECUSAL, Outcome.SUSPENSION)
        return ends and self.status == self.Status.DECIDED and self.is_in_force_at(now)


class InquiryEvent(models.Model):
    """A step of an inquiry, with what was said (核查经过). Never altered; INTERNAL steps are not the party's to read."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("立案核查")
        ASSIGNED = "assigned", _("指定承办人")
        NOTED = "noted", _("工作记录")
        FROZEN = "frozen", _("固定证据")
        NOTICED = "noticed", _("告知当事方")
        STATED = "stated", _("当事方陈述申辩")
        CLOSED = "closed", _("核查不成立")
        DECIDED = "decided", _("作出决定")
        PUBLISHED = "published", _("公布决定")
        APPEALED = "appealed", _("当事方申诉")
        APPEAL_REJECTED = "appeal_rejected", _("申诉不成立，维持决定")
        APPEAL_UPHELD = "appeal_upheld", _("申诉成立，撤销决定")
        LIFTED = "lifted", _("解除")

    INTERNAL = (Kind.OPENED, Kind.ASSIGNED, Kind.NOTED)

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, related_name="events")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=Kind)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    words = EncryptedTextField(blank=True, default="")

    class Meta:
        ordering = ["inquiry_id", "number"]
        verbose_name = _("核查经过")
        constraints = [models.UniqueConstraint(fields=["inquiry", "number"], name="inquiry_event_number")]

    def __str__(self) -> str:
        return f"{self.inquiry_id}#{self.number} {self.kind}"


class InquiryFile(Attachment):
    """What is handed in with a step of an inquiry (材料)."""

    event = models.ForeignKey(InquiryEvent, models.PROTECT, related_name="files")
    file = models.FileField(_("文件"), upload_to="inquiries/")

    class Meta:
        ordering = ["event_id", "number"]
        verbose_name = _("核查材料")
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="inquiry_file_number"),
            models.CheckConstraint(name="inquiry_at_most_5_files", condition=Q(number__gte=1, number__lte=5)),
        ]


class FrozenEvidence(models.Model):
    """What the leads of an inquiry said at a moment (固定的证据), as canonical JSON whose SHA-256 the log has. Never altered."""

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, related_name="frozen")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(_("时间"))
    content = models.TextField(_("内容"))
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["inquiry_id", "number"]
        verbose_name = _("固定的证据")
        constraints = [models.UniqueConstraint(fields=["inquiry", "number"], name="frozen_evidence_number")]

    def __str__(self) -> str:
        return f"{self.inquiry_id}/{self.number}"


class Abstention(models.Model):
    """That a regulator has declared an interest in an organisation, and keeps out of what concerns it (回避声明)."""

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    reason = EncryptedTextField(_("理由（不公开）"), blank=True, default="")
    at = models.DateTimeField(_("时间"))

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("回避声明")
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="abstention_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.organisation_id}"
