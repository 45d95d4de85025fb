"""A firm's own admission: what it has filed, what is missing, and what happens next."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.downloads import hand_out
from core.errors import DomainError
from core.ratelimit import by_user, limited
from market.domain import admission as domain
from market.forms.admission import SECTION_FORMS, SECTION_NAMES, MaterialForm, UndertakingForm
from market.models import Admission, Firm, Qualification


@require_safe
@acting_as(Kind.FIRM)
@never_cache
def admission(request: ActingRequest) -> HttpResponse:
    """The state of the firm's admission, its draft by sections, and its earlier versions."""
    return _shown(request, UndertakingForm())


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def begin(request: ActingRequest) -> HttpResponse:
    domain.begin_admission(by=request.membership)
    return redirect("market:admission")


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("uploads", "60/m", by=by_user)
def edit(request: ActingRequest) -> HttpResponse:
    """The part about the firm itself."""
    try:
        with transaction.atomic():
            draft = domain.editable_draft(by=request.membership)
            form = MaterialForm(request.POST or None, request.FILES or None, instance=draft)
            if request.method == "POST" and form.is_valid():
                form.save()
                messages.success(request, _("已保存。"))
                return redirect("market:admission")
    except DomainError as refused:
        return _refused(request, refused)
    return render(request, "market/admission_edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.FIRM, roles=WRITERS)
@never_cache
@limited("uploads", "60/m", by=by_user)
def add(request: ActingRequest, section: str) -> HttpResponse:
    """One more row of a section."""
    if section not in SECTION_FORMS:
        raise Http404
    try:
        with transaction.atomic():
            draft = domain.editable_draft(by=request.membership)
            form = SECTION_FORMS[section](request.POST or None, request.FILES or None, admission=draft)
            if request.method == "POST" and form.is_valid():
                form.save()
                messages.success(request, _("已增加。"))
                return redirect("market:admission")
    except DomainError as refused:
        return _refused(request, refused)
    context = {"form": form, "name": SECTION_NAMES[section]}
    return render(request, "market/admission_add.html", context, status=422 if form.errors else 200)


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def remove(request: ActingRequest, section: str, pk: int) -> HttpResponse:
    """Take a row out of the draft. Nothing happens where it is gone already."""
    if section not in SECTION_FORMS:
        raise Http404
    try:
        with transaction.atomic():
            draft = domain.editable_draft(by=request.membership)
            getattr(draft, section).filter(pk=pk).delete()
    except DomainError as refused:
        return _refused(request, refused)
    messages.success(request, _("已移除。"))
    return redirect("market:admission")


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def submit(request: ActingRequest) -> HttpResponse:
    """Sign the undertaking and hand the application over."""
    form = UndertakingForm(request.POST)
    if not form.is_valid():
        return _shown(request, form, status=422)
    try:
        domain.submit_admission(by=request.membership, undertaken=True)
    except DomainError as refused:
        form.add_error(None, str(refused))
        return _shown(request, form, status=409)
    messages.success(request, _("已提交，服务中心将在期限内审查。"))
    return redirect("market:admission")


@require_POST
@acting_as(Kind.FIRM, roles=WRITERS)
def withdraw(request: ActingRequest) -> HttpResponse:
    try:
        domain.withdraw_admission(by=request.membership)
    except DomainError as refused:
        return _refused(request, refused)
    messages.success(request, _("已撤回。"))
    return redirect("market:admission")


@require_safe
@acting_as(Kind.FIRM, Kind.OPERATOR)
@never_cache
def scan(request: ActingRequest, code: str, which: str, pk: int) -> FileResponse:
    """A scan, for the firm itself and the service centre only."""
    admissions = (
        Admission.objects.all()
        if request.organisation.kind == Kind.OPERATOR
        else Admission.objects.of(request.organisation)
    )
    found = get_object_or_404(admissions, code=code)
    file = found.licence if which == "licence" else get_object_or_404(Qualification, admission=found, pk=pk).scan
    return hand_out(file)


def _shown(request: ActingRequest, form: UndertakingForm, *, status: int = 200) -> HttpResponse:
    firm = Firm.objects.select_related("current", "organisation").filter(organisation=request.organisation).first()
    versions = list(firm.admissions.all()) if firm is not None else []
    pending = next((each for each in versions if each.status in domain.PENDING), None)
    shown = pending or (firm.current if firm is not None else None)
    context = {
        "firm": firm,
        "versions": versions,
        "pending": pending,
        "is_draft": pending is not None and pending.status == Admission.Status.DRAFT,
        "shown": shown,
        "lacks": domain.missing(pending) if pending is not None and pending.status == Admission.Status.DRAFT else [],
        "refused": versions[0] if versions and versions[0].status == Admission.Status.REFUSED else None,
        "form": form,
        "now": clock.now(),
        "may_file": request.membership.role in WRITERS,
    }
    return render(request, "market/admission.html", context, status=status)


def _refused(request: ActingRequest, refused: DomainError) -> HttpResponse:
    messages.error(request, str(refused))
    return redirect("market:admission")
