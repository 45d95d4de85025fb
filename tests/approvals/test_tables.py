"""Tables in and out: what is wrong is told by line and column, all or nothing, and what was written can be read."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Kind
from approvals import tables
from approvals.domain import bulk, cases, events_of
from approvals.models import Case, CaseEvent, Fault, Party, ServiceInstance
from core.errors import NotAllowed
from ledger.models import QueuedEntry
from tests import market_place as market
from tests.approvals import office
from tests.approvals.office import on
from tests.bidding.browse import member_client
from tests.exchange.test_approval_events import life

pytestmark = pytest.mark.django_db


def csv_of(rows, columns=None):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or sorted({name for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def sends(client, content, kind="events"):
    file = SimpleUploadedFile("表.csv", content, content_type="text/csv")
    return client.post(reverse("approvals:table_import", args=[kind]), {"file": file})


def confirms(client, preview, kind="events"):
    return client.post(reverse("approvals:table_import", args=[kind]), {"content": preview.context["content"]})


def record(case, firm="91330203MA0000000T", **changed):
    row = {
        "LSH": "1", "DFSJZJ": "NB-1", "XZQHDM": "330203", "XMDM": "2026-330203-01-01-000001", "ZJFWSXMC": "环境影响评价",
        "ZJFWSXBM": "S004", "DYBZZJFWSXBM": "ZJ-004", "ZJFWSXSLBM": "SL-1", "SPSXSLBM": case.code, "BLSX": "15",
        "SXLX": "1", "ZJJGDM": firm, "ZJJGMC": "宁波某环评公司", "WTR": "宁波某公司", "WTRDM": "91330203MA0000001T",
        "SJYXBS": "1", "SJWXYY": "",
    }  # fmt: skip
    return {**row, **changed}


def wrong_of(answer):
    assert answer.status_code == 422
    return [(each.line, each.column) for each in answer.context["wrong"]]


# --- who may -------------------------------------------------------------------------------------------------------


def test_nobody_but_the_department(where):
    for kind in (Kind.OWNER, Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR):
        stranger = member_client(market.organisation(kind))
        for name, args in (("tables", []), ("table_import", ["events"]), ("table_export", ["events"])):
            assert stranger.get(reverse(f"approvals:{name}", args=args)).status_code == 404
    table = tables.read_events(csv_of(life(where)))
    with pytest.raises(NotAllowed):
        tables.take_events(table, department=where.department, by=office.clerk(office.place().department))


def test_an_export_has_the_departments_own_cases_only(where, by, client):
    own, other = office.received(where, by=by), office.received(office.place())
    text = client.get(reverse("approvals:table_export", args=["events"])).content.decode()
    assert own.code in text and other.code not in text


# --- events --------------------------------------------------------------------------------------------------------


def test_a_preview_takes_nothing_and_the_confirmation_everything(where, client):
    preview = sends(client, csv_of(life(where)))
    assert preview.status_code == 200 and preview.context["counted"]["new"] == 9
    assert not Case.objects.exists() and not CaseEvent.objects.exists()
    assert confirms(client, preview).status_code == 302
    case = Case.objects.get()
    assert (case.status, case.outcome) == ("decided", "granted")
    assert set(case.events.values_list("source", flat=True)) == {"import"}
    again = confirms(client, preview)
    assert again.status_code == 302 and CaseEvent.objects.count() == 9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_spreadsheets(where, client, encoding):
    content = csv_of(life(where)).decode().encode(encoding)
    assert sends(client, content).context["counted"]["new"] == 9


def test_every_wrong_row_is_listed_and_nothing_is_taken(where, client):
    rows = life(where)
    rows[1] |= {"fault": "somebody", "category": ""}
    rows[3] |= {"occurred_at": "六号"}
    rows[8] |= {"id": rows[0]["id"]}
    answer = sends(client, csv_of(rows))
    assert set(wrong_of(answer)) == {(3, "fault"), (3, "category"), (5, "occurred_at"), (10, "id")}
    assert "一行也没有导入" in answer.content.decode()
    assert not Case.objects.exists()


def test_what_only_the_record_knows_is_wrong_by_line_too(where, client):
    lonely = {"id": "x1", "case": "SX-9", "kind": "case_accepted", "occurred_at": "2026-11-03 09:00"}
    after = {**life(where)[3], "id": "x2", "occurred_at": "2026-11-20 09:00"}
    answer = sends(client, csv_of([*life(where), lonely, after]))
    assert wrong_of(answer) == [(11, "case"), (12, "")]
    assert not Case.objects.exists() and not CaseEvent.objects.exists()


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"id,case,kind\n", 1, "occurred_at"),
        (b"id,case,kind,occurred_at,colour\n", 1, "colour"),
        (b"id,id,case,kind,occurred_at\n", 1, "id"),
        (b"id,case,kind,occurred_at\n", 1, ""),
        (b'id,case,kind,occurred_at\n"x,1,2,3\n', 2, ""),
        (b"id,case,kind,occurred_at\n1,2,3,4,5\n", 2, ""),
        (b"\xff\xfe\x00\x81", 1, ""),
        (b"id,case,kind,occurred_at\n1,2\n", 2, "kind"),
        (b"id,case,kind,occurred_at\n\x001,2,case_received,2026-11-02\n", 2, "id"),
        (b"id,case,kind,occurred_at\n" + b"1,2,3,4\n" * 1001, 1002, ""),
    ],
)
def test_a_table_that_is_none(client, content, line, column):
    found = wrong_of(sends(client, content))
    assert any(each == (line, column) or (column == "" and each[0] >= line) for each in found), found


def test_a_file_that_is_none(client):
    address = reverse("approvals:table_import", args=["events"])
    assert client.post(address, {}).status_code == 422
    assert sends(client, b"").status_code == 422
    assert sends(client, b"x" * 1_048_577).status_code == 422
    assert client.post(address, {"content": "不是"}).status_code == 422
    assert client.get(address).status_code == 200
    assert client.get("/desk/cases/tables/other/").status_code == 404


def test_what_was_exported_is_known_when_it_comes_back(where, by, client):
    case = office.received(where, by=by, external_code="=HYPERLINK(1)")
    given = {"category": "form", "fault": Fault.OTHER, "first_time": False, "words": '缺章，\n请补"公章"'}
    cases.ask_correction(case_id=case.pk, by=by, occurred_at=on(3, 9, 7), **given)
    cases.resubmit_case(case_id=case.pk, by=by, occurred_at=on(4))
    cases.suspend_case(case_id=case.pk, by=by, charged_to=Party.OWNER, words="缓办", occurred_at=on(5))
    cases.correct_event(
        case_id=case.pk, number=3, by=by, kind=CaseEvent.Kind.RESUBMITTED, occurred_at=on(4, 10), words=""
    )
    table = client.get(reverse("approvals:table_export", args=["events"])).content
    assert b"'=HYPERLINK" in table, "no spreadsheet takes it for a formula"
    before = CaseEvent.objects.count()
    preview = sends(client, table)
    assert preview.context["counted"] == {"new": 0, "changed": 0, "already": before, "waiting": 0}
    changed = table.replace("缓办".encode(), "别的".encode())
    assert wrong_of(sends(client, changed)) == [(6, "id")]
    assert CaseEvent.objects.count() == before


def test_a_life_goes_out_and_comes_in_elsewhere_as_it_was(where, client):
    sender_table = csv_of(life(where))
    tables.take_events(tables.read_events(sender_table), department=where.department, by=office.clerk(where.department))
    out = client.get(reverse("approvals:table_export", args=["events"])).content
    told = events_of(Case.objects.get())
    CaseEvent.objects.all().delete()
    Case.objects.all().delete()
    tables.take_events(tables.read_events(out), department=where.department, by=office.clerk(where.department))
    assert events_of(Case.objects.get()) == told


# --- the national table --------------------------------------------------------------------------------------------


def test_both_directions_column_by_column(where, by, client):
    case = office.received(where, by=by)
    rows = [record(case), record(case, LSH="2", DFSJZJ="NB-2", BLSX="", SXLX="", SJYXBS="0", SJWXYY="重复报送")]
    columns = [name for name, _field in tables.NATIONAL_COLUMNS]
    preview = sends(client, csv_of(rows, columns), "national")
    assert preview.context["counted"]["new"] == 2 and not ServiceInstance.objects.exists()
    confirms(client, preview, "national")
    out = client.get(reverse("approvals:table_export", args=["national"])).content.decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(out, newline=""))) == rows
    assert out.splitlines()[0] == ",".join(columns)
    again = sends(client, out.encode(), "national")
    assert again.context["counted"]["already"] == 2
    changed = sends(client, csv_of([{**rows[0], "BLSX": "20"}], columns), "national")
    assert changed.context["counted"]["changed"] == 1
    confirms(client, changed, "national")
    assert sorted(ServiceInstance.objects.values_list("local_key", "limit")) == [("NB-1", 20), ("NB-2", None)]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"DFSJZJ": ""}, "DFSJZJ"),
        ({"XZQHDM": "宁波"}, "XZQHDM"),
        ({"SPSXSLBM": "none"}, "SPSXSLBM"),
        ({"BLSX": "-1"}, "BLSX"),
        ({"BLSX": "15天"}, "BLSX"),
        ({"BLSX": "²"}, "BLSX"),
        ({"SXLX": "3"}, "SXLX"),
        ({"SXLX": ""}, "SXLX"),
        ({"BLSX": ""}, "BLSX"),
        ({"ZJJGDM": "123"}, "ZJJGDM"),
        ({"ZJJGMC": "长" * 201}, "ZJJGMC"),
        ({"SJYXBS": "2"}, "SJYXBS"),
        ({"SJYXBS": "0"}, "SJWXYY"),
    ],
)
def test_what_is_wrong_in_the_national_table(where, by, client, change, column):
    case = office.received(where, by=by)
    good = record(case, DFSJZJ="NB-0")
    answer = sends(client, csv_of([good, record(case, **change)]), "national")
    assert (3, column) in wrong_of(answer)
    assert not ServiceInstance.objects.exists()


def test_another_departments_case_is_none_of_ours(where, client):
    other = office.received(office.place())
    assert wrong_of(sends(client, csv_of([record(other)]), "national")) == [(2, "SPSXSLBM")]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_in_both_languages(where, client, language):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    for address in (reverse("approvals:tables"), reverse("approvals:table_import", args=["national"])):
        text = client.get(address).content.decode()
        assert ("导入" in text) == (language == "zh-hans"), address


# --- many rows -----------------------------------------------------------------------------------------------------


def take(where, rows):
    return tables.take_events(
        tables.read_events(csv_of(rows)), department=where.department, by=office.clerk(where.department)
    )


def test_more_rows_of_a_case_take_no_more_queries(where):
    def queries(case, count):
        rows = life(where, case=case)[:count]
        with CaptureQueriesContext(connection) as caught:
            take(where, rows)
        assert Case.objects.get(external_code=case).events.count() == count
        return len(caught)

    queries("warm", 9)
    # Each ended: while a limit runs the table of holidays is asked for its end.
    ends = (
        life(where, case="S")[0],
        {**life(where, case="S")[0], "id": "S-e", "kind": "case_withdrawn", "fault": "other"},
    )
    with CaptureQueriesContext(connection) as short:
        take(where, [ends[0], {**ends[1], "occurred_at": "2026-11-03T09:00:00+08:00"}])
    assert queries("A", 9) <= len(short) + 1, "one statement more for what was written in words"


def test_names_are_read_once_for_all_rows(where):
    rows = [life(where, case=f"N-{number}")[0] for number in range(12)]
    with CaptureQueriesContext(connection) as few:
        tables.read_events(csv_of(rows[:2]))
    with CaptureQueriesContext(connection) as many:
        tables.read_events(csv_of(rows))
    assert len(many) == len(few) <= 3


def test_so_many_new_cases_are_taken_in_several_tables(where, client, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_NEW", 2)
    rows = [life(where, case=f"N-{number}")[0] for number in range(3)]
    answer = sends(client, csv_of(rows))
    assert wrong_of(answer) == [(4, "case")]
    assert "请分几次导入" in answer.content.decode()
    assert not Case.objects.exists()
    assert sends(client, csv_of(rows[:2])).context["counted"]["new"] == 2


def test_a_table_makes_the_same_cases_as_its_rows_one_by_one(where):
    """Out of order, with a correction, a row that waits, and a case that is known: case by case as event by event."""
    rows = life(where, case="T")
    rows.append({**rows[1], "id": "T-c", "corrects": rows[1]["id"], "words": "补全部"})
    rows += life(where, case="U")[:4:3]
    lonely = {**life(where, case="U")[5], "occurred_at": "2026-11-10T09:00:00+08:00"}
    for row in [*rows, lonely]:
        take(where, [row])
    one_by_one = {each.external_code: _everything(each) for each in Case.objects.all()}
    logged = _logged()
    CaseEvent.objects.filter(corrects__isnull=False).delete()
    CaseEvent.objects.all().delete()
    Case.objects.all().delete()
    take(where, [lonely, *reversed(rows)])
    assert {each.external_code: _everything(each) for each in Case.objects.all()} == one_by_one
    assert _logged() == logged


def _logged():
    subjects = [each.subject for each in Case.objects.all()]
    return sorted(QueuedEntry.objects.filter(subject__in=subjects).values_list("type", flat=True))


def _everything(case):
    told = [(each.kind, each.at, each.fault, each.outcome) for each in events_of(case)]
    return told, case.status, case.due_at, case.soon_at, case.statutory_due_at, case.events.filter(waiting=True).count()
