"""Which experts and officials are tied to whom a round concerns: what oversight tells bidding. Registered in `apps.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Membership, User
from bidding.domain.experts import YEARS
from bidding.models import Expert, Round
from core import clock
from market.models import Firm
from oversight.domain.describing import id_hash
from oversight.domain.ties import nodes_of, terms_at
from oversight.domain.view import around
from oversight.models import Party
from oversight.rules.handling import same_house, tied_to_departments, tied_to_firms


def experts_tied(experts: Sequence[Expert], round_: Round, firms: Sequence[Firm], at: datetime) -> set[int]:
    """Experts who are tied to a department of the round or to an entrant: themselves, or by whoever they work for."""
    day = at.astimezone(clock.LOCAL).date()
    people = _people([each.user for each in experts])
    work = _work(experts, since=day - timedelta(days=366 * YEARS))
    theirs = {each for own in work.values() for each in own}
    concerned = [*(each.organisation_id for each in round_.departments), *(each.organisation_id for each in firms)]
    nodes = nodes_of([*theirs, *concerned])
    departments = {nodes[each.organisation_id] for each in round_.departments if each.organisation_id in nodes}
    entrants = {nodes[each.organisation_id] for each in firms if each.organisation_id in nodes}
    houses = {nodes[each] for each in theirs if each in nodes}
    graph, terms = around({*people.values(), *entrants, *houses}, at=day), terms_at(day)
    tied = set()
    for expert in experts:
        person = people.get(expert.user_id)
        own = [nodes[each] for each in work[expert.pk] if each in nodes]
        if (
            person is not None
            and (
                tied_to_departments(graph, person, departments, terms) or tied_to_firms(graph, person, entrants, terms)
            )
        ) or any(same_house(graph, house, each, terms) for house in own for each in {*entrants, *departments}):
            tied.add(expert.pk)
    return tied


def _work(experts: Sequence[Expert], *, since: object) -> dict[int, set[int]]:
    """The organisations for which experts work or have worked lately, as the registry has them, by the experts' keys."""
    found: dict[int, set[int]] = {each.pk: set() for each in experts}
    rows = Expert.objects.filter(pk__in=found, employers__organisation__isnull=False)
    lately = rows.filter(Q(employers__until=None) | Q(employers__until__gte=since))
    for pk, organisation in lately.values_list("pk", "employers__organisation"):
        found[pk].add(organisation)
    return found


def people_tied(users: Collection[User], firms: Collection[Firm]) -> set[tuple[int, int]]:
    """Which of some people are tied to which of some firms: by the graph, or by acting for the firm now or lately."""
    now = clock.now()
    day, people = now.astimezone(clock.LOCAL).date(), _people(users)
    lately = Q(active_until=None) | Q(active_until__gte=now - timedelta(days=366 * YEARS))
    firm_of = {each.organisation_id: each.pk for each in firms}
    acting = Membership.objects.filter(lately, user__in=[each.pk for each in users], organisation__in=list(firm_of))
    tied = {(user, firm_of[each]) for user, each in acting.values_list("user_id", "organisation_id")}
    if not people:
        return tied
    nodes = {node: firm_of[each] for each, node in nodes_of(list(firm_of)).items()}
    graph, terms = around({*people.values(), *nodes}, at=day), terms_at(day)
    for user, person in people.items():
        tied |= {(user, nodes[node]) for node in tied_to_firms(graph, person, nodes, terms)}
    return tied


def _people(users: Collection[User]) -> dict[int, int]:
    """The nodes of people whose ID number we know, by the users' keys."""
    numbers = {id_hash(each.id_number): each.pk for each in users if each.id_number}
    rows = Party.objects.filter(id_hash__in=list(numbers)).values_list("id_hash", "merged_into_id", "id")
    return {numbers[bytes(digest or b"")]: merged or own for digest, merged, own in rows}
