"""Where the custodian registers its keys and releases them, and what everybody may know of it.

Nobody signs in here: what is sent carries the custodian's signature, and what it releases proves itself.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bidding.domain import custody, stock
from core import clock
from core.errors import Conflict, DomainError, NotAllowed
from core.problems import problem
from core.ratelimit import limited
from ledger.domain import keys
from ledger.models import Checkpoint, Witness
from protocol.note import LONGEST

TITLE = gettext_lazy("见证方")


@require_safe
def custodian(request: HttpRequest) -> HttpResponse:
    """Who the custodian is, when it was last here, what it holds, and what happens while it stays away."""
    pinned, now = keys.custodian(), clock.now()
    witness = Witness.objects.filter(name=pinned.name).first() if pinned else None
    context = {
        "pinned": pinned,
        "witness": witness,
        "away": witness is None or now - witness.seen_at > stock.AWAY,
        "cosigned": Checkpoint.objects.exclude(cosignature="").order_by("-size").first(),
        "standing": stock.standing(),
        "wanted": stock.STOCK,
        "patience": custody.PATIENCE,
        "now": now,
    }
    return render(request, "bidding/custodian.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@limited("custodian", "600/m")
def keys_in_stock(request: HttpRequest) -> HttpResponse:
    """How many keys lie ready and how many are missing; or, posted, a signed note with more of them."""
    if request.method == "POST":
        return _take(request, stock.register_stock)
    standing = stock.standing()
    return JsonResponse({"stock": standing.stock, "missing": standing.missing})


@csrf_exempt
@require_POST
@limited("custodian", "600/m")
def release(request: HttpRequest) -> HttpResponse:
    """A signed note with the key and the codes of a closed round."""
    return _take(request, custody.receive_release)


def _take(request: HttpRequest, receive: Callable[[str], object]) -> HttpResponse:
    try:
        receive(request.body[: LONGEST + 1].decode("utf-8"))
    except UnicodeDecodeError:
        return problem(400, TITLE, _("签名附注须为 UTF-8 文本。"))
    except NotAllowed as refused:
        return problem(403, TITLE, str(refused))
    except DomainError as refused:
        return problem(409 if isinstance(refused, Conflict) else 422, TITLE, str(refused))
    return HttpResponse(status=204)
