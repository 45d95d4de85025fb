"""An owner's projects and the needs of each."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import OWNER_KINDS, WRITERS
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.errors import DomainError
from market.domain import projects as domain
from market.domain.guidance import guidance
from market.forms.projects import NeedForm, ProjectForm, ServiceChoiceForm
from market.models import Need, Project


@require_safe
@acting_as(*OWNER_KINDS)
@never_cache
def projects(request: ActingRequest) -> HttpResponse:
    rows = Project.objects.of(request.organisation).select_related("district").annotate(need_count=Count("needs"))
    page = Paginator(rows.order_by("-created_at", "-id"), 30).get_page(request.GET.get("page"))
    return render(request, "market/projects.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def project_new(request: ActingRequest) -> HttpResponse:
    return _edit(request, Project())


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def project_edit(request: ActingRequest, code: str) -> HttpResponse:
    return _edit(request, _project_or_404(request, code))


def _edit(request: ActingRequest, project: Project) -> HttpResponse:
    form = ProjectForm(request.POST or None, instance=project)
    if request.method == "POST" and form.is_valid():
        try:
            saved = domain.save_project(by=request.membership, project=form.save(commit=False))
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            messages.success(request, _("已保存。"))
            return redirect("market:project", code=saved.code)
    return render(request, "market/project_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@acting_as(*OWNER_KINDS)
@never_cache
def project(request: ActingRequest, code: str) -> HttpResponse:
    """A project with its needs, and the round of each."""
    found, now = _project_or_404(request, code), clock.now()
    needs = (
        found.needs.select_related("service", "item", "department__organisation")
        .prefetch_related("rounds")
        .order_by("-id")
    )
    rows = [(need, max(need.rounds.all(), key=lambda each: each.pk, default=None)) for need in needs]
    shown = [(need, last, last.status_at(now) if last else None) for need, last in rows]
    return render(request, "market/project.html", {"project": found, "rows": shown, "now": now})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def need_new(request: ActingRequest, code: str) -> HttpResponse:
    """First which service, then what is needed of it."""
    found = _project_or_404(request, code)
    choice = ServiceChoiceForm(request.GET if "service" in request.GET else None)
    if not choice.is_bound or not choice.is_valid():
        return render(
            request,
            "market/need_service.html",
            {"project": found, "form": choice},
            status=422 if choice.is_bound else 200,
        )
    return _edit_need(request, found, Need(project=found, service=choice.cleaned_data["service"]))


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(*OWNER_KINDS, roles=WRITERS)
@never_cache
def need_edit(request: ActingRequest, code: str) -> HttpResponse:
    need = get_object_or_404(
        Need.objects.of(request.organisation).select_related("project", "service", "item"), code=code
    )
    return _edit_need(request, need.project, need)


def _edit_need(request: ActingRequest, project: Project, need: Need) -> HttpResponse:
    form = NeedForm(request.POST or None, instance=need)
    if request.method == "POST" and form.is_valid():
        try:
            domain.save_need(by=request.membership, need=form.save(commit=False), qualifications=form.qualifications)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            return redirect("bidding:wizard_start", need=need.code)
    now = clock.now()
    version = need.service.version_at(now.astimezone(clock.LOCAL).date())
    found = guidance(need=need, method="", parameters={}, at=now) if need.pk else []
    context = {"project": project, "need": need, "form": form, "version": version, "findings": found}
    return render(request, "market/need_edit.html", context, status=422 if form.errors else 200)


def _project_or_404(request: ActingRequest, code: str) -> Project:
    return get_object_or_404(Project.objects.of(request.organisation).select_related("district", "owner"), code=code)
