"""Departments that are late, and their cases: what runs past its limit now, and what was decided late."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rules import ActingRequest, acting_as
from approvals.models import Case, Department
from core import clock, worktime
from core.templatetags.mx import day, translated
from oversight.domain import late as domain
from oversight.domain.late import Lateness
from oversight.filters import LateFilter
from oversight.rights import READERS
from oversight.views.files import MOST_ROWS, csv_file
from oversight.views.shares import percent
from ratings.columns import DAY_US

PAGE = 30
TABS = ("now", "decided")


@require_safe
@acting_as(*READERS)
@never_cache
def departments(request: ActingRequest) -> HttpResponse:
    """Departments with anything late, those past the law's limit first."""
    now = clock.now()
    filter = LateFilter(request.GET, queryset=Department.objects.all())
    months = filter.chosen_months
    found = domain.lateness(filter.qs, months=months, now=now)
    if request.GET.get("format") == "csv":
        return _file(_told(found))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": filter,
        "active": sum(1 for name in filter.form.fields if request.GET.get(name)),
        "months": months,
        "page": page,
        "rows": _told(list(page.object_list)),
        "late": sum(each.late for each in found),
        "overdue": sum(each.overdue for each in found),
        "decided_late": sum(each.decided_late for each in found),
        "file_query": urlencode({**request.GET.dict(), "format": "csv"}),
    }
    return render(request, "oversight/late.html", context)


def _told(found: Sequence[Lateness]) -> list[dict[str, Any]]:
    pks = [each.department for each in found]
    known = Department.objects.select_related("organisation", "district").in_bulk(pks)
    return [
        {
            "late": each,
            "department": known[each.department],
            "share": percent(each.share) if each.share is not None else "–",
            "median": tenths(each.median) if each.median is not None else "–",
        }
        for each in found
    ]


def _file(rows: Sequence[dict[str, Any]]) -> HttpResponse:
    heading = [
        _("审批部门"), _("区县市"), _("计时中"), _("已超期"), _("超过法定时限"), _("逾期最久的办件"), _("收件日期"), _("期限"),
        _("期内办结"), _("其中超期"), _("占比"), _("超期中位数（工作日）"),
    ]  # fmt: skip
    cells = [
        (
            row["department"].organisation.public_name, translated(row["department"].district), each.running, each.late,
            each.overdue, each.oldest.code if each.oldest else "", day(each.oldest.received_at) if each.oldest else "",
            day(each.oldest.due_at) if each.oldest else "", each.decided, each.decided_late, row["share"], row["median"],
        )
        for row in rows
        for each in [row["late"]]
    ]  # fmt: skip
    return csv_file("late-departments", heading, cells)


@require_safe
@acting_as(*READERS)
@never_cache
def cases(request: ActingRequest, pk: int) -> HttpResponse:
    """What a department has running past its limit, the longest first; or what it decided late."""
    now = clock.now()
    department = get_object_or_404(Department.objects.select_related("organisation", "district"), pk=pk)
    months = LateFilter(request.GET, queryset=Department.objects.none()).chosen_months
    running = Case.objects.late(now=now).filter(department=department).select_related("item").order_by("due_at", "pk")
    decided = domain.late_decided(department, months=months, now=now)
    tab = request.GET.get("tab") if request.GET.get("tab") in TABS else "now"
    rows: Any = running if tab == "now" else decided
    tell = _running if tab == "now" else _decided
    if request.GET.get("format") == "csv":
        return _cases_file(str(tab), tell(rows[:MOST_ROWS]))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "department": department,
        "tab": tab,
        "months": months,
        "choices": domain.MONTHS,
        "page": page,
        "rows": tell(page.object_list),
        "counts": {"now": running.count(), "decided": decided.count()},
    }
    return render(request, "oversight/late_cases.html", context)


def _running(rows: Any) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "case": each,
            "from": each.received_at,
            "to": each.due_at,
            "over": tenths(worktime.working_time(each.due_at, now)),
            "overdue": each.is_overdue_at(now),
        }
        for each in rows
    ]


def _decided(rows: Any) -> list[dict[str, Any]]:
    return [
        {
            "case": each.case,
            "from": each.received_at,
            "to": each.decided_at,
            "over": tenths(domain.days_over(each)),
            "used": tenths(Fraction(each.used2, DAY_US)),
            "given": each.committed_days if each.committed_days is not None else each.statutory_days,
        }
        for each in rows
    ]


def _cases_file(tab: str, rows: Sequence[dict[str, Any]]) -> HttpResponse:
    last = _("期限") if tab == "now" else _("办结")
    heading = [_("办件编号"), _("审批事项"), _("项目"), _("收件"), last, _("超出（工作日）")]
    cells = [
        (
            row["case"].code, translated(row["case"].item), row["case"].project_name, day(row["from"]), day(row["to"]),
            row["over"],
        )
        for row in rows
    ]  # fmt: skip
    return csv_file(f"late-cases-{tab}", heading, cells)


def tenths(days: Fraction) -> str:
    """Days with one decimal, half up."""
    rounded = (days * 20 + 1) // 2
    return f"{rounded // 10}.{rounded % 10}"
