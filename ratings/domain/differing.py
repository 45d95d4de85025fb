"""What a department differs by between one firm and all others: leads for oversight and the department itself, never public."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from approvals.models import ApprovalItem, Department
from market.models import Firm
from protocol.scores.departments import Difference, differences
from ratings.domain import scored, single
from ratings.domain.published import KEPT, version_of_department


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A difference with the item and the firm that it names."""

    difference: Difference
    item: ApprovalItem
    firm: Firm


def differences_of(department: Department) -> list[Difference]:
    """Those of a department as of its kept score, those of many cases first; computed once for each version of the score."""
    version = version_of_department(department)
    key = f"differences:{department.pk}:{version.key}"
    found: list[Difference] | None = cache.get(key)
    if found is None:
        lines = scored.lines_of_departments([department.pk], now=version.as_of)
        judged = single.judged_of(lines, version.policy, as_of=version.as_of)
        mine = (each for each in differences(judged, version.policy) if each.department == department.code)
        found = sorted(mine, key=lambda each: (-each.n, each.item, each.firm))
        cache.set(key, found, timeout=KEPT)
    return found


def named(rows: list[Difference]) -> list[Named]:
    """With what they name, by two queries."""
    items = {each.code: each for each in ApprovalItem.objects.filter(code__in={row.item for row in rows})}
    firms = Firm.objects.filter(organisation__uscc__in={row.firm for row in rows}).select_related("organisation")
    by_uscc = {each.uscc: each for each in firms}
    return [Named(difference=row, item=items[row.item], firm=by_uscc[row.firm]) for row in rows]
