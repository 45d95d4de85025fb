"""The pages of lines from outside: what is not there for others, then what everybody and the parties see."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Kind, Organisation
from contracts.models import ContractLine
from core import clock
from market.models import Need
from ratings.lines import Lines
from ratings.rules import as_seen_by
from tests import market_place as market
from tests.approvals import office
from tests.bidding.browse import acting, member_client, outsiders
from tests.contracts import place
from tests.ratings import lives

pytestmark = pytest.mark.django_db


def asked(client, code):
    """Page and fragment, which answer alike."""
    answers = [client.get(reverse(f"ratings:{name}", args=[code])) for name in ("lines", "part")]
    assert answers[0].status_code == answers[1].status_code
    if answers[1].status_code == 200:
        assert "<h1" in answers[0].content.decode() and "<h1" not in answers[1].content.decode()
    assert answers[1].status_code == 404 or "private" in answers[1]["Cache-Control"]
    return answers[1]


def test_a_need_that_was_not_announced_is_its_owners(where):
    round_ = market.submitted(where)
    code = round_.need.code
    strangers = outsiders(round_)
    sees = {name for name, client in strangers.items() if asked(client, code).status_code == 200}
    assert sees == {"operator", "regulator", "the owner"}
    assert "没有开始" in asked(strangers["the owner"], code).content.decode()


def test_before_opening_a_line_is_the_same_however_many_have_entered(where):
    """Nothing of entries: a line with three sealed envelopes reads as the line with none."""
    round_ = market.announced(where)
    with clock.travelling(clock.now()):
        before = {name: asked(client, round_.need.code).content for name, client in outsiders(round_).items()}
        for _number in range(3):
            market.enters(round_, market.firm(where), "50000.00")
        after = {name: asked(client, round_.need.code).content for name, client in outsiders(round_).items()}
    assert before == after and len(set(before.values())) == 1


def test_everybody_sees_who_had_the_ball_and_only_readers_the_way_to_the_case(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    lives.corrected(case)
    code = lives.need_of(contract).code
    shown = asked(Client(), code).content.decode()
    assert "补正" in shown and contract.code in shown and "夜间噪声" not in shown
    assert case.code not in shown
    reads = {
        "department": acting(lives.clerk(where.department)),
        "owner": acting(where.owner),
        "regulator": member_client(market.organisation(Kind.REGULATOR)),
    }
    for client in reads.values():
        assert case.code in asked(client, code).content.decode()
    others = [market.place().department.organisation, contract.firm.organisation, market.organisation(Kind.OWNER)]
    for each in others:
        assert case.code not in asked(member_client(each), code).content.decode()


def test_a_natural_persons_case_is_not_public(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    owner = where.owner.organisation
    Organisation.objects.filter(pk=owner.pk).update(kind=Kind.PERSON, uscc=None, code="Z202601019999")
    (line,) = Lines.of(Need.objects.filter(pk=lives.need_of(contract).pk))
    cut = as_seen_by(line, None)
    assert not cut.cases and not [event for event in cut.events if event.case]
    assert "受理审查" not in asked(Client(), line.need.code).content.decode()
    assert (
        "受理审查" not in asked(member_client(market.place().department.organisation), line.need.code).content.decode()
    )
    for reader in (where.department.organisation, contract.firm.organisation):
        assert "受理审查" in asked(member_client(reader), line.need.code).content.decode()
        assert as_seen_by(line, reader).cases == (case,)


def test_a_case_and_its_lines_are_there_for_who_reads_the_case(where):
    contract = place.running(where)
    lives.delivered(contract)
    case = lives.received(where, contract)
    paper = office.received(where)
    for client in (Client(), member_client(contract.firm.organisation), member_client(market.organisation(Kind.OWNER)),
                   member_client(market.place().department.organisation)):  # fmt: skip
        assert asked(client, case.code).status_code == 404
    for client in (acting(lives.clerk(where.department)), acting(where.owner)):
        assert "受理审查" in asked(client, case.code).content.decode()
    assert "没有对应的比选" in asked(acting(lives.clerk(where.department)), paper.code).content.decode()


def test_a_project_is_its_owners_and_those_who_oversee(where):
    contract = place.running(where)
    project = lives.need_of(contract).project
    for client in (Client(), member_client(contract.firm.organisation), member_client(market.organisation(Kind.OWNER)),
                   member_client(where.department.organisation)):  # fmt: skip
        assert asked(client, project.code).status_code == 404
    for client in (acting(where.owner), member_client(market.organisation(Kind.REGULATOR))):
        assert "现在轮到" in asked(client, project.code).content.decode()


def test_an_unsealed_contract_leads_to_its_line_only_for_its_parties(where):
    contract = place.agreed(where)
    for client in (
        Client(),
        member_client(market.organisation(Kind.OWNER)),
        member_client(where.department.organisation),
    ):
        assert asked(client, contract.code).status_code == 404
    for by in place.people(where, contract):
        assert "签约" in asked(acting(by), contract.code).content.decode()


@pytest.mark.parametrize("code", ["N000000000000", "C000000000000", "K000000000000", "P000000000000"])
def test_codes_of_nothing_lead_nowhere(where, code):
    for client in (Client(), acting(where.owner)):
        assert asked(client, code).status_code == 404


def test_a_project_shows_its_lines_the_slowest_chain_and_the_same_as_a_table(where):
    contract = place.running(where)
    own, other = contract.lines.get(), market.place()
    ContractLine.objects.create(
        contract=contract, number=2, need=own.need, project=own.project, service=other.service, item=other.item,
        department=other.department,
    )  # fmt: skip
    shown = asked(acting(where.owner), own.project.code).content.decode()
    assert shown.count('class="timeline"') == 2 and shown.count("is-slowest") == 1
    assert "第 1 环" in shown and "style=" not in shown
    english = acting(where.owner)
    english.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "Link 1" in asked(english, own.project.code).content.decode()


def test_pages_of_lower_rooms_load_the_line_and_lead_to_it_without_scripts(where):
    contract = place.running(where)
    lives.delivered(contract)
    case, need = lives.received(where, contract), lives.need_of(contract)
    owner, round_ = acting(where.owner), contract.award.lot.round
    pages = {
        reverse("bidding:round", args=[round_.code]): need.code,
        reverse("bidding:owner_round", args=[round_.code]): need.code,
        reverse("contracts:contract", args=[contract.code]): contract.code,
        reverse("contracts:mine", args=[contract.code]): contract.code,
        reverse("approvals:case", args=[case.code]): case.code,
        reverse("market:project", args=[need.project.code]): need.project.code,
    }
    for address, code in pages.items():
        shown = owner.get(address).content.decode()
        assert f'data-live-url="{reverse("ratings:part", args=[code])}"' in shown, address
        assert f'href="{reverse("ratings:lines", args=[code])}"' in shown, address
        assert asked(owner, code).status_code == 200
