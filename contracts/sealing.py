"""Sealing a PDF (PAdES), and reading the seals on one. A city's e-seal service is plugged in here: `settings.SEALER`.

pyHanko signs by incremental updates: a seal adds to the file and changes nothing of what was there, so every earlier seal
still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from tempfile import NamedTemporaryFile
from typing import Protocol, TypeVar

from asn1crypto.x509 import Certificate
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext

from accounts.models import Organisation
from core.errors import DomainError

Done = TypeVar("Done")


class Sealer(Protocol):
    """What a sealing service has to do."""

    def seal(self, content: bytes, *, field: str, organisation: Organisation, at: datetime) -> bytes:
        """The PDF with an organisation's PAdES signature in one of its empty fields, as an incremental update."""
        ...

    def roots(self) -> Sequence[Certificate]:
        """The authorities whose certificates count."""
        ...


@dataclass(frozen=True, kw_only=True)
class Seal:
    """One seal on a PDF: in which field, whose certificate, when by its own word, and whether it holds."""

    field: str
    name: str
    number: str
    at: datetime | None
    holds: bool


class NoSealer(DomainError):
    """Nobody seals here: `settings.SEALER` names no service."""

    code = "no_sealer"
    default_message = _("本平台还没有接入电子印章服务，暂时不能盖章。")


class Unreadable(Exception):
    """The bytes are no PDF that can be read, or one with its seals broken off."""


@cache
def _sealer(path: str) -> Sealer:
    made: Sealer = import_string(path)()
    return made


def sealer() -> Sealer:
    """The service of this installation. Raises NoSealer where there is none."""
    if not settings.SEALER:
        raise NoSealer
    return _sealer(settings.SEALER)


def _done(work: Callable[[], Done]) -> Done:
    """What pyHanko does in an event loop of its own, which it cannot begin in a thread where one runs: in a thread of its own."""
    with ThreadPoolExecutor(1) as lent:
        return lent.submit(work).result()


def sign(content: bytes, *, field: str, signer: Signer, mark: bytes) -> bytes:
    """Add a PAdES signature in an empty field, with a one-page PDF as its visible mark."""
    layout = SimpleBoxLayoutRule(AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, margins=Margins(0, 0, 0, 0))
    metadata = PdfSignatureMetadata(field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    out = BytesIO()
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(mark)
        file.flush()
        style = StaticStampStyle.from_pdf_file(file.name, border_width=0, background_layout=layout)
        writer = IncrementalPdfFileWriter(BytesIO(content))
        signing = PdfSigner(metadata, signer, stamp_style=style)
        _done(lambda: signing.sign_pdf(writer, existing_fields_only=True, output=out))
    return out.getvalue()


def seals_of(content: bytes) -> list[Seal]:
    """Every seal on a PDF in the order in which they were put there. Raises Unreadable for what cannot be read."""
    try:
        found = PdfFileReader(BytesIO(content)).embedded_signatures
        roots = list(sealer().roots()) if settings.SEALER else []
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        return [_read(each, context) for each in found]
    except (
        PdfError,
        SignatureValidationError,
        SigningError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as broken:
        raise Unreadable from broken


def _read(embedded: EmbeddedPdfSignature, context: ValidationContext) -> Seal:
    try:
        status = _done(lambda: validate_pdf_signature(embedded, signer_validation_context=context))
        grown = status.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
        grown = grown or status.modification_level == ModificationLevel.FORM_FILLING
        holds = bool(status.intact and status.valid and status.trusted and grown and status.bottom_line)
        certificate, at = status.signing_cert, status.signer_reported_dt
    except (PdfError, SignatureValidationError, ValueError):
        holds, certificate, at = False, embedded.signer_cert, None
    subject = certificate.subject.native if certificate is not None else {}
    return Seal(
        field=str(embedded.field_name),
        name=str(subject.get("common_name", "")),
        number=str(subject.get("serial_number", "")),
        at=at,
        holds=holds,
    )
