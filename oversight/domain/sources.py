"""Leads from what is on record already: the ties of the last scan, and bursts of like marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from core import clock
from market.models import Admission, Practitioner, PractitionerRegistration
from oversight.leads import Lead
from oversight.models import Effect, RuleException, Tie
from ratings.models import Burst

TIES = ("RH1", "RH2", "RH3", "RH4", "RH5", "RH6")
BURST = "EV1"
"""Many equal marks within a short time (ratings.bursts)."""
KEPT_OUT = {"RH1": 90, "RH2": 80, "RH3": 90, "RH4": 75, "RH5": 80}
FLAGGED = {"RH2": 40, "RH4": 45, "RH5": 40, "RH6": 25}
SECOND = "PR1"
"""A practitioner whom another firm names although registered elsewhere (挂证)."""
SECOND_WEIGHT = 50
WAITING = (Admission.Status.DRAFT, Admission.Status.SUBMITTED, Admission.Status.NOTICE)
BURST_LEAST, BURST_EACH, BURST_MOST = 30, 5, 70
BURST_DAYS = 180
"""A burst is a lead for so long."""


def of_ties(rule: str, now: datetime) -> Iterator[Lead]:
    """The ties that hold on the day, as the last scan has found them.

    What only an inquiry has excepted is a lead as if it still kept out: with the path that was decided about it is the alert that
    was decided, with another one it is another alert.
    """
    day = now.astimezone(clock.LOCAL).date()
    decided = set(
        RuleException.objects.valid_at(day)
        .filter(rule=rule, inquiry__isnull=False)
        .values_list("firm_id", "department_id")
    )
    for tie in Tie.objects.holding_on(day).filter(rule=rule).order_by("id"):
        if tie.effect == Effect.EXCEPTED and (tie.firm_id, tie.department_id) not in decided:
            continue
        weight = (FLAGGED if tie.effect == Effect.FLAGGED else KEPT_OUT).get(rule, 50)
        evidence = {
            "effect": tie.effect if tie.effect != Effect.EXCEPTED else Effect.KEPT_OUT.value,
            "path": tie.path,
            "low": tie.share_low,
            "high": tie.share_high,
            "since": tie.since and tie.since.isoformat(),
            "until": tie.until and tie.until.isoformat(),
        }
        yield Lead(
            rule, f"{tie.firm_id}/{tie.department_id}", weight, (tie.firm_id,), tie.department_id, evidence=evidence
        )


def of_bursts(rule: str, now: datetime) -> Iterator[Lead]:
    """Bursts of like marks of the last months: about the firm, or by a rater about the firms it marked."""
    rows = Burst.objects.filter(last_at__gt=now - timedelta(days=BURST_DAYS)).prefetch_related("evaluations")
    for burst in rows.order_by("id"):
        given = list(burst.evaluations.all())
        firms = tuple(sorted({each.firm_id for each in given}))
        weight = min(BURST_MOST, BURST_LEAST + BURST_EACH * len(given))
        evidence = {
            "by": burst.by,
            "marks": burst.marks,
            "counts": {
                "evaluations": sorted(each.code for each in given),
                "first": burst.first_at.isoformat(),
                "last": burst.last_at.isoformat(),
            },
        }
        owner = burst.organisation_id if burst.by == Burst.By.RATER else None
        yield Lead(rule, f"burst/{burst.pk}", weight, firms, owner=owner, evidence=evidence)


def of_registrations(rule: str, now: datetime) -> Iterator[Lead]:
    """Practitioners in material that waits to be accepted, registered at another firm: by firms, never by person."""
    open_rows = PractitionerRegistration.objects.filter(until=None).values_list("id_hash", "firm_id")
    asked = Practitioner.objects.filter(admission__status__in=WAITING)
    named = asked.filter(id_hash__in=open_rows.values("id_hash")).values_list(
        "id_hash", "admission__firm_id", "admission__code"
    )
    registered = {bytes(id_hash): firm for id_hash, firm in open_rows.filter(id_hash__in=asked.values("id_hash"))}
    found: dict[tuple[int, int], set[tuple[bytes, str]]] = defaultdict(set)
    for id_hash, firm, code in named:
        other = registered[bytes(id_hash)]
        if other != firm:
            found[firm, other].add((bytes(id_hash), code or ""))
    for (firm, other), rows in sorted(found.items()):
        evidence = {
            "counts": {
                "practitioners": len({id_hash for id_hash, _code in rows}),
                "admissions": sorted({code for _id_hash, code in rows if code}),
            }
        }
        yield Lead(rule, f"{firm}/{other}", SECOND_WEIGHT, (firm, other), evidence=evidence)
