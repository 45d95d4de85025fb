"""Events of approval cases, sent by the systems of departments: signed, in batches, in any order, each answered on its own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import authentication, exceptions, permissions, serializers, throttling
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.domain import feed
from approvals.domain.clients import client_of
from approvals.domain.recording import Origin
from approvals.forms.feed import EventForm, as_text
from approvals.models import ApiClient, CaseEvent, EarlyEvent
from core.errors import DomainError
from exchange.listing import CursorPages
from exchange.problems import BASE

MOST = 200
"""Events of one batch."""
LATEST = "9999"


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("一批事件超过 2 MB，请分几批发送。"))


class SignedByClient(authentication.BaseAuthentication):
    """`Mingxuan-Client`, `Mingxuan-Time` (seconds since 1970) and `Mingxuan-Signature`, over the body as it is sent."""

    def authenticate(self, request: Request) -> tuple[Any, ApiClient]:
        try:
            body = request._request.body
        except RequestDataTooBig as large:
            raise TooLarge from large
        client = client_of(
            key_id=request.headers.get("Mingxuan-Client", ""),
            moment=request.headers.get("Mingxuan-Time", ""),
            signature=request.headers.get("Mingxuan-Signature", ""),
            body=body,
        )
        if client is None:
            raise exceptions.AuthenticationFailed
        return None, client

    def authenticate_header(self, request: Request) -> str:
        return "Mingxuan-Signature"


class SignedScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema tells of it."""

    target_class = SignedByClient
    name = "signature"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        said = "Ed25519 over `mingxuan/approval-events/v1`, the time and the body's SHA-256 in hex, a line each; base64"
        return {"type": "apiKey", "in": "header", "name": "Mingxuan-Signature", "description": said}


class ClientPace(throttling.SimpleRateThrottle):
    """So many batches a minute of one system."""

    scope = "approval_events"
    rate = "60/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": f"client{request.auth.pk}"}


class EventSerializer(serializers.Serializer[Any]):
    """An event. Which members a kind needs is said in docs/api.md; `item`, `applicant` and `project_name` begin a case."""

    id = serializers.CharField(help_text="The department's own number of the event")
    case = serializers.CharField(help_text="The department's own number of the case, or its code here")
    kind = serializers.ChoiceField(choices=CaseEvent.Kind.choices)
    occurred_at = serializers.CharField()


class BatchSerializer(serializers.Serializer[Any]):
    events = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MOST)


class AnswerSerializer(serializers.Serializer[Any]):
    """What became of one event: applied, waiting (for an earlier one), already, or refused with a problem."""

    id = serializers.CharField()
    result = serializers.CharField()
    case = serializers.CharField(required=False)
    event = serializers.IntegerField(required=False)
    problem = serializers.DictField(required=False)


class EarlyPages(CursorPages):
    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        return ("-received_at", "-id")


class AnswersSerializer(serializers.Serializer[Any]):
    results = AnswerSerializer(many=True)


class EarlySerializer(serializers.ModelSerializer[EarlyEvent]):
    """An event that came before what it needs: waiting, or given up with the reason."""

    id = serializers.CharField(source="event_id")
    result = serializers.SerializerMethodField()
    problem = serializers.CharField()

    class Meta:
        model = EarlyEvent
        fields = ("id", "case", "kind", "occurred_at", "received_at", "expires_at", "result", "problem")

    def get_result(self, event: EarlyEvent) -> str:
        return event.status.removeprefix("early_")


class ApprovalEvents(APIView):
    authentication_classes = (SignedByClient,)
    permission_classes: tuple[type[permissions.BasePermission], ...] = ()
    parser_classes = (JSONParser,)
    throttle_classes = (ClientPace,)

    @extend_schema(summary="Events that wait, or were given up", responses={200: EarlySerializer(many=True)})
    def get(self, request: Request) -> Response:
        """Of this department, whichever of its systems has sent them; the latest first. Signed over an empty body."""
        client: object = request.auth
        assert isinstance(client, ApiClient)
        rows = EarlyEvent.objects.filter(department=client.department_id)
        pages = EarlyPages()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(EarlySerializer(page, many=True).data)

    @extend_schema(summary="Send events of approval cases", request=BatchSerializer, responses={200: AnswersSerializer})
    def post(self, request: Request) -> Response:
        """Answered in the order in which they were sent, applied in the order in which they happened."""
        client: object = request.auth
        assert isinstance(client, ApiClient)
        said = BatchSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        rows: list[dict[str, Any]] = said.validated_data["events"]
        forms = [EventForm(as_text(row)) for row in rows]
        order = sorted(range(len(rows)), key=lambda place: _moment(forms[place]))
        answers: dict[int, dict[str, Any]] = {place: _answered(rows[place], forms[place], client) for place in order}
        return Response({"results": [answers[place] for place in range(len(rows))]})


def _moment(form: EventForm) -> str:
    """The order in which to apply; a row that says nothing readable is answered last."""
    at = form.cleaned_data.get("occurred_at") if form.is_valid() else None
    return f"{at.timestamp():020.6f}" if at is not None else LATEST * 5


def _answered(row: dict[str, Any], form: EventForm, client: ApiClient) -> dict[str, Any]:
    told = {"id": str(row.get("id", ""))[:80]}
    if not form.is_valid():
        errors = {name: [str(each) for each in wrong] for name, wrong in form.errors.items()}
        return told | _refused("invalid", _("请按各字段的提示修改后再试。"), 400, errors=errors)
    given = form.cleaned_data
    origin = Origin(source=CaseEvent.Source.API, client=client, event_id=given["id"], digest=feed.digest_of(given))
    try:
        taken = feed.take(given, department=client.department, origin=origin, row=as_text(row))
    except DomainError as refused:
        return told | _refused(refused.code, str(refused), 409 if refused.code in ("event_id", "conflict") else 422)
    place = {"case": taken.case, "event": taken.number} if taken.case else {}
    return told | {"result": str(taken.result)} | place


def _refused(code: str, detail: str, status: int, **more: Any) -> dict[str, Any]:
    problem = {"type": f"{BASE}{code}", "title": str(_("没有记录")), "status": status, "detail": detail, **more}
    return {"result": "refused", "problem": problem}
