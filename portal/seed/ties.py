"""Ties to departments that the city's firms declare: some keep them out of rounds, some are harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from accounts.models import Organisation
from approvals.models import Department
from market.models import Admission, AffiliationDeclaration, Firm
from portal.seed.city import MUNICIPAL, City


def declare_ties(city: City, firms: Sequence[Firm], *, tied: Firm) -> None:
    """Declared ties: shareholders and supervisors (RH1), people who sit in a department (RH3), and harmless ones."""
    mapping = next(body for body in city.bodies if "测绘" in body.organisation.name)
    office = city.department("natural-resources", MUNICIPAL)
    rows = [
        _tie(tied, AffiliationDeclaration.Kind.SHAREHOLDER, mapping.organisation, share=Decimal("51.00")),
        _tie(tied, AffiliationDeclaration.Kind.FORMER, office.organisation),
    ]
    others = [firm for firm in firms if firm != tied][3:]  # the three that people play have none
    for number, body in enumerate(city.bodies):
        firm = others[number * len(others) // len(city.bodies)]
        kind = (AffiliationDeclaration.Kind.SHAREHOLDER, AffiliationDeclaration.Kind.SUPERVISOR)[number % 2]
        rows.append(_tie(firm, kind, body.organisation, share=Decimal("30.00") if number % 2 == 0 else None))
    for number, department in enumerate(_some_departments(city)):
        rows.append(_tie(others[-1 - number * 7], AffiliationDeclaration.Kind.OFFICER, department.organisation))
    AffiliationDeclaration.objects.bulk_create(rows)
    Admission.objects.filter(pk__in={row.admission_id for row in rows}).update(no_affiliation=False)


def _some_departments(city: City) -> list[Department]:
    lines = ("environment", "water", "construction")
    return [city.department(line, code) for line in lines for code in ("330203", "330212")]


def _tie(firm: Firm, kind: str, to: Organisation, *, share: Decimal | None = None) -> AffiliationDeclaration:
    return AffiliationDeclaration(
        admission=firm.current, kind=kind, counterpart=to, share=share, since=date(2020, 1, 1)
    )
