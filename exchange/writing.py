"""What every write of the API shares: on whose behalf, how often, and that sending it twice is sending it once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions, serializers, throttling
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.domain.tokens import membership_of
from accounts.models import WRITERS, Kind, Membership
from core import clock
from exchange.models import IdempotentAnswer
from exchange.problems import Stale

KEY = re.compile(r"[\x21-\x7e]{1,80}")
KEPT = timedelta(hours=24)


def acting(request: Request) -> Membership:
    """The membership on whose behalf a permitted request writes."""
    membership: object = request.auth
    assert isinstance(membership, Membership)
    return membership


def given(request: Request, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """What was sent, as the serializer reads it. Raises ValidationError."""
    said = serializer(data=request.data)
    said.is_valid(raise_exception=True)
    return dict(said.validated_data)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token mx_…`; the membership of the token acts."""

    def authenticate(self, request: Request) -> tuple[Any, Membership] | None:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "token":
            return None
        membership = membership_of(token.strip())
        if membership is None:
            raise exceptions.AuthenticationFailed
        return membership.user, membership

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class SessionOfThePage(authentication.SessionAuthentication):
    """A person's own pages use the API with their session, and its protection against forged requests."""

    def authenticate(self, request: Request) -> tuple[Any, Membership | None] | None:
        found = super().authenticate(request)
        return (found[0], getattr(request, "membership", None)) if found else None

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise Stale from error


class ActsFor(permissions.BasePermission):
    """Who writes acts for an organisation of the view's `kinds`, as one who may do more than look."""

    def has_permission(self, request: Request, view: Any) -> bool:
        membership = request.auth
        return (
            isinstance(membership, Membership)
            and membership.organisation.kind in view.kinds
            and membership.has_role(WRITERS)
        )


class Json(JSONParser):
    """A body of JSON. What is none, or nested beyond all reason, is told as that."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except (
            exceptions.ParseError,
            RecursionError,
            LookupError,
        ) as error:  # LookupError: a charset that nobody knows
            raise exceptions.ParseError(_("请求的内容不是 JSON（须为 UTF-8 编码）。")) from error


class WritingPace(throttling.UserRateThrottle):
    scope = "api_writes"
    rate = "120/min"


class WriteView(APIView):
    """A write on behalf of an organisation of one of these `kinds`."""

    kinds: tuple[Kind, ...] = ()
    authentication_classes = (TokenAuthentication, SessionOfThePage)
    permission_classes = (ActsFor,)
    parser_classes: tuple[type[BaseParser], ...] = (Json,)
    throttle_classes: tuple[type[throttling.BaseThrottle], ...] = (WritingPace,)

    def once(self, request: Request, work: Callable[[], tuple[int, dict[str, Any]]]) -> Response:
        """Do the work and answer; with an `Idempotency-Key` that was used before, give the answer of then.

        The key stands with the work or not at all: two at once wait for each other. Raises ValidationError for a key that is
        none or that was used for something else.
        """
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            status, body = work()
            return Response(body, status=status)
        if not KEY.fullmatch(key):
            raise exceptions.ValidationError({"Idempotency-Key": [_("须为 1 至 80 个可见的 ASCII 字符。")]})
        digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
        with transaction.atomic():
            answer = self._claimed(acting(request), key, digest)
            if answer is None:
                return self._again(acting(request), key, digest)
            answer.status, answer.body = work()
            answer.save(update_fields=["status", "body"])
        return Response(answer.body, status=answer.status)

    def _claimed(self, membership: Membership, key: str, digest: str) -> IdempotentAnswer | None:
        """The key for this work alone, or None where it was used; whoever uses it at the same time waits here."""
        try:
            with transaction.atomic():
                return IdempotentAnswer.objects.create(membership=membership, key=key, digest=digest, at=clock.now())
        except IntegrityError:
            return None

    def _again(self, membership: Membership, key: str, digest: str) -> Response:
        before = IdempotentAnswer.objects.get(membership=membership, key=key)
        if before.digest != digest:
            raise exceptions.ValidationError({"Idempotency-Key": [_("这个键已经用于另一个请求。")]})
        response = Response(before.body, status=before.status)
        response["Idempotency-Replayed"] = "true"
        return response


def forget_answers() -> int:
    """Delete the answers of more than a day ago; tell how many."""
    deleted, _by_model = IdempotentAnswer.objects.filter(at__lt=clock.now() - KEPT).delete()
    return deleted


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema tells of `TokenAuthentication`."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token mx_…`"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session of a person's own pages."""

    target_class = SessionOfThePage
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
