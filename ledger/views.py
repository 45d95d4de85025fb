"""The log for people: what it is, who has signed it, every entry, and what has become of a receipt."""

from __future__ import annotations

import base64
import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.errors import DomainError
from core.ratelimit import limited
from ledger.domain import keys, nodes, receipts
from ledger.models import Checkpoint, QueuedEntry, Witness
from protocol.note import LONGEST

PAGE = 50
LARGEST = 2**62


class ReceiptForm(forms.Form):
    """A receipt as it was saved: the whole text."""

    receipt = forms.CharField(
        label=_("回执全文"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("把保存的回执原样贴进来，从 mingxuan/receipt/v1 一行到最后的签名。"),
        error_messages={"required": _("请贴入回执。")},
    )


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The newest entries, and how far they are signed and witnessed; `?before=` goes on to older ones."""
    before = request.GET.get("before", "")
    end = min(int(before), LARGEST) if before.isascii() and before.isdigit() and len(before) < 20 else LARGEST
    entries = list(QueuedEntry.objects.filter(index__lt=end).order_by("-index")[: PAGE + 1])
    pinned = keys.custodian()
    context = {
        "entries": entries[:PAGE],
        "older": entries[PAGE - 1].index if len(entries) > PAGE else None,
        "newest": Checkpoint.objects.order_by("-size").first(),
        "cosigned": Checkpoint.objects.exclude(cosignature="").order_by("-size").first(),
        "witness": Witness.objects.filter(name=pinned.name).first() if pinned else None,
        "origin": keys.log_signer().name,
        "now": clock.now(),
        "first_page": end == LARGEST,
    }
    return render(request, "ledger/log.html", context)


@require_safe
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """One entry as it is in the log, with the proof that it is there."""
    if index > LARGEST:
        raise Http404
    found = get_object_or_404(QueuedEntry, index=index)
    signed = Checkpoint.objects.filter(size__gt=index).order_by("size").first()
    context = {
        "entry": found,
        "text": json.dumps(json.loads(bytes(found.entry)), ensure_ascii=False, indent=2),
        "checkpoint": signed,
        "proof": _base64(nodes.inclusion(index, signed.size)) if signed else [],
    }
    return render(request, "ledger/entry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@limited("receipt", "60/m")
def receipt(request: HttpRequest) -> HttpResponse:
    """Turn a receipt into the proof that its entry is in the log, or into proof against the platform."""
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            found = receipts.inclusion_of(form.cleaned_data["receipt"])
            context |= {"found": found, "proof": _base64(found.proof)}
        except DomainError as refused:
            form.add_error("receipt", str(refused))
    return render(request, "ledger/receipt.html", context, status=422 if form.errors else 200)


def _base64(hashes: Any) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
