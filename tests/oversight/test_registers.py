"""Lists as CSV: looked at before they are taken, taken once, and what they no longer say has ended."""

from __future__ import annotations

import random
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.identifiers import generate_uscc
from oversight.domain.registers import import_list
from oversight.models import Party, Relation
from oversight.sources import tables
from tests import market_place as market
from tests.oversight.place import id_number

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = date(2024, 1, 1), date(2025, 1, 1), date(2026, 1, 1)
CODE, OTHER = (generate_uscc(random.Random(number)) for number in (1, 2))


def written(tmp_path, *lines, encoding="utf-8", name="list.csv"):
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def spans(kind):
    rows = Relation.objects.filter(kind=kind).order_by("statement__day", "pk")
    return list(rows.values_list("share_low", "holds_from", "holds_to"))


def test_a_register_extract_gives_companies_holders_and_officers(tmp_path):
    number = id_number()
    path = written(
        tmp_path,
        "企业名称,统一社会信用代码,住所,法定代表人,股东名称,股东统一社会信用代码,持股比例,人员姓名,人员身份证号,备注",
        f"甲勘测有限公司,{CODE},某路1号,王五,乙控股有限公司,{OTHER},51%,赵六,{number},x",
        f"甲勘测有限公司,{CODE},某路1号,王五,欧阳安娜,,49,,,",
        encoding="gb18030",
    )
    done = import_list("register", path, source="zj", day=ONE)
    assert (done.rows, done.wrong) == (2, [])
    assert sorted(spans("owns"), key=str) == [(490_000, None, None), (510_000, None, None)]
    assert (len(spans("represents")), len(spans("officer"))) == (1, 1)
    assert import_list("register", path, source="zj", day=TWO).new == 0
    assert set(Party.objects.filter(kind="person").values_list("name", flat=True)) == {""}
    assert Party.objects.filter(kind="person").count() == 3


def test_a_later_extract_with_another_share_ends_the_earlier(tmp_path):
    for day, share in ((ONE, 51), (TWO, 30)):
        path = written(
            tmp_path, "名称,uscc,股东,股东信用代码,持股比例", f"甲有限公司,{CODE},乙有限公司,{OTHER},{share}"
        )
        import_list("register", path, source="zj", day=day)
    assert spans("owns") == [(510_000, None, date(2024, 12, 31)), (300_000, TWO, None)]


def test_rows_that_are_wrong_are_passed_over_and_told_without_what_stands_in_them(tmp_path):
    path = written(
        tmp_path,
        "名称,uscc,股东,股东身份证号,持股比例,起,止",
        "甲有限公司,123,,,,,",
        f"甲有限公司,{CODE},张三,330203198001011234,,,",
        f"甲有限公司,{CODE},乙有限公司,,101,,",
        f"甲有限公司,{CODE},乙有限公司,,abc,,",
        f"甲有限公司,{CODE},乙有限公司,,NaN,,",
        f"甲有限公司,{CODE},乙有限公司,,5,2020-13-01,",
        f"甲有限公司,{CODE},乙有限公司,,5,2021-01-01,2020/01/01",
        ",,,,,,",
        f"甲有限公司,{CODE},乙有限公司,,5,2020.1.1,",
    )
    out = StringIO()
    call_command("import_affiliations", "register", str(path), stdout=out)
    told = out.getvalue()
    assert "1 rows taken" in told
    for line in ("line 2, uscc: no_uscc", "line 3, holder_id: no_id_number", "line 4, share: out_of_range"):
        assert line in told
    assert "张三" not in told and "330203198001011234" not in told
    assert spans("owns") == [(50_000, date(2020, 1, 1), None)]


def test_staff_who_are_no_longer_in_the_list_have_left_on_the_day_before_it(tmp_path):
    where = market.place()
    stays, goes = id_number(), id_number()
    head, code = "部门代码,姓名,身份证号,领导成员,任职日期", where.department.code
    first = written(tmp_path, head, f"{code},王五,{stays},否,2019-01-01", f"{code},赵六,{goes},是,2018-01-01")
    import_list("staff", first, source="编办", day=ONE)
    second = written(tmp_path, head, f"{where.department.organisation.name},王五,{stays},否,2019-01-01")
    for _twice in range(2):
        import_list("staff", second, source="编办", day=TWO)
    assert sorted(spans("employs"), key=str) == [
        (None, date(2018, 1, 1), date(2024, 12, 31)),
        (None, date(2019, 1, 1), None),
    ]
    left = Relation.objects.get(kind="employed")
    assert (left.until, left.leader, left.from_party.organisation) == (
        date(2024, 12, 31),
        True,
        where.department.organisation,
    )


def test_former_staff_say_when_they_left(tmp_path):
    where = market.place()
    path = written(tmp_path, "部门,姓名,身份证号,离职日期", f"{where.department.code},王五,{id_number()},2025-06-30")
    import_list("staff", path, source="编办", day=THREE)
    assert spans("employed") == [(None, None, date(2025, 6, 30))]


def test_bodies_of_departments(tmp_path):
    where = market.place()
    code = where.department.code
    path = written(
        tmp_path,
        "主管部门,名称,关系",
        f"{code},某研究院,举办",
        f"{code},某协会,业务主管单位",
        f"{code},某公司,熟人",
        "x,某院,举办",
    )
    done = import_list("bodies", path, source="编办", day=ONE)
    assert done.wrong == [(4, "relation", "unknown"), (5, "department", "unknown")]
    forms = Relation.objects.order_by("kind").values_list("kind", "to_party__form", "from_party__kind")
    assert list(forms) == [("sponsors", "institution", "department"), ("supervises", "association", "department")]


def test_a_preview_takes_nothing_and_shows_no_person(tmp_path):
    path = written(tmp_path, "单位,雇员,身份证号,其他", "D1,欧阳安娜,330203198001011234,x")
    out = StringIO()
    call_command("import_affiliations", "staff", str(path), "--preview", "--map", "person=雇员", stdout=out)
    told = out.getvalue()
    assert "person ← 雇员" in told and "not used: 其他" in told and "D1" in told
    assert "欧阳安娜" not in told and "330203" not in told
    assert not Party.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a,b\n1,2\n", "no column for name"), (b"\x81\xff\xff\n", "neither UTF-8"), (b"", "no column for name")],
)
def test_what_is_no_such_table_is_said(tmp_path, content, words):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        call_command("import_affiliations", "register", str(path))
    with pytest.raises(CommandError, match="no column"):
        call_command("import_affiliations", "bodies", str(written(tmp_path, "a,b")), "--map", "name=c")


def test_a_heading_is_one_column_only():
    assert tables.guess("register", ["名称", "起"], {"former": "名称"}) == {"former": "名称", "since": "起"}
