"""Lists as CSV: which column is which, said or guessed by its heading, looked at before anything is taken. No Django."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE = 5


class NoTable(Exception):
    """What was given is no table that can be read."""


@dataclass(frozen=True)
class Column:
    """A column of a list: its name here, the headings by which it is known, and whether it is of a natural person."""

    name: str
    headings: tuple[str, ...]
    required: bool = False
    personal: bool = False


LISTS: dict[str, tuple[Column, ...]] = {
    "register": (
        Column("name", ("企业名称", "名称", "机构名称", "company", "name"), required=True),
        Column("uscc", ("统一社会信用代码", "信用代码", "uscc")),
        Column("former", ("曾用名", "former")),
        Column("address", ("住所", "地址", "注册地址", "address")),
        Column("phone", ("联系电话", "电话", "phone"), personal=True),
        Column("representative", ("法定代表人", "负责人", "representative"), personal=True),
        Column("representative_id", ("法定代表人身份证号", "法定代表人证件号码", "representative_id"), personal=True),
        Column("holder", ("股东", "股东名称", "投资人", "出资人", "holder"), personal=True),
        Column("holder_uscc", ("股东统一社会信用代码", "股东信用代码", "holder_uscc")),
        Column("holder_id", ("股东身份证号", "股东证件号码", "holder_id"), personal=True),
        Column("share", ("持股比例", "出资比例", "持股比例（%）", "share")),
        Column("officer", ("主要人员", "人员姓名", "董监高", "officer"), personal=True),
        Column("officer_id", ("人员身份证号", "人员证件号码", "officer_id"), personal=True),
        Column("since", ("起", "开始日期", "since")),
        Column("until", ("止", "结束日期", "until")),
    ),
    "staff": (
        Column("department", ("部门", "部门代码", "单位", "department"), required=True),
        Column("person", ("姓名", "person"), required=True, personal=True),
        Column("id_number", ("身份证号", "身份证号码", "证件号码", "id_number"), required=True, personal=True),
        Column("leader", ("领导成员", "是否领导", "leader")),
        Column("since", ("任职日期", "起", "since")),
        Column("left", ("离职日期", "退休日期", "止", "left")),
    ),
    "bodies": (
        Column("department", ("部门", "部门代码", "主管部门", "department"), required=True),
        Column("name", ("名称", "单位名称", "name"), required=True),
        Column("uscc", ("统一社会信用代码", "信用代码", "uscc")),
        Column("relation", ("关系", "relation"), required=True),
        Column("since", ("起", "开始日期", "since")),
        Column("until", ("止", "结束日期", "until")),
    ),
}


@dataclass(frozen=True)
class Preview:
    """How a file would be read: which heading is which column, what is missing or left over, and the first rows.

    Of a row everything about natural persons is hidden.
    """

    mapping: dict[str, str]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    rows: list[dict[str, str]] = field(default_factory=list)


def guess(kind: str, headings: Sequence[str], said: Mapping[str, str] | None = None) -> dict[str, str]:
    """Column to heading: as said, else by the headings by which it is known. Raises NoTable for what does not exist."""
    known = {column.name: column for column in LISTS[kind]}
    mapping = dict(said or {})
    for name, heading in mapping.items():
        if name not in known:
            raise NoTable(f"no column is called {name}")
        if heading not in headings:
            raise NoTable(f"the file has no column {heading}")
    plain = {_plain(heading): heading for heading in reversed(headings)}
    for column in LISTS[kind]:
        if column.name not in mapping:
            found = next((plain[_plain(each)] for each in column.headings if _plain(each) in plain), None)
            if found is not None and found not in mapping.values():
                mapping[column.name] = found
    return mapping


def _plain(heading: str) -> str:
    return "".join(heading.split()).lower()


def preview(kind: str, path: Path, said: Mapping[str, str] | None = None) -> Preview:
    """What `rows` would give, without taking anything. Raises NoTable and OSError."""
    reader = _reader(path)
    headings = reader.fieldnames or []
    mapping = guess(kind, headings, said)
    columns = {column.name: column for column in LISTS[kind]}
    shown = []
    for number, row in enumerate(reader):
        if number == SAMPLE:
            break
        shown.append(
            {
                name: "•••" if columns[name].personal and (row[heading] or "").strip() else (row[heading] or "").strip()
                for name, heading in mapping.items()
            }
        )
    missing = tuple(column.name for column in LISTS[kind] if column.required and column.name not in mapping)
    unused = tuple(heading for heading in headings if heading not in mapping.values())
    return Preview(mapping, missing, unused, shown)


def rows(kind: str, path: Path, said: Mapping[str, str] | None = None) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells of every row, by column; columns that the file lacks are empty. Raises NoTable and OSError."""
    reader = _reader(path)
    mapping = guess(kind, reader.fieldnames or [], said)
    lacking = [column.name for column in LISTS[kind] if column.required and column.name not in mapping]
    if lacking:
        raise NoTable(f"the file has no column for {', '.join(lacking)}")
    empty = {column.name: "" for column in LISTS[kind]}
    try:
        for row in reader:
            yield reader.line_num, empty | {name: (row[heading] or "").strip() for name, heading in mapping.items()}
    except csv.Error as bad:
        raise NoTable(f"line {reader.line_num} cannot be read") from bad


def _reader(path: Path) -> csv.DictReader[str]:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return csv.DictReader(io.StringIO(text.replace("\x00", ""), newline=""))
    raise NoTable("the file is neither UTF-8 nor GB 18030")
