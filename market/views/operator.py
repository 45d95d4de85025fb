"""What the service centre does with applications and with a firm's standing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from core.errors import DomainError
from market.domain import admission as domain
from market.domain import standing
from market.forms.admission import ReasonForm, SuspensionForm
from market.models import Admission, Firm, Suspension


@require_safe
@acting_as(Kind.OPERATOR)
@never_cache
def admission_check(request: ActingRequest, code: str) -> HttpResponse:
    """An application with everything filed, beside the version in force."""
    return _shown(request, _admission_or_404(code), ReasonForm())


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def publish(request: ActingRequest, code: str) -> HttpResponse:
    admission = _admission_or_404(code)
    try:
        domain.publish_admission(admission_id=admission.pk, by=request.membership)
    except DomainError as refused:
        return _shown(request, admission, ReasonForm(), refused=refused, status=409)
    messages.success(request, _("%(name)s 已进入公示。") % {"name": admission.firm.organisation.public_name})
    return redirect("bidding:operator_desk")


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def refuse(request: ActingRequest, code: str) -> HttpResponse:
    admission, form = _admission_or_404(code), ReasonForm(request.POST)
    if not form.is_valid():
        return _shown(request, admission, form, status=422)
    try:
        domain.refuse_admission(admission_id=admission.pk, reason=form.cleaned_data["reason"], by=request.membership)
    except DomainError as refused:
        return _shown(request, admission, form, refused=refused, status=409)
    messages.success(request, _("已退回 %(name)s，并告知理由。") % {"name": admission.firm.organisation.public_name})
    return redirect("bidding:operator_desk")


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, Kind.REGULATOR, roles=WRITERS)
@never_cache
def firm_standing(request: ActingRequest, uscc: str) -> HttpResponse:
    """Suspend a firm, lift a suspension, take it off the list; each with a reason that everybody may read."""
    firm = get_object_or_404(Firm.objects.public().select_related("organisation"), organisation__uscc=uscc)
    step = request.POST.get("step", "")
    form = SuspensionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _order(request, firm, step, form)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("已执行。"))
            return redirect("market:firm", uscc=uscc)
    running = Suspension.objects.running(now=clock.now()).filter(firm=firm).first()
    context = {"firm": firm, "form": form, "running": running}
    return render(request, "market/firm_standing.html", context, status=422 if form.errors else 200)


def _order(request: ActingRequest, firm: Firm, step: str, form: SuspensionForm) -> None:
    reason, by = form.cleaned_data["reason"], request.membership
    if step == "suspend":
        standing.suspend_firm(firm_id=firm.pk, reason=reason, until=form.cleaned_data["until"], by=by)
    elif step == "lift":
        standing.lift_suspension(firm_id=firm.pk, reason=reason, by=by)
    elif step == "delist":
        standing.delist_firm(firm_id=firm.pk, reason=reason, by=by)
    else:
        raise DomainError(_("没有这一步。"))


def _shown(
    request: ActingRequest,
    admission: Admission,
    form: ReasonForm,
    *,
    refused: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"admission": admission, "firm": admission.firm, "form": form, "refused": refused, "now": clock.now()}
    return render(request, "market/admission_check.html", context, status=status)


def _admission_or_404(code: str) -> Admission:
    """An application that left its firm's hands."""
    handed_over = Admission.objects.filter(submitted_at__isnull=False).select_related(
        "firm__organisation", "firm__current"
    )
    return get_object_or_404(handed_over, code=code)
