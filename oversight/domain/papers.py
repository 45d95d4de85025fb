"""Proposals as CL4 compares them: after everything of their round is public, file by file, once, and hashed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial
from itertools import groupby

import numpy as np
from django.db.models import QuerySet

from bidding.domain.files import TAKES_FILES, Unreadable, files_of, read_file
from bidding.models import Entry, ProposalFile, Round, TracePolicy
from bidding.rules import Disclosure, disclosure
from core.crypto import lookup_hash
from oversight.domain.gathering import PUBLIC, Marks
from oversight.models import PaperMarks
from oversight.screens import wording
from oversight.sources import papers

Row = tuple[int, str, int]
"""Whose, of what kind, and the mark."""


def read_new(*, now: datetime) -> int:
    """Read the proposals of rounds of which everything is public by now; gives how many files were read.

    A file is read once, whatever comes of it. Nothing is read without a policy in force (`bidding.models.TracePolicy`). Safe to
    repeat and to be ended half-way.
    """
    if TracePolicy.in_force(now) is None:
        return 0
    unread = (
        ProposalFile.objects.filter(marks=None, round__in=_opened())
        .order_by("round_id")
        .values_list("round_id", flat=True)
    )
    public = [round_ for round_ in Round.objects.filter(pk__in=unread) if disclosure(round_) == Disclosure.EVERYTHING]
    return sum(_read_round(round_, now=now) for round_ in public)


def _opened() -> QuerySet[Round]:
    return Round.objects.filter(method__in=TAKES_FILES, status__in=PUBLIC, opened_at__isnull=False)


def _read_round(round_: Round, *, now: datetime) -> int:
    hashed = partial(_hash, round_)
    unread = {(each.firm_id, each.sha256): each for each in ProposalFile.objects.filter(round=round_, marks=None)}
    read = 0
    for entry in (
        Entry.objects.live().select_related("lot", "firm__organisation").filter(lot__round=round_, opened=True)
    ):
        for number, named in enumerate(files_of(entry, round_), start=1):
            file = unread.pop((entry.firm_id, named.sha256), None)
            if file is not None:
                read += _keep(file, _content(round_, entry, number), hashed, now=now)
    return read


def _content(round_: Round, entry: Entry, number: int) -> bytes:
    try:
        return read_file(round_, entry, number)
    except Unreadable:
        return b""


def _keep(file: ProposalFile, content: bytes, hashed: Callable[[str, str], bytes], *, now: datetime) -> bool:
    paper = papers.read_apart(content)
    kept = {
        "author": hashed("author", paper.author) if paper.author else None,
        "numbers": [hashed("number", each) for each in sorted(paper.numbers)],
        "sketch": wording.sketch(paper.text, key=hashed("text", "")),
        "read_at": now,
    }
    _row, new = PaperMarks.objects.get_or_create(file=file, defaults=kept)
    return new


def _hash(round_: Round, kind: str, value: str) -> bytes:
    """Keyed, and salted with the round: the same author is another number in every round."""
    return bytes.fromhex(lookup_hash(f"{round_.code}\n{value}", field=f"oversight.paper.{kind}"))


def marks(*, rounds: Collection[int | None]) -> Marks:
    """A mark for every author, document and text that firms have in common in one round; `rounds` are those of which everything
    is public.
    """
    columns = ("file__round_id", "file__firm_id", "author", "numbers", "sketch")
    read = PaperMarks.objects.filter(file__round__in=_opened()).order_by("file__round_id", "file__firm_id", "pk")
    public = set(rounds)
    rows: list[Row] = []
    for round_, files in groupby(read.values_list(*columns), key=lambda row: row[0]):
        if round_ in public:
            rows += _marks_of(round_, list(files))
    firm, kind, mark = zip(*rows, strict=True) if rows else ((), (), ())
    return Marks(np.array(firm, np.int64), list(kind), np.array(mark, np.int64))


def _marks_of(round_: int, files: list[tuple[int, int, bytes | None, list[bytes], list[int]]]) -> Iterator[Row]:
    written: dict[int, set[int]] = {}
    for _round, firm, author, numbers, sketch in files:
        written.setdefault(firm, set()).update(sketch)
        if author is not None:
            yield firm, "author", _number(author)
        yield from ((firm, "document", _number(each)) for each in numbers)
    firms = sorted(written)
    for place, (low, high, _of) in enumerate(
        wording.alike([sorted(written[each])[: wording.SKETCH] for each in firms])
    ):
        for each in (firms[low], firms[high]):
            yield each, "wording", (round_ << 20) + place


def _number(mark: bytes) -> int:
    return int.from_bytes(bytes(mark)[:8], "big", signed=True)
