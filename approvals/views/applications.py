"""One window: an owner applies for everything at once, follows it in one place; departments see what they lead or decide."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from approvals.domain import joint
from approvals.domain import materials as material_domain
from approvals.domain import windows as domain
from approvals.domain.projects import OwnProject, project_of, projects_of
from approvals.forms.register import ApplicationForm, ItemsForm, MaterialForm, ProjectChoiceForm
from approvals.models import Application, ApprovalItem, Case, ItemVersion, Result
from approvals.models.applications import ApplicationQuerySet
from core import clock
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited

PAGE = 30
PRESSING = ("late", "soon")
URGENCY = (*PRESSING, "still", "running")
READERS = (*OWNER_KINDS, Kind.DEPARTMENT, Kind.REGULATOR)


@require_safe
@acting_as(*OWNER_KINDS, Kind.DEPARTMENT, Kind.REGULATOR)
@never_cache
def applications(request: ActingRequest) -> HttpResponse:
    """An owner's applications; for a department the joint approvals in which it takes part, for the regulator all of them."""
    is_owner, now = request.organisation.kind in OWNER_KINDS, clock.now()
    own = Application.objects.readable_by(request.organisation)
    if not is_owner:
        own = own.joint()
    urgency = request.GET.get("urgency", "")
    rows = _pressing(own, urgency, now).for_list()
    counted = rows.annotate(
        total=Count("cases", distinct=True),
        ended=Count("cases", filter=Q(cases__ended_at__isnull=False), distinct=True),
        asked=Count("cases", filter=Q(cases__status=Case.Status.CORRECTION), distinct=True),
    )
    ordered = counted.order_by(*(["joint_due_at", "id"] if urgency in PRESSING else ["-filed_at", "-id"]))
    page = Paginator(ordered, PAGE).get_page(request.GET.get("page"))
    page.object_list = joint.with_days_left(page.object_list, now=now)
    context = {
        "page": page,
        "board": None if is_owner else joint.board_of(own, now=now),
        "urgency": urgency if urgency in URGENCY else "",
        "is_owner": is_owner,
        "may_apply": is_owner and request.membership.role in WRITERS,
        "single": Case.objects.filter(applicant=request.organisation, application=None)
        .for_list()
        .order_by("-id")[:PAGE]
        if is_owner
        else [],
        "now": now,
    }
    return render(request, "approvals/applications.html", context)


def _pressing(rows: ApplicationQuerySet, urgency: str, now: datetime) -> ApplicationQuerySet:
    """Those that the clock of the joint approval picks out."""
    match urgency:
        case "late":
            return rows.late(now=now)
        case "soon":
            return rows.soon(now=now)
        case "still":
            return rows.joint().filter(ended_at=None, joint_due_at=None, joint_days__isnull=False)
        case "running":
            return rows.joint().filter(ended_at=None)
    return rows


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
@limited("applications", "30/h", by=by_user)
def new(request: ActingRequest) -> HttpResponse:
    """First for which project, then which items, then how and with what."""
    if "project" not in request.GET:
        return _choose_project(request)
    project = project_of(request.organisation, request.GET["project"])
    if project is None:
        raise Http404
    day = clock.now().astimezone(clock.LOCAL).date()
    chosen = "items" in request.GET or "filed_in" in request.GET
    items = _items_at(day)
    initial = {
        "project": project.code,
        "filed_in": project.district.code,
        "items": list(items.filter(pk__in=project.items).values_list("code", flat=True)),
    }
    form = ItemsForm(request.GET if chosen else None, items=items, initial=initial)
    if not form.is_valid():
        return _choose_items(request, project, form)
    try:
        routed = domain.routing(form.cleaned_data["items"], district=project.district, day=day)
    except DomainError as refused:
        form.add_error("items", str(refused))
        return _choose_items(request, project, form)
    return _apply(request, project, form, routed)


