"""The Chinese font of documents: Noto Sans SC (OFL 1.1) from its package, cut down to the characters of one document.

The whole font has 17 MB and every weight between thin and black; what a document needs of it is some 100 KB.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

REGULAR, BOLD = 400, 700
_FILE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"


def cut_font(characters: Iterable[str], *, weight: int, into: Path) -> Path:
    """Write the glyphs of these characters, in one weight, as a font of their own into a folder; give its path."""
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 6, 13, 14])
    with TTFont(str(files("justmytype_intl_cjk") / _FILE), lazy=True) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(text="".join(sorted(set(characters))))
        cutter.subset(font)
        single = instancer.instantiateVariableFont(font, {"wght": weight})
        path = into / f"{weight}.ttf"
        single.save(path)
    return path
