"""Errors of the API as `application/problem+json` (RFC 9457), in the words that the pages use."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Conflict, DomainError, NotAllowed
from core.problems import CONTENT_TYPE

BASE = "/api/v1/problems/"
Told = tuple[str, str | Promise, str | Promise]


class Stale(exceptions.PermissionDenied):
    """A page whose protection against forged requests has run out; whoever may, may again after reading it anew."""

    default_detail = _("这一页放得太久了，或浏览器没有保存 Cookie，没有提交。请记下填写的内容，刷新本页后再提交。")


class TooLarge(exceptions.APIException):
    """A body beyond what an address takes; `detail` says how much that is."""

    status_code = 413
    default_code = "too_large"
    default_detail = _("请求的内容超过了这里接受的大小。")


TOLD: dict[int, Told] = {
    400: ("invalid", _("请求有误"), _("请按各字段的提示修改后再试。")),
    401: (
        "not_signed_in",
        _("需要登录"),
        _("没有登录，或登录已经失效：请重新登录，刷新本页后再提交；程序请带上有效的令牌。"),
    ),
    403: ("not_allowed", _("不允许"), _("您当前代表的机构不能进行这一操作。")),
    404: ("not_found", _("没有找到"), _("没有这个地址，或者它还没有公开。")),
    405: ("method", _("不支持这种请求方法"), _("这个地址只接受 %(methods)s。")),
    406: ("not_acceptable", _("不提供这种格式"), _("这里只提供 JSON。")),
    409: ("conflict", _("与现状冲突"), _("状态已经变化，请刷新后再看。")),
    413: ("too_large", _("内容太大"), _("请求的内容超过了这里接受的大小。")),
    415: ("media_type", _("不接受这种格式"), _("请用 %(media_type)s 提交。")),
    422: ("refused", _("没有执行"), _("现在不能这样做。")),
    429: ("throttled", _("请求太频繁"), _("请稍后再试。")),
}


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception as a problem; what nobody foresaw stays an error of the server."""
    known = _known(error)
    if known is None:
        return None
    code, title, detail = TOLD.get(known.status_code, ("error", known.default_detail, known.default_detail))
    if isinstance(error, DomainError):
        code, detail = error.code, str(error)
    elif isinstance(error, exceptions.ParseError | TooLarge | Stale):  # they are raised with a sentence of ours
        detail = str(error.detail)
    else:
        detail = str(detail) % _of_address(context)
    body: dict[str, Any] = {
        "type": f"{BASE}{code}",
        "title": str(title),
        "status": known.status_code,
        "detail": str(detail),
    }
    if isinstance(known, exceptions.ValidationError):
        body["errors"] = _by_field(known.detail)
    response = Response(body, status=known.status_code, content_type=CONTENT_TYPE)
    if (wait := getattr(known, "wait", None)) is not None:
        response["Retry-After"] = str(int(wait) + 1)
    if isinstance(known, exceptions.APIException) and getattr(known, "auth_header", None):
        response["WWW-Authenticate"] = known.auth_header  # type: ignore[attr-defined]
    return response


def _of_address(context: dict[str, Any]) -> dict[str, str]:
    """What the address that was asked takes: its methods and its format."""
    view = context.get("view")
    parsers = getattr(view, "parser_classes", ())
    return {
        "methods": ", ".join(getattr(view, "allowed_methods", ())),
        "media_type": parsers[0].media_type if parsers else "application/json",
    }


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied | NotAllowed):
        return exceptions.PermissionDenied()
    if isinstance(error, DomainError):
        known = exceptions.APIException()
        known.status_code = 409 if isinstance(error, Conflict) else 422
        return known
    return None


def _by_field(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, dict):
        return {
            str(name): [str(each) for each in (value if isinstance(value, list) else [value])]
            for name, value in detail.items()
        }
    return {"": [str(each) for each in (detail if isinstance(detail, list) else [detail])]}


class Unknown(APIView):
    """Everything under /api/v1/ that is no address of the API."""

    authentication_classes: tuple[()] = ()
    permission_classes: tuple[()] = ()
    schema = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise exceptions.NotFound

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        raise exceptions.NotFound
