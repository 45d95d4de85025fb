"""The message catalogue: texts found in the rooms' code and templates, and their English.

Babel reads and writes everything, so that no gettext programs have to be installed. Django's own `templatize` turns a
template into calls that Babel's Python extractor understands.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from babel.messages import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
LEFT_OUT = {"migrations", "tests", "__pycache__"}
CONTEXT_SEPARATOR = "\x04"  # as in compiled catalogues
# No dates and no names: a commit that changes no text changes no line.
HEADER = """\
# English of Mingxuan.
msgid ""
msgstr ""
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
STRING = r"u?(?:'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"
CALL = re.compile(rf"(?:\b[np]*gettext|\b_)\(\s*{STRING}(?:\s*,\s*{STRING})*")
PLACEHOLDER = re.compile(r"%\((\w+)\)|\{(\w*)\}|%(?!%)[sd]")


@dataclass(frozen=True)
class Text:
    """One text as the code has it: a context or none, and one or two forms."""

    context: str | None
    forms: tuple[str, ...]

    @property
    def key(self) -> str:
        """The key of a JSON file of translations: the first form, after its context when there is one."""
        return self.forms[0] if self.context is None else f"{self.context}{CONTEXT_SEPARATOR}{self.forms[0]}"

    @property
    def msgid(self) -> str | tuple[str, ...]:
        return self.forms if len(self.forms) > 1 else self.forms[0]


@dataclass
class Findings:
    """What is wrong with a catalogue, by the text concerned."""

    missing: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        named = {
            "no English": self.missing,
            "marked fuzzy": self.fuzzy,
            "no longer in the code": self.stale,
            "placeholders differ": self.placeholders,
        }
        return [f"{what}: {text}" for what, texts in named.items() for text in texts]


def extract(folders: Iterable[Path], *, base: Path) -> dict[Text, list[str]]:
    """Every translatable text in the folders' Python files and templates, with the files that have it."""
    found: dict[Text, list[str]] = {}
    for path in sorted(path for folder in folders for path in _sources(folder)):
        place = path.relative_to(base).as_posix()
        for text in _texts(path):
            places = found.setdefault(text, [])
            if place not in places:
                places.append(place)
    return found


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix in {".py", ".html", ".txt"} and not LEFT_OUT & set(path.relative_to(folder).parts):
            yield path


def _texts(path: Path) -> Iterator[Text]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        source = _calls_of_template(source, str(path))
    reader = io.BytesIO(source.encode())
    for _line, function, messages, _comments in extract_python(reader, KEYWORDS, (), {"encoding": "utf-8"}):
        forms = _parts(messages)
        context = forms.pop(0) if "pgettext" in function and len(forms) > 1 else None
        forms = forms[: 2 if "ngettext" in function or "npgettext" in function else 1]
        if forms and forms[0]:
            yield Text(context, tuple(forms))


def _parts(messages: object) -> list[str]:
    """The extractor gives one string, or a tuple with None where an argument was no literal."""
    if messages is None or isinstance(messages, str):
        return [messages] if messages else []
    return [part for part in cast("tuple[str | None]", messages) if part]


def _calls_of_template(source: str, origin: str) -> str:
    """Python with the template's calls only, line by line: the rest of what `templatize` leaves is no Python."""
    lines = templatize(source, origin=origin).split("\n")
    return "\n".join("; ".join(f"{call})" for call in CALL.findall(line)) for line in lines)


def read(path: Path) -> Catalog:
    """The catalogue in a .po file, or an empty one."""
    if not path.exists():
        return Catalog(locale="en", domain="django")
    with path.open("rb") as file:
        return read_po(file, locale="en", domain="django", abort_invalid=True)


def updated(
    old: Catalog, texts: Mapping[Text, list[str]], english: Mapping[str, str | list[str]] | None = None
) -> Catalog:
    """A catalogue of exactly these texts, English taken from `english` or else from the old catalogue."""
    new = Catalog(locale="en", domain="django")
    for text, places in sorted(texts.items(), key=lambda item: (item[1][0], item[0].key)):
        before = old.get(text.msgid, context=text.context)
        string = (english or {}).get(text.key) or (before.string if before is not None else None) or ""
        new.add(
            text.msgid,
            _forms(string, len(text.forms)),
            locations=[(place, 1) for place in places],
            flags=set(before.flags & {"fuzzy"}) if before is not None and text.key not in (english or {}) else (),
            context=text.context,
        )
    return new


def _forms(string: str | list[str] | tuple[str, ...], count: int) -> str | tuple[str, ...]:
    if count == 1:
        return string if isinstance(string, str) else string[0]
    return (string, string) if isinstance(string, str) else tuple(string)


def write(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalog, width=120, include_lineno=False, omit_header=True)
    path.write_bytes(HEADER.encode() + text.getvalue())


def check(catalog: Catalog, texts: Mapping[Text, list[str]]) -> Findings:
    """Compare a catalogue with what the code has."""
    findings = Findings()
    known = {(text.context, text.key): text for text in texts}
    for text in texts:
        message = catalog.get(text.msgid, context=text.context)
        if message is None or not all(_translations(message)):
            findings.missing.append(f"{text.key} ({texts[text][0]})")
            continue
        if message.fuzzy:
            findings.fuzzy.append(text.key)
        if any(_placeholders(text.forms[-1]) != _placeholders(string) for string in _translations(message)[-1:]):
            findings.placeholders.append(text.key)
    for message in catalog:
        if message.id and (message.context, _key(message)) not in known:
            findings.stale.append(_key(message))
    return findings


def _translations(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _key(message: Message) -> str:
    first = message.id if isinstance(message.id, str) else message.id[0]
    return first if message.context is None else f"{message.context}{CONTEXT_SEPARATOR}{first}"


def _placeholders(string: str) -> list[str]:
    return sorted(match.group(0) for match in PLACEHOLDER.finditer(string))


def compile_catalogue(source: Path, target: Path) -> bool:
    """Write the .mo beside its .po; False when it was up to date."""
    if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    draft = target.with_name(f".{target.name}.draft")
    with draft.open("wb") as file:
        write_mo(file, read(source))
    draft.replace(target)
    return True
