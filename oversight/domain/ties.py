"""Which rules apply between a firm and a department on a day."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from approvals.models import Department
from market.models import Firm
from oversight import rules
from oversight.domain.view import around
from oversight.models import Party, RuleException, RuleParameter
from oversight.rules.base import Exempt, Finding, Parameter, Terms, terms


def ties_between(firm: Firm, department: Department, *, at: date) -> list[Finding]:
    """Every rule that applies between a firm and a department; none where the graph does not know one of them."""
    nodes = nodes_of([firm.organisation_id, department.organisation_id])
    own, other = nodes.get(firm.organisation_id), nodes.get(department.organisation_id)
    if own is None or other is None:
        return []
    return rules.applying(around([own], at=at), own, other, terms_at(at))


def nodes_of(organisations: list[int]) -> dict[int, int]:
    """The node of each organisation that the graph knows, by the organisation's key; what was matched is one node."""
    rows = Party.objects.filter(organisation__in=organisations).values_list("organisation_id", "merged_into_id", "id")
    return {organisation: merged or own for organisation, merged, own in rows}


def terms_at(day: date) -> Terms:
    """The parameters and exceptions of a day, the city's own over the usual ones."""
    own = [
        Parameter(row.rule, row.name, row.value, row.legal_basis, row.valid_from, row.valid_to)
        for row in RuleParameter.objects.valid_at(day)
    ]
    return terms(day, own=own, exempt=_exceptions(day))


def _exceptions(day: date) -> list[Exempt]:
    rows = list(RuleException.objects.valid_at(day).select_related("firm", "department"))
    if not rows:
        return []
    organisations = {
        each
        for row in rows
        for each in (
            row.body_id,
            row.firm and row.firm.organisation_id,
            row.department and row.department.organisation_id,
        )
        if each
    }
    nodes = nodes_of(list(organisations))
    found = []
    for row in rows:
        named = (row.firm and row.firm.organisation_id, row.department and row.department.organisation_id, row.body_id)
        if all(each is None or each in nodes for each in named):  # whom the graph does not know has no tie to except
            firm, department, body = (nodes[each] if each else None for each in named)
            found.append(Exempt(row.rule, row.legal_basis, firm, department, body))
    return found


def department_nodes() -> dict[int, int]:
    """Every department that the graph knows: its key by its node."""
    rows = Party.objects.filter(organisation__department__isnull=False).values_list(
        "organisation__department", "merged_into_id", "id"
    )
    return {merged or own: department for department, merged, own in rows}


def firm_nodes(firms: list[int] | None = None) -> dict[int, int]:
    """Every firm that the graph knows, or some: its key by its node."""
    known = Q(organisation__firm__isnull=False) if firms is None else Q(organisation__firm__in=firms)
    rows = Party.objects.filter(known).values_list("organisation__firm", "merged_into_id", "id")
    return {merged or own: firm for firm, merged, own in rows}
