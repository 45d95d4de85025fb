"""Tables as CSV: events of cases, and the national table.

Read with what is wrong by line and column, taken whole or not at all; what is written here can be read here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from approvals.domain import bulk, feed
from approvals.domain.cases import demand_department
from approvals.domain.recording import Origin
from approvals.forms import national
from approvals.forms.feed import EventForm
from approvals.forms.known import Known
from approvals.forms.national import RecordForm
from approvals.models import Case, CaseEvent, Department, ServiceInstance
from core import clock
from core.errors import DomainError
from core.spreadsheets import MARKS, quoted

MOST_ROWS = 1000
EVENT_COLUMNS = tuple(EventForm.base_fields)
NATIONAL_COLUMNS = national.COLUMNS
OWN_ID = re.compile(r"(K[0-9]{12,17})-([0-9]{1,4})")


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a row: its line in the file, the column, and what."""

    line: int
    column: str
    what: str


@dataclass(kw_only=True)
class Table:
    """A table as it was read: forms of its rows with their lines, and everything that is wrong."""

    rows: list[tuple[int, forms.Form]] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


class NotApplied(Exception):
    """Something in the table is wrong, so nothing of it was taken."""

    def __init__(self, wrong: list[Wrong]) -> None:
        super().__init__()
        self.wrong = wrong


def read(
    content: bytes,
    *,
    columns: Sequence[str],
    needed: Iterable[str],
    forms_of: Callable[[list[dict[str, str]]], Iterable[forms.Form]],
) -> Table:
    """Read a CSV in UTF-8 or GB 18030, as spreadsheets save it. Columns in any order; those that nobody knows are wrong.

    `forms_of` makes the forms of all rows, so that what they name is read at once.
    """
    table = Table()
    text = _decoded(content)
    if text is None:
        return Table(wrong=[Wrong(1, "", _("文件的编码不对：请存为 UTF-8 或 GB 18030 的 CSV。"))])
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        head = [each.strip() for each in next(lines, [])]
        table.wrong += _wrong_head(head, columns, needed)
        if table.wrong:
            return table
        for cells in lines:
            if len(rows) >= MOST_ROWS:
                most = _("最多 %(most)d 行，请分几次导入。") % {"most": MOST_ROWS}
                return Table(wrong=[Wrong(lines.line_num, "", most)])
            if any(each.strip() for each in cells):
                _read_row(table, rows, lines.line_num, head, cells)
    except csv.Error:
        table.wrong.append(Wrong(lines.line_num, "", _("这一行的引号或分隔符不成对，请用表格软件重新另存为 CSV。")))
    _fill(table, rows, forms_of)
    if not table.rows and not table.wrong:
        table.wrong.append(Wrong(1, "", _("表格里没有数据行。")))
    return table


