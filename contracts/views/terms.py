"""The texts with which contracts begin, on the service centre's desk."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.domain import terms as domain
from contracts.forms.terms import TemplateForm
from contracts.models import ContractTemplate
from core import clock
from core.errors import DomainError


@require_safe
@acting_as(Kind.OPERATOR, Kind.REGULATOR)
@never_cache
def templates(request: ActingRequest) -> HttpResponse:
    """Every version, with its dates and how many contracts began with it."""
    context = {"rows": domain.templates(), "today": timezone.localdate(clock.now()), "edits": _edits(request)}
    return render(request, "contracts/templates.html", context)


@require_safe
@acting_as(Kind.OPERATOR, Kind.REGULATOR)
@never_cache
def template(request: ActingRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(domain.templates(), pk=pk)
    return render(request, "contracts/template.html", {"template": found, "edits": _edits(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def next_template(request: ActingRequest, pk: int) -> HttpResponse:
    """The next version, which begins with the text of one that is there."""
    found = get_object_or_404(ContractTemplate.objects.select_related("service"), pk=pk)
    form = TemplateForm(request.POST if request.method == "POST" else None, begins_with=found)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        given = {
            name: form.cleaned_data[name]
            for name in ("service", "version", "clauses", "days", "valid_from", "legal_basis")
        }
        try:
            added = domain.add_template(**given, plan=form.plan, by=request.membership)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            status = 409
        else:
            messages.success(request, _("已保存，%(day)s 起用。") % {"day": added.valid_from.isoformat()})
            return redirect("contracts:template", pk=added.pk)
    return render(request, "contracts/template_edit.html", {"template": found, "form": form}, status=status)


def _edits(request: ActingRequest) -> bool:
    return request.organisation.kind == Kind.OPERATOR and request.membership.role in WRITERS
