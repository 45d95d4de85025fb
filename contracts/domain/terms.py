"""The texts with which contracts begin: a version that was used stays as it is, the service centre adds the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership
from contracts.domain.access import demand_operator
from contracts.models import ContractTemplate
from contracts.models.terms import check_plan
from core import clock
from core.errors import Conflict, DomainError
from market.models import Service


def templates() -> QuerySet[ContractTemplate]:
    """Every version, those for all services first, of each service the latest first, with how many contracts began with it."""
    rows = ContractTemplate.objects.select_related("service").annotate(used=Count("contracts"))
    found: QuerySet[ContractTemplate] = rows.order_by("service__code", "-valid_from", "-id")
    return found


def add_template(
    *,
    service: Service | None,
    version: str,
    clauses: str,
    plan: Sequence[dict[str, Any]],
    days: int,
    valid_from: date,
    legal_basis: str,
    by: Membership,
) -> ContractTemplate:
    """Add the next version of a service's text (of all others' without one); the one before ends the day before it begins.

    Contracts that were drafted keep theirs. The same version with the same text twice is one. Raises NotAllowed for everybody
    but the centre, DomainError for a day in the past or not after the version before, Conflict for a version that has
    another text.
    """
    demand_operator(by)
    with transaction.atomic():
        # Two who add at once must not both be the next: whoever adds one holds the general texts, and reads only then.
        list(ContractTemplate.objects.select_for_update().filter(service=None).order_by("id"))
        rows = list(ContractTemplate.objects.filter(service=service).order_by("valid_from", "id"))
        version, clauses, legal_basis = version.strip(), clauses.strip(), legal_basis.strip()
        if (same := next((row for row in rows if row.version == version), None)) is not None:
            return _same_or_conflict(same, clauses, list(plan))
        _demand_day(valid_from, rows)
        try:
            check_plan(list(plan))
        except ValidationError as wrong:
            raise DomainError(wrong.messages[0], code="plan") from wrong
        if rows and (rows[-1].valid_to is None or rows[-1].valid_to >= valid_from):
            rows[-1].valid_to = valid_from - timedelta(days=1)
            rows[-1].save(update_fields=["valid_to"])
        return ContractTemplate.objects.create(
            service=service,
            version=version,
            clauses=clauses,
            plan=list(plan),
            days=days,
            valid_from=valid_from,
            legal_basis=legal_basis,
        )


def _same_or_conflict(there: ContractTemplate, clauses: str, plan: list[dict[str, Any]]) -> ContractTemplate:
    if (there.clauses, there.plan) != (clauses, plan):
        raise Conflict(
            _("已有版本号为 %(version)s 的文本，请换一个版本号。") % {"version": there.version}, code="version"
        )
    return there


def _demand_day(valid_from: date, rows: Sequence[ContractTemplate]) -> None:
    if valid_from < timezone.localdate(clock.now()):
        raise DomainError(_("新版本从今天或以后的一天起用。"), code="valid_from")
    if rows and valid_from <= rows[-1].valid_from:
        raise DomainError(
            _("上一个版本从 %(day)s 起用，新版本须在它之后。") % {"day": rows[-1].valid_from.isoformat()},
            code="valid_from",
        )