def _decoded(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _wrong_head(head: list[str], columns: Sequence[str], needed: Iterable[str]) -> list[Wrong]:
    wrong = [Wrong(1, each, _("没有这一列。")) for each in head if each not in columns]
    wrong += [
        Wrong(1, each, _("这一列出现了两次。")) for each in sorted({each for each in head if head.count(each) > 1})
    ]
    return wrong + [Wrong(1, each, _("缺少这一列。")) for each in needed if each not in head]


def _read_row(
    table: Table, rows: list[tuple[int, dict[str, str]]], line: int, head: list[str], cells: list[str]
) -> None:
    if len(cells) > len(head):
        table.wrong.append(Wrong(line, "", _("这一行比表头多 %(n)d 格。") % {"n": len(cells) - len(head)}))
        return
    rows.append((line, {name: _unquoted(cell) for name, cell in zip(head, cells, strict=False)}))


def _fill(
    table: Table,
    rows: list[tuple[int, dict[str, str]]],
    forms_of: Callable[[list[dict[str, str]]], Iterable[forms.Form]],
) -> None:
    """Let the forms read their rows, and note what is wrong with each."""
    for (line, _row), form in zip(rows, forms_of([row for _line, row in rows]), strict=True):
        table.rows.append((line, form))
        if not form.is_valid():
            table.wrong += [
                Wrong(line, "" if name == "__all__" else name, str(each))
                for name, told in form.errors.items()
                for each in told
            ]


def _event_forms(rows: list[dict[str, str]]) -> list[EventForm]:
    known = Known.to(rows)
    return [EventForm(row, known=known) for row in rows]


def read_events(content: bytes) -> Table:
    """A table of events; two rows with one id are wrong."""
    table = read(content, columns=EVENT_COLUMNS, needed=("id", "case", "kind", "occurred_at"), forms_of=_event_forms)
    return _unique(table, "id")


def read_records(content: bytes, *, department: Department) -> Table:
    """The national table; two rows with one local key are wrong."""

    def forms_of(rows: list[dict[str, str]]) -> list[RecordForm]:
        return [RecordForm(row, department=department) for row in rows]

    needed = [name for name, _field in NATIONAL_COLUMNS if name not in RecordForm.OPTIONAL]
    table = read(content, columns=[name for name, _field in NATIONAL_COLUMNS], needed=needed, forms_of=forms_of)
    return _unique(table, "DFSJZJ")


def _unique(table: Table, column: str) -> Table:
    seen: dict[str, int] = {}
    for line, row in table.rows:
        key = str(row.data.get(column, "")).strip()
        if key and key in seen:
            table.wrong.append(Wrong(line, column, _("与第 %(line)d 行重复。") % {"line": seen[key]}))
        seen.setdefault(key, line)
    return table


def take_events(table: Table, *, department: Department, by: Membership, trial: bool = False) -> dict[str, int]:
    """Record all events of a table, in the order in which they happened, or none; tell how many of which result.

    A `trial` records nothing and tells what would be. Raises NotApplied with everything that is wrong.
    """
    demand_department(department, by)
    if table.wrong:
        raise NotApplied(table.wrong)
    wrong: list[Wrong] = []
    ordered = sorted(table.rows, key=lambda each: _when(each[1].cleaned_data))
    with transaction.atomic():
        ours, rows, own = _own_events(table, department), [], 0
        for line, form in ordered:
            given = form.cleaned_data
            origin = Origin(
                source=CaseEvent.Source.IMPORT, by=by.user, event_id=given["id"], digest=feed.digest_of(given)
            )
            if given["id"] not in ours:
                rows.append(bulk.Row(line=line, given=given, origin=origin))
            elif ours[given["id"]] == origin.digest:
                own += 1
            else:
                wrong.append(Wrong(line, "id", _("这一条与已有记录不同。记录不改，请用 corrects 更正。")))
        came = bulk.take_all(rows, department=department)
        wrong += [_refused(line, problem) for line, problem in came.refused]
        if wrong or trial:
            transaction.set_rollback(True)
    if wrong:
        raise NotApplied(sorted(wrong, key=lambda each: each.line))
    came.counted[str(feed.Result.ALREADY)] += own
    return came.counted


def _when(given: dict[str, Any]) -> tuple[datetime, bool]:
    """In the order in which things happened; what corrects another event of the same moment after it."""
    return given["occurred_at"], bool(given["corrects"])


def _refused(line: int, problem: DomainError) -> Wrong:
    column = {"event_id": "id", "unknown_case": "case"}.get(problem.code, problem.code)
    return Wrong(line, column if column in EVENT_COLUMNS else "", str(problem))


def _own_events(table: Table, department: Department) -> dict[str, str]:
    """Of the rows those that we wrote into a table ourselves, under our own number for want of another: what each says, as a
    digest, by that number. An event is not edited; a later one corrects it.
    """
    named = [match for _line, form in table.rows if (match := OWN_ID.fullmatch(form.cleaned_data["id"]))]
    if not named:
        return {}
    events = CaseEvent.objects.filter(
        case__department=department, case__code__in={match[1] for match in named}, event_id=""
    ).select_related("case__item", "case__applicant", "case__district", "case__filed_in", "corrects")
    wanted = {(match[1], int(match[2])): match[0] for match in named}
    told = {wanted[key]: _told(each) for each in events if (key := (each.case.code, each.number)) in wanted}
    forms_ = dict(zip(told, _event_forms(list(told.values())), strict=True))
    return {name: feed.digest_of(form.cleaned_data) if form.is_valid() else "" for name, form in forms_.items()}


def take_records(table: Table, *, department: Department, by: Membership, trial: bool = False) -> dict[str, int]:
    """Keep all rows of a national table, new ones and those that bring another content under a known key; or none."""
    demand_department(department, by)
    if table.wrong:
        raise NotApplied(table.wrong)
    counted = {"applied": 0, "changed": 0, "already": 0}
    with transaction.atomic():
        Department.objects.select_for_update(no_key=True).get(pk=department.pk)
        known = {each.local_key: each for each in ServiceInstance.objects.filter(department=department)}
        now = clock.now()
        for _line, row in table.rows:
            assert isinstance(row, RecordForm)
            made = row.instance_of(department)
            before = known.get(made.local_key)
            if before is None:
                made.imported_at = now
                made.save(force_insert=True)
                counted["applied"] += 1
            elif _said(before) == _said(made):
                counted["already"] += 1
            else:
                made.pk, made.imported_at = before.pk, now
                made.save(force_update=True)
                counted["changed"] += 1
        if trial:
            transaction.set_rollback(True)
    return counted


def _said(record: ServiceInstance) -> tuple[Any, ...]:
    return (record.case_id, *(getattr(record, name) for _column, name in NATIONAL_COLUMNS if name))


def national_csv(department: Department) -> str:
    """The national table of a department, column by column in the standard's order."""
    rows = ServiceInstance.objects.filter(department=department).select_related("case").order_by("local_key")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column for column, _name in NATIONAL_COLUMNS])
    for number, each in enumerate(rows, start=1):
        writer.writerow([quoted(_cell(each, column, name, number)) for column, name in NATIONAL_COLUMNS])
    return out.getvalue()


