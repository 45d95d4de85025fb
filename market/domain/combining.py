"""Which services one need may ask of one firm (多评合一, 多测合一): the city's bundles and its policy, as dated data.

Combining is a choice of the owner, never a condition of an approval; each service is still looked at on its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from approvals.models import ApprovalItem
from core.errors import DomainError
from core.templatetags.mx import translated
from market.models import CombinationPolicy, QualificationKind, Service, ServiceBundle, ServiceVersion

Pair = tuple[Service, ApprovalItem]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A further service as an owner asks for it. `optional_ground`: why, where it need not be commissioned."""

    service: Service
    item: ApprovalItem
    optional_ground: str = ""
    qualifications: Sequence[tuple[QualificationKind, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether services may be combined, in words, with what says so and its dates."""

    holds: bool
    text: str
    basis: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


def policy_on(day: date) -> CombinationPolicy | None:
    """The policy of a day; where there is none nothing is combined."""
    found: CombinationPolicy | None = CombinationPolicy.objects.valid_at(day).order_by("-valid_from", "-id").first()
    return found


def bundles_of(service: Service, day: date) -> list[ServiceBundle]:
    """The bundles of a day in which a service is."""
    rows = ServiceBundle.objects.valid_at(day).filter(services=service)
    return list(rows.prefetch_related("services").order_by("code"))


def verdict(wanted: Sequence[Service], day: date) -> Verdict:
    """Whether one need may ask for these services on a day, each as often as it has items.

    One service for several items needs no bundle.
    """
    policy = policy_on(day)
    if policy is None:
        return Verdict(holds=False, text=_("今天没有允许合并委托的规则，一项需求只能有一项服务。"))
    dates: dict[str, Any] = {
        "basis": policy.legal_basis, "valid_from": policy.valid_from, "valid_to": policy.valid_to,
    }  # fmt: skip
    if len(wanted) > policy.most:
        return Verdict(holds=False, text=_("一项需求最多 %(most)d 项服务。") % {"most": policy.most}, **dates)
    services = {service.pk for service in wanted}
    bundle = _bundle_with(services, day) if len(services) > 1 else None
    if bundle is not None:
        return Verdict(
            holds=True,
            text=f"{translated(bundle)}{_('：')}{translated(bundle, 'explanation')}",
            basis=bundle.legal_basis,
            valid_from=bundle.valid_from,
            valid_to=bundle.valid_to,
        )
    if len(services) == 1 or policy.free:
        return Verdict(holds=True, text=_("这些服务可以合并委托给一家机构。"), **dates)
    return Verdict(holds=False, text=_("这几项服务不在同一个合并委托目录里，请分别提出需求。"), **dates)


def _bundle_with(services: Collection[int], day: date) -> ServiceBundle | None:
    """A bundle of a day that has all of them."""
    held = Count("services", filter=Q(services__in=services), distinct=True)
    rows = ServiceBundle.objects.valid_at(day).annotate(held=held).filter(held=len(services))
    found: ServiceBundle | None = rows.order_by("code").first()
    return found


def demand_combinable(pairs: Sequence[Pair], *, day: date) -> None:
    """Raise DomainError, in the user's words, unless one need may ask for all of these on a day."""
    if len({(service.pk, item.pk) for service, item in pairs}) < len(pairs):
        raise DomainError(_("同一项服务为同一个审批事项只能选一次。"), code="further")
    serving = {
        (version.service_id, item.pk)
        for version in versions_on([service for service, _item in pairs], day).values()
        for item in version.items.all()
    }
    for service, item in pairs[1:]:
        if (service.pk, item.pk) not in serving:
            message = _("目录中“%(service)s”今天不是为“%(item)s”设定的。")
            told = {"service": translated(service), "item": translated(item)}
            raise DomainError(message % told, code="further")
    found = verdict([service for service, _item in pairs], day)
    if not found.holds:
        raise DomainError(found.text, code="further")


def versions_on(services: Iterable[Service], day: date) -> dict[int, ServiceVersion]:
    """Of each service the version of a day with its items, where there is one."""
    rows = ServiceVersion.objects.valid_at(day).filter(service__in={service.pk for service in services})
    latest = rows.order_by("service_id", "-number").distinct("service_id").prefetch_related("items")
    return {version.service_id: version for version in latest}
