"""The log for programs, as PROTOCOL §1 prints it: notes, tiles, bundles and proofs, open to every origin."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError, NotAllowed
from core.problems import problem
from core.ratelimit import limited
from ledger.domain import keys, nodes, witness
from ledger.models import Checkpoint, QueuedEntry
from protocol import note, tiles

TITLE = gettext_lazy("公开日志")
FOR_EVER = 365 * 24 * 3600
LARGEST = 2**53
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Readable by scripts of any site: there is nothing here that is not everybody's."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return opened


@require_safe
@public
def vkey(request: HttpRequest) -> HttpResponse:
    """The verifier keys of the platform: of the log, then of its receipts."""
    return _text(f"{keys.log_signer().verifier.text}\n{keys.receipt_signer().verifier.text}\n")


@require_safe
@public
def witnesses(request: HttpRequest) -> HttpResponse:
    """The custodian's key for cosignatures, then the same key for the notes it signs; empty while none is pinned."""
    pinned = [key for key in (keys.custodian(), keys.custodian_notes()) if key is not None]
    return _text("".join(f"{key.text}\n" for key in pinned))


@require_safe
@public
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint; `?cosigned=1` gives the newest that the custodian has cosigned."""
    signed = Checkpoint.objects.order_by("-size")
    if request.GET.get("cosigned"):
        signed = signed.exclude(cosignature="")
    newest = signed.first()
    if newest is None:
        return problem(404, TITLE, _("还没有签署过检查点。"))
    return _text(newest.text)


@csrf_exempt
@require_POST
@limited("custodian", "600/m")
def cosignature(request: HttpRequest) -> HttpResponse:
    """Where the custodian leaves its cosignature; the signature itself says whose it is."""
    try:
        text = request.body[: note.LONGEST + 1].decode("utf-8")
        witness.cosign(text)
    except UnicodeDecodeError:
        return problem(400, TITLE, _("签名附注须为 UTF-8 文本。"))
    except NotAllowed as refused:
        return problem(403, TITLE, str(refused))
    except DomainError as refused:
        return problem(409, TITLE, str(refused))
    return HttpResponse(status=204)


@require_safe
@public
def tile(request: HttpRequest, level: str, number: str, width: str | None = None) -> HttpResponse:
    """A hash tile."""
    found = _number_and_width(number, width)
    if found is None:
        return _no_tile()
    at = (int(level), found[0])
    hashes = nodes.fetch([at]).get(at, b"")[: found[1] * tiles.HASH]
    if len(hashes) < found[1] * tiles.HASH:
        return _no_tile()
    return _tile_response(hashes)


@require_safe
@public
def entries(request: HttpRequest, number: str, width: str | None = None) -> HttpResponse:
    """A bundle of entries."""
    found = _number_and_width(number, width)
    if found is None:
        return _no_tile()
    first, count = found[0] * tiles.WIDTH, found[1]
    held = QueuedEntry.objects.filter(index__gte=first, index__lt=first + count).order_by("index")
    bundled = [bytes(entry) for entry in held.values_list("entry", flat=True)]
    if len(bundled) < count:
        return _no_tile()
    return _tile_response(tiles.bundle(bundled))


@require_safe
@public
def inclusion(request: HttpRequest) -> HttpResponse:
    """`?index=&size=`: the audit path of an entry; without `size` in the newest checkpoint."""
    size, index = _whole(request, "size", default=_signed_size()), _whole(request, "index")
    if size is None or index is None or not 0 <= index < size <= nodes.size():
        return problem(422, TITLE, _("没有这样的条目或日志大小：index 须小于 size，size 不超过日志现有的条目数。"))
    return JsonResponse({"index": index, "size": size, "hashes": _base64(nodes.inclusion(index, size))})


@require_safe
@public
def consistency(request: HttpRequest) -> HttpResponse:
    """`?from=&to=`: that the log of `to` entries goes on from that of `from`; without `to` up to the newest checkpoint."""
    new, old = _whole(request, "to", default=_signed_size()), _whole(request, "from")
    if new is None or old is None or not 0 <= old <= new <= nodes.size():
        return problem(422, TITLE, _("没有这样的日志大小：from 不大于 to，to 不超过日志现有的条目数。"))
    return JsonResponse({"from": old, "to": new, "hashes": _base64(nodes.consistency(old, new))})


def _signed_size() -> int:
    return Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0


def _whole(request: HttpRequest, name: str, *, default: int | None = None) -> int | None:
    """A whole number of the query; None for anything else."""
    given = request.GET.get(name, "")
    if not given:
        return default
    return int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST)) else None


def _number_and_width(path: str, width: str | None) -> tuple[int, int] | None:
    try:
        number, wide = tiles.read_number(path), int(width or tiles.WIDTH)
    except ValueError:
        return None
    partial_is_partial = width is None or wide < tiles.WIDTH
    return (number, wide) if partial_is_partial and number < LARGEST else None


def _base64(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


def _tile_response(data: bytes) -> HttpResponse:
    """Tiles never change, partial ones either: what grows has another address."""
    response = HttpResponse(data, content_type="application/octet-stream")
    patch_cache_control(response, public=True, max_age=FOR_EVER, immutable=True)
    return response


def _no_tile() -> HttpResponse:
    return problem(404, TITLE, _("日志里没有这一块。"))


def _text(text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    patch_cache_control(response, no_cache=True)
    return response
