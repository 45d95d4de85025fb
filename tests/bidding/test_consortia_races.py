"""Real threads: of two that exclude each other only one gets in."""

from __future__ import annotations

import pytest

from bidding.domain import consortia
from bidding.models import Consortium, ConsortiumParty, Entry
from core.errors import DomainError
from tests import consortia as joint
from tests import market_place as market
from tests.bidding.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
Status = ConsortiumParty.Status


@pytest.fixture
def where():
    return market.place(notice_minimum=60)


@pytest.fixture
def round_(where):
    return joint.announced(where)


def one_of(outcomes):
    """The one that got in; the others were told why not."""
    got_in = [each for each in outcomes if not isinstance(each, DomainError)]
    assert len(got_in) == 1, outcomes
    return got_in[0]


@pytest.mark.parametrize("attempt", range(3))
def test_confirming_and_entering_alone_at_once(where, round_, attempt):
    lead, member = market.firm(where), market.firm(where)
    made = joint.proposes(round_, lead, member)
    one_of(at_once(lambda: joint.answers(made, member), lambda: market.enters(round_, member, "100.00")))
    alone = Entry.objects.live().filter(firm=member).exists()
    confirmed = made.parties.get(firm=member).status == Status.CONFIRMED
    assert alone != confirmed


def test_confirming_two_consortia_at_once(where, round_):
    member, leads = market.firm(where), [market.firm(where) for _number in range(4)]
    made = [joint.proposes(round_, lead, member) for lead in leads]
    one_of(at_once(*[lambda each=each: joint.answers(each, member) for each in made]))
    assert ConsortiumParty.objects.filter(firm=member, status=Status.CONFIRMED).count() == 1


def test_proposing_and_entering_alone_at_once(where, round_):
    lead, member = market.firm(where), market.firm(where)
    one_of(at_once(lambda: joint.proposes(round_, lead, member), lambda: market.enters(round_, lead, "100.00")))
    assert Consortium.objects.exists() != Entry.objects.exists()


def test_proposing_twice_at_once(where, round_):
    lead, members = market.firm(where), [market.firm(where) for _number in range(3)]
    one_of(at_once(*[lambda each=each: joint.proposes(round_, lead, each) for each in members]))
    assert Consortium.objects.count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_stepping_out_and_entering_for_all_at_once(where, round_, attempt):
    """Either the member is out and nothing was sent, or it was sent and the member stays."""
    lead, member = market.firm(where), market.firm(where)
    made = joint.formed(round_, lead, member)
    one_of(at_once(lambda: joint.answers(made, member, confirms=False), lambda: market.enters(round_, lead, "100.00")))
    entered = Entry.objects.live().filter(consortium=made).exists()
    assert entered == (made.parties.get(firm=member).status == Status.CONFIRMED)


def test_dissolving_and_entering_at_once(where, round_):
    lead, member = market.firm(where), market.firm(where)
    made = joint.formed(round_, lead, member)
    by = market.member_of(lead.organisation)
    at_once(lambda: consortia.dissolve(key=made.key, by=by), lambda: market.enters(round_, lead, "100.00"))
    entry = Entry.objects.live().filter(firm=lead).first()
    made.refresh_from_db()
    # Whoever entered after the dissolution entered alone.
    assert (made.ended_at is None) == (entry is not None and entry.consortium_id == made.pk)
