"""An owner's projects, needs and the wizard: left and taken up again, stopped by the law, handed over once."""

from __future__ import annotations

import pytest
from django.urls import reverse

from bidding.domain import rounds
from bidding.models import Round
from market.models import Need, Project
from protocol.methods import METHODS
from tests import custody
from tests import market_place as market
from tests.bidding.browse import acting
from tests.bidding.panel import expert

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place(notice_minimum=2)


@pytest.fixture
def owner(where):
    return acting(where.owner)


def project_form(where, **changes):
    return {"name": "扩建", "district": where.district.pk, "address": "云樵路 8 号", "funding": "private"} | changes


def need_form(where, **changes):
    return {
        "title": "某项目",
        "item": where.item.pk,
        "requirement": "编制",
        "budget": "60,000.00",
        "days": "20",
    } | changes


def begin(where, owner, **changes):
    owner.post(reverse("market:project_new"), project_form(where, **changes))
    project = Project.objects.latest("pk")
    address = f"{reverse('market:need_new', args=[project.code])}?service={where.service.code}"
    assert owner.post(address, need_form(where)).status_code == 302
    need = Need.objects.latest("pk")
    owner.get(reverse("bidding:wizard_start", args=[need.code]))
    return Round.objects.get(need=need)


def step(owner, round_, name, **form):
    return owner.post(reverse("bidding:wizard", args=[round_.code, name]), form)


def test_steps_are_kept_and_taken_up_again(where, owner):
    round_ = begin(where, owner)
    assert owner.get(reverse("bidding:wizard", args=[round_.code, "terms"])).status_code == 302  # no method yet
    assert step(owner, round_, "method", method="lowest").status_code == 302
    assert owner.get(reverse("bidding:wizard", args=[round_.code, "review"])).status_code == 302  # no length yet
    assert step(owner, round_, "terms", upper="50,000", notice_length="20160").status_code == 302
    page = owner.get(reverse("bidding:wizard", args=[round_.code, "terms"])).content.decode()
    assert "50000.00" in page
    assert step(owner, round_, "method", method="draw").status_code == 302
    round_.refresh_from_db()
    assert round_.parameters == {}  # an upper limit means nothing to a draw
    step(owner, round_, "method", method="lowest")
    step(owner, round_, "terms", upper="50000", notice_length="2")
    assert step(owner, round_, "review").status_code == 302
    round_.refresh_from_db()
    assert (round_.status, round_.parameters) == ("submitted", {"upper": "50000.00"})
    assert step(owner, round_, "terms", upper="1", notice_length="2").status_code == 302
    round_.refresh_from_db()
    assert round_.parameters == {"upper": "50000.00"}


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("method", {"method": ""}, "请选择选取方式"),
        ("method", {"method": "bribery"}, ""),
        ("terms", {"upper": "cheap", "notice_length": "5"}, "请用数字填写金额"),
        ("terms", {"upper": "-1", "notice_length": "5"}, "金额须大于零"),
        ("terms", {"upper": "10.001", "notice_length": "5"}, "最多两位小数"),
        ("terms", {"upper": "50000", "notice_length": ""}, "请填写公告时长"),
        ("terms", {"upper": "50000", "notice_length": "1"}, "不少于"),
        ("terms", {"upper": "50000", "notice_length": "9999999"}, "不多于"),
        ("terms", {"upper": "20000", "lower": "30000", "notice_length": "5"}, "最低限价不能高于最高限价"),
    ],
)
def test_nonsense_is_told_and_nothing_is_kept(where, owner, name, form, told):
    round_ = begin(where, owner)
    if name == "terms":
        step(owner, round_, "method", method="lowest")
    answer = step(owner, round_, name, **form)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    round_.refresh_from_db()
    assert round_.parameters == {}


