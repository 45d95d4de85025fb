"""What people say about a round, as one reader may see it: questions and addenda, objections and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q

from accounts.models import WRITERS, Kind, Membership
from bidding.domain.objections import rounds_to_object_to, takes_objections_at
from bidding.models import Objection, Question, Round
from market.models import Firm

SHOWN = 5
"""Questions on a round's own page; the others are one link further."""


def questions_of(round_: Round, *, reader: Membership | None, now: datetime) -> dict[str, Any]:
    """The latest questions, all addenda, and what this reader may do; who may answer sees first what waits.

    Whose a question is, only the asker's own are told.
    """
    counted = round_.questions.aggregate(all=Count("pk"), waiting=Count("pk", filter=Q(answered_at=None)))
    takes = round_.takes_entries_at(now)
    answers = takes and may_answer(round_, reader)
    waiting_first = (F("answered_at").desc(nulls_first=True), "number")
    rows = round_.questions.select_related("answered_by").order_by(*(waiting_first if answers else ("-number",)))
    return {
        "questions": list(rows[:SHOWN]),
        "question_count": counted["all"],
        "waiting_count": counted["waiting"],
        "addenda": list(Question.objects.addenda().filter(round=round_)) if counted["all"] else [],
        "own_numbers": own_numbers(round_, reader),
        "takes_questions": takes,
        "may_answer": answers,
        "may_ask": takes and may_ask(reader),
    }


def own_numbers(round_: Round, reader: Membership | None) -> set[int]:
    """Which questions the reader's own firm has asked."""
    if reader is None or reader.organisation.kind != Kind.FIRM:
        return set()
    return set(round_.questions.filter(asker__organisation=reader.organisation_id).values_list("number", flat=True))


def may_answer(round_: Round, reader: Membership | None) -> bool:
    if reader is None or reader.role not in WRITERS:
        return False
    return reader.organisation_id == round_.owner_id or reader.organisation.kind == Kind.OPERATOR


def may_ask(reader: Membership | None) -> bool:
    if reader is None or reader.role not in WRITERS:
        return False
    return Firm.objects.listed().filter(organisation=reader.organisation_id).exists()


def objections_of(round_: Round, *, reader: Membership | None, now: datetime) -> dict[str, Any]:
    """The objections to a round with their state, which of them this reader may open, and whether the award waits."""
    rows = round_.objections.select_related("lot").order_by("filed_at", "id")
    shown = list(rows) if round_.candidate_at else []
    readable: set[int] = set()
    takes, may_object = takes_objections_at(round_, now), False
    if reader is not None:
        mine = Objection.objects.readable_by(reader.organisation).filter(round=round_)
        readable = set(mine.values_list("pk", flat=True)) if shown else set()
        may_object = (
            takes and reader.role in WRITERS and rounds_to_object_to(reader.organisation).filter(pk=round_.pk).exists()
        )
    for each in shown:
        each.round = round_
    return {
        "takes_objections": takes,
        "objections": shown,
        "readable_objections": readable,
        "pending_objection": next((each for each in shown if each.is_pending), None),
        "may_object": may_object,
    }


def held_by_objections(rounds: Iterable[Round]) -> dict[int, Objection]:
    """The pending objection of each of these rounds that has one, by the round's primary key, in one query."""
    pending = Objection.objects.pending().filter(round__in=[each.pk for each in rounds if each.candidate_at])
    return {each.round_id: each for each in pending}
