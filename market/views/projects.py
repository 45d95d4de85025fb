"""An owner's projects and the needs of each."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.errors import DomainError
from market.domain import projects as domain
from market.domain import reuse as reusing
from market.domain.combining import policy_on
from market.domain.guidance import guidance
from market.domain.offering import Group, chosen_offers, offered
from market.forms.projects import NeedForm, ProjectForm, ReuseForm, ServiceChoiceForm, TogetherForm
from market.models import Need, Project, Reuse, Service


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
        .prefetch_related("rounds", "further")
        .order_by("-id")
    )
    rows = [(need, max(need.rounds.all(), key=lambda each: each.pk, default=None)) for need in needs]
    shown = [(need, last, last.status_at(now) if last else None) for need, last in rows]
    reuses = found.reuses.filter(ended_at=None).select_related("service", "item")
    return render(request, "market/project.html", {"project": found, "rows": shown, "reuses": reuses, "now": now})


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
        Need.objects.of(request.organisation).select_related("project__region", "service", "item"), code=code
    )
    return _edit_need(request, need.project, need)


def _edit_need(request: ActingRequest, project: Project, need: Need) -> HttpResponse:
    day = clock.now().astimezone(clock.LOCAL).date()
    groups = offered(need=need, day=day)
    asked = request.GET.get("together", "")
    together = TogetherForm(request.GET if asked == "chosen" else None, need=need, groups=groups, day=day)
    if asked == "choose" or (together.is_bound and not together.is_valid()):
        return _choose_together(request, need, groups, together)
    offers = together.chosen if together.is_bound else chosen_offers(groups, need.further.all() if need.pk else ())
    form = NeedForm(request.POST or None, instance=need, offers=offers)
    if request.method == "POST" and form.is_valid():
        try:
            domain.save_need(
                by=request.membership,
                need=form.save(commit=False),
                qualifications=form.qualifications,
                further=form.further,
            )
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            return redirect("bidding:wizard_start", need=need.code)
    return _shown_need(request, need, form, groups=groups, status=422 if form.errors else 200)


def _choose_together(request: ActingRequest, need: Need, groups: Sequence[Group], form: TogetherForm) -> HttpResponse:
    """Which services the same firm is to do together; what needs no commissioning any more is said beside each."""
    kept = chosen_offers(groups, need.further.all() if need.pk else ())
    ticked = set(request.GET.getlist("with")) if form.is_bound else {offer.key for offer in kept}
    context = {
        "project": need.project,
        "need": need,
        "groups": groups,
        "form": form,
        "ticked": ticked,
        "policy": policy_on(clock.now().astimezone(clock.LOCAL).date()),
    }
    return render(request, "market/need_together.html", context, status=422 if form.errors else 200)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def reuse(request: ActingRequest, code: str, service: str) -> HttpResponse:
    """Use what exists instead of posting a need."""
    project = _project_or_404(request, code)
    need = Need(project=project, service=get_object_or_404(Service, code=service))
    form = ReuseForm(request.POST, service=need.service, existing=_existing(need))
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            reusing.use_existing(
                project_id=project.pk, service=need.service, item=chosen["item"], reference=chosen["reference"],
                by=request.membership,
            )  # fmt: skip
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            messages.success(request, _("已选用已有成果，不再委托。办件收件时它会随之提交。"))
            return redirect("market:project", code=project.code)
    return _shown_need(request, need, NeedForm(instance=need), reuse_form=form, status=422)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def reuse_end(request: ActingRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Reuse.objects.of(request.organisation).select_related("project"), pk=pk)
    reusing.give_up(reuse_id=found.pk, by=request.membership)
    messages.success(request, _("已取消使用这份成果。"))
    return redirect("market:project", code=found.project.code)


def _shown_need(
    request: ActingRequest,
    need: Need,
    form: NeedForm,
    *,
    groups: Sequence[Group] = (),
    reuse_form: ReuseForm | None = None,
    status: int,
) -> HttpResponse:
    now, existing = clock.now(), _existing(need)
    version = need.service.version_at(now.astimezone(clock.LOCAL).date())
    context = {
        "project": need.project,
        "need": need,
        "form": form,
        "version": version,
        "findings": guidance(need=need, method="", parameters={}, at=now) if need.pk else [],
        "existing": existing,
        "groups": groups,
        "needed": [offer for group in groups for offer in group.offers if offer.needed and not offer.is_covered],
        "action": request.get_full_path() if request.resolver_match.url_name != "reuse" else "",  # type: ignore[union-attr]
        "reuse_form": reuse_form or (ReuseForm(service=need.service, existing=existing) if existing else None),
    }
    return render(request, "market/need_edit.html", context, status=status)


def _existing(need: Need) -> list[reusing.Existing]:
    day = clock.now().astimezone(clock.LOCAL).date()
    return reusing.existing(project=need.project, service=need.service, day=day)


def _project_or_404(request: ActingRequest, code: str) -> Project:
    return get_object_or_404(
        Project.objects.of(request.organisation).select_related("district", "owner", "region"), code=code
    )
