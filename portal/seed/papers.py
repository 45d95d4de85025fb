"""The papers that firms of the demo city hand in."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.files.base import ContentFile
from fpdf import FPDF

from contracts.fonts import BOLD, font_with

PDF = "application/pdf"


def paper_of(title: str) -> ContentFile[bytes]:
    """A page that says what the result would be."""
    paper = FPDF(format="A4")
    with tempfile.TemporaryDirectory() as folder:
        paper.add_font("Noto", "B", font_with(title, weight=BOLD, into=Path(folder)))
        paper.add_page()
        paper.set_font("Noto", "B", 20)
        paper.set_y(100)
        paper.multi_cell(0, 12, title, align="C")
        return ContentFile(bytes(paper.output()))
