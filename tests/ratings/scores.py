"""Scored lines in the database: lives that were lived, and copies of their rows for a city of many."""

from __future__ import annotations

from datetime import timedelta

from approvals.domain import cases
from approvals.models import Case, CaseEvent
from bidding.models import Award
from contracts.domain import delivering
from contracts.models import ContractEvent
from contracts.models.delivery import QUALITY
from core import clock
from ratings.domain import refreshing
from ratings.domain.whole_city import refresh_all
from ratings.models import FirmScore, StaleMark
from tests import market_place as market
from tests.contracts import place
from tests.ratings import lives


def decided(where, *, returned=0, corrected=0, outcome=Case.Outcome.GRANTED, **terms):
    """A line from the announcement to the decision; gives its contract and its case."""
    contract = place.running(where, **terms)
    for number in range(returned):
        first = place.submits(contract, text=f"第{number}稿")
        delivering.return_deliverable(
            deliverable_id=first.pk, by=market.member_of(contract.owner), words="缺噪声", reasons=[min(QUALITY)]
        )
    lives.delivered(contract)
    case = lives.received(where, contract)
    by = lives.clerk(where.department)
    for _number in range(corrected):
        lives.corrected(case)
        cases.resubmit_case(case_id=case.pk, by=by, occurred_at=clock.now())
    cases.accept_case(case_id=case.pk, by=by, occurred_at=clock.now())
    cases.decide_case(case_id=case.pk, by=by, outcome=outcome, occurred_at=clock.now())
    return contract, case


def spread(contract, case=None, *, days=3):
    """Put the moments of a life that took a second some days apart, the last of them yesterday."""
    rows = [(Award, contract.award, "issued_at")]
    rows += [(ContractEvent, each, "at") for each in contract.events.order_by("at", "pk")]
    rows += [(CaseEvent, each, "occurred_at") for each in (case.events.order_by("number") if case else ())]
    start = clock.now() - timedelta(days=days * len(rows))
    moments = [start + timedelta(days=days * number) for number in range(len(rows))]
    for (model, row, field), at in zip(rows, moments, strict=True):
        model.objects.filter(pk=row.pk).update(**{field: at})
    type(contract.award.lot.round).objects.filter(pk=contract.award.lot.round_id).update(
        announced_at=start - timedelta(days=days)
    )
    if case is not None:
        Case.objects.filter(pk=case.pk).update(received_at=_first(case), ended_at=moments[-1])
    StaleMark.objects.create(subject=f"need/{lives.need_of(contract).code}")


def _first(case):
    return (
        CaseEvent.objects.filter(case=case).order_by("occurred_at", "number").values_list("occurred_at", flat=True)[0]
    )


def scored():
    """Lines follow what is recorded, and all scores the lines."""
    refreshing.refresh_stale()
    return refresh_all()


def ranked(firm, *, lines=6):
    """A firm has as many lines as it takes to be ranked, and a narrower interval."""
    FirmScore.objects.filter(firm=firm, month=None).update(ranked=True, n=lines, weight=lines * 10_000)
