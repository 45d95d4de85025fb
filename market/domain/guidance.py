"""What a need may and may not do, said with its basis and dates before anything is announced (DOMAIN).

A pure reading of the catalogue, of the dated rules and of what exists: it changes nothing, and says the same to the wizard and
to the verbs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.clock import LOCAL
from core.templatetags.mx import translated
from market.domain.combining import verdict, versions_on
from market.domain.reuse import existing_by_service
from market.models import Need, NeedRule, Part, Project, Service, ServiceVersion, services_in

Severity = Literal["stop", "warn", "note"]
Necessity = ServiceVersion.Necessity


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to know: a stop forbids the announcement, a warning wants a second thought, a note informs.

    `service`: of which, where a need asks for several.
    """

    severity: Severity
    code: str
    text: str
    service: Service | None = None
    basis: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def told(self) -> str:
        """The text, with the service that it is about where there are several."""
        return f"{translated(self.service)}{_('：')}{self.text}" if self.service else self.text


def guidance(*, need: Need, method: str, parameters: Mapping[str, str], at: datetime) -> list[Finding]:
    """Everything to know of a need, stops first. `method` and `parameters` (amounts in yuan) may still be empty."""
    day = at.astimezone(LOCAL).date()
    found = [*_of_combination(need, day), *_of_services(need, day), *_of_rules(need, method, parameters, day)]
    found += [*_of_limits(need, method, parameters), *_of_qualifications(need, day), *_of_existing(need, day)]
    order = {"stop": 0, "warn": 1, "note": 2}
    return sorted(found, key=lambda finding: order[finding.severity])


def stops(*, need: Need, method: str, parameters: Mapping[str, str], at: datetime) -> list[Finding]:
    """The findings that forbid an announcement."""
    return [
        each for each in guidance(need=need, method=method, parameters=parameters, at=at) if each.severity == "stop"
    ]


def _of_combination(need: Need, day: date) -> list[Finding]:
    """Whether its services may be commissioned together at all."""
    if not need.is_together:
        return []
    found = verdict([part.service for part in need.parts], day)
    return [
        Finding(
            severity="note" if found.holds else "stop",
            code="together",
            text=found.text,
            basis=found.basis,
            valid_from=found.valid_from,
            valid_to=found.valid_to,
        )
    ]


def _of_services(need: Need, day: date) -> list[Finding]:
    """What is to be known of each service by itself; doing several together excuses none."""
    parts = need.parts
    versions = versions_on([part.service for part in parts], day)
    found = [(part, each) for part in parts for each in _of_service(part, versions.get(part.service.pk))]
    return [replace(each, service=part.service) if len(parts) > 1 else each for part, each in found]


def _of_service(part: Part, version: ServiceVersion | None) -> list[Finding]:
    if version is None:
        return [Finding(severity="stop", code="service_ended", text=_("目录中的这项中介服务在今天没有效力。"))]
    dates: dict[str, Any] = {
        "basis": version.legal_basis,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
    }
    found = []
    match version.necessity:
        case Necessity.ABOLISHED:
            found.append(
                Finding(
                    severity="stop", code="abolished", text=_("这项中介服务已经取消，审批部门不得再要求。"), **dates
                )
            )
        case Necessity.SELF:
            found.append(
                Finding(severity="note", code="self", text=_("这份材料可以由业主自行编制，不必委托机构。"), **dates)
            )
        case Necessity.OPTIONAL:
            text = _("这项服务不是审批的法定条件；确需委托的，请写明理由。")
            severity: Severity = "warn" if part.optional_ground else "stop"
            found.append(Finding(severity=severity, code="optional", text=text, **dates))
        case Necessity.REGIONAL:
            text = _("项目所在区域已有区域评估成果的，可直接使用，不再单独委托。")
            found.append(Finding(severity="warn", code="regional", text=text, **dates))
        case _:
            text = _("这项服务是该审批事项的法定条件。")
            found.append(Finding(severity="note", code="mandatory", text=text, **dates))
    if part.item.pk not in {item.pk for item in version.items.all()}:
        text = _("目录中这项服务不是为所选的审批事项设定的。")
        found.append(Finding(severity="stop", code="other_item", text=text, **dates))
    return found


