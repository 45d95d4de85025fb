"""Which names mean the same organisation: hard pairs with labels, and what must always hold."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight import naming

PAIRS = list(csv.DictReader((Path(__file__).parent / "pairs.csv").open(encoding="utf-8")))
CODES = ("91330203MA2AFCAN7X", "91330205MA2AJX3T1U")


def described(written, evidence, *, code=None):
    name, _bar, more = written.partition("|")
    former = (more.removeprefix("曾用名:"),) if more.startswith("曾用名:") else ()
    return naming.Described(
        names=(name,), former=former, uscc=code, **{what: "一样" for what in evidence.split("+") if what}
    )


def verdict(pair):
    codes = CODES if "代码不同" in pair["other"] else (None, None)
    one, other = (
        described(pair[side], pair["evidence"], code=code) for side, code in zip(("one", "other"), codes, strict=True)
    )
    forward, backward = naming.compare(one, other), naming.compare(other, one)
    assert forward.score == backward.score
    return forward


def test_no_hard_pair_is_merged_wrongly():
    wrong = [pair["note"] for pair in PAIRS if pair["same"] == "0" and verdict(pair).certain]
    assert wrong == []


def test_recall_on_the_hard_pairs():
    """Of 20 pairs that are the same 12 merge by themselves and 7 are put to a person; of 22 that are not, 2 are put."""
    same = [verdict(pair) for pair in PAIRS if pair["same"] == "1"]
    other = [verdict(pair) for pair in PAIRS if pair["same"] == "0"]
    certain, asked = sum(each.certain for each in same), sum(each.worth_asking for each in same)
    assert (len(same), len(other)) == (20, 22)
    assert (certain, asked - certain, sum(each.worth_asking for each in other)) == (12, 7, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("宁波Ａ１检测有限责任公司", "宁波a1检测有限公司"),
        ("宁波甬江（集团）有限公司", "宁波甬江〔集团〕有限公司"),
        (" 宁波 天一 咨询有限公司 ", "宁波天一咨询有限公司"),
    ],
)
def test_one_form_of_a_name(one, other):
    assert naming.full(one) == naming.full(other)


def test_the_core_of_a_name_leaves_places_and_forms():
    assert naming.core("浙江省宁波市海曙区天一咨询有限责任公司") == "天一咨询"
    assert naming.core("天一咨询（宁波）有限公司") == "天一咨询"
    assert naming.core("宁波有限公司") == "宁波"
    assert naming.core("宁波") == "宁波"


@given(st.text(alphabet="宁波市海曙区天一咨询有限责任公司（）()集团分 ", max_size=20))
def test_forms_are_stable(name):
    assert naming.full(naming.full(name)) == naming.full(name)
    assert bool(naming.core(name)) == bool(naming.full(name))


def test_a_code_decides_both_ways():
    one, other = (naming.Described(names=("甲有限公司",), uscc=code, address="x", representative="y") for code in CODES)
    assert not naming.compare(one, other).worth_asking
    renamed = naming.Described(names=("乙有限公司",), uscc=CODES[0])
    assert naming.compare(one, renamed).certain


def test_a_natural_persons_name_is_never_taken_for_an_organisation():
    for name in ("张三", "欧阳安娜", "王中院", "李局", "Anna Ouyang", "阿卜杜拉·买买提", ""):
        assert not naming.looks_like_organisation(name), name
    for name in ("宁波市测绘设计研究院", "宁波天一咨询有限公司", "宁波市测绘学会", "海曙区水利局"):
        assert naming.looks_like_organisation(name), name
