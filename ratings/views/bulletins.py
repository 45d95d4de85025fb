"""Monthly bulletins: on the desk of the service centre, then public as a list, a page, a PDF and the figures themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import WRITERS, Kind
from accounts.rules import ActingRequest, acting_as
from bidding.proof import qr_svg
from core.downloads import hand_out
from core.errors import DomainError
from core.ratelimit import limited
from ledger import domain as ledger
from ratings.bulletin_words import note, sections
from ratings.domain import bulletins as domain
from ratings.forms.bulletins import ForewordForm
from ratings.models import Bulletin
from ratings.models.bulletins import BulletinQuerySet

PAGE = 24


@require_safe
@limited("bulletins", "240/m", methods=("GET",))
def bulletins(request: HttpRequest) -> HttpResponse:
    """All that are public, the latest first."""
    page = Paginator(Bulletin.objects.published(), PAGE).get_page(request.GET.get("page"))
    return render(request, "ratings/bulletins.html", {"page": page})


@require_safe
@limited("bulletins", "240/m", methods=("GET",))
def bulletin(request: HttpRequest, month: date) -> HttpResponse:
    """One as a sheet."""
    return render(request, "ratings/bulletin.html", _shown(request, _one(Bulletin.objects.published(), month)))


@require_safe
@limited("bulletins", "60/m", methods=("GET",))
def pdf(request: HttpRequest, month: date) -> FileResponse:
    """The sheet on paper, the same for everybody and ever after."""
    found = _one(Bulletin.objects.published(), month)
    return hand_out(found.pdf, name=f"bulletin-{found.code}.pdf", kind="application/pdf")


@require_safe
@limited("bulletins", "60/m", methods=("GET",))
def file(request: HttpRequest, month: date) -> HttpResponse:
    """The figures, of which the digest is in the log."""
    found = _one(Bulletin.objects.published(), month)
    response = HttpResponse(found.file, content_type="application/json")
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def qr(request: HttpRequest, month: date) -> HttpResponse:
    """The QR code to the page."""
    found = _one(Bulletin.objects.published(), month)
    return HttpResponse(qr_svg(_address(request, found)), content_type="image/svg+xml")


@require_safe
@acting_as(Kind.OPERATOR)
@never_cache
def desk(request: ActingRequest) -> HttpResponse:
    """Those that wait for publication, and all before."""
    page = Paginator(Bulletin.objects.order_by("-month"), PAGE).get_page(request.GET.get("page"))
    return render(request, "ratings/bulletins_desk.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@acting_as(Kind.OPERATOR, roles=WRITERS)
@never_cache
def publish(request: ActingRequest, month: date) -> HttpResponse:
    """Publish one, with a foreword or as it is."""
    found = _one(Bulletin.objects.all(), month)
    if found.published_at is not None:
        return redirect("ratings:bulletin", found.month)
    form = ForewordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                domain.publish(bulletin_id=found.pk, foreword=form.cleaned_data["foreword"], by=request.membership)
            except DomainError as refused:
                form.add_error("foreword", str(refused))
            else:
                messages.success(request, _("通报已发布。"))
                return redirect("ratings:bulletin", found.month)
    context = {"bulletin": found, "form": form, "sections": sections(found.content), "note": note()}
    return render(request, "ratings/bulletin_publish.html", context, status=status)


def _one(rows: BulletinQuerySet, month: date) -> Bulletin:
    found: Bulletin = get_object_or_404(rows, month=month)
    return found


def _shown(request: HttpRequest, found: Bulletin) -> dict[str, Any]:
    return {
        "bulletin": found,
        "sections": sections(found.content),
        "note": note(),
        "log": ledger.published(found.subject),
        "address": _address(request, found),
    }


def _address(request: HttpRequest, found: Bulletin) -> str:
    return request.build_absolute_uri(reverse("ratings:bulletin", args=[found.month]))
