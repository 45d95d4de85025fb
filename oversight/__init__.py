"""Who is tied to whom: the affiliation graph and the red-hat rules over it (DOMAIN "Red-hat ties and collusion")."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from approvals.models import Department
    from market.models import Firm
    from oversight.rules.base import Finding


def ties(firm: Firm, department: Department, *, at: date) -> list[Finding]:
    """Every rule that applies between a firm and a department on a day, each with its path, sources and dates."""
    from oversight.domain.ties import ties_between  # a package is read before Django has its models

    return ties_between(firm, department, at=at)
