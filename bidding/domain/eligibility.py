"""Who may enter a round: every rule gives its reasons for many firms and rounds at once, with a fixed number of queries.

A higher room (oversight) registers further rules in its `apps.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from accounts.models import Organisation
from approvals.models import DepartmentBody
from bidding.domain.reasons import Reason
from bidding.models import Objection, Round, Stop
from core import clock
from market.models import AffiliationDeclaration, Firm, Qualification, RequiredQualification, Suspension

Pair = tuple[int, int]
"""A firm and a round, by primary key."""

Rule = Callable[[Collection[Firm], Collection[Round], datetime], Iterable[tuple[Pair, Reason]]]

registry: list[Rule] = []
after_closing: list[Rule] = []
"""Rules that are asked again of whoever has entered, for what may have become known since closing (bidding.domain.stops)."""


def register(rule: Rule) -> Rule:
    """Add a rule; reasons come in the order in which their rules were registered."""
    if rule not in registry:
        registry.append(rule)
    return rule


def register_after_closing(rule: Rule) -> Rule:
    """Let a rule be asked again after closing, up to the award."""
    if rule not in after_closing:
        after_closing.append(rule)
    return rule


def recusals_known(firms: Collection[Firm], rounds: Collection[Round], *, at: datetime) -> dict[Pair, list[Reason]]:
    """What has become known of firms that would have kept them out, without what was looked at and found to be no reason."""
    found: dict[Pair, list[Reason]] = defaultdict(list)
    for rule in after_closing:
        for pair, reason in rule(firms, rounds, at):
            found[pair].append(reason)
    return {pair: own for pair, own in _without_cleared(found).items() if own}


def _without_cleared(found: Mapping[Pair, list[Reason]]) -> dict[Pair, list[Reason]]:
    """Ties that a regulator has found to be none, in a stopped round or on an objection, keep nobody out of that round."""
    rounds = {round_ for (_firm, round_), own in found.items() if any(each.is_recusal for each in own)}
    if not rounds:
        return dict(found)
    kept = Stop.objects.filter(outcome=Stop.Outcome.KEPT, round__in=rounds)
    said = Objection.objects.filter(ground=Objection.Ground.RECUSAL, status=Objection.Status.SUSTAINED)
    cleared: dict[int, set[str]] = defaultdict(set)
    for round_, reasons in [
        *kept.values_list("round_id", "reasons"),
        *said.filter(round__in=rounds).values_list("round_id", "recusal"),
    ]:
        cleared[round_] |= {each["key"] for each in reasons if each["key"]}
    return {pair: [each for each in own if each.key not in cleared[pair[1]]] for pair, own in found.items()}


def reasons_against(*, firm: Firm, round_: Round, at: datetime) -> list[Reason]:
    """Every reason that keeps a firm out of a round at a moment; none means that it may enter."""
    return reasons_between([firm], [round_], at=at)[firm.pk, round_.pk]


def reasons_between(firms: Collection[Firm], rounds: Collection[Round], *, at: datetime) -> dict[Pair, list[Reason]]:
    """The reasons of every firm against every round, by their primary keys."""
    found: dict[Pair, list[Reason]] = {(firm.pk, round_.pk): [] for firm in firms for round_ in rounds}
    if not found:
        return found
    prefetch_related_objects(
        list(firms),
        "organisation",
        "current__offerings",
        Prefetch("current__qualifications", Qualification.objects.select_related("kind")),
        Prefetch("current__declarations", AffiliationDeclaration.objects.select_related("counterpart")),
    )
    prefetch_related_objects(
        list(rounds),
        Prefetch("need__required_qualifications", RequiredQualification.objects.select_related("kind")),
        "department__organisation",
        "need__further",
    )
    for rule in registry:
        for pair, reason in rule(firms, rounds, at):
            found[pair].append(reason)
    return _without_cleared(found)


@register
def not_listed(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    for firm in firms:
        if firm.status != Firm.Status.LISTED or firm.current is None:
            yield from ((pair, Reason(code="not_listed")) for pair in _with(firm, rounds))


@register
def suspended(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    running = Suspension.objects.running(now=at).filter(firm__in=[firm.pk for firm in firms])
    firm_of = {firm.pk: firm for firm in firms}
    for suspension in running.order_by("firm_id", "-since").distinct("firm_id"):
        since = f"{suspension.since.astimezone(clock.LOCAL):%Y-%m-%d}"
        until = f"{suspension.until.astimezone(clock.LOCAL):%Y-%m-%d}" if suspension.until else "—"
        early = _("要提前恢复，向服务中心或者监管部门提交已经纠正的证明，由其解除。")
        by_itself = [_("%(until)s 以后自动恢复。") % {"until": until}] if suspension.until else []
        reason = Reason(code="suspended", detail=f"{since} → {until}", way_back=(early, *by_itself))
        yield from ((pair, reason) for pair in _with(firm_of[suspension.firm_id], rounds))


@register
def service_not_offered(
    firms: Collection[Firm], rounds: Collection[Round], at: datetime
) -> Iterable[tuple[Pair, Reason]]:
    for firm in firms:
        offered = {each.service_id for each in firm.current.offerings.all()} if firm.current else set()
        for round_ in rounds:
            further = {part.service.pk: part.service.name for part in round_.need.further_parts}
            missing = [pk for pk in {round_.service_id: None, **further} if pk not in offered]
            if missing and further:
                names = {**further, round_.service_id: round_.service.name}
                detail = "、".join(names[pk] for pk in missing)
                yield (firm.pk, round_.pk), Reason(code="services_not_offered", detail=detail)
            elif missing:
                yield (firm.pk, round_.pk), Reason(code="service_not_offered")


@register
def unqualified(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    """A requirement counts while its kind exists: several kinds were abolished (DOMAIN "Firms").

    Of several services the firm meets what each asks; the same said twice is one reason.
    """
    day = at.astimezone(clock.LOCAL).date()
    for firm in firms:
        held = list(firm.current.qualifications.all()) if firm.current else []
        for round_ in rounds:
            asked = [each for each in round_.need.required_qualifications.all() if each.kind.is_valid_at(day)]
            short = [reason for required in asked if (reason := shortfall(held, required, day))]
            yield from (((firm.pk, round_.pk), reason) for reason in dict.fromkeys(short))


def shortfall(held: Iterable[Qualification], required: RequiredQualification, day: date) -> Reason | None:
    """What is missing from the qualifications held for one requirement on a day, if anything."""
    of_kind = [each for each in held if each.kind_id == required.kind_id]
    if not of_kind:
        return Reason(code="qualification_missing", detail=_named(required))
    valid = [each for each in of_kind if each.is_valid_on(day)]
    if not valid:
        last = max((each.valid_to for each in of_kind if each.valid_to), default=None)
        return Reason(code="qualification_lapsed", detail=f"{required.kind.name} {last or ''}".strip())
    if not any(_reaches(each.level, required) for each in valid):
        return Reason(code="qualification_level", detail=_named(required))
    return None


def _reaches(level: str, required: RequiredQualification) -> bool:
    levels = list(required.kind.levels)
    if not required.level or required.level not in levels:
        return not required.level or level == required.level
    return level in levels and levels.index(level) <= levels.index(required.level)


def _named(required: RequiredQualification) -> str:
    return f"{required.kind.name} {required.level}".strip()


@register
def not_named(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    """Where the owner names a firm directly, nobody else takes part."""
    for round_ in rounds:
        if round_.method == "direct":
            yield from (
                ((firm.pk, round_.pk), Reason(code="not_named")) for firm in firms if firm.pk != round_.named_id
            )


RH1 = (
    AffiliationDeclaration.Kind.SHAREHOLDER,
    AffiliationDeclaration.Kind.SPONSOR,
    AffiliationDeclaration.Kind.SUPERVISOR,
)
RH3 = (AffiliationDeclaration.Kind.OFFICER, AffiliationDeclaration.Kind.PRACTITIONER)


@register
def tied(firms: Collection[Firm], rounds: Collection[Round], at: datetime) -> Iterable[tuple[Pair, Reason]]:
    """RH1 and RH3 of DOMAIN on what is declared: ties to a department that will approve the result, or one of the results."""
    day = at.astimezone(clock.LOCAL).date()
    departments = {each.pk for round_ in rounds for each in round_.departments}
    bodies = defaultdict(list)
    for body in DepartmentBody.objects.valid_at(day).filter(department__in=departments).select_related("organisation"):
        bodies[body.department_id].append(body.organisation)
    for round_ in rounds:
        for department in round_.departments:
            family = [department.organisation, *bodies[department.pk]]
            for firm in firms:
                yield from (((firm.pk, round_.pk), reason) for reason in _ties(firm, family, day))


def _ties(firm: Firm, family: Sequence[Organisation], day: date) -> Iterable[Reason]:
    """How a firm is tied to a department, the first of its family, and to its bodies."""
    if any(firm.organisation_id == each.pk for each in family):
        yield Reason(code="tied_to_department", detail=firm.organisation.public_name)
    for declared in firm.current.declarations.all() if firm.current else ():
        if not _holds_on(declared, day):
            continue
        if declared.kind in RH1 and (party := _is_one_of(declared, family)):
            detail = f"{declared.get_kind_display()} {party.name}"
            yield Reason(code="tied_to_department", detail=detail, key=f"declared/{firm.pk}/{declared.kind}/{party.pk}")
        elif declared.kind in RH3 and (party := _is_one_of(declared, family[:1])):
            key = f"declared/{firm.pk}/{declared.kind}/{party.pk}"
            yield Reason(code="staff_of_department", detail=party.name, key=key)


def _holds_on(declared: AffiliationDeclaration, day: date) -> bool:
    return (declared.since is None or declared.since <= day) and (declared.until is None or day <= declared.until)


def _is_one_of(declared: AffiliationDeclaration, family: Iterable[Organisation]) -> Organisation | None:
    """The organisation that a declaration means, by its link or by the name that was written."""
    written = declared.counterpart_name.strip()
    return next(
        (each for each in family if each.pk == declared.counterpart_id or (written and each.name == written)), None
    )


def _with(firm: Firm, rounds: Collection[Round]) -> Iterable[Pair]:
    return ((firm.pk, round_.pk) for round_ in rounds)
