"""Experts for tests: in the registry, drawn into a round, marking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Organisation
from bidding.domain import marking
from bidding.domain.marking import Given
from bidding.models import Expert, ExpertEmployer, Round, Seat
from core import clock
from core.codes import Letter, next_code
from tests import custody
from tests import market_place as market

WEIGHTS = {"price": "40", "quality": "40", "record": "20"}
SCORED = {"upper": "60000.00", "weights": WEIGHTS}
AMOUNTS = ("50000.00", "40000.00", "45000.00")


def expert(where: market.Place, *, employer: Organisation | None = None, **employed: Any) -> Expert:
    """An expert for the place's service, who may work for somebody."""
    day = timezone.localdate() - timedelta(days=400)
    code = next_code(Letter.EXPERT, at=clock.now())
    made = Expert.objects.create(user=market.user(), code=code, active_from=day)
    made.fields.add(where.service)
    if employer is not None:
        ExpertEmployer.objects.create(
            expert=made, organisation=employer, name=employer.name, **{"since": day, **employed}
        )
    return made


def scored(where: market.Place, *, amounts: Sequence[str | None] = AMOUNTS, experts: int = 5, **terms: Any) -> Round:
    """A round that has come to its experts."""
    for _number in range(experts):
        expert(where)
    return market.lived(where, method="scored", parameters=SCORED, amounts=amounts, **terms)


def seats(round_: Round) -> list[Seat]:
    return list(Seat.objects.filter(lot__round=round_).select_related("expert__user", "lot"))


def at_work(round_: Round, *, seconds: int = 20) -> Any:
    """A moment after the round was opened at which its experts work."""
    assert round_.opened_at is not None
    return clock.travelling(round_.opened_at + timedelta(seconds=seconds))


def marks_all(seat: Seat, marks: Sequence[str] = ("80.00", "90.00", "70.50"), comment: str = "思路清楚") -> None:
    """The expert accepts and submits; `marks` are for proposals 1, 2, 3 …"""
    seat = Seat.objects.select_related("lot").get(pk=seat.pk)
    marking.accept_seat(seat_id=seat.pk, user=seat.expert.user)
    given = {number: Given(mark=Decimal(mark), comment=comment) for number, mark in enumerate(marks, start=1)}
    count = len(seat.lot.short_list)
    marking.submit_marks(
        seat_id=seat.pk, user=seat.expert.user, given={number: given[number] for number in range(1, count + 1)}
    )


def judge(round_: Round) -> Round:
    """All who sit there submit, and the round goes on to its candidate."""
    with at_work(round_):
        for seat in seats(round_):
            if seat.is_running:
                marks_all(seat)
    market.goes_on(round_, at=clock.now() if round_.opened_at is None else round_.opened_at + timedelta(seconds=40))
    return Round.objects.get(pk=round_.pk)


def leaves(seat: Seat) -> None:
    marking.step_aside(seat_id=seat.pk, user=seat.expert.user, conflict=True, reason="亲属")


def with_two_replaced(where: market.Place, *, experts: int = 7) -> Iterator[Round]:
    """A round one of whose experts steps aside and one never comes: marking, with the log asked, and decided."""
    round_ = scored(where, experts=experts)
    assert round_.opened_at is not None
    first, late, *_others = seats(round_)
    yield round_
    with at_work(round_):
        leaves(first)
        custody.attend()
    yield Round.objects.get(pk=round_.pk)
    market.goes_on(round_, at=round_.opened_at + timedelta(seconds=30))
    with at_work(round_, seconds=35):
        for number, seat in enumerate(seats(round_)):
            if seat.is_running and seat.pk != late.pk:
                marks_all(seat, marks=(f"{80 - number}.50", f"{85 + number}.00", "70.25"))
    market.goes_on(round_, at=late.due_at)
    with clock.travelling(late.due_at + timedelta(seconds=20)):
        marks_all(seats(round_)[-1])
    market.goes_on(round_, at=late.due_at + timedelta(seconds=40))
    yield Round.objects.get(pk=round_.pk)


def signed_in(person: Expert) -> Client:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client
