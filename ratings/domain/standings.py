"""Credit standing (信用分) of firms at a moment, exact, in a fixed number of queries however many they are.

The joint score is the one that was kept at that moment (`FirmStanding`), evaluations are those that were public, deductions those
in force, the policy that of the day: asked again later it comes out the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, Max, Min, OuterRef, Q

from core.workdays import LOCAL
from market.models import Firm
from protocol.scores.exact import HUNDRED, months_between
from protocol.scores.policy import GRADES, Policy
from protocol.scores.standing import Deduction as Taken
from protocol.scores.standing import Standing, standing, weighed
from ratings import honours
from ratings.domain.marks import marks_at
from ratings.models import Deduction, Evaluation, FirmScore, FirmStanding, ScorePolicy

FULL_CONDUCT = 100 * HUNDRED
"""Conduct starts at 100; what lowers it are the deductions, each with its own end."""
NOTHING: tuple[int | None, bool] = (None, False)
"""Joint score and rank of a firm of which no line counts."""
LEAST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """A firm's standing with what made it. joint: None where no line counts; is_marked: somebody's public marks count."""

    standing: Standing
    policy: Policy
    joint: int | None
    ranked: bool
    is_marked: bool
    deductions: tuple[Deduction, ...]

    @property
    def has_history(self) -> bool:
        """Whether anything is known of the firm: who has just come is measured by nothing of its own."""
        return self.joint is not None or self.is_marked or bool(self.deductions)

    @property
    def is_kept_out(self) -> bool:
        """Grade D, by standing or by decision."""
        return self.has_history and self.standing.grade == GRADES[-1]

    @property
    def value(self) -> Decimal:
        """0 to 100 with two places."""
        return Decimal(self.standing.value).scaleb(-2)


def standings_at(firms: Collection[Firm], at: datetime) -> dict[int, Stands]:
    """The standing of some firms at a moment, by their primary keys."""
    return _standings(firms, _joints_at(firms, at), at) if firms else {}


def kept_out_at(firms: Collection[Firm], at: datetime) -> dict[int, Stands]:
    """The standing of those that are in grade D at a moment. Marks are asked only of whom the worst of marks would put there."""
    policy = ScorePolicy.in_force(at).as_policy()
    joints, against = _joints_at(firms, at), in_force_at(firms, at)
    doubtful = [
        firm
        for firm in firms
        if _standing(joints.get(firm.pk, NOTHING)[0], 0, against[firm.pk], policy, at).grade == GRADES[-1]
    ]
    return {pk: each for pk, each in standings_at(doubtful, at).items() if each.is_kept_out}


def credit_at(firms: Collection[Firm], at: datetime) -> dict[int, Decimal]:
    """The same as rounds keep it (`bidding.domain.credit`)."""
    return {pk: each.value for pk, each in standings_at(firms, at).items()}


def keep(firms: Collection[Firm], *, at: datetime) -> int:
    """Add a row for every firm of which its kept score, or its grade, has changed; give how many.

    Whoever calls holds the scores of these firms, and `at` is read after that.
    """
    rows = FirmScore.objects.filter(firm__in=firms, month=None, service=None, district=None)
    joints = {firm: (score, ranked) for firm, score, ranked in rows.values_list("firm_id", "score", "ranked")}
    last = {each.firm_id: each for each in _last(firms, at)}
    rules = ScorePolicy.in_force(at)
    fresh = [
        FirmStanding(
            firm_id=pk, at=at, policy=rules, joint=each.joint, ranked=each.ranked, value=each.standing.value,
            grade=each.standing.grade,
        )
        for pk, each in _standings(firms, joints, at).items()
        if _has_changed(last.get(pk), each)
    ]  # fmt: skip
    FirmStanding.objects.bulk_create(fresh, batch_size=2_000)
    return len(fresh)


def moment_of(firm: Firm, *, since: datetime, now: datetime) -> datetime:
    """When the standing has last changed by `now`, but not before `since`: a mark became public, a deduction began or ended."""
    public: datetime | None = Evaluation.objects.public(now=now).aggregate(at=Max("public_at"))["at"]
    steps = {name: Max(name, filter=Q(**{f"{name}__lte": now})) for name in ("decided_at", "ended_at", "until")}
    own: dict[str, datetime | None] = Deduction.objects.filter(firm=firm).aggregate(**steps)
    return max(each for each in (since, public, *own.values()) if each is not None)


def taken(deductions: Iterable[Deduction]) -> list[Taken]:
    """Deductions that are in force as the arithmetic and the score file have them: by days, both inclusive."""
    return [
        Taken(
            reason=each.kind,
            points=each.points * HUNDRED,
            start=each.decided_at.astimezone(LOCAL).date(),
            until=(each.until - LEAST).astimezone(LOCAL).date(),
            code=each.code,
            to_d=each.to_d,
        )
        for each in deductions
        if each.decided_at is not None and each.until is not None
    ]


def in_force_at(firms: Collection[Firm], at: datetime) -> dict[int, list[Deduction]]:
    """What costs each of these firms points at a moment, by its primary key, the oldest first."""
    found: dict[int, list[Deduction]] = {firm.pk: [] for firm in firms}
    for each in Deduction.objects.in_force_at(at).filter(firm__in=found).order_by("decided_at", "id"):
        found[each.firm_id].append(each)
    return found


def for_red_list(now: datetime) -> list[honours.Standing]:
    """Every ranked firm of the highest grade, with the whole months for which it has had that without a break."""
    last = FirmStanding.objects.filter(at__lte=now).order_by("firm_id", "-at").distinct("firm_id")
    best = [each.firm_id for each in last if each.grade == honours.HIGHEST and each.ranked]
    firms = list(Firm.objects.filter(pk__in=best).select_related("organisation"))
    later = FirmStanding.objects.filter(firm=OuterRef("firm"), at__gt=OuterRef("at"), at__lte=now)
    rows = FirmStanding.objects.filter(firm__in=best, at__lte=now, grade=honours.HIGHEST)
    unbroken = rows.exclude(Exists(later.exclude(grade=honours.HIGHEST))).order_by().values("firm_id")
    since = dict(unbroken.annotate(since=Min("at")).values_list("firm_id", "since"))
    known = standings_at(firms, now)
    return [
        honours.Standing(
            uscc=firm.uscc,
            score=known[firm.pk].value,
            grade=known[firm.pk].standing.grade,
            months=months_between(since[firm.pk], now),
            ranked=known[firm.pk].ranked,
        )
        for firm in firms
    ]


def _last(firms: Collection[Firm], at: datetime) -> Iterable[FirmStanding]:
    rows = FirmStanding.objects.filter(firm__in=firms, at__lte=at)
    return rows.order_by("firm_id", "-at").distinct("firm_id")


def _joints_at(firms: Collection[Firm], at: datetime) -> dict[int, tuple[int | None, bool]]:
    return {each.firm_id: (each.joint, each.ranked) for each in _last(firms, at)}


def _standings(
    firms: Collection[Firm], joints: Mapping[int, tuple[int | None, bool]], at: datetime
) -> dict[int, Stands]:
    policy = ScorePolicy.in_force(at).as_policy()
    marks, against = marks_at(firms, policy, at), in_force_at(firms, at)
    found = {}
    for firm in firms:
        joint, ranked = joints.get(firm.pk, NOTHING)
        roles = marks.roles.get(firm.pk, {})
        found[firm.pk] = Stands(
            standing=_standing(joint, weighed(roles, marks.everybody, policy), against[firm.pk], policy, at),
            policy=policy,
            joint=joint,
            ranked=ranked,
            is_marked=bool(roles),
            deductions=tuple(against[firm.pk]),
        )
    return found


def _standing(
    joint: int | None, evaluations: int, against: Iterable[Deduction], policy: Policy, at: datetime
) -> Standing:
    return standing(
        joint=joint,
        evaluations=evaluations,
        conduct=FULL_CONDUCT,
        deductions=taken(against),
        policy=policy,
        as_of=at,
    )


def _has_changed(last: FirmStanding | None, now: Stands) -> bool:
    if last is None:
        return now.has_history
    return (last.joint, last.ranked, last.grade) != (now.joint, now.ranked, now.standing.grade)
