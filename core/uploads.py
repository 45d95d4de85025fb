"""Uploads that are what they say: checked by their content, never by their name."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.utils.translation import gettext_lazy as _

MEGABYTE = 1024 * 1024
LARGEST = 8 * MEGABYTE
MOST_AT_ALL = 210 * MEGABYTE
"""What a request may bring in one file, whatever it is for: more is not even written down."""
PIECE = 1024 * 1024
SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
ACTIVE = (b"/JavaScript", b"/JS ", b"/Launch", b"/EmbeddedFile", b"/RichMedia")
"""What makes a PDF more than paper."""


def content_type(head: bytes) -> str | None:
    """What the first bytes of a file say that it is; None for everything that we do not take."""
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if head.startswith(b"\xff\xd8\xff") else None


def is_whole(content: bytes, kind: str) -> bool:
    """Whether a file ends as one of its kind does, so that half an upload is not taken for a scan."""
    tail = content.rstrip(b"\x00\r\n\t ")
    match kind:
        case "application/pdf":
            return b"%%EOF" in tail[-1024:]
        case "image/png":
            return tail.endswith(b"IEND\xaeB`\x82")
    return tail.endswith(b"\xff\xd9")


def sha256_of(file: Any) -> str:
    """The digest of a file, read in pieces; the file is rewound."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def is_active(file: Any) -> bool:
    """Whether a PDF holds scripts or attachments; read in pieces, so that its size costs no memory. The file is rewound."""
    overlap = max(map(len, ACTIVE)) - 1
    file.seek(0)
    before = b""
    found = False
    while not found and (piece := file.read(PIECE)):
        window = before + piece
        found = any(mark in window for mark in ACTIVE)
        before = window[-overlap:]
    file.seek(0)
    return found


def ends_of(file: Any, size: int) -> tuple[bytes, bytes]:
    """The first and the last bytes of a file; it is rewound."""
    file.seek(0)
    head = file.read(16)
    file.seek(max(0, size - 2048))
    tail = file.read(2048)
    file.seek(0)
    return head, tail


class BoundedUpload(FileUploadHandler):
    """Stop reading a request whose file goes on beyond what anything here takes; the form then says that it is too large."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > MOST_AT_ALL:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class CheckedFileField(forms.FileField):
    """A scan: PDF, PNG or JPEG of at most 8 MB. The name that is kept ends as the content says."""

    default_error_messages = {
        "required": _("请上传扫描件。"),
        "empty": _("文件是空的，请重新选择。"),
        "kind": _("只接受 PDF、PNG 或 JPEG 文件；这个文件的内容不是。"),
        "large": _("文件超过 8 MB，请压缩后再上传。"),
        "half": _("文件不完整，请重新导出或扫描后再上传。"),
        "active": _("PDF 含有脚本或附件，请另存为不含脚本和附件的 PDF。"),
    }

    largest = LARGEST

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}))
        kwargs.setdefault("help_text", _("PDF、PNG 或 JPEG，不超过 8 MB。"))
        kwargs.setdefault("max_length", 100)
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            self._check(file)
        return file

    def _check(self, file: Any) -> None:
        if (file.size or 0) > self.largest:
            raise forms.ValidationError(self.error_messages["large"], code="large")
        head, tail = ends_of(file, file.size or 0)
        kind = content_type(head)
        if kind is None:
            raise forms.ValidationError(self.error_messages["kind"], code="kind")
        if not is_whole(tail, kind):
            raise forms.ValidationError(self.error_messages["half"], code="half")
        if kind == "application/pdf" and is_active(file):
            raise forms.ValidationError(self.error_messages["active"], code="active")
        stem = (file.name or "").rpartition(".")[0] or "scan"
        file.name = f"{stem[:60]}{SUFFIXES[kind]}"
        file.content_type = kind


class LargeFileField(CheckedFileField):
    """A result: PDF, PNG or JPEG of at most 200 MB, checked without ever being in memory as a whole."""

    largest = 200 * MEGABYTE
    default_error_messages = {
        "required": _("请选择文件；超过 200 MB 的文件不会被接收。"),
        "large": _("文件超过 200 MB，请压缩或分成几期提交。"),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("PDF、PNG 或 JPEG，不超过 200 MB。"))
        super().__init__(**kwargs)