TYPED = {
    "draw": {"price": "50000"},
    "lowest": {"upper": "50000"},
    "mean": {"upper": "50000", "coefficients": "0.97 0.98"},
    "lowest_draw": {"upper": "50000", "k": "2"},
    "credit_draw": {"price": "50000", "long_list": "3", "short_list": "2"},
    "auction": {"upper": "50000", "step": "500"},
    "scored": {"upper": "50000"},
    "proposal": {"upper": "50000", "ground": "方案差别大"},
    "direct": {"price": "9000", "ground": "续做上一阶段", "named": "firm"},
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_goes_from_the_wizard_to_the_announcement(method):
    where = market.place(notice_minimum=2, direct_limit="10000")
    owner, firm = acting(where.owner), market.firm(where)
    round_ = begin(where, owner)
    assert step(owner, round_, "method", method=method).status_code == 302
    form = owner.get(reverse("bidding:wizard", args=[round_.code, "terms"])).context["form"]
    shown = {name: value for name in form.fields if (value := form[name].value()) not in (None, "")}
    typed = TYPED[method] | ({"named": firm.uscc} if method == "direct" else {})
    assert step(owner, round_, "terms", **shown | typed).status_code == 302
    assert owner.get(reverse("bidding:wizard", args=[round_.code, "review"])).status_code == 200
    assert step(owner, round_, "review").status_code == 302
    custody.fill_stock()
    for _number in range(6):
        expert(where)
    announced = rounds.announce_round(round_id=round_.pk, by=where.operator)
    assert (announced.status, announced.method) == ("announced", method)


def fields_of(owner, round_, query=""):
    """What the second step shows in its fields."""
    answer = owner.get(reverse("bidding:wizard", args=[round_.code, "terms"]) + query)
    form = answer.context["form"]
    shown = {name: value for name in form.fields if (value := form[name].value()) not in (None, "")}
    return answer.content.decode(), shown


@pytest.mark.parametrize("method", METHODS)
def test_by_every_method_it_may_be_split_into_lots(method):
    where = market.place(notice_minimum=2, direct_limit="10000")
    owner, firm = acting(where.owner), market.firm(where)
    round_ = begin(where, owner)
    step(owner, round_, "method", method=method)
    page, shown = fields_of(owner, round_, "?lots=several")
    assert 'name="rows" value="2"' in page
    name = "price" if "price" in METHODS[method].parameters else "upper"
    amounts = {f"lot1_{name}": "4,000", f"lot2_{name}": "5000.5"}
    typed = {**shown, **amounts, "lot1_title": "报告书", "lot2_title": "监测", "rows": "3", "lot3_title": " "}
    typed |= {"ground": "续做上一阶段", "named": firm.uscc} if method == "direct" else {}
    typed |= {"ground": "方案差别大"} if method == "proposal" else {}
    typed |= {"step": "100"} if method == "auction" else {}
    assert step(owner, round_, "terms", **typed).status_code == 302
    review = owner.get(reverse("bidding:wizard", args=[round_.code, "review"])).content.decode()
    assert "标段 2" in review and "监测" in review and "5,000.50" in review
    assert step(owner, round_, "review").status_code == 302
    custody.fill_stock()
    for _number in range(6):
        expert(where)
    announced = rounds.announce_round(round_id=round_.pk, by=where.operator)
    assert (announced.status, announced.lot_count) == ("announced", 2)
    assert not {"price", "upper"} & set(announced.parameters)
    kept = [(lot.title, str(getattr(lot, name))) for lot in announced.lots.order_by("number")]
    assert kept == [("报告书", "4000.00"), ("监测", "5000.50")]


def test_rows_are_added_and_kept_and_taken_away(where, owner):
    round_ = begin(where, owner)
    step(owner, round_, "method", method="lowest")
    page, _shown = fields_of(owner, round_)
    assert "?lots=several" in page and "lot1_title" not in page  # no heavier for who does not split
    typed = {"rows": "2", "notice_length": "5", "lot1_title": "甲", "lot1_upper": "x", "lot2_title": ""}
    answer = step(owner, round_, "terms", **typed, more="1")
    page = answer.content.decode()
    assert answer.status_code == 200 and 'name="rows" value="3"' in page and "lot3_upper" in page
    assert 'value="甲"' in page and 'value="x"' in page and "error-summary" not in page
    typed |= {"rows": "3", "lot1_upper": "20000", "lot3_title": "乙", "lot3_upper": "30000", "lot3_lower": "10000"}
    assert step(owner, round_, "terms", **typed).status_code == 302
    assert list(round_.lots.values_list("number", "title")) == [("1", "甲"), ("2", "乙")]  # the empty row is none
    page, shown = fields_of(owner, round_)
    assert str(shown["lot2_upper"]) == "30000.00" and 'name="rows" value="2"' in page
    page, _shown = fields_of(owner, round_, "?lots=one")
    assert "lot1_title" not in page
    assert step(owner, round_, "terms", upper="50000", notice_length="5").status_code == 302
    round_.refresh_from_db()
    assert (round_.lot_count, round_.lots.count(), round_.parameters) == (1, 1, {"upper": "50000.00"})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lot2_title": "", "lot2_upper": ""}, "至少两个标段"),
        ({"lot2_title": ""}, "标段 2 名称：请填写"),
        ({"lot2_title": "甲"}, "与前面的标段同名"),
        ({"lot1_upper": "cheap"}, "标段 1 最高限价：请用数字填写金额"),
        ({"lot2_upper": "0"}, "金额须大于零"),
        ({"lot2_lower": "40000"}, "标段 2 最低限价：最低限价不能高于最高限价"),
        ({"lot2_title": "长" * 41}, "标段 2 名称"),
        ({"rows": "99"}, ""),
        ({"rows": "0", "lot2_title": "\0"}, ""),
    ],
)
def test_what_is_wrong_with_a_lot_is_told(where, owner, changes, told):
    round_ = begin(where, owner)
    step(owner, round_, "method", method="lowest")
    typed = {"rows": "2", "notice_length": "5", "lot1_title": "甲", "lot1_upper": "20000", "lot2_title": "乙"}
    answer = step(owner, round_, "terms", **typed | {"lot2_upper": "30000"} | changes)
    if told:
        assert answer.status_code == 422
        assert told in answer.content.decode()
    else:
        assert answer.status_code in (302, 422)
    round_.refresh_from_db()
    assert round_.lot_count == 1


