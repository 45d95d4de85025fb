"""The edges of the affiliation graph: each is what one source said in one statement."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from oversight import graph
from oversight.models.parties import Confidence, Party, Source


class Kind(models.TextChoices):
    """What ties two parties (关系)."""

    OWNS = graph.Kind.OWNS, _("持股")
    SPONSORS = graph.Kind.SPONSORS, _("举办")
    SUPERVISES = graph.Kind.SUPERVISES, _("业务主管")
    REPRESENTS = graph.Kind.REPRESENTS, _("法定代表人")
    OFFICER = graph.Kind.OFFICER, _("董事、监事、高级管理人员")
    PRACTITIONER = graph.Kind.PRACTITIONER, _("执业人员")
    EMPLOYS = graph.Kind.EMPLOYS, _("任用")
    EMPLOYED = graph.Kind.EMPLOYED, _("曾任用")
    KIN = graph.Kind.KIN, _("近亲属")
    ADDRESS = graph.Kind.ADDRESS, _("地址相同")
    PHONE = graph.Kind.PHONE, _("电话相同")


class Statement(models.Model):
    """What a source said once (声明), under its own key. What it says of one `record` is a series: the later ends the earlier.

    `day` is when it was said, or taken in where the source tells no day. `replaces` are the keys of statements that it replaces.
    A statement from which no relation follows ends what was said before all the same. `scope` is of whom a list is that is whole.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="statements")
    key = models.CharField(_("声明编号"), max_length=200)
    record = models.CharField(_("记录编号"), max_length=200, blank=True)
    scope = models.CharField(max_length=60, blank=True)
    day = models.DateField(_("声明日期"))
    replaces = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    begins_on = models.DateField(null=True, blank=True, editable=False)
    ends_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("声明")
        indexes = [
            models.Index(fields=["source", "record"], name="statement_record", condition=~Q(record="")),
            models.Index(fields=["source", "scope"], name="statement_scope", condition=~Q(scope="")),
            GinIndex(fields=["replaces"], name="statement_replaces", condition=~Q(replaces=[])),
        ]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="statement_once")]

    def __str__(self) -> str:
        return self.key


class Relation(models.Model):
    """One tie as one statement of one source has it (关联关系).

    `since` and `until` are the source's own days, both inclusive; `begins_on` and `ends_on` are its statement's. `holds_from` and
    `holds_to` are what follows. Shares are millionths of the whole. `from_stated` and `to_stated` are as the source knows the
    parties and never change; `from_party` and `to_party` are what these are after matching, and are what everything reads.
    """

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="relations")
    part = models.PositiveSmallIntegerField(default=0)
    source = models.ForeignKey(Source, models.CASCADE, related_name="relations", db_index=False)
    kind = models.CharField(_("关系"), max_length=12, choices=Kind)
    from_stated = models.ForeignKey(Party, models.CASCADE, related_name="+")
    to_stated = models.ForeignKey(Party, models.CASCADE, related_name="+")
    from_party = models.ForeignKey(Party, models.CASCADE, related_name="relations_out", db_index=False)
    to_party = models.ForeignKey(Party, models.CASCADE, related_name="relations_in", db_index=False)
    share_low = models.PositiveIntegerField(_("持股下限（百万分之一）"), null=True, blank=True)
    share_high = models.PositiveIntegerField(_("持股上限（百万分之一）"), null=True, blank=True)
    confidence = models.CharField(_("可信度"), max_length=10, choices=Confidence, default=Confidence.RECORDED)
    leader = models.BooleanField(_("领导成员"), default=False)
    detail = models.CharField(_("说明"), max_length=200, blank=True)
    since = models.DateField(_("起"), null=True, blank=True)
    until = models.DateField(_("止"), null=True, blank=True)
    begins_on = models.DateField(null=True, blank=True, editable=False)
    ends_on = models.DateField(null=True, blank=True, editable=False)
    holds_from = models.GeneratedField(
        expression=Greatest("since", "begins_on"), output_field=models.DateField(null=True), db_persist=True
    )
    holds_to = models.GeneratedField(
        expression=Least("until", "ends_on"), output_field=models.DateField(null=True), db_persist=True
    )
    changed_at = models.DateTimeField(_("变更时间"))

    class Meta:
        ordering = ["id"]
        verbose_name = _("关联关系")
        indexes = [
            models.Index(fields=["to_party", "kind"], name="relation_into"),
            models.Index(fields=["from_party", "kind"], name="relation_out_of"),
            models.Index(fields=["changed_at"], name="relation_changed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["statement", "part"], name="relation_once"),
            models.CheckConstraint(name="relation_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="relation_shares",
                condition=Q(share_low=None) | Q(share_low__lte=F("share_high"), share_high__lte=graph.WHOLE),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
