"""What oversight tells bidding: whom a tie keeps out of a round (回避). Registered in `apps.py`."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from bidding.domain.eligibility import Pair
from bidding.domain.reasons import Reason
from bidding.models import Award, Round
from core import clock
from market.models import Firm
from oversight.domain.telling import in_words
from oversight.models import Inquiry, Tie
from oversight.rules.reviews import REVIEWS, Work, reviewed_by, rh7


def tied_by_graph(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    """RH1 to RH5 as the last scan has found them, each with its path in words that name no natural person."""
    day = at.astimezone(clock.LOCAL).date()
    of_department = defaultdict(list)
    for round_ in rounds:
        for department in round_.departments:
            of_department[department.pk].append(round_.pk)
    standing = Tie.objects.keeping_out(day).filter(
        firm__in=[firm.pk for firm in firms], department__in=list(of_department)
    )
    for tie in standing.order_by("firm_id", "rule", "id"):
        reason = Reason(code="tie_found", detail=f"{tie.rule}：{in_words(tie.path)}", key=key_of(tie))
        yield from (((tie.firm_id, round_id), reason) for round_id in of_department[tie.department_id])


def key_of(tie: Tie) -> str:
    """The same for the same way and share from the same department to the same firm, whoever says so and since when."""
    ways = "/".join(f"{step['tail']}-{step['kind']}-{step['head']}" for step in tie.path)
    told = f"{tie.rule}/{tie.firm_id}/{tie.department_id}/{tie.share_low}/{tie.share_high}/{ways}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def recused_by_decision(
    firms: Collection[Firm], rounds: Collection[Round], at: datetime
) -> Iterable[tuple[Pair, Reason]]:
    """Whom a regulator's decision in force keeps out of a department's rounds, with the decision and until when."""
    of_department = defaultdict(list)
    for round_ in rounds:
        for department in round_.departments:
            of_department[department.pk].append(round_.pk)
    standing = Inquiry.objects.recusing(now=at).filter(firm__in=[firm.pk for firm in firms])
    for each in standing.filter(department__in=list(of_department)).order_by("firm_id", "id"):
        until = f"{each.until.astimezone(clock.LOCAL):%Y-%m-%d}" if each.until else "—"
        since = each.decided_at.astimezone(clock.LOCAL) if each.decided_at else at
        reason = Reason(code="recused", detail=f"{each.code}，{since:%Y-%m-%d} → {until}", key=f"decision/{each.code}")
        assert each.firm_id is not None
        assert each.department_id is not None
        yield from (((each.firm_id, round_id), reason) for round_id in of_department[each.department_id])


def reviews_own_report(
    firms: Collection[Firm], rounds: Collection[Round], at: datetime
) -> Iterable[tuple[Pair, Reason]]:
    """RH7: who was awarded what this round's service reviews, in the same project."""
    day = at.astimezone(clock.LOCAL).date()
    reviewing = Round.objects.filter(
        pk__in=[round_.pk for round_ in rounds], need__service__code__in=[each.service for each in REVIEWS]
    )
    reviews = list(reviewing.values_list("pk", "need__project_id", "need__service__code"))
    if not reviews:
        return
    services = {code for _pk, _project, service in reviews for code in reviewed_by(service, day)}
    prepared = Award.objects.in_force().filter(
        firm__in=[firm.pk for firm in firms],
        lot__round__need__project__in=[project for _pk, project, _service in reviews],
        lot__round__need__service__code__in=services,
    )
    columns = ("firm_id", "lot__round__need__project_id", "lot__round__need__service__code", "code")
    works = [Work(*row) for row in prepared.values_list(*columns).order_by("pk")]
    for round_id, project, service in reviews:
        for firm in firms:
            for work in rh7(firm=firm.pk, project=project, service=service, works=works, day=day):
                yield (firm.pk, round_id), Reason(code="reviews_own_report", detail=work.code, key=f"RH7/{work.code}")
