"""Taking in what rules and screens find: the same lead stays the same alert, and what is not found again is gone.

SOURCES is the one table of what is asked; the nightly run asks all of it, the run after a change the ties alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import clock
from oversight.domain import live
from oversight.domain.holding import ALERTS, hold
from oversight.domain.screening import SCREENS, leads_of
from oversight.domain.sources import BURST, SECOND, TIES, of_bursts, of_registrations, of_ties
from oversight.leads import Lead
from oversight.models import Alert

Source = Callable[[str, datetime], Iterable[Lead]]

SOURCES: dict[str, Source] = {
    **dict.fromkeys(TIES, of_ties),
    BURST: of_bursts,
    SECOND: of_registrations,
    **dict.fromkeys(SCREENS, leads_of),
}
"""Who finds the leads of each rule: called with the rule and `now`. What finds more is added here, and nowhere else."""

MATERIAL = 10
"""A change of weight of so many points makes a lead worth another look after somebody has decided about it."""
_LINKS: tuple[Any, Any] = (Alert.firms.through, Alert.rounds.through)


def ask(rules: Iterable[str] = tuple(SOURCES), *, now: datetime | None = None) -> int:
    """Ask the sources of some rules, each in a transaction of its own; give how many alerts came, changed or went."""
    at = now or clock.now()
    return sum(take_in(rule, SOURCES[rule](rule, at), now=at) for rule in rules)


def take_in(rule: str, leads: Iterable[Lead], *, now: datetime) -> int:
    """Let exactly these leads of a rule stand; give how many alerts came, changed or went. Safe to repeat.

    An alert that nobody has decided about follows its lead. One that somebody has decided about (dismissed, or ended an inquiry)
    stays decided while the lead has the same substance and nearly the same weight; otherwise another alert takes its place. The
    number of queries does not depend on the number of leads.
    """
    found: dict[str, Lead] = {}
    for lead in leads:
        if lead.key not in found or found[lead.key].weight < lead.weight:
            found[lead.key] = lead
    with transaction.atomic():
        hold(ALERTS)
        known = _latest(rule, list(found))
        new: list[tuple[Alert, Lead]] = []
        changed: list[tuple[Alert, Lead]] = []
        gone: list[Alert] = []
        for key, lead in found.items():
            old, digest = known.get(key), substance(lead)
            if old is None or (old.status not in Alert.UNDECIDED and _is_another(old, lead, digest)):
                if old is not None and old.gone_at is None:
                    gone.append(old)
                new.append((_made(lead, digest, now), lead))
            elif old.gone_at is not None or (old.status in Alert.UNDECIDED and _differs(old, lead, digest)):
                if old.status in Alert.UNDECIDED:
                    old.weight, old.evidence, old.substance = lead.weight, dict(lead.evidence), digest
                    old.department_id, old.owner_id = lead.department, lead.owner
                old.gone_at, old.changed_at = None, now
                changed.append((old, lead))
        gone += [old for key, old in known.items() if key not in found and old.gone_at is None]
        _write(new, changed, gone, now=now)
        if new or changed or gone:
            transaction.on_commit(partial(live.changed, live.ALERTS))
    return len(new) + len(changed) + len(gone)


def substance(lead: Lead) -> str:
    """A digest of what makes a lead another one: whom it concerns, its path, and its evidence without counts.

    Numbers, and whatever stands under `counts`, move every day; as far as they matter they move the weight.
    """
    evidence = {name: value for name, value in lead.evidence.items() if name != "path"}
    path = [(step["kind"], step["tail"], step["head"]) for step in lead.evidence.get("path", ())]
    told = [sorted(lead.firms), lead.department, lead.owner, path, _without_counts(evidence)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _without_counts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _without_counts(each) for name, each in value.items() if name != "counts"}
    if isinstance(value, list | tuple):
        return [said for each in value if (said := _without_counts(each)) is not None]
    return value if isinstance(value, str | bool) else None


def _latest(rule: str, keys: Sequence[str]) -> dict[str, Alert]:
    """The last alert of every key that is asked for or stands."""
    rows = Alert.objects.filter(Q(gone_at=None) | Q(key__in=keys), rule=rule)
    return {each.key: each for each in rows.order_by("key", "-found_at", "-id").distinct("key")}


def _is_another(old: Alert, lead: Lead, digest: str) -> bool:
    return old.substance != digest or abs(old.weight - lead.weight) >= MATERIAL


def _differs(old: Alert, lead: Lead, digest: str) -> bool:
    return (old.substance, old.weight, old.evidence) != (
        digest,
        lead.weight,
        json.loads(json.dumps(dict(lead.evidence))),
    )


def _made(lead: Lead, digest: str, now: datetime) -> Alert:
    return Alert(
        rule=lead.rule, key=lead.key, weight=lead.weight, department_id=lead.department, owner_id=lead.owner,
        evidence=dict(lead.evidence), substance=digest, found_at=now, changed_at=now,
    )  # fmt: skip


def _write(
    new: Sequence[tuple[Alert, Lead]], changed: Sequence[tuple[Alert, Lead]], gone: Sequence[Alert], *, now: datetime
) -> None:
    """Gone first: of a rule and a key one stands at a time."""
    Alert.objects.filter(pk__in=[each.pk for each in gone]).update(gone_at=now)
    Alert.objects.bulk_create([alert for alert, _lead in new], batch_size=1000)
    fields = ["weight", "evidence", "substance", "department", "owner", "gone_at", "changed_at"]
    Alert.objects.bulk_update([alert for alert, _lead in changed], fields, batch_size=1000)
    followed = [(alert, lead) for alert, lead in changed if alert.status in Alert.UNDECIDED]
    for link, name in zip(_LINKS, ("firm", "round"), strict=True):
        link.objects.filter(alert__in=[alert.pk for alert, _lead in followed]).delete()
        rows = [
            link(alert_id=alert.pk, **{f"{name}_id": pk})
            for alert, lead in [*new, *followed]
            for pk in dict.fromkeys(lead.firms if name == "firm" else lead.rounds)
        ]
        link.objects.bulk_create(rows, batch_size=5000)
