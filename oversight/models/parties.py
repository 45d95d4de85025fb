"""The nodes of the affiliation graph, and under which keys the sources know them."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.fields import EncryptedTextField
from oversight import graph


class Confidence(models.TextChoices):
    """How a source knows what it says (可信度)."""

    RECORDED = "recorded", _("登记")
    DECLARED = "declared", _("申报")
    INFERRED = "inferred", _("推断")


class NodeKind(models.TextChoices):
    ORGANISATION = graph.NodeKind.ORGANISATION, _("机构")
    DEPARTMENT = graph.NodeKind.DEPARTMENT, _("审批部门")
    PERSON = graph.NodeKind.PERSON, _("自然人")


class Form(models.TextChoices):
    """The legal form of an organisation (组织形式), as its USCC begins."""

    GOVERNMENT = graph.Form.GOVERNMENT, _("机关")
    INSTITUTION = graph.Form.INSTITUTION, _("事业单位")
    ASSOCIATION = graph.Form.ASSOCIATION, _("社会组织")
    COMPANY = graph.Form.COMPANY, _("企业")
    OTHER = graph.Form.OTHER, _("其他")


class Source(models.Model):
    """Where statements come from (来源): a register, a staff list, a file of beneficial owners, this marketplace."""

    code = models.CharField(_("代码"), max_length=80, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    confidence = models.CharField(_("可信度"), max_length=10, choices=Confidence, default=Confidence.RECORDED)

    class Meta:
        ordering = ["code"]
        verbose_name = _("来源")

    def __str__(self) -> str:
        return self.code


class Party(models.Model):
    """An organisation, a department or a person in the graph (主体).

    A person is known by the HMAC of the ID number and by nothing else; where a source gives none, the person is that source's
    own. The name of a person is encrypted and shown only to those who may. What may be compared without being read (address,
    telephone, representative, a person's name) is kept as HMAC. `merged_into` says that this is the same as another.
    """

    kind = models.CharField(_("类别"), max_length=12, choices=NodeKind)
    form = models.CharField(_("组织形式"), max_length=12, choices=Form, default=Form.OTHER)
    name = models.CharField(_("名称"), max_length=200, blank=True)
    person_name = EncryptedTextField(_("姓名（不公开）"), blank=True, default="")
    id_hash = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, null=True, blank=True, unique=True)
    organisation = models.OneToOneField(
        "accounts.Organisation", models.SET_NULL, null=True, blank=True, related_name="party"
    )
    name_hash = models.BinaryField(max_length=32, null=True, editable=False)
    place_hash = models.BinaryField(max_length=32, null=True, editable=False)
    phone_hash = models.BinaryField(max_length=32, null=True, editable=False)
    representative_hash = models.BinaryField(max_length=32, null=True, editable=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("主体")
        indexes = [
            models.Index(fields=["name_hash"], name="party_person_name", condition=Q(name_hash__isnull=False)),
            models.Index(fields=["place_hash"], name="party_place", condition=Q(place_hash__isnull=False)),
            models.Index(fields=["phone_hash"], name="party_phone", condition=Q(phone_hash__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(name="party_person_unnamed", condition=~Q(kind="person") | Q(name="", uscc=None)),
            models.CheckConstraint(name="party_id_is_persons", condition=Q(id_hash=None) | Q(kind="person")),
            models.CheckConstraint(name="party_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"


class Record(models.Model):
    """Under which key a source speaks of a party: a statement's id, a record's id, a register number."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="records")
    key = models.CharField(max_length=200)
    party = models.ForeignKey(Party, models.CASCADE, related_name="records")

    class Meta:
        verbose_name = _("来源记录")
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="record_once")]

    def __str__(self) -> str:
        return self.key


class PartyName(models.Model):
    """A name under which an organisation is or was known: as written, in one form, and without place and legal form."""

    party = models.ForeignKey(Party, models.CASCADE, related_name="names")
    name = models.CharField(_("名称"), max_length=200)
    full = models.CharField(max_length=200)
    core = models.CharField(max_length=200, db_index=True)
    is_former = models.BooleanField(_("曾用名"), default=False)

    class Meta:
        verbose_name = _("名称")
        indexes = [GinIndex(fields=["full"], name="party_name_search", opclasses=["gin_trgm_ops"])]
        constraints = [models.UniqueConstraint(fields=["party", "full"], name="party_name_once")]

    def __str__(self) -> str:
        return self.name


class Match(models.Model):
    """Two parties that are, or may be, the same (主体匹配): made by itself where it is certain, else put to a person.

    `duplicate` goes into `keeper`. A decision can be undone, and what was rejected is not put again.
    """

    class Status(models.TextChoices):
        SUGGESTED = "suggested", _("待确认")
        CERTAIN = "certain", _("自动合并")
        CONFIRMED = "confirmed", _("已确认")
        REJECTED = "rejected", _("已否定")
        UNDONE = "undone", _("已撤销")

    IN_FORCE = (Status.CERTAIN, Status.CONFIRMED)

    keeper = models.ForeignKey(Party, models.CASCADE, related_name="matches_kept")
    duplicate = models.ForeignKey(Party, models.CASCADE, related_name="matches")
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.SUGGESTED)
    score = models.PositiveSmallIntegerField(_("分值"))
    evidence = models.JSONField(_("依据"), default=list)
    made_at = models.DateTimeField(_("提出时间"))
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey("accounts.Membership", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-score", "id"]
        verbose_name = _("主体匹配")
        indexes = [models.Index(fields=["-score", "id"], name="match_waiting", condition=Q(status="suggested"))]
        constraints = [
            models.UniqueConstraint(fields=["keeper", "duplicate"], name="match_once"),
            models.UniqueConstraint(
                fields=["duplicate"], name="match_one_in_force", condition=Q(status__in=["certain", "confirmed"])
            ),
            models.CheckConstraint(name="match_of_two", condition=~Q(keeper=F("duplicate"))),
        ]

    def __str__(self) -> str:
        return f"{self.duplicate_id} → {self.keeper_id} {self.status}"
