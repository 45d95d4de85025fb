"""The pages of leads, rules, inquiries and decisions: who reads what, what is filtered, and what refuses to be sent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from core import clock
from ledger.models import QueuedEntry
from oversight.domain import alerting, decisions, inquiries, marketplace, scanning, trying
from oversight.domain.alerting import take_in
from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind, NodeKind
from oversight.models import Alert, Inquiry, RuleParameter
from tests import market_place as market
from tests.bidding.browse import acting
from tests.oversight import desk
from tests.oversight.place import body_of, holds, id_number, organisation_key, regulator
from tests.payments.place import scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def where():
    return market.place()


@pytest.fixture
def by():
    return regulator()


@pytest.fixture
def page(by):
    return acting(by)


def text(answer):
    return answer.content.decode()


def alert_of(firm, where, **fields):
    take_in("CL5", [desk.lead(firm, department=where.department.pk, **fields)], now=clock.now())
    return Alert.objects.get(key=fields.get("key", "1"))


def test_the_list_is_by_weight_and_can_be_narrowed(where, page):
    other = market.place()
    light, heavy, far = market.firm(where), market.firm(where), market.firm(other)
    leads = [
        desk.lead(light, key="1", weight=30, department=where.department.pk),
        desk.lead(heavy, key="2", weight=90, department=where.department.pk),
        desk.lead(far, key="3", weight=60, department=other.department.pk),
    ]
    take_in("CL5", leads, now=clock.now())

    def names(**query):
        shown = text(page.get(reverse("oversight:alerts"), query))
        found = [
            (shown.index(firm.organisation.name), firm)
            for firm in (light, heavy, far)
            if firm.organisation.name in shown
        ]
        return [firm for _place, firm in sorted(found, key=lambda each: each[0])]

    assert names() == [heavy, far, light]
    assert names(weight="50") == [heavy, far]
    assert names(district=other.district.code) == [far]
    assert names(q=light.organisation.name) == [light]
    assert names(q=other.department.organisation.name) == [far]
    assert names(rule="RH1") == []
    assert names(status="dismissed") == []
    assert page.get(reverse("oversight:alerts"), {"district": "x", "weight": "y", "page": "z"}).status_code == 200


def test_what_changed_since_yesterday(where, page):
    firm = market.firm(where)
    alert_of(firm, where)
    url = reverse("oversight:alerts_part")
    assert firm.organisation.name in text(page.get(url, {"tab": "since"}))
    long_ago = clock.now() - timedelta(days=3)
    Alert.objects.update(found_at=long_ago, changed_at=long_ago)
    assert firm.organisation.name not in text(page.get(url, {"tab": "since"}))
    take_in("CL5", [], now=clock.now())
    assert "不再成立" in text(page.get(url, {"tab": "since"}))


def test_many_leads_cost_no_more_queries_than_one(where, page):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            page.get(reverse("oversight:alerts"))
        return len(caught)

    take_in("CL5", [desk.lead(market.firm(where))], now=clock.now())
    queries()
    one = queries()
    take_in("CL5", [desk.lead(market.firm(where), key=str(number)) for number in range(40)], now=clock.now())
    assert queries() == one


def test_names_of_persons_are_for_those_who_work_on_it(where, by, page):
    desk.with_person(where)
    url = reverse("oversight:alert", args=[Alert.objects.get(rule="RH3").pk])
    assert desk.NAME in text(page.get(url))
    looks = acting(market.member_of(by.organisation, role=Role.VIEWER))
    answer = text(looks.get(url))
    assert desk.NAME not in answer
    assert "自然人甲" in answer
    assert "<textarea" not in answer


def test_who_only_looks_reads_everything_and_changes_nothing(where, by):
    desk.tied(where)
    found = desk.noticed(Alert.objects.get(rule="RH1"), by)
    looks = acting(market.member_of(by.organisation, role=Role.VIEWER))
    shown = text(looks.get(reverse("oversight:inquiry", args=[found.code])))
    assert "持股关系待说明" in shown
    assert "<textarea" not in shown
    assert looks.get(reverse("oversight:frozen", args=[found.code, 1])).status_code == 200
    for step in ("note", "close", "freeze", "assign"):
        answer = looks.post(reverse("oversight:inquiry_step", args=[found.code, step]), {"text": "x"})
        assert answer.status_code == 403
    change = {"name": "share", "value": "3", "valid_from": "2030-01-01", "legal_basis": "x"}
    assert looks.post(reverse("oversight:rule", args=["RH2"]), change).status_code == 403
    assert not RuleParameter.objects.exists()


def test_dismissed_with_a_reason_in_the_users_words(where, page):
    alert = alert_of(market.firm(where), where)
    url = reverse("oversight:dismiss", args=[alert.pk])
    answer = page.post(url, {"reason": "  "})
    assert answer.status_code == 422
    assert "请写明理由" in text(answer)
    assert page.post(url, {"reason": "同一栋楼"}).status_code == 302
    assert page.post(url, {"reason": "同一栋楼"}).status_code == 302
    assert "同一栋楼" in text(page.get(reverse("oversight:alert", args=[alert.pk])))
    late = page.post(reverse("oversight:inquire", args=[alert.pk]), {"party": alert.firms.get().organisation_id})
    assert late.status_code == 409
    assert not Inquiry.objects.exists()


def test_an_inquiry_is_opened_over_several_leads_of_one_party(where, page):
    desk.tied(where)
    first, second = Alert.objects.get(rule="RH1"), Alert.objects.get(rule="RH2")
    url = reverse("oversight:inquire", args=[first.pk])
    assert page.post(url, {"party": "0"}).status_code == 422
    given = {"party": first.firms.get().organisation_id, "further": [second.pk], "text": "先查登记"}
    answer = page.post(url, given)
    found = Inquiry.objects.get()
    assert answer["Location"] == reverse("oversight:inquiry", args=[found.code])
    assert set(found.alerts.all()) == {first, second}


def test_the_party_reads_its_own_from_the_notice_on_and_no_internal_step(where, by, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    desk.tied(where)
    found = desk.opened(Alert.objects.get(rule="RH1"), by)
    inquiries.note(inquiry_id=found.pk, text="内部记录", files=[scan()], by=by)
    firm, other = acting(desk.party_of(found)), acting(market.member_of(market.firm(where).organisation))
    url = reverse("oversight:inquiry", args=[found.code])
    assert firm.get(url).status_code == 404
    inquiries.freeze(inquiry_id=found.pk, by=by)
    inquiries.notice(inquiry_id=found.pk, text="持股关系待说明。", by=by)
    shown = text(firm.get(url))
    assert "持股关系待说明" in shown
    assert "内部记录" not in shown
    assert "RH1" not in shown  # leads are the desk's
    assert other.get(url).status_code == 404
    internal = reverse("oversight:inquiry_file", args=[found.code, 2, 1])
    assert firm.get(internal).status_code == 404
    assert acting(by).get(internal).status_code == 200
    assert firm.get(reverse("oversight:frozen", args=[found.code, 1])).status_code == 404


def test_the_firms_statement_with_files_that_are_checked_and_streamed(where, by, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    desk.tied(where)
    found = desk.noticed(Alert.objects.get(rule="RH1"), by)
    firm = acting(desk.party_of(found))
    assert "核查告知等贵方陈述申辩" in text(firm.get(reverse("oversight:waiting_part")))
    url = reverse("oversight:inquiry_step", args=[found.code, "state"])
    fake = SimpleUploadedFile("x.pdf", b"MZ not a pdf", content_type="application/pdf")
    answer = firm.post(url, {"text": "不属实", "evidence": fake})
    assert answer.status_code == 422
    assert "不是" in text(answer)
    assert firm.post(url, {"text": "不属实", "evidence": scan()}).status_code == 302
    assert Inquiry.objects.get().status == "heard"
    event = found.events.get(kind="stated")
    for client in (firm, acting(by)):
        answer = client.get(reverse("oversight:inquiry_file", args=[found.code, event.number, 1]))
        assert answer.streaming
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "对核查决定的申诉" not in text(firm.get(reverse("oversight:waiting_part")))


def test_a_step_too_early_or_by_somebody_else_says_why(where, by, page):
    desk.tied(where)
    found = desk.opened(Alert.objects.get(rule="RH1"), by)
    url = reverse("oversight:inquiry_step", args=[found.code, "notice"])
    answer = page.post(url, {"text": "x"})
    assert answer.status_code == 409
    assert "请先固定证据" in text(answer)
    answer = acting(desk.colleague(by)).post(reverse("oversight:inquiry_step", args=[found.code, "freeze"]))
    assert answer.status_code == 403
    assert "由承办人办理" in text(answer)
    assert page.post(reverse("oversight:inquiry_step", args=[found.code, "nothing"])).status_code == 404


def test_who_declares_an_interest_no_longer_finds_it(where, by, page):
    desk.tied(where)
    found = desk.opened(Alert.objects.get(rule="RH1"), by)
    answer = page.post(reverse("oversight:inquiry_step", args=[found.code, "abstain"]), {"text": "同学"}, follow=True)
    assert answer.status_code == 200
    assert found.code not in text(answer)
    for url in (
        reverse("oversight:inquiry", args=[found.code]),
        reverse("oversight:frozen", args=[found.code, 1]),
        reverse("oversight:alert", args=[Alert.objects.get(rule="RH2").pk]),
    ):
        assert page.get(url).status_code == 404
    assert "没有线索" in text(page.get(reverse("oversight:alerts"), {"tab": "all"}))


def test_everybody_reads_what_is_published_and_nothing_else(where, by):
    firm, anybody = desk.with_person(where), Client()
    found = desk.decided(Alert.objects.get(rule="RH3"), by)
    listing, one = reverse("oversight:decisions"), reverse("oversight:decision", args=[found.code])
    part = reverse("oversight:firm_decisions_part", args=[firm.uscc])
    assert "还没有公布的决定" in text(anybody.get(listing))
    assert anybody.get(one).status_code == 404
    assert text(anybody.get(part)).strip() == ""
    decisions.publish(inquiry_id=found.pk, text="该机构在该部门审批的事项中应当回避。", by=by)
    decisions.appeal(inquiry_id=found.pk, text=f"{desk.NAME}已经离职。", files=[], by=desk.party_of(found))
    told = [text(anybody.get(url)) for url in (listing, one, part, f"/firms/{firm.uscc}/", "/firms/", "/conduct/")]
    assert all(firm.organisation.name in each for each in told[:2])
    assert "生效中，申诉待处理" in told[1]
    told += [text(anybody.get(f"/api/v1/firms/{firm.uscc}")), text(anybody.get("/api/v1/firms"))]
    told += [bytes(each.entry).decode() for each in QueuedEntry.objects.all()]
    secrets = (desk.NAME, by.user.name, by.user.username, "转让没有登记", "持股关系待说明")
    assert not [secret for secret in secrets for each in told if secret in each]
    decisions.decide_appeal(inquiry_id=found.pk, upheld=True, text="成立", by=desk.colleague(by))
    assert "申诉成立，已撤销" in text(anybody.get(one))


def test_no_table_of_leads_and_inquiries_holds_a_persons_name_in_clear(where, by):
    desk.with_person(where)
    desk.decided(Alert.objects.get(rule="RH3"), by)
    inquiries.abstain(organisation=market.organisation("firm"), reason=f"与{desk.NAME}是同学", by=by)
    with connection.cursor() as cursor:
        for name in ("alert", "inquiry", "inquiryevent", "frozenevidence", "abstention", "ruleexception"):
            cursor.execute(f'SELECT t::text FROM "oversight_{name}" t')
            rows = "\n".join(row[0] for row in cursor.fetchall())
            assert desk.NAME not in rows, name
            assert "转让没有登记" not in rows, name


def test_a_natural_person_is_not_named_in_a_published_decision(where, by):
    owner = market.organisation("person", name="欧阳安娜")
    take_in("CL6", [desk.lead(market.firm(where), rule="CL6", owner=owner.pk)], now=clock.now())
    alert = Alert.objects.get()
    found = inquiries.open_inquiry(alert_ids=[alert.pk], party=owner, department=None, text="", by=by)
    inquiries.freeze(inquiry_id=found.pk, by=by)
    inquiries.notice(inquiry_id=found.pk, text="x", by=by)
    inquiries.state(inquiry_id=found.pk, text="x", files=[], by=market.member_of(owner))
    decisions.decide(inquiry_id=found.pk, outcome="referral", text="x", legal_basis="x", by=by)
    decisions.publish(inquiry_id=found.pk, text="已移送。", by=by)
    for url in (reverse("oversight:decisions"), reverse("oversight:decision", args=[found.code])):
        shown = text(Client().get(url))
        assert "不公开名称" in shown
        assert owner.name not in shown
        assert owner.code not in shown
    logged = [bytes(each.entry).decode() for each in QueuedEntry.objects.filter(subject=found.subject)]
    assert not any(owner.code in each for each in logged)


def test_a_figure_is_tried_on_history_before_it_changes(where, by, page):
    firm = market.firm(where)
    desk.tied(where)
    body = body_of(where)
    marketplace.import_everything()
    holds(body, firm, share=4, key="small")
    scanning.scan_everything()
    alerting.ask()
    today = clock.now().date()
    (trial,) = trying.try_value("RH2", "share", Decimal(3), days=[today])
    assert (len(trial.before), trial.more, trial.less) == (1, [(firm.pk, where.department.pk)], [])
    (trial,) = trying.try_value("RH2", "share", Decimal(60), days=[today])
    assert (len(trial.more), len(trial.less)) == (0, 1)
    url = reverse("oversight:rule", args=["RH2"])
    shown = text(page.get(url, {"name": "share", "value": "3"}))
    assert firm.organisation.name in shown
    for value in ("0", "101", "x", ""):
        assert page.get(url, {"name": "share", "value": value}).status_code == 422
    change = {"name": "share", "value": "3", "valid_from": "2020-01-01", "legal_basis": "市政府文件"}
    assert page.post(url, change).status_code == 409
    change["valid_from"] = (today + timedelta(days=1)).isoformat()
    for _time in range(2):
        assert page.post(url, change).status_code == 302
    assert trying.value_at("RH2", "share", today).value == 5
    assert trying.value_at("RH2", "share", today + timedelta(days=1)).value == 3
    assert QueuedEntry.objects.filter(type="rule.parameter").count() == 1


def test_the_cooling_off_is_tried_on_those_who_have_left(where):
    firm, today = market.firm(where), clock.now().date()
    marketplace.import_everything()
    person = Described(keys=("p",), kind=NodeKind.PERSON, name="某人", id_hash=id_hash(id_number()))
    department, own = organisation_key(where.department.organisation), organisation_key(firm.organisation)
    left = today - timedelta(days=900)
    says = (
        Said(kind=Kind.EMPLOYED, tail=department.keys[0], head="p", until=left),
        Said(kind=Kind.OFFICER, tail="p", head=own.keys[0]),
    )
    state(source_of("x"), parties=[person, department, own], statements=[Stated(key="1", says=says)])
    scanning.scan_everything()
    (trial,) = trying.try_value("RH4", "other_years", Decimal(3), days=[today])
    assert (trial.before, trial.more) == (frozenset(), [(firm.pk, where.department.pk)])
    (trial,) = trying.try_value("RH4", "other_years", Decimal(1), days=[today])
    assert (trial.more, trial.less) == ([], [])


def test_the_rules_page_counts_what_people_decided(where, by, page):
    alert = alert_of(market.firm(where), where)
    assert "还没有已有结论的线索" in text(page.get(reverse("oversight:rule", args=["CL5"])))
    desk.decided(alert, by)
    shown = text(page.get(reverse("oversight:rule", args=["CL5"])))
    assert "精度 100.0 %（95% 区间 20.6 % – 100.0 %" in shown
    assert "100.0 %" in text(page.get(reverse("oversight:rules")))
    assert page.get(reverse("oversight:rule", args=["XX9"])).status_code == 404
