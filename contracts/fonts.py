"""The Chinese font of documents: Noto Sans SC (OFL 1.1) from its package, cut down to what a document needs.

The whole font has 17 MB and every weight between thin and black; to cut the characters of one document takes half a second.
Who makes many documents at once (the demo city) first has all of GB 2312 cut and kept, which takes some seconds, once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

REGULAR, BOLD = 400, 700
_FILE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"


def font_with(characters: Iterable[str], *, weight: int, into: Path) -> Path:
    """A font of one weight that has these characters: the kept one, or one that is written into a folder of the caller's."""
    wanted = set(characters)
    if wanted <= common() and _kept(weight).exists():
        return _kept(weight)
    return _cut(wanted, weight=weight, path=into / f"{weight}.ttf")


def keep_common_fonts() -> None:
    """Cut the common characters once, for every process that has this data folder; nothing where that was done."""
    for weight in (REGULAR, BOLD):
        if not _kept(weight).exists():
            _kept(weight).parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=_kept(weight).parent) as folder:
                _cut(common(), weight=weight, path=Path(folder) / "font.ttf").rename(_kept(weight))


def _kept(weight: int) -> Path:
    return Path(settings.DATA_DIR) / "fonts" / f"noto-sans-sc-{weight}.ttf"


@cache
def common() -> frozenset[str]:
    """ASCII, Latin-1, GB 2312, and the marks that we print."""
    rows = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    national = "".join(pair.decode("gb2312", errors="ignore") for pair in rows)
    return frozenset(national) | frozenset(map(chr, range(32, 127))) | frozenset("¥·—…★")


def _cut(characters: Iterable[str], *, weight: int, path: Path) -> Path:
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 6, 13, 14])
    with TTFont(str(files("justmytype_intl_cjk") / _FILE), lazy=True) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(text="".join(sorted(characters)))
        cutter.subset(font)
        instancer.instantiateVariableFont(font, {"wght": weight}).save(path)
    return path
