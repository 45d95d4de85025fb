"""The Chinese font of documents: Noto Sans SC (OFL 1.1) from its package, cut down to what documents need.

The whole font has 17 MB and every weight between thin and black; to cut a part out of it takes seconds, however small the
part. So what was cut is kept, for every process that has this data folder: what is common, and whatever else a document has
ever asked for. A document with a character that nobody has asked for yet (a rare name) waits for one cut; nobody after it does.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

REGULAR, BOLD = 400, 700
_FILE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "DSIG", "vhea", "vmtx", "VVAR", "VORG"]
"""Tables for ligatures and vertical text, which we do not print: reading them is nine tenths of the time of a cut."""


def font_with(characters: Iterable[str], *, weight: int) -> Path:
    """The kept font of one weight, which has these characters, as far as there are glyphs for them. Nobody writes to it."""
    wanted = frozenset(characters)
    if wanted <= _asked_for(weight):
        return _kept(weight)
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{weight}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who waited finds it cut
        known = _asked_for(weight)
        if not wanted <= known:
            _cut(common() | known | wanted, weight=weight)
    return _kept(weight)


def keep_fonts_with(characters: Iterable[str]) -> None:
    """Cut both weights once for many documents, with what is common and these characters."""
    wanted = common() | frozenset(characters)
    for weight in (REGULAR, BOLD):
        font_with(wanted, weight=weight)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "fonts"


def _kept(weight: int) -> Path:
    return _folder() / f"noto-sans-sc-{weight}.ttf"


def _list(weight: int) -> Path:
    """What the kept font was cut for; written after the font, so that it never promises more than is there."""
    return _folder() / f"noto-sans-sc-{weight}.txt"


def _asked_for(weight: int) -> frozenset[str]:
    try:
        written = _list(weight).stat().st_mtime_ns
        return _read(_list(weight), written)
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


def _cut(characters: frozenset[str], *, weight: int) -> None:
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
        font_file.replace(_kept(weight))
        list_file.replace(_list(weight))
