"""The figures of a month, taken once for its bulletin: counts, times and scores with n and intervals. Never a verdict.

Nothing of natural persons and sole traders is in it: not their cases, not what they owe.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, Min, Q, Sum, Value
from django.db.models.fields import BigIntegerField

from accounts.models import Kind, Organisation
from approvals.models import Department
from bidding.models import Award
from contracts.models import Contract
from contracts.payments.models import PaymentRequest
from core.identifiers import SOLE_TRADER
from core.workdays import midnight
from market.models import Firm, Service
from protocol import canonical
from protocol.scores.exact import MICROSECONDS_OF_HUNDREDTH, half_up, later
from protocol.scores.figures import share
from ratings.columns import DAY_US
from ratings.domain import lists
from ratings.domain.spending import NAMES, Spent, spent
from ratings.models import CaseRow, DepartmentScore, DistrictScore, FirmScore, LineRow
from ratings.models.bulletins import code_of
from ratings.models.scores import Scored

SHOWN = 10
"""Rows of each table; how many there are is told beside it."""
HALF_A_HUNDREDTH = 432_000_000
"""Of a working day: scores round to hundredths, and so does what is late."""

Json = dict[str, Any]


def figures_of(month: date, *, now: datetime) -> Json:
    """What a bulletin keeps, as texts and whole numbers: days, scores and rates in hundredths."""
    since, until = midnight(month), midnight(later(month, 1))
    times = spent({0: since}, until=until)
    return {
        "v": 1,
        "month": code_of(month),
        "made_at": canonical.timestamp(now),
        "city": _city(month, since, until, times),
        "services": _services(times),
        "departments": _departments(month, since, until, now),
        "firms": _firms(month),
        "listed": _listed(now),
        "owners": _owners(now),
    }


def anything_before(month: date) -> bool:
    """Whether any line had begun by the end of a month: else there is nothing to tell."""
    return LineRow.objects.filter(started_at__lt=midnight(later(month, 1))).exists()


def _city(month: date, since: datetime, until: datetime, times: list[Spent]) -> Json:
    whole = next((each for each in times if each.service is None and each.district is None), None)
    scores = DistrictScore.objects.filter(month=month, district=None).order_by("as_of")
    return {
        "awarded": Award.objects.in_force().filter(issued_at__gte=since, issued_at__lt=until).count(),
        "sealed": Contract.objects.filter(sealed_at__gte=since, sealed_at__lt=until).count(),
        "time": _time(whole) if whole else None,
        "scores": {row.of: _score(row) for row in scores},
    }


def _time(each: Spent) -> Json:
    parties = {name: _hundredths(each.parties[name]) for name in NAMES}
    return {"n": each.n, "median": _hundredths(each.median), "p90": _hundredths(each.p90), "parties": parties}


def _hundredths(microseconds: int) -> int:
    return half_up(microseconds, MICROSECONDS_OF_HUNDREDTH)


def _score(row: Scored) -> Json:
    return {
        "n": row.n, "score": row.score, "low": row.low, "high": row.high, "ranked": row.ranked,
        "first_pass": row.first_pass, "efficiency": row.efficiency, "policy": row.policy.version,
        "as_of": canonical.timestamp(row.as_of),
    }  # fmt: skip


def _services(times: list[Spent]) -> Json:
    """Those that took longest from the announcement to the decision."""
    found = [each for each in times if each.service is not None and each.district is None]
    found.sort(key=lambda each: (-each.median, -each.n, each.service))
    known = Service.objects.in_bulk([each.service for each in found[:SHOWN]])
    rows = [{"code": known[each.service].code, **_named(known[each.service]), **_time(each)} for each in found[:SHOWN]]
    return {"all": len(found), "rows": rows}


def _named(thing: Any) -> Json:
    return {"name": thing.name, "name_en": thing.name_en}


def _departments(month: date, since: datetime, until: datetime, now: datetime) -> Json:
    """Those that decided late in the month, or have something running past its term now."""
    mine = CaseRow.objects.exclude(case__applicant__kind=Kind.PERSON)
    mine = mine.exclude(case__applicant__uscc__startswith=SOLE_TRADER).order_by()
    decided = mine.filter(decided_at__gte=since, decided_at__lt=until).values("department")
    decided = decided.annotate(
        n=Count("pk"), late=Count("pk", filter=over("committed_days")), overdue=Count("pk", filter=over("statutory_days")),
        passed=Count("pk", filter=Q(late_corrections=0)),
    )  # fmt: skip
    running = mine.filter(case__due_at__lte=now).values("department").annotate(n=Count("pk"))
    waiting = {row["department"]: row["n"] for row in running}
    by_department = {row["department"]: row for row in decided}
    late = {pk for pk, row in by_department.items() if row["late"] or row["overdue"]} | waiting.keys()
    empty = {"n": 0, "late": 0, "overdue": 0, "passed": 0}
    rows = [{**empty, **by_department.get(pk, {}), "running": waiting.get(pk, 0), "department": pk} for pk in late]
    rows.sort(key=lambda row: (-row["overdue"], -row["late"], -row["running"], row["department"]))
    shown = rows[:SHOWN]
    known = Department.objects.select_related("organisation").in_bulk([row["department"] for row in shown])
    scores = _scores_of_month(DepartmentScore, month, item=None, department__in=known)
    return {
        "all": len(rows),
        "decided": sum(row["n"] for row in by_department.values()),
        "late": sum(row["late"] for row in by_department.values()),
        "overdue": sum(row["overdue"] for row in by_department.values()),
        "running": sum(waiting.values()),
        "rows": [
            {
                "code": known[row["department"]].code,
                "name": known[row["department"]].organisation.public_name,
                **{name: row[name] for name in ("n", "late", "overdue", "running")},
                "first_pass": share(row["passed"], row["n"]),
                "score": next((_score(each) for each in scores if each.department_id == row["department"]), None),
            }
            for row in shown
        ],
    }


def over(days: str) -> Q:
    """Cases that used more than so many days, to a hundredth."""
    limit = ExpressionWrapper(F(days) * Value(DAY_US) + Value(HALF_A_HUNDREDTH), output_field=BigIntegerField())
    return Q(**{f"{days}__isnull": False, "used2__gte": limit})


def _scores_of_month(model: Any, month: date, **which: Any) -> list[Any]:
    """Kept rows of a month, by the rules with which it ended."""
    rows = model.objects.filter(month=month)
    last = rows.order_by("-as_of").values_list("policy", flat=True).first()
    return list(rows.filter(policy=last, **which).select_related("policy"))


def _firms(month: date) -> Json:
    """The ranked by the low end of their intervals."""
    public = Firm.objects.public().select_related("organisation")
    rows = _scores_of_month(FirmScore, month, service=None, district=None, firm__in=public)
    ranked = sorted((row for row in rows if row.ranked), key=lambda row: (-row.low, -row.score, row.pk))
    known = public.in_bulk([row.firm_id for row in ranked[:SHOWN]])
    return {
        "all": len(rows),
        "ranked": len(ranked),
        "rows": [{**_firm(known[row.firm_id]), **_score(row)} for row in ranked[:SHOWN]],
    }


def _firm(firm: Firm) -> Json:
    return {"uscc": firm.uscc, "name": firm.organisation.public_name}


def _listed(now: datetime) -> Json:
    """The black list as it stands."""
    deductions, suspensions = lists.black_deductions(now=now), lists.black_suspensions(now=now)
    rows = [
        {**_firm(each.firm), "kind": each.kind, "points": each.points, "since": _at(each.decided_at), "until": _at(each.until)}
        for each in deductions[:SHOWN]
    ] + [
        {**_firm(each.firm), "kind": "suspended", "points": None, "since": _at(each.since), "until": _at(each.until)}
        for each in suspensions[:SHOWN]
    ]  # fmt: skip
    return {"all": deductions.count() + suspensions.count(), "rows": rows}


def _at(moment: datetime | None) -> str | None:
    return canonical.timestamp(moment) if moment else None


def _owners(now: datetime) -> Json:
    """Whose payments are overdue beyond the term after which that is public (`PaymentPolicy.public_after_days`)."""
    rows = PaymentRequest.objects.on_public_notice(now=now).exclude(owner__kind=Kind.PERSON)
    rows = rows.exclude(owner__uscc__startswith=SOLE_TRADER).order_by()
    found = rows.values("owner").annotate(n=Count("pk"), sum=Sum("amount"), oldest=Min("due_at"))
    shown: list[Json] = [dict(row) for row in found.order_by("oldest", "owner")[:SHOWN]]
    known = Organisation.objects.in_bulk([row["owner"] for row in shown])
    return {"all": found.count(), "rows": list(_owner_rows(shown, known))}


def _owner_rows(rows: Iterable[Json], known: dict[int, Organisation]) -> Iterable[Json]:
    for row in rows:
        owner = known[row["owner"]]
        yield {
            "code": owner.public_code, "name": owner.public_name, "n": row["n"], "sum": f"{row['sum']:.2f}",
            "oldest": _at(row["oldest"]),
        }  # fmt: skip
