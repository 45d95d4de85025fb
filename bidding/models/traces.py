"""What is kept of where entries come from, and for how long: hashes alone, and the dated policy that allows them."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_network

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from approvals.models import Dated, dated_constraint
from bidding.models.entries import Entry

Address = IPv4Address | IPv6Address


def networks(value: str) -> None:
    """Refuse what has a line that is no address or network."""
    for line in value.split():
        try:
            ip_network(line)
        except ValueError as error:
            raise ValidationError(_now("“%(line)s”不是网络地址或网段。") % {"line": line}) from error


class TracePolicy(Dated):
    """Whether, why and for how long it is kept where entries come from (报名来源留存规则). Without one in force nothing is kept.

    A row keeps the last day that was promised when it was made; `exempt` lists places where many firms may sit, one address or
    network a line, from which nothing is kept.
    """

    keep_days = models.PositiveSmallIntegerField(_("留存（日）"), default=180, validators=[MinValueValidator(1)])
    window_hours = models.PositiveSmallIntegerField(
        _("比较窗口（小时）"),
        default=12,
        validators=[MinValueValidator(1)],
        help_text=_("同一次比选里相隔不超过这么久的提交才互相比较"),
    )
    exempt = models.TextField(
        _("不留存的公共场所"),
        blank=True,
        validators=[networks],
        help_text=_("公共服务大厅、共享办公等，每行一个网络地址或网段，如 203.0.113.0/24"),
    )
    legal_basis = models.CharField(_("依据"), max_length=300)

    class Meta:
        ordering = ["-valid_from", "-id"]
        verbose_name = _("报名来源留存规则")
        constraints = [
            dated_constraint("trace_policy_dates"),
            models.CheckConstraint(
                name="trace_policy_positive", condition=models.Q(keep_days__gte=1, window_hours__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return str(self.valid_from)

    @classmethod
    def in_force(cls, now: datetime) -> TracePolicy | None:
        """The policy of the day of `now`, if a city has one."""
        found: TracePolicy | None = cls.objects.valid_at(timezone.localdate(now)).order_by("-valid_from", "-id").first()
        return found

    def exempts(self, address: Address) -> bool:
        return any(address in ip_network(line) for line in self.exempt.split())


class EntryTrace(models.Model):
    """Where an envelope came from (报名来源): two keyed hashes that can be compared within one round and nowhere else.

    `address` is of the network address (IPv6: of its /64), `client` of what the program calls itself within its network (/24 or
    /64). That there is one, and whose, is nobody's to know before opening: nothing here is in the admin, and CL4 alone reads it.
    """

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="traces")
    at = models.DateTimeField(_("收到时间"))
    address = models.BinaryField(max_length=32)
    client = models.BinaryField(max_length=32, null=True)
    keep_until = models.DateField(_("留存至"), db_index=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("报名来源")

    def __str__(self) -> str:
        return str(self.pk)
