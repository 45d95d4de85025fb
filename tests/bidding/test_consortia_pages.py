"""Consortia at the desks: from the wizard to the entry, for their own parties alone, and nothing of them anywhere else."""

from __future__ import annotations

import base64

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from bidding.models import Consortium, ConsortiumParty, Entry, Round
from tests import consortia as joint
from tests import market_place as market
from tests.bidding.browse import acting, member_client, outsiders
from tests.bidding.test_leaks import read_by

pytestmark = pytest.mark.django_db
Status = ConsortiumParty.Status


@pytest.fixture
def where():
    return market.place(notice_minimum=60)


@pytest.fixture
def round_(where):
    return joint.announced(where)


@pytest.fixture
def firms(where):
    return [market.firm(where) for _number in range(3)]


def proposal(*members, **changes):
    form = {"own": "总体设计"}
    for n, each in enumerate(members, start=1):
        form |= {f"member_{n}": each, f"share_{n}": "勘察"}
    return form | changes


def test_the_owner_says_it_in_the_second_step_and_keeps_it_with_another_method(where):
    from bidding.domain import rounds

    drafted = rounds.draft_round(need=market.need(where), by=where.owner)
    owner = acting(where.owner)

    def step(name, **form):
        return owner.post(reverse("bidding:wizard", args=[drafted.code, name]), form)

    step("method", method="lowest")
    assert step("terms", upper="60000", notice_length="60", consortium_most="9").status_code == 422
    step("terms", upper="60000", notice_length="60", consortium_most="3")
    assert Round.objects.get().consortium_most == 3
    assert "接受，最多 3 家" in owner.get(reverse("bidding:wizard", args=[drafted.code, "review"])).content.decode()
    step("method", method="mean")
    assert Round.objects.get().consortium_most == 3
    step("terms", upper="60000", coefficients="0.97", notice_length="60", consortium_most="")
    assert Round.objects.get().consortium_most is None
    step("method", method="direct")
    assert "consortium_most" not in owner.get(reverse("bidding:wizard", args=[drafted.code, "terms"])).content.decode()


def test_the_round_page_and_the_notice_say_that_consortia_are_accepted(where, round_):
    for page in ("", "notice/"):
        assert "接受，最多 3 家" in Client().get(f"/rounds/{round_.code}/{page}").content.decode()
    other = market.announced(where)
    for page in ("", "notice/"):
        assert "联合体" not in Client().get(f"/rounds/{other.code}/{page}").content.decode()
    assert (
        member_client(market.firm(where).organisation)
        .get(reverse("bidding:consortium_propose", args=[other.code]))
        .status_code
        == 404
    )


def test_from_the_proposal_to_the_entry(round_, firms):
    lead, member, other = firms
    leads, joins = member_client(lead.organisation), member_client(member.organisation)
    address = reverse("bidding:consortium_propose", args=[round_.code])
    assert address in leads.get(f"/rounds/{round_.code}/").content.decode()
    answer = leads.post(address, proposal(member.organisation.name, other.uscc))
    made = Consortium.objects.get()
    assert answer["Location"] == reverse("bidding:consortium", args=[made.key])
    assert "有 1 个联合体等贵机构确认" in joins.get(reverse("bidding:firm_desk")).content.decode()
    assert "勘察" in joins.get(answer["Location"]).content.decode()
    enter = reverse("bidding:enter", args=[round_.code])
    assert "还没有全部确认" in leads.get(enter).content.decode()
    for client in (joins, member_client(other.organisation)):
        client.post(reverse("bidding:consortium_answer", args=[made.key]), {"confirm": "1"})
    assert set(made.parties.values_list("status", flat=True)) == {Status.CONFIRMED}
    page = leads.get(enter).content.decode()
    assert "以联合体报名" in page and member.organisation.name in page
    assert "不能再单独报名" in joins.get(enter).content.decode()
    others = joins.get(f"{reverse('bidding:firm_desk')}?show=others").content.decode()
    assert round_.code in others and "不能再单独报名" in others
    market.enters(round_, lead, "100.00")
    assert member.organisation.name in leads.get(reverse("bidding:receipt", args=[round_.code])).content.decode()
    assert "成员不能再变动" in joins.get(answer["Location"]).content.decode()
    dissolve = leads.post(reverse("bidding:consortium_dissolve", args=[made.key]))
    assert dissolve.status_code == 409 and "撤回报名" in dissolve.content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"member_1": ""}, "请填写成员"),
        ({"member_1": "没有这一家"}, "没有这个名称"),
        ({"share_1": " "}, "请写明分工"),
        ({"own": ""}, "请写明分工"),
        ({"share_1": "长" * 301}, "最多 300 个字"),
        ({"share_2": "无名"}, "请填写成员"),
        ({"member_2": "itself", "share_2": "测绘"}, "只能写一次"),
    ],
)
def test_what_cannot_be_is_said_at_the_form(round_, firms, changes, told):
    lead, member, _ = firms
    given = {name: lead.uscc if text == "itself" else text for name, text in changes.items()}
    client = member_client(lead.organisation)
    answer = client.post(reverse("bidding:consortium_propose", args=[round_.code]), proposal(member.uscc, **given))
    assert answer.status_code in (409, 422) and told in answer.content.decode()
    assert not Consortium.objects.exists()


