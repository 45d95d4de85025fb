"""What every public list of the API shares: pages by cursor, filters that say what they do not know, a limit on the pace."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework import exceptions, generics, pagination, throttling
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock

PAGE = 50
LARGEST_PAGE = 200
DIGITS = re.compile(r"[0-9]{1,3}")
# Of the list itself and not of its columns.
OWN_PARAMETERS = frozenset({"cursor", "page_size", "format"})


class CursorPages(pagination.CursorPagination):
    """`{"results": […], "next": "<url or null>"}`; the cursor stands still while rows are added."""

    page_size = PAGE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    invalid_cursor_message = "cursor"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return tuple(view.ordering)

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param)
        if given is None:
            return PAGE
        if not DIGITS.fullmatch(given) or not 1 <= int(given) <= LARGEST_PAGE:
            raise exceptions.ValidationError(
                {"page_size": [_("每页条数须为 1 至 %(most)s 的整数。") % {"most": LARGEST_PAGE}]}
            )
        return int(given)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except exceptions.NotFound as error:
            raise exceptions.ValidationError({"cursor": [_("这个翻页位置无效，请从第一页重新开始。")]}) from error

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": address},
        }


class KnownFilters(filters.DjangoFilterBackend):
    """Filters by column. A name that is no column is refused, since ignoring it would answer another question."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known = set(view.filterset_class.base_filters) | OWN_PARAMETERS | _ranges(view.filterset_class)
        if strange := sorted(set(request.query_params) - known):
            message = _("没有这个筛选条件；可用的有：%(known)s。") % {"known": _("、").join(sorted(known - {"format"}))}
            raise exceptions.ValidationError({name: [message] for name in strange})
        return super().filter_queryset(request, queryset, view)  # type: ignore[no-any-return]


def _ranges(filterset: Any) -> set[str]:
    """A range is asked for by its ends, `announced_at_after` and `announced_at_before`."""
    ranged = [name for name, each in filterset.base_filters.items() if isinstance(each, filters.DateFromToRangeFilter)]
    return {f"{name}_{end}" for name in ranged for end in ("after", "before")}


class PublicPace(throttling.AnonRateThrottle):
    """So many reads a minute from one address; the public files are there for whoever wants everything."""

    scope = "public_api"
    rate = "300/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class PublicView(generics.GenericAPIView[Any]):
    """Read by everybody, the same for everybody: no session is looked at."""

    authentication_classes: tuple[()] = ()
    permission_classes: tuple[()] = ()
    throttle_classes = (PublicPace,)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"  # public files, for programs in pages of others too
        return response

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": clock.now()}


class PublicList(PublicView, generics.ListAPIView[Any]):
    pagination_class = CursorPages
    filter_backends = (KnownFilters,)
    ordering: tuple[str, ...] = ()


class PublicDetail(PublicView, generics.RetrieveAPIView[Any]):
    filter_backends = ()
