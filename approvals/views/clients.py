"""The systems by which a department sends its events."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Kind, Role
from accounts.rules import ActingRequest, acting_as
from approvals.domain import clients as domain
from approvals.forms.clients import ClientForm
from approvals.models import ApiClient
from approvals.views.department import department_of
from core.errors import DomainError
from core.ratelimit import by_user, limited

ADMINISTRATORS = (Role.ADMIN,)


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.DEPARTMENT, roles=ADMINISTRATORS)
@never_cache
@limited("clients", "20/h", by=by_user)
def clients(request: ActingRequest) -> HttpResponse:
    """The department's systems, and a new one."""
    department = department_of(request.organisation)
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = domain.register_client(department=department, by=request.membership, **form.cleaned_data)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
        else:
            messages.success(request, _("已接入，客户端编号 %(key)s。") % {"key": made.key_id})
            return redirect("approvals:clients")
    rows = ApiClient.objects.usable().filter(department=department).order_by("-created_at", "-id")
    context = {"form": form, "clients": rows}
    return render(request, "approvals/clients.html", context, status=422 if form.errors else 200)


@require_POST
@acting_as(Kind.DEPARTMENT, roles=ADMINISTRATORS)
def revoke(request: ActingRequest, pk: int) -> HttpResponse:
    """End a system's right to send."""
    try:
        domain.revoke_client(department=department_of(request.organisation), client_id=pk, by=request.membership)
    except ApiClient.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("已作废，这个系统不能再送数据。"))
    return redirect("approvals:clients")
