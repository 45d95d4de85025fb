"""Experts for tests: in the registry, drawn into a round, marking."""

from __future__ import annotations

from collections.abc import Sequence
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


def signed_in(person: Expert) -> Client:
    client = Client()
    client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
    return client
