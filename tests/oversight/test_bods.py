"""Beneficial-ownership statements of every version, damaged ones too. The small files follow the published schema of each."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.models import QueuedEntry
from oversight.models import Party, PartyName, Record, Relation, Statement
from oversight.sources import bods, streams
from tests.machine import DATA, needs

HERE = Path(__file__).parent / "bods"
REAL = DATA / "bods" / "statements.jsonl"


def imported(path, **options):
    out = StringIO()
    call_command("import_bods", str(path), "--json", *options.pop("more", ()), stdout=out, **options)
    return json.loads(out.getvalue())


def written(tmp_path, statements, name="file.json"):
    path = tmp_path / name
    path.write_text(json.dumps(statements), encoding="utf-8")
    return path


def entity(key, **more):
    return {
        "statementID": key,
        "statementType": "entityStatement",
        "entityType": "registeredEntity",
        "name": f"公司{key}",
        **more,
    }


def owns(key, subject, party, **more):
    more.setdefault("interests", [{"type": "shareholding", "share": {"exact": 50}}])
    named = {"describedByEntityStatement": party} if isinstance(party, str) else party
    return {
        "statementID": key, "statementType": "ownershipOrControlStatement", "statementDate": "2020-01-01",
        "subject": {"describedByEntityStatement": subject}, "interestedParty": named, **more,
    }  # fmt: skip


def rows():
    """Everything the graph holds, for comparing."""
    return [
        list(model.objects.order_by("pk").values_list()) for model in (Party, PartyName, Record, Statement, Relation)
    ]


def spans():
    return list(
        Relation.objects.order_by("statement__day", "pk").values_list(
            "kind", "share_low", "share_high", "holds_from", "holds_to"
        )
    )


@pytest.mark.django_db
@needs(REAL)
def test_real_statements_are_counted_once_each_and_again_change_nothing():
    first = imported(REAL)
    before = rows()
    assert imported(REAL) == first
    assert rows() == before
    assert (first["entities"], first["people"], first["relations"]) == (176, 99, 167)
    assert {each["reason"] for each in first["skipped"]} == {"unspecified_party"}
    whole = sum(1 for line in REAL.read_text(encoding="utf-8").splitlines() if line.strip())
    assert first["entities"] + first["people"] + first["relations"] + len(first["skipped"]) == whole
    assert QueuedEntry.objects.filter(type="affiliation.imported").count() == 1


@pytest.mark.django_db
def test_version_0_2_a_statement_that_replaces_another_ends_it():
    report = imported(HERE / "0.2.json")
    assert report == {"entities": 2, "people": 1, "relations": 3, "skipped": []}
    assert spans() == [
        ("owns", 605_000, 605_000, date(2018, 5, 1), date(2020, 5, 31)),
        ("officer", None, None, date(2018, 5, 1), date(2021, 4, 30)),
        ("owns", 250_000, 500_000, date(2020, 6, 1), None),
    ]
    assert Party.objects.filter(uscc=None, kind="organisation").count() == 2, "the code of the file is none"


@pytest.mark.django_db
def test_version_0_3_an_unspecified_party_ends_what_was_said_before():
    report = imported(HERE / "0.3.jsonl")
    key = "o3-b-000000000000000000000000000001"
    assert report == {
        "entities": 3,
        "people": 0,
        "relations": 1,
        "skipped": [{"statement": key, "reason": "unspecified_party"}],
    }
    assert spans() == [("owns", 510_000, 510_000, date(2021, 1, 1), date(2023, 1, 9))]
    firm = Relation.objects.get().to_party
    assert set(firm.names.values_list("name", flat=True)) == {"姚江勘察有限公司", "姚江岩土有限公司"}
    assert Relation.objects.get().from_party.form == "government"


@pytest.mark.django_db
def test_version_0_4_a_record_is_a_series_that_can_be_closed():
    report = imported(HERE / "0.4.json")
    assert (report["entities"], report["people"], report["relations"]) == (1, 1, 3)
    assert report["skipped"] == [{"statement": "s4-0000000000000000000000000000000006", "reason": "unspecified_party"}]
    assert spans() == [
        ("owns", 250_000, 500_000, date(2020, 1, 1), date(2025, 2, 28)),
        ("officer", None, None, date(2020, 1, 1), date(2025, 2, 28)),
        ("owns", 100_000, 100_000, date(2025, 3, 1), date(2026, 1, 31)),
    ]
    person = Party.objects.get(kind="person")
    assert (person.name, person.person_name) == ("", "Anna Ouyang")


@pytest.mark.django_db
def test_what_replaces_may_come_before_what_it_replaces(tmp_path):
    parties = [entity("e1"), entity("e2")]
    later = owns("o2", "e1", "e2", statementDate="2021-01-01", replacesStatements=["o1"])
    imported(written(tmp_path, [*parties, later], "later.json"), source="one")
    assert spans()[0][3:] == (None, None)
    imported(written(tmp_path, [*parties, owns("o1", "e1", "e2")], "earlier.json"), source="one")
    assert [each[3:] for each in spans()] == [(None, date(2020, 12, 31)), (date(2021, 1, 1), None)]


@pytest.mark.django_db
def test_sources_that_disagree_stay_side_by_side(tmp_path):
    path = written(
        tmp_path, [entity("e1", identifiers=[{"id": "91330203MA2AFCAN7X"}]), entity("e2"), owns("o1", "e1", "e2")]
    )
    imported(path, source="one")
    imported(path, source="two")
    assert Relation.objects.count() == 2


@pytest.mark.django_db
def test_damaged_statements_are_skipped_with_their_reasons(tmp_path):
    given = [
        entity("e1"), entity("e2"), entity("e1"), {"statementType": "entityStatement", "name": "x"},
        entity("e3", name=" "), 7,
        "x", None, [entity("e9")], entity("e4", publicationDetails={"bodsVersion": "9.9"}),
        {"statementID": "u", "statementType": "?"},
        owns("o1", "e1", "nobody"), owns("o2", "nobody", "e1"), owns("o3", "e1", "e1"), owns("o4", "e1", {}),
        owns("o5", "e1", "e2", interests=[{"type": "shareholding", "share": {"exact": 100.5}}]),
        owns("o6", "e1", "e2", interests=[{"type": "shareholding", "share": {"exact": "viel"}}]),
        owns("o7", "e1", "e2", interests=[{"type": "shareholding", "share": {"minimum": 60, "maximum": 50}}]),
        owns("o8", "e1", "e2", interests=[]), owns("o9", "e1", {"unspecified": {"reason": "unknown"}}),
        owns("oA", "e1", "e2"), owns("oB", "e2", "e1"),
    ]  # fmt: skip
    report = imported(written(tmp_path, given))
    assert (report["entities"], report["people"], report["relations"]) == (2, 0, 2)
    reasons = {each["statement"]: each["reason"] for each in report["skipped"] if each["statement"]}
    assert reasons == {
        "e1": "duplicate", "e3": "no_name", "e4": "unknown_version", "u": "unknown_statement_type",
        "element 6": "not_an_object", "element 7": "not_an_object", "element 8": "not_an_object",
        "o1": "unknown_interested_party", "o2": "unknown_subject", "o3": "owns_itself", "o4": "no_interested_party",
        "o5": "share_out_of_range", "o6": "share_is_no_number", "o7": "share_out_of_range", "o8": "no_interests",
        "o9": "unspecified_party",
    } or reasons.pop("e1")  # fmt: skip
    assert [each["reason"] for each in report["skipped"] if not each["statement"]] == [
        "no_statement_id",
        "not_an_object",
    ]


@pytest.mark.django_db
def test_lines_that_are_no_json_are_told_by_their_number(tmp_path):
    path = tmp_path / "file.jsonl"
    lines = [
        json.dumps(entity("e1")),
        '{"statementID": "e2", ',
        "",
        "\ufeff\x00",
        json.dumps(entity("e3")),
        "NaN",
        '{"a": 1e5, "b": NaN}',
    ]
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n" + b"[" * 50_000)
    report = imported(path)
    assert report["entities"] == 2
    assert {each["statement"] for each in report["skipped"]} >= {
        "line 2",
        "line 4",
        "line 6",
        "line 7",
        "line 8",
        "line 9",
    }
    assert {each["reason"] for each in report["skipped"]} == {"malformed_json"}


@pytest.mark.django_db
def test_a_file_that_ends_within_a_statement_gives_what_came_before(tmp_path):
    path = tmp_path / "file.json"
    path.write_text(json.dumps([entity("e1"), entity("e2")], indent=1)[:-30], encoding="utf-8")
    report = imported(path)
    assert report == {
        "entities": 1,
        "people": 0,
        "relations": 0,
        "skipped": [{"statement": "element 2", "reason": "file_ends_within"}],
    }


@pytest.mark.django_db
@pytest.mark.parametrize("content", ["", " \n", "[]", "{}", "[[[]]]", "null", '"text', "\\", "]}{["])
def test_files_that_hold_nothing(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_text(content, encoding="utf-8")
    report = imported(path)
    assert (report["entities"], report["people"], report["relations"]) == (0, 0, 0)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_bods", str(tmp_path / "none.json"))


@pytest.mark.django_db
def test_an_array_on_one_line_and_objects_over_several_lines_are_read(tmp_path):
    for number, text in enumerate(
        [json.dumps([entity("e1"), entity("e2")]), "\n".join(json.dumps(entity(key), indent=2) for key in ("e1", "e2"))]
    ):
        path = tmp_path / f"file{number}.json"
        path.write_text(text, encoding="utf-8")
        assert imported(path)["entities"] == 2


def test_a_large_file_is_read_piece_by_piece(tmp_path, monkeypatch):
    """The scanner holds one statement and one chunk, whatever the size of the file."""
    monkeypatch.setattr(streams, "CHUNK", 64)
    statements = [entity(f"e{number}", name='name with \\ " { [ 字') for number in range(300)]
    path = written(tmp_path, statements)
    assert list(streams.read(path)) == statements
    # Pieces cut anywhere: without escapes, which the reader keeps whole.
    plain = json.dumps([entity(f"e{number}", name="name with { [ brackets") for number in range(300)])
    assert "\\" not in plain
    kept, scanner = [], streams._Scanner()
    for number in range(0, len(plain), 64):
        list(scanner.feed(plain[number : number + 64]))
        kept.append(sum(map(len, scanner.kept)))
    assert max(kept) < 1_000


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "statementID", "statementId", "statementType", "recordId", "recordType", "recordStatus", "recordDetails", "name",
            "names", "fullName", "subject", "interestedParty", "describedByEntityStatement", "unspecified", "reason", "interests",
            "type", "share", "exact", "minimum", "maximum", "exclusiveMinimum", "startDate", "endDate", "statementDate",
            "identifiers", "scheme", "id", "addresses", "address", "replacesStatements", "publicationDetails", "bodsVersion",
            "entityType", "alternateNames",
        ]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip
KINDS = ["entityStatement", "personStatement", "ownershipOrControlStatement"]
statements = st.one_of(
    anything,
    st.builds(lambda more, kind: {**more, "statementID": "k", "statementType": kind}, st.dictionaries(st.sampled_from(
        ["subject", "interestedParty", "interests", "name", "names", "identifiers", "statementDate"]), anything),
        st.sampled_from(KINDS)),
    st.builds(lambda more, kind: {"statementId": "k", "recordId": "r", "recordType": kind, "recordDetails": more},
              st.dictionaries(st.sampled_from(["subject", "interestedParty", "interests", "entityType", "names"]), anything),
              st.sampled_from(["entity", "person", "relationship"])),
)  # fmt: skip


@given(statements)
@settings(max_examples=400, deadline=None)
def test_whatever_a_statement_holds_it_is_understood_or_skipped(given_):
    text = json.dumps(given_)
    value = streams._value(text)
    if isinstance(value, streams.Broken):
        return
    try:
        understood = bods.understand(value)
    except bods.Skipped:
        return
    assert understood.key
    for interest in understood.interests:
        assert interest.low is None or 0 <= interest.low <= interest.high <= 1_000_000


@given(st.text(alphabet='{}[]",:\\ \na1', max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_a_file_holds_reading_it_ends(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("bods") / "file.json"
    path.write_text(text, encoding="utf-8")
    list(streams.read(path))