def test_whether_a_member_is_bound_elsewhere_is_not_told(round_, firms):
    lead, member, other = firms
    joint.enters(round_, lead, member, amount="100.00")
    client = member_client(other.organisation)
    made = client.post(reverse("bidding:consortium_propose", args=[round_.code]), proposal(member.uscc))
    assert made.status_code == 302
    page = client.get(made["Location"]).content.decode()
    assert lead.organisation.name not in page


def test_for_everybody_else_it_is_not_there(where, round_, firms):
    lead, member, other = firms
    made = joint.proposes(round_, lead, member)
    addresses = [
        (method, reverse(f"bidding:{name}", args=[made.key]))
        for method, name in (("get", "consortium"), ("post", "consortium_answer"), ("post", "consortium_dissolve"))
    ]
    clients = outsiders(round_) | {"another firm": member_client(other.organisation)}
    visitor = clients.pop("visitor")
    for method, address in addresses:
        assert getattr(visitor, method)(address, {"confirm": "1"})["Location"].startswith("/account/sign-in/")
        for who, client in clients.items():
            assert getattr(client, method)(address, {"confirm": "1"}).status_code == 404, (who, address)
    lead_client, member_of_it = member_client(lead.organisation), member_client(member.organisation)
    assert lead_client.post(addresses[1][1], {"confirm": "1"}).status_code == 404
    assert member_of_it.post(addresses[2][1]).status_code == 404
    assert member_of_it.post(addresses[1][1]).status_code == 422
    looks = acting(market.member_of(member.organisation, role=Role.VIEWER))
    assert looks.get(addresses[0][1]).status_code == 200
    assert looks.post(addresses[1][1], {"confirm": "1"}).status_code == 403
    made.refresh_from_db()
    assert made.ended_at is None and made.parties.get(firm=member).status == Status.ASKED


def test_an_answer_too_late_is_told(round_, firms):
    lead, member, _ = firms
    made = joint.proposes(round_, lead, member)
    market.pass_deadline(round_)
    client = member_client(member.organisation)
    late = client.post(reverse("bidding:consortium_answer", args=[made.key]), {"confirm": "1"})
    assert late.status_code == 409
    assert "没有报名" in client.get(reverse("bidding:consortium", args=[made.key])).content.decode()
    form = client.get(reverse("bidding:consortium_propose", args=[round_.code])).content.decode()
    assert "已经截止" in form


def test_nobody_reads_anything_of_it_before_opening(where, round_):
    """Proposed, confirmed, entered and dissolved: every page of everybody else stays what it was."""
    lead, member, asked, other = (market.firm(where) for _number in range(4))
    clients = outsiders(round_) | {"another firm": member_client(other.organisation)}
    before = read_by(clients, round_)
    made = joint.proposes(round_, lead, member, asked)
    assert read_by(clients, round_) == before
    joint.answers(made, member)
    joint.answers(made, asked)
    market.enters(round_, lead, "48123.57")
    after = read_by(clients, round_)
    assert after == before
    for who, page in after:
        assert made.key.encode() not in after[who, page][2], (who, page)


def test_an_address_counts_nothing(round_, firms):
    first, second = joint.proposes(round_, firms[0], firms[1]), joint.proposes(round_, firms[2], firms[1])
    assert first.key != second.key and len(first.key) == 16
    page = member_client(firms[0].organisation).get(reverse("bidding:consortium", args=[first.key])).content.decode()
    assert second.key not in page


def test_the_lead_enters_by_program_and_a_member_is_kept_out(round_, firms):
    lead, member, _ = firms
    joint.formed(round_, lead, member)

    def sends(firm):
        bid = market.sealed(round_, firm, "100.00")
        body = {"envelope": base64.b64encode(bid.envelope).decode(), "token_sha256": bid.token_sha256}
        return member_client(firm.organisation).post(
            f"/api/v1/rounds/{round_.code}/envelopes", body, content_type="application/json"
        )

    refused = sends(member)
    assert refused.status_code == 403 and "联合体" in refused.json()["detail"]
    assert sends(lead).status_code == 201
    assert Entry.objects.get().consortium.lead == lead
