"""The contract on paper: A4, seal-red rule, Chinese from an embedded font, room for every seal, QR code and log index.

A document of law is in Chinese whoever reads it, so nothing here is translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from contracts.fonts import BOLD, REGULAR, add_fonts

SEAL_RED = (179, 38, 30)
INK, QUIET = (22, 32, 42), (96, 105, 113)
MARGIN, BODY, LINE = 22, 10.5, 6.2
SEAL = 34.0
"""Millimetres: the side of the square in which a seal stands."""
POINTS = 72 / 25.4
OWN_WORDS = "明选 · 审批中介服务公开比选平台合同编号内容付款计划条款期名称限金额分工补充变更前后项目：第页　"
"""The characters that are printed whatever a contract says."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a seal goes: the name of its field, the page from 0, and left, bottom, right, top in points."""

    name: str
    page: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A party as it stands under the text, and the name of its seal's field."""

    field: str
    side: str
    name: str
    code: str
    share: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All that is printed of a contract or a supplement; `facts` are pairs, `plan` rows of four columns.

    `proof` are the lines beside the QR code.
    """

    code: str
    title: str
    at: datetime
    facts: Sequence[tuple[str, str]]
    scope: str
    plan: Sequence[tuple[str, str, str, str]]
    clauses: str
    signers: Sequence[Signer]
    address: str
    proof: Sequence[str]
    kind: str = "中介服务合同"
    changes: Sequence[tuple[str, str, str]] = ()
    """What is changed, in three columns: what, before, after."""


@dataclass
class Printed:
    """The PDF, and where its seals go."""

    content: bytes
    places: list[Place] = field(default_factory=list)


class Paper(FPDF):
    """A4 with Chinese text, for documents that have a number: its font has `characters` and what is printed on all of them."""

    def __init__(self, *, code: str, title: str, at: datetime, characters: Iterable[str]) -> None:
        super().__init__(format="A4")
        self.code = code
        self.set_margins(MARGIN, 20, MARGIN)
        self.set_auto_page_break(True, margin=24)
        self.set_title(f"{title} {code}")
        self.set_creator("Mingxuan")
        self.set_lang("zh-CN")
        self.set_creation_date(at)
        wanted = {char for char in (*characters, *OWN_WORDS) if char >= " "}
        add_fonts(self, wanted, REGULAR, BOLD)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("Noto", size=8)
        self.set_text_color(*QUIET)
        self.cell(0, 5, f"{self.code}　第 {self.page_no()} 页", align="C")

    def letterhead(self, number: str) -> None:
        """The name of the platform, the number, and the seal-red rule."""
        self.set_text_color(*SEAL_RED)
        self.line_of("明选 · 审批中介服务公开比选平台", size=11, bold=True, align="C", height=7)
        self.set_text_color(*QUIET)
        self.line_of(number, size=9, align="C", height=6)
        self.set_draw_color(*SEAL_RED)
        self.set_line_width(0.6)
        y = self.get_y() + 1.5
        self.line(MARGIN, y, self.w - MARGIN, y)
        self.ln(7)
        self.set_text_color(*INK)

    def proof(self, address: str, lines: Sequence[str]) -> None:
        """The QR code of an address, with lines beside it."""
        size = 26.0
        if self.will_page_break(size + 8):
            self.add_page()
        self.ln(3)
        top = self.get_y()
        code = segno.make(address, error="m", micro=False).matrix
        module = size / len(code)
        self.set_fill_color(0, 0, 0)
        for y, row in enumerate(code):
            for x, dark in enumerate(row):
                if dark:
                    self.rect(MARGIN + x * module, top + y * module, module, module, style="F")
        self.set_left_margin(MARGIN + size + 5)
        self.set_xy(MARGIN + size + 5, top)
        self.set_text_color(*QUIET)
        for line in (address, *lines):
            self.line_of(line, size=8, height=4.6)
        self.set_left_margin(MARGIN)

    def thin(self) -> None:
        """The font and the rules of tables."""
        self.set_font("Noto", size=BODY)
        self.set_draw_color(200, 196, 186)
        self.set_line_width(0.2)

    def line_of(
        self, text: str, *, size: float = BODY, bold: bool = False, height: float = LINE, align: str = "L"
    ) -> None:
        self.set_font("Noto", "B" if bold else "", size)
        self.multi_cell(0, height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def heading(self, text: str) -> None:
        if self.will_page_break(20):
            self.add_page()
        self.ln(3)
        self.set_text_color(*INK)
        self.line_of(text, size=12, bold=True, height=8)


class _Paper(Paper):
    """The paper of one sheet."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(code=sheet.code, title=sheet.title, at=sheet.at, characters=_characters(sheet))
        self.sheet = sheet


def print_sheet(sheet: Sheet) -> Printed:
    """Lay a contract out."""
    paper = _Paper(sheet)
    _head(paper)
    _facts(paper)
    if sheet.changes:
        paper.heading("变更内容")
        _changes(paper)
    if sheet.scope:
        paper.heading("服务内容")
        paper.line_of(sheet.scope)
    paper.heading("付款计划")
    _plan(paper)
    paper.heading("补充条款" if sheet.changes else "合同条款")
    _clauses(paper)
    places = _signers(paper)
    paper.proof(sheet.address, sheet.proof)
    return Printed(bytes(paper.output()), places)


