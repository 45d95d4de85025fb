"""What a PDF says of itself: its author, the numbers that programs give to a document, and its text. No Django.

A stranger's file is read by a process of its own, which has a minute and a gigabyte: what it makes of a parser harms nobody.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pypdf import PdfReader

SECONDS = 60
MEMORY = 1 << 30
"""What the process that reads a file has; octets of memory."""
MOST_PAGES = 400
MOST_TEXT = 400_000
"""Characters of a document that are read; what comes after them is not compared."""
NOBODY = frozenset({
    "", "admin", "administrator", "user", "owner", "author", "unknown", "anonymous", "default", "pc", "hp", "dell",
    "lenovo", "asus", "windows user", "microsoft", "microsoft office user", "windows 用户", "微软用户", "用户", "作者", "管理员",
    "匿名",
})  # fmt: skip
"""What programs write where nobody has said who the author is."""

logging.getLogger("pypdf").setLevel(logging.ERROR)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Author (lower case, or nothing), the document's numbers, and its text; printing it shows nothing."""

    author: str = field(default="", repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    text: str = field(default="", repr=False)


def read_apart(content: bytes) -> Paper:
    """What `read` gives, by a process of its own; nothing where that does not come to an end."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", __file__], input=content, capture_output=True, timeout=SECONDS, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return Paper()
    told = json.loads(done.stdout)
    return Paper(author=told["author"], numbers=frozenset(told["numbers"]), text=told["text"])


def read(content: bytes) -> Paper:
    """Read a PDF as far as it can be read; of one that cannot be, or asks for a password, nothing is known."""
    try:
        reader = PdfReader(io.BytesIO(content))
    except Exception:  # what a stranger's file makes of a parser is no list of errors
        return Paper()
    return Paper(
        author=next((name for name in _tried(_authors, reader) if name not in NOBODY), ""),
        numbers=frozenset(each for each in _tried(_numbers, reader) if each.strip("0-")),
        text="".join(_tried(_text, reader))[:MOST_TEXT],
    )


def _tried(part: Any, reader: PdfReader) -> Iterator[str]:
    """What a part of the document gives until it can be read no further."""
    try:
        yield from part(reader)
    except Exception:  # as above
        return


def _authors(reader: PdfReader) -> Iterator[str]:
    if reader.metadata and reader.metadata.author:
        yield _plain(reader.metadata.author)
    if reader.xmp_metadata:
        yield from map(_plain, reader.xmp_metadata.dc_creator or [])


def _plain(name: Any) -> str:
    return " ".join(str(name).replace("\x00", "").split()).casefold()


def _numbers(reader: PdfReader) -> Iterator[str]:
    """What stays when a copy is changed and saved again (ISO 32000-2, 14.4), and what XMP calls the document."""
    if permanent := reader.trailer.get("/ID"):
        first = permanent.get_object()[0].get_object()
        yield (first.original_bytes if hasattr(first, "original_bytes") else bytes(first)).hex()
    if reader.xmp_metadata and reader.xmp_metadata.xmpmm_document_id:
        yield str(reader.xmp_metadata.xmpmm_document_id).casefold()


def _text(reader: PdfReader) -> Iterator[str]:
    length = 0
    for number, page in enumerate(reader.pages):
        if number == MOST_PAGES or length > MOST_TEXT:
            return
        text = page.extract_text()
        length += len(text)
        yield text


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    paper = read(sys.stdin.buffer.read())
    json.dump({"author": paper.author, "numbers": sorted(paper.numbers), "text": paper.text}, sys.stdout)


if __name__ == "__main__":
    _main()
