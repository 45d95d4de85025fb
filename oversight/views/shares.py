"""Departments and firms, districts and services: shares of a year's awards, as tables and as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.rules import ActingRequest, acting_as
from approvals.models import Department, District
from core import clock
from core.templatetags.mx import translated
from market.models import Firm, Service
from oversight.domain import shares as domain
from oversight.domain.shares import Market, Share
from oversight.models import Party
from oversight.rights import READERS
from oversight.views.files import csv_file

PAGE = 30
PERIOD = timedelta(days=365)
TABS = ("departments", "markets")


@require_safe
@acting_as(*READERS)
@never_cache
def shares(request: ActingRequest) -> HttpResponse:
    """Firms by department beside their share elsewhere, or concentration and direct choice by district and service."""
    tab = request.GET.get("tab") if request.GET.get("tab") in TABS else "departments"
    found = _found(str(tab))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = _told(str(tab), list(page.object_list))
    if request.GET.get("format") == "csv":
        return _file(str(tab), _told(str(tab), list(found)))
    context = {"tab": tab, "page": page, "rows": rows, "least": domain.LEAST}
    return render(request, "oversight/shares.html", context)


def _found(tab: str) -> Sequence[Share] | Sequence[Market]:
    since = clock.now() - PERIOD
    return domain.by_department(since) if tab == "departments" else domain.markets(since)


def _told(tab: str, found: Sequence[Any]) -> list[dict[str, Any]]:
    return _told_shares(found) if tab == "departments" else _told_markets(found)


def _told_shares(found: Sequence[Share]) -> list[dict[str, Any]]:
    departments = Department.objects.select_related("organisation").in_bulk({each.department for each in found})
    firms = Firm.objects.select_related("organisation").in_bulk({each.firm for each in found})
    parties = Party.objects.filter(organisation__firm__in=list(firms)).values_list("organisation__firm", "id")
    numbers = dict(parties)
    return [
        {
            "department": departments[each.department].organisation.public_name,
            "firm": firms[each.firm].organisation.public_name,
            "party": numbers.get(each.firm),
            "won": each.won,
            "of": each.of,
            "share": percent(each.share),
            "elsewhere": f"{each.elsewhere} / {each.of_elsewhere}",
            "expected": percent(each.expected) if each.expected is not None else "–",
        }
        for each in found
    ]


def _told_markets(found: Sequence[Market]) -> list[dict[str, Any]]:
    districts = District.objects.in_bulk({each.district for each in found})
    services = Service.objects.in_bulk({each.service for each in found})
    firms = Firm.objects.select_related("organisation").in_bulk({each.leader for each in found})
    return [
        {
            "district": translated(districts[each.district]),
            "service": translated(services[each.service]),
            "awards": each.awards,
            "firms": each.firms,
            "leader": firms[each.leader].organisation.public_name,
            "largest": percent(Fraction(each.largest, each.awards)),
            "concentration": percent(each.concentration),
            "direct": percent(Fraction(each.direct, each.awards)),
        }
        for each in found
    ]


def _file(tab: str, rows: list[dict[str, Any]]) -> HttpResponse:
    columns = {
        "departments": {
            "department": _("审批部门"), "firm": _("机构"), "won": _("中选"), "of": _("该部门同类共"), "share": _("占比"),
            "elsewhere": _("在其他部门"), "expected": _("在其他部门占比"),
        },
        "markets": {
            "district": _("区县"), "service": _("服务"), "awards": _("中选"), "firms": _("机构数"), "leader": _("最多的机构"),
            "largest": _("其占比"), "concentration": _("集中度"), "direct": _("直接选取占比"),
        },
    }[tab]  # fmt: skip
    return csv_file(tab, list(columns.values()), [[row[name] for name in columns] for row in rows])


def percent(share: Fraction) -> str:
    """A share as per cent with one decimal, half up."""
    tenths = (share * 2000 + 1) // 2
    return f"{tenths // 10}.{tenths % 10}%"
