"""Documents of decisions: issued on the department's page of a case, collected and read on the applicant's."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import OWNER_KINDS, WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from approvals.domain import results as domain
from approvals.models import Application, Case, Result
from approvals.views.cases import READERS, case_or_404
from core.downloads import hand_out
from core.errors import DomainError, NotAllowed
from core.ratelimit import by_user, limited
from core.uploads import CheckedFileField


class ResultForm(forms.Form):
    """The document and the number under which the department keeps it."""

    number = forms.CharField(
        label=gettext_lazy("文号"),
        max_length=60,
        help_text=gettext_lazy("例如 甬环建〔2026〕12号"),
        error_messages={"required": gettext_lazy("请填写文号。")},
    )
    file = CheckedFileField(label=gettext_lazy("决定文书"))


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.DEPARTMENT, roles=WRITERS)
@never_cache
@limited("issue_result", "60/h", by=by_user)
def issue(request: ActingRequest, code: str) -> HttpResponse:
    found = case_or_404(request, code)
    if found.department.organisation_id != request.organisation.pk or found.status != Case.Status.DECIDED:
        raise Http404
    form = ResultForm(request.POST or None, request.FILES or None)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            domain.issue_result(case_id=found.pk, number=given["number"], file=given["file"], by=request.membership)
        except DomainError as refused:
            form.add_error(refused.code if refused.code in form.fields else None, str(refused))
            status = 409
        else:
            messages.success(request, _("已出件，申请人可以签收了。"))
            return redirect("approvals:case", code=code)
    return render(request, "approvals/result_issue.html", {"case": found, "form": form}, status=status)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def collect(request: ActingRequest, code: str) -> HttpResponse:
    found = case_or_404(request, code)
    try:
        taken = domain.collect_results(case_id=found.pk, by=request.membership)
    except NotAllowed as refused:
        raise Http404 from refused
    if taken:
        done = ngettext("已签收 %(n)d 份文书。", "已签收 %(n)d 份文书。", len(taken)) % {"n": len(taken)}
        messages.success(request, done)
    return redirect("approvals:case", code=code)


@require_POST
@acting_as(*OWNER_KINDS, roles=WRITERS)
def collect_all(request: ActingRequest, code: str) -> HttpResponse:
    """Everything that was issued for an application, whichever departments decided."""
    found = get_object_or_404(Application.objects.filter(applicant=request.organisation), code=code)
    waiting = Result.objects.waiting().filter(case__application=found).order_by("case_id")
    for case_id in waiting.values_list("case_id", flat=True).distinct():
        domain.collect_results(case_id=case_id, by=request.membership)
    messages.success(request, _("已签收。"))
    return redirect("approvals:application", code=code)


@require_safe
@acting_as(*READERS)
@never_cache
def file(request: ActingRequest, pk: int) -> FileResponse:
    """A document, for those who read its case."""
    found = get_object_or_404(Result.objects.readable_by(request.organisation), pk=pk)
    return hand_out(found.file, name=found.name)
