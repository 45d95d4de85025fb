"""A figure of a rule tried on what is on record, before it is changed; and changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from core import clock
from core.errors import DomainError
from ledger import domain as ledger
from market.models import Firm
from oversight import rules
from oversight.domain.access import demand_regulator, reason_of
from oversight.domain.scanning import BATCH
from oversight.domain.ties import department_nodes, firm_nodes, terms_at
from oversight.domain.view import around
from oversight.models import RuleParameter, Tie
from oversight.rules.base import KEPT_OUT, Parameter, Terms

NAMES: dict[tuple[str, str], str | Promise] = {
    ("RH1", "layer"): gettext_lazy("算作一层的最低持股比例（%）"),
    ("RH2", "share"): gettext_lazy("回避的持股比例（%）"),
    ("RH4", "leader_years"): gettext_lazy("领导成员的冷静期（年）"),
    ("RH4", "other_years"): gettext_lazy("其他人员的冷静期（年）"),
}
"""The figures that can be tried: of a rule, by name."""
ASKS = {"RH1": ("RH1", "RH2"), "RH2": ("RH1", "RH2")}
"""Ties of these rules name the pairs that a rule is asked about again: what is too little for RH1 is RH2's."""
MOST_YEARS = 30
SHOWN = 10
Pair = tuple[int, int]

_FORMER = """
SELECT DISTINCT f.id, d.id FROM oversight_relation post
JOIN oversight_party dp ON dp.id = post.from_party_id AND dp.kind = 'department'
JOIN approvals_department d ON d.organisation_id = dp.organisation_id
JOIN oversight_relation role ON (role.from_party_id = post.to_party_id AND role.kind IN
    ('represents', 'officer', 'practitioner', 'owns')) OR (role.to_party_id = post.to_party_id AND role.kind = 'employs')
JOIN oversight_party fp ON fp.id = CASE WHEN role.kind = 'employs' THEN role.from_party_id ELSE role.to_party_id END
JOIN market_firm f ON f.organisation_id = fp.organisation_id
WHERE post.kind = 'employed' OR (post.kind = 'employs' AND post.holds_to IS NOT NULL)
"""
"""Firms at which somebody is who has left a department, whenever that was."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Whom a rule keeps out on a day with the figure in force and with another one: pairs of a firm and a department."""

    day: date
    before: frozenset[Pair]
    after: frozenset[Pair]

    @property
    def more(self) -> list[Pair]:
        return sorted(self.after - self.before)

    @property
    def less(self) -> list[Pair]:
        return sorted(self.before - self.after)


def value_at(rule: str, name: str, day: date) -> Parameter:
    """The figure in force on a day."""
    return terms_at(day).parameters[rule, name]


def checked(rule: str, name: str, value: Decimal) -> Decimal:
    """A figure that may be tried. Raises DomainError for one beyond its bounds."""
    if (rule, name) not in NAMES:
        raise DomainError(_("这项参数不能试算。"), code="name")
    if name.endswith("_years"):
        if value != value.to_integral_value() or not 0 <= value <= MOST_YEARS:
            raise DomainError(_("请填 0 到 %(most)d 的整数。") % {"most": MOST_YEARS}, code="value")
    elif not 0 < value <= 100:
        raise DomainError(_("请填大于 0、不超过 100 的百分数。"), code="value")
    return value


def try_value(rule: str, name: str, value: Decimal, *, days: Iterable[date]) -> list[Trial]:
    """Ask the rule again with another figure, on each of some days, of every pair that it may concern."""
    checked(rule, name, value)
    pairs = _pairs(rule)
    return [_trial(rule, name, value, pairs, day) for day in days]


def _trial(rule: str, name: str, value: Decimal, pairs: set[Pair], day: date) -> Trial:
    now = terms_at(day)
    changed = dict(now.parameters)
    changed[rule, name] = replace(changed[rule, name], value=value)
    then = Terms(changed, now.exempt)
    before: set[Pair] = set()
    after: set[Pair] = set()
    departments = {department: node for node, department in department_nodes().items()}
    nodes = {firm: node for node, firm in firm_nodes(sorted({firm for firm, _department in pairs})).items()}
    for some in _batches(sorted(pairs)):
        graph = around(sorted({nodes[firm] for firm, _department in some if firm in nodes}), at=day)
        for firm, department in some:
            if firm not in nodes or department not in departments:
                continue
            for terms, found in ((now, before), (then, after)):
                asked = rules.applying(graph, nodes[firm], departments[department], terms, asked=[rule])
                if any(each.effect == KEPT_OUT for each in asked):
                    found.add((firm, department))
    return Trial(day, frozenset(before), frozenset(after))


def _pairs(rule: str) -> set[Pair]:
    """Pairs that the rule has ever concerned, or could with another figure."""
    known = set(Tie.objects.filter(rule__in=ASKS.get(rule, (rule,))).values_list("firm_id", "department_id").distinct())
    if rule == "RH4":
        with connection.cursor() as cursor:
            cursor.execute(_FORMER)
            known |= set(cursor.fetchall())
    return known


def _batches(pairs: list[Pair]) -> Iterator[list[Pair]]:
    for start in range(0, len(pairs), BATCH):
        yield pairs[start : start + BATCH]


def set_value(
    *, rule: str, name: str, value: Decimal, valid_from: date, legal_basis: str, by: Membership
) -> RuleParameter:
    """Let a figure hold from a day on, today or later, with its basis. Unchanged where it was set so; the log has it."""
    with transaction.atomic():
        demand_regulator(by)
        checked(rule, name, value)
        basis, now = reason_of(legal_basis, code="legal_basis"), clock.now()
        if valid_from < now.astimezone(clock.LOCAL).date():
            raise DomainError(_("生效日期不能在今天之前。"), code="valid_from")
        row, made = RuleParameter.objects.select_for_update().get_or_create(
            rule=rule, name=name, valid_from=valid_from, defaults={"value": value, "legal_basis": basis}
        )
        if not made and (row.value, row.legal_basis) == (value, basis):
            return row
        row.value, row.legal_basis = value, basis
        row.save()
        data = {
            "name": name,
            "value": f"{value.normalize():f}",
            "valid_from": valid_from.isoformat(),
            "legal_basis": basis,
        }
        ledger.append("rule.parameter", f"rule/{rule}", data, at=now)
    return row


def firms_of(pairs: Iterable[Pair]) -> Mapping[int, Firm]:
    """The firms of some pairs, by key."""
    keys = {firm for firm, _department in pairs}
    return {each.pk: each for each in Firm.objects.filter(pk__in=keys).select_related("organisation")}
