"""What identifies a person is nowhere outside: the log, what is public, the API, commands, errors, and the tables themselves."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from bidding.domain import eligibility
from core import clock
from ledger.models import QueuedEntry
from market.models import Firm
from oversight.domain import marketplace, matching, scanning
from oversight.domain.registers import import_list
from oversight.models import Match, Party, Tie
from tests import market_place as market
from tests.oversight.place import id_number, practitioner, regulator

pytestmark = pytest.mark.django_db
NAME, KIN, BOSS, PHONE = "欧阳安娜", "司徒建国", "诸葛大名", "13957412345"


@pytest.fixture
def world(tmp_path):
    """A firm whose practitioner is on the staff, whose owner is named in a register, and whose contact has a telephone."""
    where = market.place()
    firm, number, other = market.firm(where), id_number(), id_number()
    practitioner(firm, number, NAME)
    admission = firm.current
    admission.legal_representative, admission.contact_name, admission.contact_phone = BOSS, KIN, PHONE
    admission.save()
    marketplace.import_everything()
    out = StringIO()
    staff = tmp_path / "staff.csv"
    staff.write_text(
        f"部门,姓名,身份证号\n{where.department.code},{NAME},{number}\n{where.department.code},{BOSS},x{other}\n"
    )
    call_command("import_affiliations", "staff", str(staff), "--preview", stdout=out)
    call_command("import_affiliations", "staff", str(staff), stdout=out)
    register = tmp_path / "register.csv"
    register.write_text(
        f"名称,统一社会信用代码,股东,股东身份证号\n{firm.organisation.name},{firm.uscc},{KIN},{other}\n,,{NAME},\n"
    )
    call_command("import_affiliations", "register", str(register), stdout=out)
    bods = tmp_path / "bods.json"
    bods.write_text(
        json.dumps(
            [
                {"statementID": number, "statementType": "personStatement", "names": [{"fullName": NAME}],
                 "identifiers": [{"scheme": "CHN-IDCARD", "id": number}]},
                {"statementID": number, "statementType": "personStatement", "names": [{"fullName": NAME}]},
                {"statementID": "x", "statementType": "personStatement", "names": [{"fullName": KIN}],
                 "identifiers": [{"scheme": "CHN-PASSPORT", "id": "E1234567"}]},
            ]
        )
    )  # fmt: skip
    call_command("import_bods", str(bods), "--json", stdout=out)
    call_command("scan_ties", stdout=out)
    return where, firm, (NAME, KIN, BOSS, PHONE, number, other, "E1234567"), out.getvalue()


def test_commands_tell_nothing_of_persons(world):
    _where, _firm, secrets, told = world
    assert "passed over" in told and '"skipped"' in told
    for secret in secrets:
        assert secret not in told


def test_the_log_tells_nothing_of_persons(world):
    _where, _firm, secrets, _told = world
    matching.look_for_people()
    for match in Match.objects.filter(status="suggested"):
        matching.reject(match_id=match.pk, by=regulator())
    entries = [bytes(each.entry).decode() for each in QueuedEntry.objects.all()]
    assert {"affiliation.imported", "ties.scanned"} <= {json.loads(entry)["type"] for entry in entries}
    for entry in entries:
        assert not any(secret in entry for secret in secrets), entry


def test_ties_and_reasons_and_what_anybody_may_read_tell_nothing_of_persons(world):
    where, firm, secrets, _told = world
    assert Tie.objects.filter(firm=firm, rule="RH3").exists()
    round_ = market.announced(where)
    reasons = eligibility.reasons_against(firm=Firm.objects.get(pk=firm.pk), round_=round_, at=clock.now())
    told = [each.text for each in reasons] + [json.dumps(tie.path, ensure_ascii=False) for tie in Tie.objects.all()]
    anybody = Client()
    for address in (
        f"/firms/{firm.uscc}/", "/firms/", f"/rounds/{round_.code}/", f"/rounds/{round_.code}/record.json", "/api/v1/rounds",
        "/api/v1/firms",
    ):  # fmt: skip
        answer = anybody.get(address)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        told.append(text.decode())
    shown = [secret for secret in secrets if secret != BOSS]  # the legal representative stands on the firm's own page
    for text in told:
        assert not any(secret in text for secret in shown)


def test_the_tables_hold_names_and_numbers_of_persons_only_sealed(world):
    _where, _firm, secrets, _told = world
    assert Party.objects.filter(kind="person").count() >= 4
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'oversight\\_%%'")
        tables = [row[0] for row in cursor.fetchall()]
        assert len(tables) >= 10
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows = "\n".join(row[0] for row in cursor.fetchall())
            allowed = {secrets[4]} if table == "oversight_record" else set()  # a publisher's own id of a statement
            assert [secret for secret in secrets if secret in rows and secret not in allowed] == [], table


def test_an_error_tells_nothing_of_what_stands_in_a_row(tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text(f"部门,姓名,身份证号,任职日期\nD1,{NAME},{id_number()},{PHONE}\n")
    done = import_list("staff", path, source="x", day=clock.now().date())
    assert done.wrong == [(2, "since", "no_date")]
    assert NAME not in str(done.wrong)
    assert scanning.scan_everything().found == 0