def _cell(record: ServiceInstance, column: str, name: str, number: int) -> str:
    if column == "LSH":
        return str(number)
    if column == "SPSXSLBM":
        return record.case.external_code or record.case.code
    if column == "SJYXBS":
        return "1" if record.is_valid else "0"
    value = getattr(record, name)
    return "" if value is None else str(value)


def events_csv(department: Department) -> str:
    """Everything that happened to a department's cases, as `read_events` takes it. An event that has no number of the
    department's own gets one from ours.
    """
    rows = (
        CaseEvent.objects.filter(case__department=department)
        .select_related("case__item", "case__applicant", "case__district", "case__filed_in", "corrects")
        .order_by("case_id", "number")
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(EVENT_COLUMNS)
    for event in rows.iterator(chunk_size=500):
        told = _told(event)
        writer.writerow([quoted(told.get(column, "")) for column in EVENT_COLUMNS])
    return out.getvalue()


def _told(event: CaseEvent) -> dict[str, str]:
    case, at = event.case, event.occurred_at.astimezone(clock.LOCAL)
    told = {
        "id": _event_id(case, event),
        "case": case.external_code or case.code,
        "kind": event.kind,
        "occurred_at": at.isoformat(),
        "category": event.category,
        "words": event.words,
        "fault": event.fault,
        "deliverable": event.deliverable,
        "first_time": "" if event.first_time is None else str(event.first_time).lower(),
        "special": event.special,
        "charged_to": event.charged_to,
        "outcome": event.outcome,
        "corrects": _event_id(case, event.corrects) if event.corrects else "",
    }
    if event.kind == CaseEvent.Kind.RECEIVED:
        told |= {
            "item": case.item.code,
            "applicant": case.applicant.public_code,
            "project_code": case.project_code,
            "project_name": case.project_name,
            "district": case.district.code,
            "filed_in": case.filed_in.code,
        }
    return told


def _event_id(case: Case, event: CaseEvent) -> str:
    return event.event_id or f"{case.code}-{event.number}"


def _unquoted(cell: str) -> str:
    told = cell.replace("\r\n", "\n").strip()
    return told[1:] if told[:1] == "'" and told[1:2] and told[1] in MARKS else told
