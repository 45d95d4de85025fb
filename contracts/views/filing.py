"""The service centre's list of contracts to file, and its two steps on the page of each."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from contracts.domain import filing as domain
from contracts.forms.drafting import WordsForm
from contracts.models import Filing
from contracts.views.desk import contract_or_404
from contracts.views.drafting import take, words_step
from core import clock

TABS = ("waiting", "filed")
PAGE = 30


@require_safe
@acting_as(Kind.OPERATOR, Kind.REGULATOR)
@never_cache
def filings(request: ActingRequest) -> HttpResponse:
    """What waits to be filed, and what is on file."""
    rows = {"waiting": Filing.objects.waiting(), "filed": Filing.objects.filed()}
    counts = {name: each.count() for name, each in rows.items()}
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "waiting"
    whole = rows[tab].select_related("contract__owner", "contract__firm__organisation", "contract__service")
    page = Paginator(whole, PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    context = {"tab": tab, "counts": counts, "page": page, "now": now, "late": Filing.objects.late(now=now).count()}
    return render(request, "contracts/filings.html", context)


@require_POST
@acting_as(Kind.OPERATOR, roles=WRITERS)
def file(request: ActingRequest, code: str) -> HttpResponse:
    found = contract_or_404(request, code)
    return take(
        request,
        found,
        lambda: domain.file_contract(contract_id=found.pk, by=request.membership),
        done=_("已备案。"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def remark(request: ActingRequest, code: str) -> HttpResponse:
    """What does not agree with the award; the parties read it on the contract's page."""
    found = contract_or_404(request, code)
    form = WordsForm(request.POST if request.method == "POST" else None, label=_("哪里与选取结果不一致"))
    context = {
        "title": _("提出备案意见"),
        "lead": _("双方会在合同页面看到；改好以后，您再备案。公开页面只写“备案待补正”。"),
        "submit": _("告知双方"),
    }
    return words_step(
        request,
        found,
        form,
        lambda text: domain.remark_on_filing(contract_id=found.pk, text=text, by=request.membership),
        done=_("已告知双方。"),
        context=context,
    )