def _choose_project(request: ActingRequest) -> HttpResponse:
    projects = projects_of(request.organisation)
    context = {"form": ProjectChoiceForm(projects=projects), "projects": projects}
    return render(request, "approvals/application_project.html", context)


def _choose_items(request: ActingRequest, project: OwnProject, form: ItemsForm) -> HttpResponse:
    context = {"project": project, "form": form}
    return render(request, "approvals/application_items.html", context, status=422 if form.errors else 200)


def _apply(request: ActingRequest, project: OwnProject, items: ItemsForm, routed: list[domain.Routed]) -> HttpResponse:
    chosen = items.cleaned_data["items"]
    form = ApplicationForm(request.POST or None, request.FILES or None, items=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            made = domain.file_application(
                key=form.cleaned_data["key"],
                project_code=project.code,
                wanted=form.wanted,
                filed_in=items.cleaned_data["filed_in"],
                lead=form.lead_item,
                files=form.handed_in,
                by=request.membership,
            )
        except NotAllowed as refused:
            raise Http404 from refused
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("已提交，申请编号 %(code)s。") % {"code": made.code})
            return redirect("approvals:application", code=made.code)
    context = {"project": project, "form": form, "routed": routed, "filed_in": items.cleaned_data["filed_in"]}
    return render(request, "approvals/application_new.html", context, status=422 if form.errors else 200)


@require_safe
@acting_as(*READERS)
@never_cache
def application(request: ActingRequest, code: str) -> HttpResponse:
    """An application with the state of everything in it."""
    return _shown(request, _application_or_404(request, code))


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
@limited("hand_in", "60/h", by=by_user)
def hand_in(request: ActingRequest, code: str) -> HttpResponse:
    """One more piece of material, for every case that is not over."""
    found = _application_or_404(request, code)
    form = MaterialForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, found, form=form, status=422)
    given = form.cleaned_data
    try:
        material_domain.hand_in(
            application_id=found.pk, title=given["title"], file=given["file"], by=request.membership
        )
    except NotAllowed as refused:
        raise Http404 from refused
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _shown(request, found, form=form, status=409)
    messages.success(request, _("材料已交，各办件共用。"))
    return redirect("approvals:application", code=code)


def _shown(
    request: ActingRequest, found: Application, *, form: MaterialForm | None = None, status: int = 200
) -> HttpResponse:
    own = request.organisation.pk == found.applicant_id
    cases = list(found.cases.for_list().order_by("step", "id"))
    mine = {each.pk for each in cases if each.department.organisation_id == request.organisation.pk}
    shared = found.materials.all()
    if request.organisation.kind == Kind.DEPARTMENT:
        shared = shared.filter(cases__in=mine).distinct()
    results = list(
        Result.objects.readable_by(request.organisation).filter(case__application=found).select_related("case__item")
    )
    unfinished = any(each.ended_at is None for each in cases)
    now = clock.now()
    [found] = joint.with_days_left([found], now=now)
    context: dict[str, Any] = {
        "application": found,
        "cases": cases,
        "readable": {each.pk for each in cases} if own or request.organisation.kind == Kind.REGULATOR else mine,
        "materials": shared,
        "results": results,
        "may_collect": own
        and request.membership.role in WRITERS
        and any(each.collected_at is None for each in results),
        "form": (form or MaterialForm()) if own and unfinished and request.membership.role in WRITERS else None,
        "unfinished": unfinished,
        "now": now,
    }
    return render(request, "approvals/application.html", context, status=status)


def _application_or_404(request: ActingRequest, code: str) -> Application:
    return get_object_or_404(Application.objects.readable_by(request.organisation).for_list(), code=code)


def _items_at(day: date) -> QuerySet[ApprovalItem]:
    """Items that exist on a day."""
    valid = ItemVersion.objects.valid_at(day).filter(item=OuterRef("pk"))
    return ApprovalItem.objects.filter(Exists(valid)).order_by("code")
