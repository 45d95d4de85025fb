"""The pages of evaluations and conduct: who sees what, what is refused, and what everybody reads."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Kind
from contracts.models import Contract
from core import clock
from ratings.domain import deductions as domain
from ratings.domain import due, replying
from ratings.models import Deduction, DeductionRule, Evaluation
from tests import market_place as market
from tests.bidding.browse import acting
from tests.payments.place import SCAN, scan
from tests.ratings import lives, saying

pytestmark = pytest.mark.django_db
FORM = {**saying.MARKS, "text": "一次通过。"}


def public(found: Evaluation) -> Evaluation:
    """Whose edit window is over."""
    now = clock.now()
    Evaluation.objects.filter(pk=found.pk).update(given_at=now - (found.public_at - found.given_at), public_at=now)
    return Evaluation.objects.get(pk=found.pk)


def page_of(own, who):
    return acting(who).get(reverse("ratings:evaluate", args=[own.contract.code, own.number]))


def test_others_find_no_line_to_evaluate_and_no_evaluation(where):
    own = saying.accepted(where)
    found = saying.evaluates(own, where.owner)
    strangers = [market.member_of(market.organisation(kind)) for kind in (Kind.OWNER, Kind.PERSON, Kind.DEPARTMENT)]
    for who in strangers:
        assert page_of(own, who).status_code == 404
        assert acting(who).get(reverse("ratings:evaluation", args=[found.code])).status_code == 404
    firm = market.member_of(own.contract.firm.organisation)
    for name in ("evaluation", "evidence", "reply"):
        assert acting(firm).get(reverse(f"ratings:{name}", args=[found.code])).status_code == 404, "not public yet"
    public(found)
    assert acting(firm).get(reverse("ratings:evaluation", args=[found.code])).status_code == 200
    competitor = market.member_of(market.firm(where).organisation)
    assert acting(competitor).get(reverse("ratings:evaluation", args=[found.code])).status_code == 404


def test_an_owner_evaluates_with_evidence_and_edits(where):
    own, client = saying.accepted(where), acting(where.owner)
    address = reverse("ratings:evaluate", args=[own.contract.code, own.number])
    assert "等贵方评价" in client.get(reverse("ratings:evaluations")).content.decode()
    wrong = client.post(address, {**FORM, "quality": "101", "attitude": ""})
    assert wrong.status_code == 422 and "填 0 到 100 的整数" in wrong.content.decode()
    forged = client.post(address, {**FORM, "evidence": scan().__class__("a.pdf", b"<html>", "application/pdf")})
    assert forged.status_code == 422
    named = client.post(address, {**FORM, "text": "请打 13800138000"})
    assert named.status_code == 409 and "电话号码" in named.content.decode()
    assert not Evaluation.objects.exists()
    assert client.post(address, {**FORM, "evidence": scan()}).status_code == 302
    found = Evaluation.objects.get()
    assert found.evidence_sha256 and found.given_by == where.owner.user
    evidence = client.get(reverse("ratings:evidence", args=[found.code]))
    assert b"".join(evidence.streaming_content) == SCAN and "sandbox" in evidence["Content-Security-Policy"]
    assert client.post(address, {**FORM, "quality": "50"}).status_code == 302
    assert Evaluation.objects.get().quality == 50 and Evaluation.objects.get().evidence_sha256
    public(Evaluation.objects.get())
    assert client.get(address).status_code == 302
    client.post(address, {**FORM, "quality": "1"})
    assert Evaluation.objects.get().quality == 50


def test_the_public_reads_marks_words_and_the_kind_of_rater_once_it_is_public(where):
    own, visitor = saying.accepted(where), Client()
    found = saying.evaluates(own, where.owner, text="报告一次通过。")
    uscc = own.contract.firm.uscc
    addresses = [reverse(f"ratings:{name}", args=[uscc]) for name in ("firm_evaluations", "firm_evaluations_part")]
    for address in addresses:
        assert "报告一次通过" not in visitor.get(address).content.decode()
    found = public(found)
    reply = replying.reply_to(
        evaluation_id=found.pk, text="感谢支持", by=market.member_of(own.contract.firm.organisation)
    )
    for address in addresses:
        told = visitor.get(address).content.decode()
        assert "报告一次通过" in told and "90" in told and "项目业主" in told
        assert where.owner.organisation.name not in told and "感谢支持" not in told
    type(reply).objects.update(at=clock.now() - (reply.public_at - reply.at), public_at=clock.now())
    assert "感谢支持" in visitor.get(addresses[0]).content.decode()
    answer = visitor.get(reverse("exchange:firm_evaluations", args=[uscc])).json()["results"]
    assert answer[0]["marks"] == saying.MARKS and answer[0]["reply"] == "感谢支持" and answer[0]["line"] == found.line


def test_a_natural_person_is_a_natural_person_and_nothing_more(where):
    own = saying.accepted(where)
    person = market.organisation(Kind.PERSON, name="王某某")
    Contract.objects.filter(pk=own.contract_id).update(owner=person)
    own.contract.refresh_from_db()
    found = public(saying.evaluates(own, market.member_of(person)))
    told = Client().get(reverse("ratings:firm_evaluations", args=[own.contract.firm.uscc])).content.decode()
    assert "自然人业主" in told
    for hidden in ("王某某", person.code, found.line):
        assert hidden not in told
    api = Client().get(reverse("exchange:firm_evaluations", args=[own.contract.firm.uscc]))
    assert api.json()["results"][0]["line"] is None and person.code not in api.content.decode()


def test_a_list_costs_no_more_queries_for_more_rows(where):
    own = saying.accepted(where)
    by = [where.owner, where.operator, lives.clerk(where.department)]
    saying.decided(where, own)
    addresses = [
        (Client(), reverse("ratings:firm_evaluations", args=[own.contract.firm.uscc])),
        (acting(market.member_of(own.contract.firm.organisation)), reverse("ratings:evaluations")),
        (acting(saying.overseers(where)[1]), reverse("ratings:evaluations")),
    ]

    def counted():
        found = []
        for client, address in addresses:
            with CaptureQueriesContext(connection) as ran:
                assert client.get(address).status_code == 200
            found.append(len(ran))
        return found

    public(saying.evaluates(own, by[0]))
    counted()  # sessions and permissions are warm
    first = counted()
    for who in by[1:]:
        public(saying.evaluates(own, who))
    assert counted() == first


def test_desks_are_told_what_waits(where):
    own = saying.accepted(where)
    part = reverse("ratings:waiting_part")
    assert "办结的事项等贵方评价机构" in acting(where.owner).get(part).content.decode()
    saying.evaluates(own, where.owner)
    assert "办结的事项" not in acting(where.owner).get(part).content.decode()
    found = saying.deed(where, firm=own.contract.firm)
    assert "等待告知机构" in acting(where.operator).get(part).content.decode()
    firm = acting(market.member_of(own.contract.firm.organisation))
    assert "陈述申辩" not in firm.get(part).content.decode()
    domain.notice(deduction_id=found.pk, text="", by=where.operator)
    assert "陈述申辩" in firm.get(part).content.decode()


# --- conduct --------------------------------------------------------------------------------------------------------


def step(client, found, name, **data):
    return client.post(reverse("ratings:deduction_step", args=[found.code, name]), data)


def test_the_steps_by_their_buttons(where):
    found = saying.deed(where)
    centre, regulator = map(acting, saying.overseers(where))
    firm = acting(market.member_of(found.firm.organisation))
    page = reverse("ratings:deduction", args=[found.code])
    assert firm.get(page).status_code == 404 and centre.get(page).status_code == 200
    # The firm decides nothing, the centre no appeal, nobody what is no step.
    assert step(firm, found, "decide", decision="no", text="x").status_code == 404
    assert step(centre, found, "decide-appeal", decision="yes", text="x").status_code == 404
    assert step(centre, found, "anything").status_code == 404
    assert step(centre, found, "notice", text="请核对").status_code == 302
    assert step(centre, found, "decide", decision="yes", text="x").status_code == 409
    assert "请核对" in firm.get(page).content.decode()
    assert step(firm, found, "state", text="").status_code == 422
    assert step(firm, found, "state", text="顺延了", evidence=scan()).status_code == 302
    assert centre.get(reverse("ratings:deduction_file", args=[found.code, 3, 1])).status_code == 200
    assert step(centre, found, "decide", decision="yes", text="不采纳").status_code == 302
    assert step(firm, found, "repair", text="已改", evidence=scan()).status_code == 409
    assert step(firm, found, "appeal", text="不服").status_code == 302
    assert step(regulator, found, "decide-appeal", decision="yes", text="采纳").status_code == 302
    assert Deduction.objects.get().status == "revoked"
    assert step(centre, found, "notice", text="").status_code == 302, "a second press changes nothing"
    assert Deduction.objects.get().status == "revoked"


def test_the_lists_tell_basis_dates_and_the_way_back_and_nothing_that_is_not_in_force(where):
    address, visitor = reverse("ratings:lists"), Client()
    proposed = saying.deed(where, kind="abandoned", source="contract/C9")
    assert proposed.firm.organisation.name not in visitor.get(address).content.decode()
    found = saying.in_force(where, kind="abandoned")
    told = visitor.get(address).content.decode()
    for each in (found.firm.organisation.name, found.rule.legal_basis, "起可以申请信用修复"):
        assert each in told
    assert "业主资料迟到" not in told
    assert "扣 20 分" in visitor.get(reverse("ratings:firm_evaluations_part", args=[found.firm.uscc])).content.decode()
    due.settle_due(found.until)
    assert found.firm.organisation.name not in visitor.get(address).content.decode()
    assert "红榜上现在没有机构" in visitor.get(address, {"tab": "red"}).content.decode()


def test_a_report_names_a_contract_that_is_there(where):
    client, contract = acting(where.operator), saying.running(where)
    address = reverse("ratings:report")
    given = {"kind": "fee_raised", "occurred_on": clock.now().date().isoformat(), "text": "另收费用"}
    assert client.post(address, {**given, "contract": "C0"}).status_code == 422
    assert client.post(address, {**given, "contract": contract.code, "occurred_on": "2999-01-01"}).status_code == 422
    assert client.post(address, {**given, "contract": contract.code}).status_code == 302
    assert client.post(address, {**given, "contract": contract.code}).status_code == 409
    assert Deduction.objects.get().firm == contract.firm


def test_the_rules_are_edited_in_the_back_room_and_never_taken_away():
    keeper = market.staff()
    for name in ("evaluationpolicy", "conductpolicy", "deductionrule"):
        for page in ("changelist", "add"):
            assert keeper.get(reverse(f"admin:ratings_{name}_{page}")).status_code == 200
    first = DeductionRule.objects.earliest("pk")
    assert (
        keeper.post(reverse("admin:ratings_deductionrule_delete", args=[first.pk]), {"post": "yes"}).status_code == 403
    )


@pytest.mark.parametrize("word", ["%00", "²", "'", "9" * 300, "🀄"])
@pytest.mark.parametrize(
    "address", ["/firms/{}/evaluations/", "/firms/{}/evaluations/part/", "/api/v1/firms/{}/evaluations"]
)
def test_a_firm_that_is_none_is_not_found(address, word):
    assert Client().get(address.format(word)).status_code == 404
