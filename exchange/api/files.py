"""Proposal files in the API (PROTOCOL §2): ciphertexts, uploaded before the envelope that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, throttling
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Kind
from bidding.domain import files
from bidding.models import Round
from exchange.problems import TooLarge
from exchange.writing import WriteView, acting
from market.models import Firm
from protocol.files import LARGEST_CIPHERTEXT

PIECE = 256 * 1024
IN_MEMORY = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Received:
    """A body as it came: its content, rewound, its SHA-256 and its size."""

    content: IO[bytes]
    sha256: str
    size: int


class OctetsParser(BaseParser):
    """A binary body, read in pieces and no further than the largest ciphertext."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        content: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed by the view
        digest, size = hashlib.sha256(), 0
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > LARGEST_CIPHERTEXT:
                raise TooLarge(_("文件超过 20 MB。"))
            digest.update(piece)
            content.write(piece)
        content.seek(0)
        return Received(content=content, sha256=digest.hexdigest(), size=size)


class UploadPace(throttling.UserRateThrottle):
    scope = "api_uploads"
    rate = "30/min"


class FileSerializer(serializers.Serializer[Any]):
    """What the platform has received."""

    sha256 = serializers.CharField(help_text="SHA-256 of the ciphertext, for the envelope's `files`")


class Files(WriteView):
    kinds = (Kind.FIRM,)
    parser_classes = (OctetsParser,)
    throttle_classes = (UploadPace,)

    @extend_schema(
        summary="Upload an encrypted proposal file",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: FileSerializer},
    )
    def post(self, request: Request, code: str) -> Response:
        """IV, ciphertext and tag (AES-256-GCM), until `closes_at`. The same body again changes nothing.

        The key travels in the envelope alone. What no opened envelope names is deleted at the opening.
        """
        firms = Firm.objects.select_related("organisation", "current")
        firm = get_object_or_404(firms, organisation=acting(request).organisation)
        round_ = get_object_or_404(Round.objects.public(), code=code)
        received = request.data
        if not isinstance(received, Received):  # a request without a body is not parsed
            raise exceptions.ParseError(_("没有收到文件内容。"))
        with received.content:
            kept = files.keep_file(
                round_id=round_.pk, firm=firm, content=received.content, sha256=received.sha256, size=received.size
            )
        return Response({"sha256": kept.sha256}, status=201)
