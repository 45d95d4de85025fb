from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q, functions
from django.utils.translation import gettext_lazy as _

from core.crypto import lookup_hash
from core.fields import EncryptedTextField
from core.identifiers import half_width, is_sole_trader, normalise_id_number, validate_uscc


def normalise_username(text: str) -> str:
    """Sign-in names know no difference between A and a, nor between full and half width."""
    return half_width(text).lower()


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=normalise_username(username or ""))

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=normalise_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, **{**fields, "is_staff": True, "is_superuser": True})

    def with_id_number(self, number: str) -> models.QuerySet["User"]:
        return self.filter(id_number_lookup=User.hash_of_id_number(number))

    def with_phone(self, phone: str) -> models.QuerySet["User"]:
        return self.filter(phone_lookup=User.hash_of_phone(phone))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in (用户). What the person may do comes from memberships, never from here."""

    username = models.CharField(_("登录名"), max_length=40, unique=True)
    name = models.CharField(_("姓名"), max_length=60)
    email = models.EmailField(_("电子邮箱"), blank=True)
    phone = EncryptedTextField(_("手机号码"), blank=True, default="")
    phone_lookup = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    id_number = EncryptedTextField(_("身份证号码"), blank=True, default="")
    id_number_lookup = models.CharField(max_length=64, null=True, unique=True, editable=False)
    is_active = models.BooleanField(_("可登录"), default=True)
    is_staff = models.BooleanField(_("可进入后台"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")
        constraints = [models.CheckConstraint(condition=Q(username=functions.Lower("username")), name="username_lower")]

    def __str__(self) -> str:
        return self.username

    @staticmethod
    def hash_of_phone(phone: str) -> str:
        return lookup_hash(half_width(phone), field="accounts.user.phone")

    @staticmethod
    def hash_of_id_number(number: str) -> str:
        return lookup_hash(normalise_id_number(number), field="accounts.user.id_number")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the look-up columns in step with what they find."""
        self.phone_lookup = self.hash_of_phone(self.phone) if self.phone else ""
        self.id_number_lookup = self.hash_of_id_number(self.id_number) if self.id_number else None
        changed = kwargs.get("update_fields")
        if changed is not None:
            kwargs["update_fields"] = {*changed} | {
                f"{field}_lookup" for field in ("phone", "id_number") if field in changed
            }
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name or self.username


class Kind(models.TextChoices):
    """What an organisation is in this market (机构类别)."""

    OWNER = "owner", _("项目业主")
    FIRM = "firm", _("中介服务机构")
    DEPARTMENT = "department", _("审批部门")
    OPERATOR = "operator", _("中介管理服务中心")
    REGULATOR = "regulator", _("监管部门")
    INSTITUTION = "institution", _("事业单位")
    ASSOCIATION = "association", _("行业协会")
    PERSON = "person", _("自然人业主")


OWNER_KINDS = (Kind.OWNER, Kind.PERSON)
SECOND_FACTOR_KINDS = (Kind.OPERATOR, Kind.REGULATOR)


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def owners(self) -> "OrganisationQuerySet":
        return self.filter(kind__in=OWNER_KINDS)

    def of_kind(self, *kinds: Kind) -> "OrganisationQuerySet":
        return self.filter(kind__in=kinds)


class Organisation(models.Model):
    """A party of the market (机构), or a natural person who owns a project."""

    Kind = Kind

    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=200)
    uscc = models.CharField(
        _("统一社会信用代码"), max_length=18, null=True, blank=True, unique=True, validators=[validate_uscc]
    )
    code = models.CharField(_("业主编号"), max_length=20, null=True, blank=True, unique=True)
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    contact_name = models.CharField(_("联系人"), max_length=60, blank=True, default="")
    contact_phone = EncryptedTextField(_("联系电话"), blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Organisation"]] = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="organisation_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind__in=["owner", "firm"]) | Q(uscc__isnull=False), name="owner_and_firm_have_uscc"
            ),
            models.CheckConstraint(
                condition=~Q(kind="person") | (Q(uscc__isnull=True) & Q(code__isnull=False)),
                name="person_has_code_and_no_uscc",
            ),
            models.CheckConstraint(
                condition=Q(uscc__isnull=True) | Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"), name="uscc_well_formed"
            ),
        ]

    def __str__(self) -> str:
        return self.public_name

    @property
    def is_person(self) -> bool:
        return self.kind == Kind.PERSON

    @property
    def is_protected(self) -> bool:
        """Whether the name or code of this organisation identifies a natural person (自然人、个体工商户)."""
        return self.is_person or is_sole_trader(self.uscc)

    @property
    def public_name(self) -> str:
        """The name that anyone may read; a natural person has a code instead."""
        return f"{Kind.PERSON.label} {self.code}" if self.is_person else self.name

    @property
    def public_code(self) -> str:
        """What the public record calls this organisation: its USCC, or the code of a natural person."""
        return self.uscc or self.code or ""


class Role(models.TextChoices):
    """What a person does for an organisation (职责)."""

    ADMIN = "admin", _("管理员")
    HANDLER = "handler", _("经办人")
    VIEWER = "viewer", _("查看人")
    EXPERT = "expert", _("评审专家")


WRITERS = (Role.ADMIN, Role.HANDLER)
"""Who may do something for the organisation; the others look."""


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self, *, at: datetime | None = None) -> "MembershipQuerySet":
        moment: Any = at or functions.Now()
        return self.filter(Q(active_until__isnull=True) | Q(active_until__gt=moment), active_from__lte=moment)

    def of_user(self, user: Any) -> "MembershipQuerySet":
        return self.filter(user=user) if user.is_authenticated else self.none()


class Membership(models.Model):
    """A person acts for an organisation from a day until it is revoked (成员关系)."""

    Role = Role

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("职责"), max_length=8, choices=Role.choices)
    active_from = models.DateTimeField(_("起"), db_default=functions.Now())
    active_until = models.DateTimeField(_("止"), null=True, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[models.Manager["Membership"]] = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("成员关系")
        verbose_name_plural = _("成员关系")
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="one_membership_per_person"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(active_until__isnull=True) | Q(active_until__gte=F("active_from")),
                name="membership_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "role"])]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation}"

    def has_role(self, roles: Iterable[str]) -> bool:
        return self.role in roles


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        return self.filter(revoked_at=None)


class ApiToken(models.Model):
    """A program's key to act for a membership (API 令牌). Only its SHA-256 is kept; it ends with the membership."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(_("用途"), max_length=60)
    created_at = models.DateTimeField(_("建立时间"), db_default=functions.Now())
    used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("作废时间"), null=True, blank=True)

    objects: ClassVar[models.Manager["ApiToken"]] = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API 令牌")
        indexes = [models.Index(fields=["membership", "-created_at"], name="token_of_membership")]

    def __str__(self) -> str:
        return self.label
