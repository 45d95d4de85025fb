"""The desk of a department: what it shows, what it takes, and what it says where it does not."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Kind, Role
from approvals.domain import cases
from approvals.forms.steps import OF_APPLICANT, OF_DEPARTMENT
from approvals.models import Case, Material, Party
from approvals.tasks import note_late_cases
from core import clock
from core.errors import DomainError
from tests import market_place as market
from tests.approvals import office
from tests.approvals.office import on
from tests.bidding.browse import acting, member_client

pytestmark = pytest.mark.django_db


def page(client, case, **query):
    return client.get(reverse("approvals:case", args=[case.code]), query)


def takes(client, case, step, **given):
    return client.post(reverse("approvals:step", args=[case.code, step]), given)


def text(answer):
    return answer.content.decode()


def test_another_departments_case_is_not_there(where, by):
    case = office.received(where, by=by)
    for kind in (Kind.DEPARTMENT, Kind.OWNER, Kind.FIRM, Kind.OPERATOR):
        stranger = member_client(market.organisation(kind))
        assert page(stranger, case).status_code == 404, kind
        assert takes(stranger, case, "accept").status_code == 404, kind
    assert page(acting(market.member_of(where.owner.organisation)), case).status_code == 200
    assert page(member_client(market.organisation(Kind.REGULATOR)), case).status_code == 200


def test_who_only_looks_is_offered_nothing(where, by):
    case = office.received(where, by=by)
    viewer = acting(office.clerk(where.department, role=Role.VIEWER))
    assert "受理，开始办理" not in text(page(viewer, case))
    refused = takes(viewer, case, "accept")
    assert refused.status_code == 403
    assert "这一步由本机构的管理员、经办人办理；您的职责是“查看人”。" in text(refused)
    regulator = member_client(market.organisation(Kind.REGULATOR))
    assert '<form class="form"' not in text(page(regulator, case))


def test_a_case_on_paper_is_registered_and_accepted(client, where):
    answer = client.post(
        reverse("approvals:register"),
        {
            "item": where.item.pk, "applicant": where.owner.organisation.uscc, "project_name": "厂房扩建",
            "district": where.district.pk, "filed_in": where.district.pk, "occurred_at": "2026-11-02T09:00",
        },
    )  # fmt: skip
    case = Case.objects.get()
    assert answer["Location"] == reverse("approvals:case", args=[case.code])
    assert case.received_at == office.MONDAY
    takes(client, case, "accept", occurred_at="2026-11-03T10:30")
    case.refresh_from_db()
    assert (case.status, case.accepted_at) == ("accepted", on(3, 10, 30))
    assert "已受理" in text(page(client, case))


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"applicant": "91330000000000000X"}, "applicant", "没有登记过这个代码的项目业主"),
        ({"project_name": ""}, "project_name", "请填写项目名称"),
        ({"occurred_at": "昨天"}, "occurred_at", "请按“年-月-日 时:分”填写"),
        ({"occurred_at": "0001-01-01T00:00"}, "occurred_at", "时间太早"),
        ({"occurred_at": "9999-12-31T23:59"}, "occurred_at", "不能晚于现在"),
        ({"item": "99999999999"}, "item", ""),
        ({"project_name": "a\x00b"}, "project_name", ""),
    ],
)
def test_what_is_wrong_with_a_paper_is_said_at_its_field(client, where, given, field, says):
    whole = {
        "item": where.item.pk, "applicant": where.owner.organisation.uscc, "project_name": "厂房扩建",
        "district": where.district.pk, "filed_in": where.district.pk,
    }  # fmt: skip
    answer = client.post(reverse("approvals:register"), {**whole, **given})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text(answer) and says in text(answer)
    if "project_name" not in given:
        assert 'value="厂房扩建"' in text(answer), "what was written is kept"
    assert not Case.objects.exists()


def test_a_correction_asks_for_everything_that_time_is_charged_by(client, where, by):
    case = office.received(where, by=by)
    answer = takes(client, case, "correction", category="quality", words="")
    assert answer.status_code == 422
    for field in ("fault", "first_time", "words"):
        assert f'id="id_{field}_error"' in text(answer), field
    given = {"category": "quality", "fault": "deliverable", "first_time": "yes", "words": "补夜间噪声"}
    assert takes(client, case, "correction", **given).status_code == 302
    assert takes(client, case, "correction", **given).status_code == 302, "twice is once"
    shown = text(page(client, case))
    assert "本可一次性告知" in shown and "补夜间噪声" in shown
    assert case.events.count() == 2


def results(case, *codes, contract=""):
    for code in codes:
        reference, digest = f"{contract or code.replace('D', 'C')}/{code}", sha256(code.encode()).hexdigest()
        made = Material.objects.create(
            title=f"报告 {code}", reference=reference, sha256=digest, size=9, added_at=clock.now()
        )
        made.cases.add(case)


CORRECTION = {"category": "quality", "fault": "deliverable", "first_time": "no", "words": "补夜间噪声"}


def test_of_several_results_the_department_says_which_is_at_fault(client, where, by):
    case = office.received(where, by=by)
    assert "哪一份成果" not in text(page(client, case))
    results(case, "D202611300001", "D202611300002")
    assert "报告 D202611300002（D202611300002）" in text(page(client, case, step="correction"))
    answer = takes(client, case, "correction", **CORRECTION)
    assert answer.status_code == 422 and 'id="id_deliverable_error"' in text(answer) and "补夜间噪声" in text(answer)
    assert takes(client, case, "correction", **CORRECTION, deliverable="D209901010001").status_code == 422
    assert takes(client, case, "correction", **CORRECTION, deliverable="D202611300002").status_code == 302
    asked = case.events.get(kind="correction_asked")
    assert asked.deliverable == "D202611300002" and asked.deliverable in text(page(client, case))


def test_of_versions_of_one_contracts_result_the_last_is_chosen_already(client, where, by):
    case = office.received(where, by=by)
    results(case, "D202611300001", "D202611300002", contract="C202611300001")
    form = text(page(client, case, step="correction"))
    assert re.search(r'value="D202611300002"[^>]*checked', form) and not re.search(
        r'value="D202611300001"[^>]*checked', form
    )


def test_where_no_result_is_at_fault_none_is_named(client, where, by):
    case = office.received(where, by=by)
    results(case, "D202611300001", "D202611300002")
    given = CORRECTION | {"fault": "other", "deliverable": "D202611300002"}
    assert takes(client, case, "correction", **given).status_code == 302
    assert case.events.get(kind="correction_asked").deliverable == ""


@pytest.mark.parametrize(
    ("fault", "deliverable", "says"), [("other", "D202611300001", "不要填写"), ("deliverable", "D1", "不是本办件")]
)
def test_a_result_that_is_not_the_cases_or_not_at_fault_is_refused(where, by, fault, deliverable, says):
    case = office.received(where, by=by)
    results(case, "D202611300001")
    with pytest.raises(DomainError, match=says):
        cases.refuse_to_accept(
            case_id=case.pk, category="other", fault=fault, deliverable=deliverable, words="不齐", by=by
        )
    assert case.events.count() == 1


def test_a_refusal_needs_its_reason(client, where, by):
    case = office.accepted(where, by=by)
    assert takes(client, case, "decide", outcome="refused").status_code == 422
    assert takes(client, case, "decide", outcome="refused", words="不符合规划").status_code == 302
    assert Case.objects.get().outcome == "refused"


def test_a_step_whose_time_is_over_is_refused_and_nothing_is_lost(client, where, by):
    case = office.received(where, by=by)
    cases.refuse_to_accept(case_id=case.pk, category="other", fault="other", words="重复", by=by)
    answer = takes(client, case, "accept", words="我写的说明")
    assert answer.status_code == 409 and "不能记录" in text(answer)
    assert takes(client, case, "nonsense").status_code == 404
    late = office.received(where, by=by)
    answer = takes(client, late, "accept", occurred_at="2026-10-30T09:00", words="我写的说明")
    assert answer.status_code == 409 and "不能早于上一个事件" in text(answer) and "我写的说明" in text(answer)


def test_the_applicant_puts_right_and_withdraws(where, by):
    case, owner = office.received(where, by=by), acting(where.owner)
    assert takes(owner, case, "accept").status_code == 404
    cases.ask_correction(case_id=case.pk, by=by, category="form", fault="other", first_time=False, words="缺章")
    assert "已补正，再次提交" in text(page(owner, case))
    takes(owner, case, "resubmit", words="已盖章")
    takes(owner, case, "withdraw", fault="other", words="项目停建")
    case.refresh_from_db()
    assert case.status == "withdrawn"
    assert [each.source for each in case.events.order_by("number")] == ["desk", "desk", "applicant", "applicant"]


def test_an_event_is_put_right_on_its_page(client, where, by):
    case = office.accepted(where, by=by)
    address = reverse("approvals:correct", args=[case.code, 2])
    assert 'value="2026-11-02T10:00"' in text(client.get(address))
    assert client.post(address, {"occurred_at": ""}).status_code == 422
    assert client.post(address, {"occurred_at": "2026-11-04T09:00"}).status_code == 302
    assert Case.objects.get().accepted_at == on(4)
    client.post(reverse("approvals:correct", args=[case.code, 3]), {"retract": "1"})
    assert Case.objects.get().status == "received"
    assert client.get(reverse("approvals:correct", args=[case.code, 9])).status_code == 404
    assert member_client(market.organisation(Kind.DEPARTMENT)).get(address).status_code == 404


def test_the_board_counts_and_filters(client, where, by):
    late, still = office.received(where, by=by), office.accepted(where, by=by)
    cases.suspend_case(case_id=still.pk, charged_to=Party.OWNER, words="缓办", by=by)
    fresh = office.received(where, at=None, by=by)
    tiles = re.findall(r"<b>(\d+)</b><small>([^<]+)", text(client.get(reverse("approvals:cases"))))
    assert ("1", "已超期") in tiles
    asked = [
        ({"urgency": "late"}, {late}),
        ({"urgency": "still"}, {still}),
        ({"status": "received"}, {late, fresh}),
        ({"q": fresh.code.lower()}, {fresh}),
        ({"item": where.item.code}, {late, still, fresh}),
    ]
    for query, expected in asked:
        shown = text(client.get(reverse("approvals:cases"), query))
        assert {each for each in (late, still, fresh) if each.code in shown} == expected, query


@pytest.mark.parametrize(
    "query", [{"status": "x"}, {"urgency": "x"}, {"item": "x"}, {"q": "x" * 61}, {"page": "-1"}, {"q": "\x00"}]
)
def test_nonsense_in_the_filters_is_answered(client, query):
    assert client.get(reverse("approvals:cases"), query).status_code in (200, 422)


def test_as_many_queries_for_more_cases(client, where, by):
    office.received(where, by=by)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(reverse("approvals:cases"))
        return len(caught)

    queries()
    before = queries()
    for _number in range(5):
        office.received(where, by=by)
    assert queries() == before


def test_the_regulator_sees_every_department(where, by):
    case = office.received(where, by=by)
    elsewhere = office.place()
    other = office.received(elsewhere)
    regulator = member_client(market.organisation(Kind.REGULATOR))
    shown = text(regulator.get(reverse("approvals:cases")))
    assert case.code in shown and other.code in shown
    assert where.department.organisation.name in shown


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_in_both_languages(where, by, language):
    case = office.accepted(where, by=by)
    client = acting(by)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    names = re.compile("[\u4e00-\u9fff]*(测试|环评审批|厂房扩建|中文)[\u4e00-\u9fff]*|甬测试")
    for address in (reverse("approvals:cases"), reverse("approvals:case", args=[case.code]), reverse("approvals:register"),
                    reverse("approvals:correct", args=[case.code, 1])):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200
        words = re.sub(r"<[^>]+>", " ", text(answer))
        if language == "en":
            assert not re.findall("[\u4e00-\u9fff]+", names.sub("", words)), address
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_now_is_read_once_and_aware(where, by):
    case = office.received(where, at=None, by=by)
    event = case.events.get()
    assert event.occurred_at == event.recorded_at <= clock.now()


def test_what_was_noted_as_late_is_told_to_the_department_and_the_regulator(client, where, by):
    case = office.received(where, by=by)
    assert "督办时间" not in text(page(client, case))
    note_late_cases()
    regulator = member_client(market.organisation(Kind.REGULATOR))
    for reader in (client, regulator):
        shown = text(page(reader, case))
        assert "督办时间" in shown and "已经超过承诺时限" in shown
    assert case.code in text(regulator.get(reverse("approvals:cases"), {"urgency": "late"}))


@pytest.mark.parametrize("name", [*OF_DEPARTMENT, *OF_APPLICANT])
def test_every_step_has_an_address(name):
    assert reverse("approvals:step", args=["K202611300001", name]).endswith(f"/step/{name}/")
