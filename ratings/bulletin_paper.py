"""A bulletin on paper: A4 with the seal-red rule, in Chinese whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from contracts.pdf import LINE, MARGIN, Paper
from core.clock import LOCAL
from ratings.bulletin_words import Section, note, sections
from ratings.models import Bulletin

OWN_WORDS = "审批中介服务通报年月0123456789卷首语摘要核对：编制发布"
WIDE, NARROW = 48, 26
"""How wide columns are beside each other: those with texts and those with numbers."""


def print_bulletin(bulletin: Bulletin) -> bytes:
    """The PDF of a bulletin that is about to be published, from the figures that it keeps."""
    with translation.override("zh-hans"):
        parts, said = sections(bulletin.content), note()
    title = f"{bulletin.month:%Y} 年 {bulletin.month.month} 月审批中介服务通报"
    address = settings.SITE_URL + reverse("ratings:bulletin", args=[bulletin.code])
    proof = [f"摘要（SHA-256）{bulletin.digest}", f"编制 {bulletin.made_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"]
    texts = [title, address, said, bulletin.foreword, OWN_WORDS, *proof, *_texts(parts)]
    at = bulletin.published_at or bulletin.made_at
    paper = Paper(code=bulletin.code, title=title, at=at, characters={char for text in texts for char in text})
    paper.letterhead(f"编号 {bulletin.code}")
    paper.line_of(title, size=18, bold=True, align="C", height=11)
    paper.ln(2)
    for paragraph in bulletin.foreword.splitlines():
        paper.line_of(paragraph)
    for part in parts:
        _section(paper, part)
    paper.ln(3)
    paper.line_of(said, size=9)
    paper.proof(address, proof)
    return bytes(paper.output())


def _texts(parts: Iterable[Section]) -> Iterable[str]:
    for part in parts:
        yield from (part.title, *part.said, *part.columns)
        yield from (cell.text for row in part.rows for cell in row)


def _section(paper: Paper, part: Section) -> None:
    paper.heading(part.title)
    for sentence in part.said:
        paper.line_of(sentence)
    if part.rows:
        paper.ln(1)
        _table(paper, part.columns, [[cell.text for cell in row] for row in part.rows], part.numbers)


def _table(paper: Paper, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int]) -> None:
    paper.thin()
    places = range(len(columns))
    with paper.table(
        width=int(paper.w - 2 * MARGIN),
        col_widths=tuple(NARROW if place in numbers else WIDE for place in places),
        line_height=LINE,
        padding=1,
        text_align=tuple("RIGHT" if place in numbers else "LEFT" for place in places),
    ) as table:
        for cells in (columns, *rows):
            row = table.row()
            for cell in cells:
                row.cell(cell)
