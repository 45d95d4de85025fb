"""Departments that are late, and owners that owe: exact counts, who is found, and what the pages open to."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Kind, Organisation
from approvals.models import Case, Department
from contracts.payments.models import PaymentRequest
from core import clock
from oversight.domain import late as domain
from oversight.views.late import tenths
from ratings.columns import DAY_US
from ratings.models import CaseRow
from tests.approvals import office
from tests.bidding.browse import acting
from tests.oversight.place import regulator
from tests.payments import place as payments

LATE, UNPAID = "/desk/oversight/late/", "/desk/oversight/unpaid/"
NAME = "欧阳安娜"


def cells(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.fixture
def where(db):
    return office.place(committed=10, statutory=20)


@pytest.fixture
def clerk(where):
    return office.clerk(where.department)


def running(
    where, clerk, *, due: timedelta, statutory: timedelta | None = None, received: timedelta = timedelta(days=40)
):
    """A case whose clock runs, and that many days from now to its ends."""
    case = office.accepted(where, by=clerk)
    now = clock.now()
    Case.objects.filter(pk=case.pk).update(
        received_at=now - received, due_at=now + due, soon_at=now + due - timedelta(hours=1),
        statutory_due_at=now + statutory if statutory is not None else None,
    )  # fmt: skip
    return Case.objects.get(pk=case.pk)


def decided(
    where, clerk, *, days: str, ago: int = 10, committed: int | None = 10, statutory: int | None = 20
) -> CaseRow:
    """A case for which the department took so many working days."""
    case = office.accepted(where, by=clerk)
    Case.objects.filter(pk=case.pk).update(due_at=None, soon_at=None, statutory_due_at=None)
    at = clock.now() - timedelta(days=ago)
    return CaseRow.objects.create(
        case=case, department=where.department, item=where.item, committed_days=committed, statutory_days=statutory,
        received_at=at - timedelta(days=30), decided_at=at, lines=1, used2=int(Fraction(days) * DAY_US), late_corrections=0,
    )  # fmt: skip


def of(where, months: int = 3) -> domain.Lateness:
    found = domain.lateness(Department.objects.all(), months=months, now=clock.now())
    return next(each for each in found if each.department == where.department.pk)


# departments


def test_what_runs_past_its_promise_and_past_the_law(where, clerk):
    running(where, clerk, due=timedelta(days=3))
    running(where, clerk, due=timedelta(days=-2), statutory=timedelta(days=5))
    oldest = running(where, clerk, due=timedelta(days=-9), statutory=timedelta(days=-1))
    found = of(where)
    assert (found.running, found.late, found.overdue, found.oldest) == (3, 2, 1, oldest)
    assert (found.decided, found.share, found.median) == (0, None, None)


def test_what_was_decided_late_in_the_last_months(where, clerk):
    for days in ("9", "10.004", "12", "25", "11"):
        decided(where, clerk, days=days)
    decided(where, clerk, days="30", ago=200)
    decided(where, clerk, days="21", committed=None)
    found = of(where)
    assert (found.decided, found.decided_late, found.share) == (6, 4, Fraction(2, 3))
    assert found.median == Fraction(3, 2)  # 1, 1, 2 and 15 days
    assert of(where, months=12).decided_late == 5 and of(where, months=12).median == 2


def test_a_clock_that_stands_still_and_a_department_in_time_are_not_there(where, clerk):
    running(where, clerk, due=timedelta(days=3))
    still = running(where, clerk, due=timedelta(days=-3))
    Case.objects.filter(pk=still.pk).update(suspended="owner", due_at=None, soon_at=None)
    decided(where, clerk, days="10")
    assert domain.lateness(Department.objects.all(), months=12, now=clock.now()) == []
    assert "没有超期的部门" in acting(regulator()).get(LATE).content.decode()


def test_who_is_past_the_law_comes_first(where, clerk):
    other = office.place()
    running(where, clerk, due=timedelta(days=-5))
    running(where, clerk, due=timedelta(days=-5))
    running(other, office.clerk(other.department), due=timedelta(days=-5), statutory=timedelta(days=-1))
    found = domain.lateness(Department.objects.all(), months=3, now=clock.now())
    assert [each.department for each in found] == [other.department.pk, where.department.pk]


def test_the_page_opens_to_the_cases_and_goes_out_as_a_file(where, clerk):
    Organisation.objects.filter(pk=where.owner.organisation_id).update(
        name=NAME, kind=Kind.PERSON, uscc=None, code="ZR0009"
    )
    case = running(where, clerk, due=timedelta(days=-9), statutory=timedelta(days=-1))
    row = decided(where, clerk, days="12.5")
    client = acting(regulator())
    page = client.get(LATE).content.decode()
    address = f"{LATE}{where.department.pk}/"
    assert address in page and f"/desk/cases/{case.code}/" in page and "100.0%" in page and "2.5" in page
    now, before = client.get(f"{address}?tab=now"), client.get(f"{address}?tab=decided")
    assert [each["case"] for each in now.context["rows"]] == [case] and "已超过法定时限" in now.content.decode()
    assert [(each["case"].pk, each["over"], each["used"]) for each in before.context["rows"]] == [
        (row.pk, "2.5", "12.5")
    ]
    told = cells(client.get(f"{LATE}?format=csv"))
    assert told[1][2:6] == ["1", "1", "1", case.code] and told[1][8:] == ["1", "1", "100.0%", "2.5"]
    files = [client.get(f"{address}?format=csv&tab={tab}") for tab in ("now", "decided")]
    assert [cells(each)[1][0] for each in files] == [case.code, row.case.code]
    for answer in (client.get(LATE), now, before, *files):
        assert NAME not in answer.content.decode()


def test_departments_by_name_and_district(where, clerk):
    running(where, clerk, due=timedelta(days=-5))
    client = acting(regulator())
    name = where.department.organisation.name
    assert client.get(LATE, {"q": name[1:4], "district": where.district.code}).context["rows"]
    assert not client.get(LATE, {"q": "没有这个部门"}).context["rows"]


@pytest.mark.parametrize("query", ["months=7", "months=x&district=1", "page=99", "q=%00", "tab=x&format=x"])
def test_nonsense_is_passed_over(where, clerk, query):
    running(where, clerk, due=timedelta(days=-5))
    client = acting(regulator())
    for address in (LATE, f"{LATE}{where.department.pk}/", UNPAID):
        assert client.get(f"{address}?{query}").status_code == 200
    assert client.get(f"{LATE}999999/").status_code == client.get(f"{UNPAID}91330200NOBODY0000/").status_code == 404


@given(st.lists(st.fractions(0, 50, max_denominator=100), min_size=1, max_size=9))
def test_half_are_not_above_the_median_and_half_not_below(days):
    median = domain._median(sorted(days))
    assert sum(each <= median for each in days) * 2 >= len(days) <= sum(each >= median for each in days) * 2


def test_days_with_one_decimal():
    assert [tenths(Fraction(*each)) for each in ((5, 2), (1, 20), (1, 21), (10, 1))] == ["2.5", "0.1", "0.0", "10.0"]


# owners


def owes(days: int, **fields) -> PaymentRequest:
    asked = payments.asks(payments.running(**fields))
    due = clock.now() - timedelta(days=days, hours=1)
    PaymentRequest.objects.filter(pk=asked.pk).update(
        requested_at=due - timedelta(days=30), due_at=due, public_at=due + timedelta(days=30)
    )
    return PaymentRequest.objects.get(pk=asked.pk)


@pytest.mark.django_db
def test_who_owes_since_when_and_how_much():
    short, long = owes(10), owes(100, funding="public")
    PaymentRequest.objects.filter(pk=owes(50).pk).update(owner=long.owner)
    payments.asks(payments.running())  # not due yet
    client = acting(regulator())
    page = client.get(UNPAID)
    rows = page.context["rows"]
    assert [(row["owner"], row["n"], row["firms"], row["days"]) for row in rows] == [
        (long.owner, 2, 2, 100),
        (short.owner, 1, 1, 10),
    ]
    assert rows[0]["sum"] == long.amount + PaymentRequest.objects.exclude(pk=long.pk).get(owner=long.owner).amount
    assert rows[0]["oldest"] == long.due_at and page.context["total"]["n"] == 3
    address = f"{UNPAID}{long.owner.public_code}/"
    assert address in page.content.decode()
    opened = client.get(address)
    assert opened.context["page"].object_list[0].pk == long.pk
    assert f"/desk/payments/{long.code}/" in opened.content.decode() and short.code not in opened.content.decode()
    assert [row[0] for row in cells(client.get(f"{UNPAID}?format=csv"))[1:]] == [long.owner.name, short.owner.name]
    assert cells(client.get(f"{address}?format=csv"))[1][0] == long.code
    assert client.get(f"{UNPAID}{long.firm.uscc}/").status_code == 404


@pytest.mark.django_db
def test_by_owner_by_days_and_by_whose_money():
    short, long = owes(10), owes(100, funding="public")
    client = acting(regulator())

    def found(**query):
        return [row["owner"] for row in client.get(UNPAID, query).context["rows"]]

    assert found(days="90") == [long.owner] and found(funding="private") == [short.owner]
    assert found(q=short.owner.name[1:]) == [short.owner] and found(q=long.owner.uscc) == [long.owner]
    assert found(days="180") == [] and "没有拖欠" in client.get(UNPAID, {"days": "180"}).content.decode()


@pytest.mark.django_db
def test_a_natural_person_is_neither_named_nor_found_by_name():
    asked = owes(10)
    Organisation.objects.filter(pk=asked.owner_id).update(name=NAME, kind=Kind.PERSON, uscc=None, code="ZR0001")
    client = acting(regulator())
    answers = [
        client.get(UNPAID), client.get(f"{UNPAID}ZR0001/"), client.get(f"{UNPAID}?format=csv"),
        client.get(f"{UNPAID}ZR0001/?format=csv"),
    ]  # fmt: skip
    assert all(answer.status_code == 200 and NAME not in answer.content.decode() for answer in answers)
    assert [row["owner"].pk for row in client.get(UNPAID, {"q": "ZR0001"}).context["rows"]] == [asked.owner_id]
    assert client.get(UNPAID, {"q": NAME}).context["rows"] == []


@pytest.mark.django_db
def test_what_is_paid_is_not_owed_any_more():
    asked = owes(10)
    PaymentRequest.objects.filter(pk=asked.pk).update(status="paid", paid_at=datetime.now(tz=asked.due_at.tzinfo))
    client = acting(regulator())
    assert "没有拖欠机构的业主" in client.get(UNPAID).content.decode()
    assert "没有逾期的付款" in client.get(f"{UNPAID}{asked.owner.public_code}/").content.decode()
