"""The Chinese font of documents: Noto Sans SC (OFL 1.1) from its package, cut down to what documents need.

The whole font has 17 MB and every weight between thin and black; a cut takes most of a second, and a millisecond for every
character in it. So two parts of each weight are kept, for every process that has this data folder: the common characters, cut
once, and the rare ones that a document has ever asked for (a name), a small part that is cut again for a new one.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from fpdf import FPDF

FAMILY, _RARE = "Noto", "NotoRare"
REGULAR, BOLD = 400, 700
_STYLE: dict[int, Literal["", "B"]] = {REGULAR: "", BOLD: "B"}
_FILE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "DSIG", "vhea", "vmtx", "VVAR", "VORG"]
"""Tables for ligatures and vertical text, which we do not print: reading them is nine tenths of the time of a cut."""


def add_fonts(paper: FPDF, characters: Iterable[str], *weights: int) -> None:
    """Give a document the font `FAMILY` in these weights, with these characters as far as there are glyphs for them."""
    rare = frozenset(characters) - common()
    for weight in weights:
        paper.add_font(FAMILY, _STYLE[weight], _part(common(), weight, "common"))
        if rare:
            paper.add_font(_RARE, _STYLE[weight], _part(rare, weight, "rare"))
    if rare:
        paper.set_fallback_fonts([_RARE])


def keep_fonts_with(characters: Iterable[str]) -> None:
    """Cut both weights once for many documents, with what is common and these characters."""
    rare = frozenset(characters) - common()
    for weight in (REGULAR, BOLD):
        _part(common(), weight, "common")
        if rare:
            _part(rare, weight, "rare")


def _part(wanted: frozenset[str], weight: int, part: str) -> Path:
    """The kept part of a weight; what it lacks is added to it. Nobody writes to the file that is returned."""
    font = _folder() / f"noto-sans-sc-{weight}-{part}.ttf"
    if wanted <= _asked_for(font):
        return font
    _folder().mkdir(parents=True, exist_ok=True)
    with font.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who waited finds it cut
        known = _asked_for(font)
        if not wanted <= known:
            _cut(known | wanted, weight, font)
    return font


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "fonts"


def _list(font: Path) -> Path:
    """What a part was cut for; written after the font, so that it never promises more than is there."""
    return font.with_suffix(".txt")


def _asked_for(font: Path) -> frozenset[str]:
    try:
        written = _list(font).stat().st_mtime_ns
        return _read(_list(font), written)
    except FileNotFoundError:
        return frozenset()


@lru_cache(maxsize=8)
def _read(path: Path, written: int) -> frozenset[str]:
    """`written` is when: another moment is another content."""
    return frozenset(path.read_bytes().decode())


@cache
def common() -> frozenset[str]:
    """ASCII, the marks and the common characters of GB 2312 (its first level), the city's own, and the marks that we print.

    Reading the font is half of printing a document, and takes the longer the more characters it has.
    """
    rows = (bytes([high, low]) for high in range(0xA1, 0xD8) for low in range(0xA1, 0xFF))
    national = "".join(pair.decode("gb2312", errors="ignore") for pair in rows)
    return frozenset(national) | frozenset(map(chr, range(32, 127))) | frozenset("¥·—…★甬鄞")


def _cut(characters: frozenset[str], weight: int, kept: Path) -> None:
    """Put a font in the place of the kept one; who reads that one still has it whole."""
    options = subset.Options(
        layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 6, 13, 14], drop_tables=DROPPED
    )
    text = "".join(sorted(characters))
    with tempfile.TemporaryDirectory(dir=_folder()) as folder:
        font_file, list_file = Path(folder) / "font.ttf", Path(folder) / "list.txt"
        with TTFont(str(files("justmytype_intl_cjk") / _FILE), lazy=True) as font:
            cutter = subset.Subsetter(options)
            cutter.populate(text=text)
            cutter.subset(font)
            instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True).save(font_file)
        list_file.write_bytes(text.encode())
        font_file.replace(kept)
        list_file.replace(_list(kept))