def test_what_the_law_stops_is_said_and_not_submitted(where, owner):
    from market.catalogue.loader import load_catalogue

    load_catalogue()
    round_ = begin(where, owner, funding="public")
    step(owner, round_, "method", method="draw")
    step(owner, round_, "terms", price="50000", notice_length="5")
    page = owner.get(reverse("bidding:wizard", args=[round_.code, "review"])).content.decode()
    assert "不得以随机方式" in page
    assert "财政部令第87号" in page
    assert step(owner, round_, "review").status_code == 409
    round_.refresh_from_db()
    assert round_.status == "draft"


def test_returned_corrected_and_submitted_again(where, owner):
    round_ = market.submitted(where)
    rounds.return_round(round_id=round_.pk, reason="请写明成果份数", by=where.operator)
    page = owner.get(reverse("bidding:wizard", args=[round_.code, "review"])).content.decode()
    assert "请写明成果份数" in page
    assert step(owner, round_, "review").status_code == 302
    round_.refresh_from_db()
    assert (round_.status, round_.reason) == ("submitted", "")


def test_cancelling_needs_a_reason(where, owner):
    round_ = market.announced(where)
    cancel = reverse("bidding:owner_cancel", args=[round_.code])
    assert owner.post(cancel, {"reason": "  "}).status_code == 422
    assert owner.post(cancel, {"reason": "长" * 501}).status_code == 422
    assert owner.post(cancel, {"reason": "选址调整"}).status_code == 302
    round_.refresh_from_db()
    assert (round_.status, round_.reason) == ("cancelled", "选址调整")


def test_a_need_stands_still_once_its_round_is_handed_over(where, owner):
    round_ = market.submitted(where)
    answer = owner.post(reverse("market:need_edit", args=[round_.need.code]), need_form(where, title="另一个"))
    assert answer.status_code == 422
    assert "已经提交比选" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, ""), ({"name": "长" * 101}, ""), ({"district": "0"}, ""), ({"funding": "gold"}, ""),
        ({"investment": "many"}, "请用数字"), ({"investment": "99999999999999999"}, "金额过大"),
    ],
)  # fmt: skip
def test_a_project_with_nonsense(where, owner, changes, told):
    answer = owner.post(reverse("market:project_new"), project_form(where, **changes))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Project.objects.exists()


def test_the_same_project_code_twice(where, owner):
    form = project_form(where, national_code="2611-330200-04-01-123456")
    assert owner.post(reverse("market:project_new"), form).status_code == 302
    assert owner.post(reverse("market:project_new"), form).status_code == 422
    assert Project.objects.count() == 1


def test_sent_twice_a_need_starts_one_round(where, owner):
    need = market.need(where)
    for _time in range(2):
        assert owner.post(reverse("bidding:wizard_start", args=[need.code])).status_code == 302
    assert Round.objects.filter(need=need).count() == 1
