"""Tables: events and the national table, in with a look at them first, and out."""

from __future__ import annotations

import base64
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from approvals import tables as domain
from approvals.forms.tables import LookedAtForm, TableForm
from approvals.models import Department
from approvals.views.department import department_of
from core import clock
from core.ratelimit import by_user, limited

SHOWN = 200
"""Of what is wrong with a table so many lines are listed."""
BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for something else."""


@require_safe
@acting_as(Kind.DEPARTMENT, roles=WRITERS)
@never_cache
def tables(request: ActingRequest) -> HttpResponse:
    """Which tables there are."""
    columns = {"events": domain.EVENT_COLUMNS, "national": [name for name, _field in domain.NATIONAL_COLUMNS]}
    return render(request, "approvals/tables.html", {"columns": columns, "form": TableForm()})


@require_safe
@acting_as(Kind.DEPARTMENT, roles=WRITERS)
@never_cache
@limited("table_export", "20/m", by=by_user, methods=("GET",))
def export(request: ActingRequest, kind: str) -> HttpResponse:
    """A table of this department's, as a file."""
    department = department_of(request.organisation)
    text = domain.events_csv(department) if kind == "events" else domain.national_csv(department)
    response = HttpResponse(BOM + text, content_type="text/csv; charset=utf-8")
    day = clock.now().astimezone(clock.LOCAL)
    response["Content-Disposition"] = f'attachment; filename="{department.code}-{kind}-{day:%Y%m%d}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.DEPARTMENT, roles=WRITERS)
@never_cache
@limited("table_import", "20/m", by=by_user)
def import_table(request: ActingRequest, kind: str) -> HttpResponse:
    """Choose a file, look at what would come of it, then let it be taken."""
    if request.method != "POST":
        return render(request, "approvals/table_import.html", {"kind": kind, "form": TableForm()})
    confirmed = "content" in request.POST
    form = LookedAtForm(request.POST) if confirmed else TableForm(request.POST, request.FILES)
    if not form.is_valid():
        shown = TableForm() if confirmed else form
        return render(request, "approvals/table_import.html", {"kind": kind, "form": shown}, status=422)
    content: bytes = form.cleaned_data["content" if confirmed else "file"]
    context: dict[str, Any] = {"kind": kind, "form": TableForm()}
    try:
        counted = _take(request, kind, content, trial=not confirmed)
    except domain.NotApplied as refused:
        context |= {"wrong": refused.wrong[:SHOWN], "wrong_count": len(refused.wrong)}
        return render(request, "approvals/table_import.html", context, status=422)
    if confirmed:
        told = _("已导入：新 %(new)d 行，更新 %(changed)d 行，已有 %(already)d 行，等待前序事件 %(waiting)d 行。")
        messages.success(request, told % _numbers(counted))
        return redirect("approvals:tables")
    context |= {"counted": _numbers(counted), "content": base64.b64encode(content).decode()}
    return render(request, "approvals/table_import.html", context)


def _take(request: ActingRequest, kind: str, content: bytes, *, trial: bool) -> dict[str, int]:
    department: Department = department_of(request.organisation)
    if kind == "events":
        table = domain.read_events(content)
        return domain.take_events(table, department=department, by=request.membership, trial=trial)
    table = domain.read_records(content, department=department)
    return domain.take_records(table, department=department, by=request.membership, trial=trial)


def _numbers(counted: dict[str, int]) -> dict[str, int]:
    return {
        "new": counted["applied"],
        "changed": counted.get("changed", 0),
        "already": counted["already"],
        "waiting": counted.get("waiting", 0),
    }