def _characters(sheet: Sheet) -> set[str]:
    texts = [sheet.code, sheet.kind, sheet.title, sheet.scope, sheet.clauses, sheet.address, *sheet.proof]
    texts += [part for pair in sheet.facts for part in pair] + [part for row in sheet.plan for part in row]
    texts += [part for row in sheet.changes for part in row]
    texts += [part for each in sheet.signers for part in (each.side, each.name, each.code, each.share)]
    return {char for text in texts for char in text}


def _head(paper: _Paper) -> None:
    code = paper.sheet.code
    paper.letterhead(f"编号 {code}" if paper.sheet.changes else f"合同编号 {code}")
    paper.line_of(paper.sheet.kind, size=18, bold=True, align="C", height=11)
    paper.line_of(paper.sheet.title, size=12, align="C", height=8)
    paper.ln(2)


def _facts(paper: _Paper) -> None:
    paper.thin()
    with paper.table(col_widths=(28, 100), line_height=LINE, first_row_as_headings=False, padding=1) as table:
        for name, value in paper.sheet.facts:
            row = table.row()
            row.cell(name)
            row.cell(value)


def _changes(paper: _Paper) -> None:
    paper.thin()
    with paper.table(col_widths=(28, 50, 50), line_height=LINE, padding=1, text_align="LEFT") as table:
        for cells in (("变更项目", "变更前", "变更后"), *paper.sheet.changes):
            row = table.row()
            for cell in cells:
                row.cell(cell)


def _plan(paper: _Paper) -> None:
    paper.thin()
    with paper.table(
        col_widths=(10, 60, 34, 34), line_height=LINE, padding=1, text_align=("CENTER", "LEFT", "LEFT", "RIGHT")
    ) as table:
        for cells in (("期", "名称", "期限", "金额"), *paper.sheet.plan):
            row = table.row()
            for cell in cells:
                row.cell(cell)


def _clauses(paper: _Paper) -> None:
    for paragraph in paper.sheet.clauses.splitlines():
        if paragraph.strip():
            is_head = paragraph[:1] in "一二三四五六七八九十" and "、" in paragraph[:4]
            if is_head and paper.will_page_break(3 * LINE):
                paper.add_page()
            paper.line_of(paragraph.strip(), bold=is_head, height=LINE + (0.8 if is_head else 0))


def _signers(paper: _Paper) -> list[Place]:
    """A block for every party: who it is at the left, the square of its seal at the right."""
    places = []
    paper.ln(4)
    for signer in paper.sheet.signers:
        if paper.will_page_break(SEAL + 6):
            paper.add_page()
        top = paper.get_y() + 2
        left = paper.w - MARGIN - SEAL
        paper.thin()
        paper.rect(MARGIN, top, paper.w - 2 * MARGIN, SEAL + 2)
        paper.set_xy(MARGIN + 3, top + 3)
        paper.set_right_margin(MARGIN + SEAL + 4)
        paper.set_left_margin(MARGIN + 3)
        paper.line_of(signer.side, bold=True)
        paper.line_of(signer.name)
        if signer.code:
            paper.line_of(signer.code, size=9)
        if signer.share:
            paper.line_of(f"分工：{signer.share}", size=9)
        paper.set_left_margin(MARGIN)
        paper.set_right_margin(MARGIN)
        paper.set_xy(MARGIN, top + SEAL + 4)
        places.append(Place(name=signer.field, page=paper.page_no() - 1, box=_box(paper, left, top + 1)))
    return places


def _box(paper: _Paper, left: float, top: float) -> tuple[int, int, int, int]:
    low, high = paper.h - top - SEAL, paper.h - top
    return round(left * POINTS), round(low * POINTS), round((left + SEAL) * POINTS), round(high * POINTS)


def print_seal(name: str, on: str) -> bytes:
    """The mark of an organisation's seal: a red ring with its name and the day, on a page of the seal's size."""
    paper = FPDF(format=(SEAL, SEAL))
    paper.set_margin(0)
    paper.set_auto_page_break(False)
    add_fonts(paper, name + on, BOLD)
    paper.add_page()
    paper.set_draw_color(*SEAL_RED)
    paper.set_text_color(*SEAL_RED)
    paper.set_line_width(0.9)
    paper.circle(SEAL / 2, SEAL / 2, SEAL / 2 - 1)
    paper.set_line_width(0.25)
    paper.circle(SEAL / 2, SEAL / 2, SEAL / 2 - 2)
    size = 8.0 if len(name) <= 24 else 6.0
    paper.set_font("Noto", "B", size)
    height = paper.multi_cell(SEAL - 9, 3.6, name, align="C", dry_run=True, output="HEIGHT")
    assert isinstance(height, float)
    paper.set_xy(4.5, SEAL / 2 - height / 2 - 2)
    paper.multi_cell(SEAL - 9, 3.6, name, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font("Noto", "B", 6)
    paper.set_xy(4.5, paper.get_y() + 1)
    paper.cell(SEAL - 9, 3, on, align="C")
    return bytes(paper.output())