def _of_rules(need: Need, method: str, parameters: Mapping[str, str], day: date) -> list[Finding]:
    amount = amount_of(need, parameters)
    rules = NeedRule.objects.valid_at(day).prefetch_related("services")
    return [
        Finding(
            severity="stop" if _broken(rule, method, parameters) else "note",
            code=rule.effect,
            text=rule.explanation_en if (get_language() or "").startswith("en") else rule.explanation,
            basis=rule.legal_basis,
            valid_from=rule.valid_from,
            valid_to=rule.valid_to,
        )
        for rule in rules
        if _applies(rule, need, amount)
    ]


def _applies(rule: NeedRule, need: Need, amount: Decimal | None) -> bool:
    services = {service.pk for service in rule.services.all()}
    # Of several services one is enough, by the amount of all: the price is not split between them.
    if services and services.isdisjoint(part.service.pk for part in need.parts):
        return False
    if rule.funding and rule.funding != need.project.funding:
        return False
    if rule.tendered_projects_only and not need.project.must_be_tendered:
        return False
    return rule.amount_from is None or (amount is not None and amount >= rule.amount_from)


def _broken(rule: NeedRule, method: str, parameters: Mapping[str, str]) -> bool:
    match rule.effect:
        case NeedRule.Effect.TENDER:
            return True
        case NeedRule.Effect.NO_LOWER_LIMIT:
            return bool(parameters.get("lower"))
        case NeedRule.Effect.NO_DRAW:
            return method == "draw"
        case NeedRule.Effect.NO_DIRECT:
            return method == "direct"
    return False


def _of_limits(need: Need, method: str, parameters: Mapping[str, str]) -> list[Finding]:
    limit = parameters.get("price" if method == "draw" else "upper")
    if need.budget is None or not limit or Decimal(limit) <= need.budget:
        return []
    severity: Severity = "stop" if need.project.funding == Project.Funding.PUBLIC else "warn"
    return [Finding(severity=severity, code="over_budget", text=_("价格或最高限价高于预算金额。"))]


def _of_qualifications(need: Need, day: date) -> list[Finding]:
    about = {part.number: part.service for part in need.parts} if need.is_together else {}
    return [
        Finding(
            severity="stop",
            code="qualification_abolished",
            text=_("资质“%(kind)s”已取消，不得再作为条件。") % {"kind": required.kind.name},
            basis=required.kind.abolished_by,
            valid_from=required.kind.valid_from,
            valid_to=required.kind.valid_to,
            service=about.get(required.number),
        )
        for required in need.required_qualifications.select_related("kind")
        if not required.kind.is_valid_at(day)
    ]


def _of_existing(need: Need, day: date) -> list[Finding]:
    """What is there already is not commissioned again, unless the owner says why (区域评估, 成果复用)."""
    parts, found = need.parts, []
    reused = set(need.project.reuses.filter(ended_at=None).values_list("service", "item"))
    there = existing_by_service(project=need.project, services=services_in(parts), day=day)
    for part in parts:
        about = part.service if len(parts) > 1 else None
        if (part.service.pk, part.item.pk) in reused:
            text = _("这个审批事项已选用已有成果；确需另行委托的，请先在项目页取消。")
            found.append(Finding(severity="stop", code="reused", text=text, service=about))
            continue
        severity: Severity = "warn" if part.optional_ground else "stop"
        text = _("已有可以直接使用的成果：%(title)s。确需另行委托的，请写明理由。")
        found += [
            Finding(
                severity=severity, code="exists", text=text % {"title": each.title}, basis=each.basis, service=about
            )
            for each in there[part.service.pk]
        ]
    return found


def amount_of(need: Need, parameters: Mapping[str, str]) -> Decimal | None:
    """What the need may cost at most, in yuan: its budget, else the limit or the given price."""
    budget: Decimal | None = need.budget
    if budget is not None:
        return budget
    given = parameters.get("upper") or parameters.get("price")
    return Decimal(given) if given else None
