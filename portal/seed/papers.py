"""Papers that people hand in in the city: a page that says what it would be."""

from __future__ import annotations

from fpdf import FPDF

from contracts.fonts import BOLD, add_fonts

PDF = "application/pdf"


def titled_page(title: str) -> bytes:
    """A page with a title in Chinese."""
    paper = FPDF(format="A4")
    add_fonts(paper, title, BOLD)
    paper.add_page()
    paper.set_font("Noto", "B", 20)
    paper.set_y(100)
    paper.multi_cell(0, 12, title, align="C")
    return bytes(paper.output())


def plain_page(words: str) -> bytes:
    """A page with one line of English on it; the offsets are counted, so that every reader opens it."""
    text = f"BT /F1 14 Tf 72 760 Td ({words}) Tj ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start, size = len(written), len(parts) + 1
    written += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return written.encode("ascii")
