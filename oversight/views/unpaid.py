"""What owners owe firms: by owner, since when and how much, and the requests that are not paid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count, Min, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OWNER_KINDS, Organisation
from accounts.rules import ActingRequest, acting_as
from contracts.payments.models import PaymentRequest
from contracts.payments.models.requests import PaymentRequestQuerySet
from core import clock
from core.templatetags.mx import day
from oversight.filters import UnpaidFilter
from oversight.rights import READERS
from oversight.views.files import MOST_ROWS, csv_file

PAGE = 30


@require_safe
@acting_as(*READERS)
@never_cache
def owners(request: ActingRequest) -> HttpResponse:
    """Owners with overdue payments, who has owed for longest first."""
    filter = UnpaidFilter(request.GET, queryset=_overdue())
    owing = _owing(filter.qs)
    if request.GET.get("format") == "csv":
        return _file(_told(owing[:MOST_ROWS]))
    page = Paginator(owing, PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": filter,
        "active": sum(1 for name in filter.form.fields if request.GET.get(name)),
        "page": page,
        "rows": _told(page.object_list),
        "total": filter.qs.order_by().aggregate(n=Count("pk"), sum=Sum("amount"), firms=Count("firm", distinct=True)),
        "file_query": urlencode({**request.GET.dict(), "format": "csv"}),
    }
    return render(request, "oversight/unpaid.html", context)


def _overdue() -> PaymentRequestQuerySet:
    return PaymentRequest.objects.overdue(now=clock.now())


def _owing(rows: QuerySet[PaymentRequest]) -> Any:
    found = rows.order_by().values("owner").annotate(
        n=Count("pk"), sum=Sum("amount"), oldest=Min("due_at"), firms=Count("firm", distinct=True)
    )  # fmt: skip
    return found.order_by("oldest", "owner")


def _told(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    now, listed = clock.now(), list(rows)
    known = Organisation.objects.in_bulk([row["owner"] for row in listed])
    return [{**row, "owner": known[row["owner"]], "days": (now - row["oldest"]).days} for row in listed]


def _file(rows: Iterable[dict[str, Any]]) -> HttpResponse:
    heading = [
        _("业主"),
        _("代码"),
        _("逾期笔数"),
        _("机构数"),
        _("金额（元）"),
        _("最早的付款期限"),
        _("已逾期（日）"),
    ]
    cells = [
        (
            row["owner"].public_name, row["owner"].public_code, row["n"], row["firms"], row["sum"], day(row["oldest"]),
            row["days"],
        )
        for row in rows
    ]  # fmt: skip
    return csv_file("unpaid", heading, cells)


@require_safe
@acting_as(*READERS)
@never_cache
def requests(request: ActingRequest, code: str) -> HttpResponse:
    """What one owner has left unpaid, the longest overdue first."""
    field = "code" if code.startswith("Z") else "uscc"
    owner = get_object_or_404(Organisation.objects.filter(kind__in=OWNER_KINDS), **{field: code})
    rows = _overdue().filter(owner=owner).for_list()
    if request.GET.get("format") == "csv":
        return _requests_file(rows[:MOST_ROWS])
    context = {
        "owner": owner,
        "now": clock.now(),
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "total": rows.order_by().aggregate(n=Count("pk"), sum=Sum("amount")),
    }
    return render(request, "oversight/unpaid_requests.html", context)


def _requests_file(rows: Iterable[PaymentRequest]) -> HttpResponse:
    now = clock.now()
    heading = [_("付款申请"), _("合同"), _("业主"), _("机构"), _("金额（元）"), _("付款期限"), _("已逾期（日）")]
    cells = [
        (
            each.code, each.contract.code, each.owner.public_name, each.firm.organisation.public_name, each.amount,
            day(each.due_at), each.days_overdue(now),
        )
        for each in rows
    ]  # fmt: skip
    return csv_file("unpaid-requests", heading, cells)
