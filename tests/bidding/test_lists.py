"""The public list of rounds: what it says that it filters by, it filters by."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from accounts.models import Kind
from bidding.models import Round
from bidding.wording import METHOD_NAMES
from tests import market_place as market
from tests.bidding.browse import acting

pytestmark = pytest.mark.django_db


def listed(**asked):
    page = Client().get("/rounds/", asked)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_rounds_of_every_method_can_be_asked_for(method):
    round_ = market.announced(market.place())
    Round.objects.filter(pk=round_.pk).update(method=method)
    page = listed(method=method)
    assert round_.code in page and "field-error" not in page
    other = next(code for code in METHOD_NAMES if code != method)
    assert round_.code not in listed(method=other)


def test_a_round_is_found_by_its_owner_in_any_width_and_order_of_words():
    where = market.place()
    round_ = market.announced(where)
    name = round_.owner.name
    for words in (name, name[1:5], f"{round_.title[:2]} {name[:4]}", round_.code.replace("R", "Ｒ"), f"  {name} "):
        assert round_.code in listed(q=words), words
    assert round_.code not in listed(q="没有这样的业主")


def test_a_natural_person_is_found_by_the_code_alone():
    person = market.organisation(Kind.PERSON)
    round_ = market.announced(replace(market.place(), owner=market.member_of(person)))
    assert round_.owner == person
    assert round_.code in listed(q=person.public_code)
    assert round_.code not in listed(q=person.name)


def test_what_the_lists_filter_by_is_called_by_its_name_in_the_readers_language():
    where = market.place()
    client = Client(headers={"Accept-Language": "en"})
    for address, name in (("/rounds/", where.district.name_en), ("/firms/", where.service.name_en)):
        page = client.get(address).content.decode()
        assert f"{name}</option>" in page
    assert f"{where.district.name}</option>" in listed()
    form = acting(where.owner).get("/desk/owner/projects/new/", headers={"Accept-Language": "en"}).content.decode()
    assert f"{where.district.name_en}</option>" in form
