"""What the wizard offers to be commissioned together with a service: the bundles that have it, and what the project needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from approvals.models import ApprovalItem, Case
from core.templatetags.mx import translated
from market.domain.combining import bundles_of, policy_on, versions_on
from market.domain.reuse import UNDER_WAY, Existing, existing_by_service
from market.models import FurtherService, Need, Project, Service, ServiceBundle, ServiceVersion

Key = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A service for an item that could be done together with the first.

    existing: results to be used in its place. reused: one is used. under_way: the code of a need that asks for it already, which
    is being met. needed: the project asks for it in a draft, or has a case for its item.
    """

    service: Service
    item: ApprovalItem
    version: ServiceVersion
    existing: Sequence[Existing] = ()
    reused: bool = False
    under_way: str = ""
    needed: bool = False

    @property
    def key(self) -> str:
        """How the wizard's address names it."""
        return f"{self.service.code}:{self.item.code}"

    @property
    def is_covered(self) -> bool:
        """Whether it need not be commissioned any more."""
        return bool(self.existing) or self.reused or bool(self.under_way)

    @property
    def wants_ground(self) -> bool:
        """Whether commissioning it has to be justified."""
        return bool(self.existing) or self.version.necessity == ServiceVersion.Necessity.OPTIONAL


@dataclass(frozen=True, kw_only=True)
class Group:
    """Offers of one bundle; of none where the policy lets owners combine freely."""

    bundle: ServiceBundle | None
    offers: tuple[Offer, ...]

    @property
    def name(self) -> str:
        return translated(self.bundle) if self.bundle else _("其他服务")


def offered(*, need: Need, day: date) -> list[Group]:
    """The groups from which an owner may choose beside the first service of a need; none where nothing may be combined.

    The service itself is among them for its other items.
    """
    policy = policy_on(day)
    if policy is None:
        return []
    bundles = bundles_of(need.service, day)
    known = {service.pk: service for bundle in bundles for service in bundle.services.all()}
    if policy.free:
        known |= {service.pk: service for service in Service.objects.all()}
    known[need.service_id] = need.service
    offers = _offers(need, list(known.values()), day)
    groups = [
        Group(bundle=bundle, offers=_among(offers, [service.pk for service in bundle.services.all()]))
        for bundle in bundles
    ]
    shown = {offer.key for group in groups for offer in group.offers}
    others = tuple(offer for offer in offers if offer.key not in shown)
    return [group for group in (*groups, Group(bundle=None, offers=others)) if group.offers]


def _among(offers: Iterable[Offer], services: Iterable[int]) -> tuple[Offer, ...]:
    wanted = set(services)
    return tuple(offer for offer in offers if offer.service.pk in wanted)


def _offers(need: Need, services: list[Service], day: date) -> list[Offer]:
    """One for each item that each service serves today; none of what is abolished, as nobody may ask for it."""
    project = need.project
    versions = versions_on(services, day)
    existing = existing_by_service(project=project, services=services, day=day)
    reused = set(project.reuses.filter(ended_at=None).values_list("service", "item"))
    under_way, drafted = _asked_for(need, project)
    filed = _filed(project)
    current = [(service, version) for service in services if (version := versions.get(service.pk)) is not None]
    return [
        Offer(
            service=service,
            item=item,
            version=version,
            existing=tuple(existing[service.pk]),
            reused=(service.pk, item.pk) in reused,
            under_way=under_way.get((service.pk, item.pk), ""),
            needed=(service.pk, item.pk) in drafted or item.pk in filed,
        )
        for service, version in sorted(current, key=lambda each: each[0].code)
        if version.necessity != ServiceVersion.Necessity.ABOLISHED
        for item in _items_beside(need, version)
    ]


def _items_beside(need: Need, version: ServiceVersion) -> list[ApprovalItem]:
    """The items of a service without the need's own; while that is open, of its service only where there are several."""
    items = sorted(version.items.all(), key=lambda each: each.code)
    if version.service_id != need.service_id:
        return items
    return [item for item in items if item.pk != need.item_id] if need.item_id or len(items) > 1 else []


def _asked_for(need: Need, project: Project) -> tuple[dict[Key, str], set[Key]]:
    """For what the project's other needs ask: those that are being met by their codes, and those that are drafts."""
    under_way: dict[Key, str] = {}
    drafted: set[Key] = set()
    for each in project.needs.exclude(pk=need.pk).prefetch_related("rounds", "further"):
        further = ((part.service.pk, part.item.pk) for part in each.further_parts)
        keys = [(each.service_id, each.item_id), *further]
        if any(round_.status in UNDER_WAY for round_ in each.rounds.all()):
            under_way |= dict.fromkeys(keys, each.code)
        else:
            drafted |= set(keys)
    return under_way, drafted


def _filed(project: Project) -> set[int]:
    """The items for which the project has a case that runs."""
    codes = [code for code in (project.code, project.national_code) if code]
    cases = Case.objects.filter(applicant=project.owner_id, project_code__in=codes, ended_at=None)
    return set(cases.values_list("item", flat=True))


def chosen_offers(groups: Iterable[Group], further: Iterable[FurtherService]) -> list[Offer]:
    """The offers that a kept need has chosen."""
    kept = {(each.service_id, each.item_id) for each in further}
    offers = {offer.key: offer for group in groups for offer in group.offers}
    return [offer for offer in offers.values() if (offer.service.pk, offer.item.pk) in kept]
