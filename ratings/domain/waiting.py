"""Which lines an organisation may evaluate now: after the acceptance, for the department after its decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import OWNER_KINDS, Kind, Organisation
from approvals.models import Case
from contracts.models import ContractLine
from ratings.domain.access import SIDES
from ratings.models import Evaluation, EvaluationPolicy


def line_code(own: ContractLine) -> str:
    """What the timeline calls a line of a contract: its need, `-2` for a lot, `.2` for a further item."""
    lot = own.contract.award.lot
    of_lot = f"-{lot.number}" if lot.round.has_lots else ""
    further = f".{own.number}" if own.number > 1 else ""
    return f"{lot.round.need.code}{of_lot}{further}"


def lines_to_evaluate(organisation: Organisation, *, now: datetime) -> QuerySet[ContractLine]:
    """Lines that this organisation may evaluate and has not, those whose term ends first on top."""
    side = SIDES.get(organisation.kind)
    lines = lines_of(organisation, now=now)
    known = Evaluation.objects.filter(contract=OuterRef("contract"), number=OuterRef("number"), side=side)
    return lines.filter(~Exists(known))


def lines_of(organisation: Organisation, *, now: datetime) -> QuerySet[ContractLine]:
    """Lines that this organisation may evaluate at `now`, evaluated or not."""
    since = now - timedelta(days=EvaluationPolicy.in_force(now).give_days)
    lines = ContractLine.objects.filter(contract__completed_at__lte=now)
    if organisation.kind in OWNER_KINDS:
        lines = lines.filter(contract__owner=organisation, contract__completed_at__gt=since)
    elif organisation.kind == Kind.OPERATOR:
        lines = lines.filter(contract__completed_at__gt=since)
    elif organisation.kind == Kind.DEPARTMENT:
        lines = lines.filter(_decided_by(organisation, since=since))
    else:
        return lines.none()
    return lines.select_related(
        "contract__firm__organisation", "contract__owner", "contract__award__lot__round__need", "project", "service",
        "item", "department__organisation",
    ).order_by("contract__completed_at", "pk")  # fmt: skip


def _decided_by(organisation: Organisation, *, since: datetime) -> Q:
    """Lines whose case this department has decided since then, or that were accepted since and decided before."""
    cases = Case.objects.filter(
        Q(project_code=OuterRef("project__code"))
        | (Q(project_code=OuterRef("project__national_code")) & ~Q(project_code="")),
        department__organisation=organisation,
        item=OuterRef("item"),
        applicant=OuterRef("project__owner"),
        status=Case.Status.DECIDED,
    )
    return Q(Exists(cases.filter(ended_at__gt=since))) | Q(Exists(cases), contract__completed_at__gt=since)
