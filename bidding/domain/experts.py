"""The registry of experts: who is in it, what they may judge, and against whom they are in conflict (DOMAIN "A round")."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership, Organisation, User, normalise_username
from approvals.models import DepartmentBody
from bidding.domain.reasons import demand_reason
from bidding.models import Expert, ExpertConflict, ExpertEmployer, Round
from bidding.models.experts import REASON_LENGTH
from core import clock
from core.codes import Letter, next_code
from core.errors import Conflict, DomainError, NotAllowed, WrongState
from core.identifiers import half_width, normalise_uscc
from ledger import domain as ledger
from market.forms.admission import id_hash_of
from market.models import Firm, PractitionerRegistration, Service

Tied = Callable[[Sequence[Expert], Round, Sequence[Firm], datetime], set[int]]
"""Which of some experts are tied to a round's department or to firms that have entered it, by primary key."""

_known: list[Tied] = []

YEARS = 3
"""So long after leaving an employer an expert does not judge where it takes part."""
PASSWORD_OCTETS = 9


def register(tied: Tied) -> Tied:
    """Name who knows of ties that stand in no registry; there is one."""
    _known[:] = [tied]
    return tied


def tied_experts(experts: Sequence[Expert], round_: Round, firms: Sequence[Firm], *, at: datetime) -> set[int]:
    """Who of them would have to step aside for a tie that the graph knows."""
    return _known[0](experts, round_, firms, at) if _known and experts else set()


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A new expert; `password` is set where an account was opened, and told this once."""

    expert: Expert
    password: str = ""


def register_expert(
    *, username: str, name: str, phone: str, fields: Collection[Service], active_from: date, by: Membership
) -> Registered:
    """Enter a person in the registry: who signs in as `username`, or a new account of that name with a first password.

    An expert needs no membership: being in the registry is what opens the desk of experts. Raises NotAllowed for anybody but
    the service centre, Conflict for who is in it already, DomainError where a name or a field is missing.
    """
    _demand_centre(by)
    if not fields:
        raise DomainError(_("请至少选一项可评审的服务。"), code="fields")
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=normalise_username(username)).first()
        password = ""
        if user is None:
            if not name.strip():
                raise DomainError(_("没有这个登录名，新开账户须填写姓名。"), code="name")
            password = secrets.token_urlsafe(PASSWORD_OCTETS)
            user = User.objects.create_user(username, password, name=name.strip(), phone=phone)
        elif Expert.objects.filter(user=user).exists():
            raise Conflict(_("这个人已经在专家名册里。"), code="username")
        expert = Expert.objects.create(
            user=user, code=next_code(Letter.EXPERT, at=clock.now()), active_from=active_from
        )
        expert.fields.set(fields)
        _log("registered", expert, fields=fields)
    return Registered(expert=expert, password=password)


def set_fields(*, expert_id: int, fields: Collection[Service], by: Membership) -> Expert:
    """Say anew which services an expert may judge; rounds that are closed keep their pool."""
    _demand_centre(by)
    if not fields:
        raise DomainError(_("请至少选一项可评审的服务。"), code="fields")
    with transaction.atomic():
        expert = Expert.objects.select_for_update().get(pk=expert_id)
        expert.fields.set(fields)
        _log("fields", expert, fields=fields)
    return expert


def add_employer(*, expert_id: int, party: str, since: date, until: date | None, by: Membership) -> ExpertEmployer:
    """Note where an expert works or has worked. `party` is a USCC of the platform, or a name."""
    _demand_centre(by)
    if until is not None and until < since:
        raise DomainError(_("止于的日期不能早于开始的日期。"), code="until")
    organisation, name = found_party(party)
    expert = Expert.objects.get(pk=expert_id)
    made, _new = ExpertEmployer.objects.get_or_create(
        expert=expert, organisation=organisation, name=name, since=since, defaults={"until": until}
    )
    return made


def end_employer(*, employer_id: int, expert_id: int, until: date, by: Membership) -> ExpertEmployer:
    """An expert has left an employer on a day. Raises WrongState for what is no employer of this expert."""
    _demand_centre(by)
    with transaction.atomic():
        employer = ExpertEmployer.objects.select_for_update().filter(pk=employer_id, expert_id=expert_id).first()
        if employer is None:
            raise WrongState
        if until < employer.since:
            raise DomainError(_("止于的日期不能早于开始的日期。"), code="until")
        if employer.until is None:
            employer.until = until
            employer.save(update_fields=["until"])
    return employer


def end_expert(*, expert_id: int, by: Membership) -> Expert:
    """Take an expert out of the registry: today is the last day. Who holds a seat keeps it, or is replaced as absent."""
    _demand_centre(by)
    with transaction.atomic():
        expert = Expert.objects.select_for_update().get(pk=expert_id)
        today = clock.now().astimezone(clock.LOCAL).date()
        if expert.active_until is None or expert.active_until > today:
            expert.active_until = max(today, expert.active_from)
            expert.save(update_fields=["active_until"])
            _log("ended", expert)
    return expert


def declare_conflict(*, user: User, party: str, reason: str) -> ExpertConflict:
    """An expert declares a tie ahead: no round of this organisation will draw the expert. The same again changes nothing."""
    organisation, name = found_party(party)
    said = demand_reason(reason)[:REASON_LENGTH]
    with transaction.atomic():
        expert = Expert.objects.select_for_update().get(user=user)
        running = expert.conflicts.filter(organisation=organisation, name=name, withdrawn_at=None).first()
        return running or ExpertConflict.objects.create(
            expert=expert, organisation=organisation, name=name, reason=said, declared_at=clock.now()
        )


def withdraw_conflict(*, user: User, conflict_id: int) -> None:
    """The tie is no more; rounds that are closed keep their pool."""
    own = ExpertConflict.objects.filter(pk=conflict_id, expert__user=user, withdrawn_at=None)
    own.update(withdrawn_at=clock.now())


def found_party(written: str) -> tuple[Organisation | None, str]:
    """The organisation that somebody means, by USCC or by its exact name, and the name to keep. Raises DomainError."""
    text = half_width(written).strip()
    if not text:
        raise DomainError(_("请填写单位的名称或统一社会信用代码。"), code="party")
    organisation = Organisation.objects.filter(Q(uscc=normalise_uscc(text)) | Q(name=written.strip())).first()
    return organisation, organisation.name if organisation else written.strip()[:200]


def pool_of(round_: Round, firms: Sequence[Firm], *, at: datetime) -> list[str]:
    """Codes, ascending, of the experts who may judge a round that these firms have entered.

    In conflict is whoever works, or has worked within three years, for the owner, the approving department, a body of it or
    an entrant: by the registry, by a membership, by being registered as a firm's practitioner; or has declared it; or is tied
    to one of them by what `register` knows.
    """
    day = at.astimezone(clock.LOCAL).date()
    # Of several services an expert of any: the panel judges the proposal as a whole.
    able = Expert.objects.active_on(day).filter(fields__in=round_.services, user__is_active=True).distinct()
    experts = list(able.select_related("user").prefetch_related("employers", "conflicts"))
    parties = _parties(round_, firms, day=day)
    since = _years_before(day, YEARS)
    acting, registered = _acting_for(experts, parties, at=at), _registered_at(firms, at=at)
    tied = tied_experts(experts, round_, firms, at=at)
    return sorted(
        expert.code
        for expert in experts
        if expert.user_id not in acting
        and expert.pk not in tied
        and not _works_for(expert, parties, since=since)
        and not (expert.user.id_number and bytes(id_hash_of(expert.user.id_number)) in registered)
    )


def demand_enough(round_: Round, *, at: datetime) -> None:
    """Raise DomainError where the registry could not fill a panel even if no entrant brought a conflict."""
    assert round_.policy is not None
    if len(pool_of(round_, [], at=at)) < round_.policy.experts:
        raise DomainError(
            _("专家名册里能评审这项服务、又不须回避的专家不足 %(n)d 人，请先补充名册。") % {"n": round_.policy.experts},
            code="too_few_experts",
        )


def _parties(round_: Round, firms: Sequence[Firm], *, day: date) -> list[Organisation]:
    departments = round_.departments
    bodies = DepartmentBody.objects.valid_at(day).filter(department__in=departments).select_related("organisation")
    return [
        round_.owner,
        *(department.organisation for department in departments),
        *(body.organisation for body in bodies),
        *(firm.organisation for firm in firms),
    ]


def _works_for(expert: Expert, parties: Sequence[Organisation], *, since: date) -> bool:
    ids, names = {each.pk for each in parties}, {_plain(each.name) for each in parties}
    ties = [
        *(each for each in expert.employers.all() if each.until is None or each.until >= since),
        *(each for each in expert.conflicts.all() if each.withdrawn_at is None),
    ]
    return any(tie.organisation_id in ids or _plain(tie.name) in names for tie in ties)


def _acting_for(experts: Sequence[Expert], parties: Sequence[Organisation], *, at: datetime) -> set[int]:
    """Who of them acts here for one of the parties, or has within the years."""
    lately = Q(active_until=None) | Q(active_until__gte=at - timedelta(days=366 * YEARS))
    found = Membership.objects.filter(lately, user__in=[each.user_id for each in experts], organisation__in=parties)
    return set(found.values_list("user_id", flat=True))


def _registered_at(firms: Sequence[Firm], *, at: datetime) -> set[bytes]:
    """Who is registered as a practitioner of one of the firms, or was within the years."""
    lately = Q(until=None) | Q(until__gte=at - timedelta(days=366 * YEARS))
    found = PractitionerRegistration.objects.filter(lately, firm__in=[firm.pk for firm in firms])
    return {bytes(each) for each in found.values_list("id_hash", flat=True)}


def _plain(name: str) -> str:
    return "".join(half_width(name).split()).casefold()


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=min(day.day, 28) if day.month == 2 else day.day)


def _log(step: str, expert: Expert, *, fields: Collection[Service] = ()) -> None:
    """Who came into the registry, for what, and left it, is in the log by code: so that nobody is put into it unseen."""
    told = {"fields": sorted(each.code for each in fields)} if fields else {}
    ledger.append(f"expert.{step}", f"expert/{expert.code}", told, at=clock.now())


def _demand_centre(by: Membership) -> None:
    if by.organisation.kind != Kind.OPERATOR or by.role not in WRITERS:
        raise NotAllowed
