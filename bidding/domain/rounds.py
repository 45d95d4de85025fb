"""What people do to a round: draft, submit, return, announce, cancel, announce again. Time does the rest: see `closing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Role
from bidding.domain import live, timetable
from bidding.domain.access import demand_operator, demand_owner, firms_in
from bidding.domain.experts import demand_enough
from bidding.domain.files import forget_all
from bidding.domain.lots import LotTerms, copy_lots, demand_terms, put_lots, whole_terms
from bidding.domain.reasons import demand_reason
from bidding.domain.stock import take_key
from bidding.models import Lot, Policy, Round
from bidding.models.consortia import LEAST, MOST
from core import clock, codes, worktime
from core.errors import Conflict, DomainError, NotAllowed, NotDue, WrongState
from core.money import yuan
from ledger import domain as ledger
from market.domain import guidance
from market.domain.search import search_text
from market.models import Firm, Need, Project, services_in
from protocol import draw, envelope
from protocol.canonical import timestamp
from protocol.methods import METHODS
from protocol.parameters import Parameters

Status = Round.Status
DIRECT = "direct"
ENDED = (Status.FAILED, Status.CANCELLED, Status.VOID)
OFFERED = tuple(METHODS)
"""Methods that an owner may choose."""


class Stopped(DomainError):
    """The law or the policy says no to this need; `findings` say why, with their basis."""

    code = "stopped"

    def __init__(self, findings: list[Any]) -> None:
        self.findings = findings
        super().__init__("；".join(str(finding.told) for finding in findings))


def draft_round(*, need: Need, by: Membership) -> Round:
    """Start the round of a need, or give the one that is being drafted.

    Raises NotAllowed for anybody but the owner, Conflict where a round of the need is running or has chosen a firm, and
    WrongState where the need has failed: then it is announced again, once.
    """
    with transaction.atomic():
        need = (
            Need.objects.select_for_update(of=["self"]).select_related("project__owner", "department").get(pk=need.pk)
        )
        if by.organisation_id != need.project.owner_id or by.role == Role.VIEWER:
            raise NotAllowed
        last = need.rounds.exclude(status__in=[Status.CANCELLED, Status.VOID]).order_by("-id").first()
        if last is None:
            return _new_draft(need, sequence=1)
        if last.is_editable:
            return last
        if last.status == Status.FAILED:
            raise WrongState(
                _("该需求已流标两次，请修改要求后另提需求。")
                if last.is_second
                else _("第一次公告已流标，请从该次公告发起再次公告。")
            )
        raise Conflict(_("这项需求已有一次比选：%(code)s。") % {"code": last.code})


def _new_draft(need: Need, *, sequence: int, previous: Round | None = None) -> Round:
    round_ = Round(need=need, sequence=sequence, previous=previous)
    _take_from_need(round_)
    if previous is not None:
        round_.method, round_.parameters = previous.method, previous.parameters
        round_.notice_length, round_.named = previous.notice_length, previous.named
        round_.consortium_most = previous.consortium_most
    round_.code = codes.next_code(codes.Letter.ROUND, at=clock.now())
    _put_search(round_)
    round_.save()
    if previous is not None:
        copy_lots(round_, previous)
    else:
        put_lots(round_, [])
    return round_


def _take_from_need(round_: Round) -> None:
    need = round_.need
    round_.owner_id = need.project.owner_id
    round_.service_id = need.service_id
    round_.district_id = need.project.district_id
    round_.department_id = need.department_id
    round_.title = need.title
    _put_search(round_)


def _put_search(round_: Round) -> None:
    """What the public lists find it by: a natural person who owns it by the code alone."""
    owner = round_.owner
    known_as = owner.public_code if owner.is_person else owner.name
    services = (service.name for service in services_in(round_.need.parts))
    round_.search = search_text(round_.code, round_.title, *services, known_as)


def edit_round(
    *,
    round_id: int,
    method: str,
    parameters: Parameters,
    notice_length: int | None,
    by: Membership,
    named: Firm | None = None,
    lots: Sequence[LotTerms] | None = None,
    consortium_most: int | None = None,
) -> Round:
    """Set how a drafted or returned round selects. `parameters` are those of PROTOCOL §4, as it writes them; `named` is the
    firm that is chosen directly, by the method `direct` alone. `lots` splits it, and None leaves it as it is split.
    `consortium_most` is of how many firms a consortium may be, None where none is accepted (招标投标法 第31条); `direct`
    never does.

    Raises DomainError for what the method does not take and for lots that cannot be; what is missing is told at submission.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        demand_owner(round_, by)
        if not round_.is_editable:
            raise WrongState
        if method not in OFFERED:
            raise DomainError(_("没有这种选取方式。"), code="method")
        round_.method, round_.parameters, round_.notice_length = method, dict(parameters), notice_length
        round_.named = named if method == DIRECT else None
        if consortium_most is not None and not LEAST <= consortium_most <= MOST:
            raise DomainError(_("联合体须有 2 至 5 家。"), code="consortium_most")
        round_.consortium_most = None if method == DIRECT else consortium_most
        _take_from_need(round_)
        round_.save()
        put_lots(round_, lots)
    return round_


def submit_round(*, round_id: int, by: Membership) -> Round:
    """Hand a round to the service centre, which checks it within the policy's days.

    Unchanged if it was submitted before. Raises Stopped where the law forbids it, DomainError where something is missing.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        demand_owner(round_, by)
        if round_.status == Status.SUBMITTED:
            return round_
        now = clock.now()
        Round.lifecycle.move(round_, Status.SUBMITTED)
        round_.policy = Policy.in_force(now)
        _take_from_need(round_)
        _demand_whole(round_, at=now)
        round_.submitted_at, round_.reason = now, ""
        round_.check_due_at = worktime.add_working_days(now, round_.policy.check_days)
        round_.save()
        ledger.append("round.submitted", round_.subject, {"sequence": round_.sequence}, at=now)
    return round_


def _demand_whole(round_: Round, *, at: datetime) -> None:
    method = METHODS.get(round_.method)
    if method is None or round_.method not in OFFERED:
        raise DomainError(_("请先选定选取方式。"), code="method")
    if not round_.need.requirement.strip():
        raise DomainError(_("请先在需求里写明服务内容与要求，机构才知道要做什么。"), code="requirement")
    demand_terms(round_)
    policy = round_.policy
    assert policy is not None
    if "ground" in method.parameters and not str(round_.parameters.get("ground", "")).strip():
        raise DomainError(_("请写明采用这种方式的依据。"), code="ground")
    if round_.method == DIRECT:
        _demand_direct(round_, policy)
    if round_.notice_length is None or round_.notice_length < policy.notice_minimum:
        message = _("公告时长不得少于 %(minimum)d %(unit)s。")
        raise DomainError(
            message % {"minimum": policy.notice_minimum, "unit": policy.get_unit_display()}, code="notice_length"
        )
    if findings := guidance.stops(need=round_.need, method=round_.method, parameters=whole_terms(round_), at=at):
        raise Stopped(findings)


def _demand_direct(round_: Round, policy: Policy) -> None:
    """A firm is named, and the price stays within what the policy lets an owner give without a selection."""
    if round_.named is None:
        raise DomainError(_("直接选取须写明选取哪一家机构。"), code="named")
    price = yuan(whole_terms(round_)["price"])
    if policy.direct_limit is None or price > policy.direct_limit:
        limit = f"¥ {policy.direct_limit:,.2f}" if policy.direct_limit is not None else _("不允许")
        raise DomainError(_("超过直接选取的金额上限（%(limit)s）。") % {"limit": limit}, code="direct_limit")


def return_round(*, round_id: int, reason: str, by: Membership) -> Round:
    """Give a submitted round back to its owner with the reason. Raises WrongState unless it waits for the check."""
    with transaction.atomic():
        round_ = _locked(round_id)
        demand_operator(by, firms=firms_in(round_))
        if round_.status == Status.RETURNED:
            return round_
        now = clock.now()
        Round.lifecycle.move(round_, Status.RETURNED)
        round_.reason = demand_reason(reason)
        round_.save()
        data = {"reason": ledger.blinded(round_.reason, subject=round_.subject)}
        ledger.append("round.returned", round_.subject, data, at=now)
    return round_


def announce_round(*, round_id: int, by: Membership, seen: str | None = None) -> Round:
    """Publish a checked round: from here on it takes sealed entries until its deadline.

    Makes the platform's key pair and takes one of the custodian's (PROTOCOL §2), with its commitment to the draw (§3).
    `seen` is the submission that was read and checked, as `submission_of` gives it: nobody announces what has been changed
    since. Unchanged if it was announced before. Raises WrongState where it was submitted anew, Stopped where the law has
    changed since the submission, and custody.NoStock where the custodian has no key for it.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        demand_operator(by, firms=firms_in(round_))
        if round_.status == Status.ANNOUNCED:
            return round_
        if seen is not None and seen != submission_of(round_):
            raise WrongState(_("业主已经改过并重新提交，请先看过现在的内容。"))
        now = clock.now()
        Round.lifecycle.move(round_, Status.ANNOUNCED)
        _demand_whole(round_, at=now)
        if METHODS[round_.method].marked:
            demand_enough(round_, at=now)
        policy = round_.policy
        assert policy is not None
        assert round_.notice_length is not None
        round_.announced_at = now
        round_.closes_at = timetable.closing_of(policy, round_.notice_length, announced_at=now)
        public_money = round_.need.project.funding == Project.Funding.PUBLIC
        round_.minimum = (
            1 if round_.method == DIRECT else policy.minimum(public_money=public_money, second=round_.is_second)
        )
        pair = envelope.generate_keypair()
        round_.platform_public, round_.platform_private = pair.public, pair.private
        take_key(round_)
        round_.save()
        ledger.append("round.announced", round_.subject, _announcement(round_), at=now)
        transaction.on_commit(partial(live.changed, round_))
    return round_


def submission_of(round_: Round) -> str:
    """Which submission of a round this is: another one has another."""
    return timestamp(round_.submitted_at) if round_.submitted_at else ""


def _announcement(round_: Round) -> dict[str, Any]:
    subject = round_.subject
    return announcement_of(
        round_,
        lots=list(round_.lots.order_by("number")),
        blinded=partial(ledger.blinded, subject=subject),
        owner=ledger.party(round_.owner.public_code, protected=round_.owner.is_protected, subject=subject),
    )


def announcement_of(round_: Round, *, lots: Sequence[Lot], blinded: Callable[[str], str], owner: str) -> dict[str, Any]:
    """What the log says of an announcement: terms, keys and commitment in clear, free text blinded (PROTOCOL §1)."""
    policy = round_.policy
    assert policy is not None
    assert round_.closes_at is not None
    return {
        **({"experts": policy.experts} if METHODS[round_.method].marked else {}),
        **({"consortium_most": round_.consortium_most} if round_.consortium_most else {}),
        **services_told(round_),
        "closes_at": timestamp(round_.closes_at),
        "commitment": {"n": draw.CHAIN_LENGTH, "sources": [], "value": round_.commitment},
        "department": round_.department.code,
        "district": round_.district.code,
        "item": round_.need.item.code,
        "keys": {"custodian": round_.custodian_public, "platform": round_.platform_public},
        **_announced_lots(round_, lots, blinded),
        "method": round_.method,
        "minimum": round_.minimum,
        "owner": owner,
        "named": _named(round_),
        "parameters": _without_words(round_, blinded),
        "policy": policy.version,
        "previous": round_.previous.code if round_.previous else None,
        "requirement": blinded(round_.need.requirement),
        "sequence": round_.sequence,
        "service": round_.service.code,
        "title": blinded(round_.title),
    }


def services_told(round_: Round) -> dict[str, Any]:
    """What log and record say of a round of several services beside the first: all of them; of one service nothing."""
    if not round_.need.is_together:
        return {}
    told = [
        {"department": each.department.code, "item": each.item.code, "service": each.service.code}
        for each in round_.parts
    ]
    return {"services": told}


def _announced_lots(round_: Round, lots: Sequence[Lot], blinded: Callable[[str], str]) -> dict[str, Any]:
    """The numbers of the lots; of several also their limits, and their titles blinded, as all free text is."""
    told: dict[str, Any] = {"lots": [lot.number for lot in lots]}
    if round_.has_lots:
        told["limits"] = {lot.number: lot.limits for lot in lots}
        told["titles"] = {lot.number: blinded(lot.title) for lot in lots}
    return told


def _named(round_: Round) -> str | None:
    if round_.named is None:
        return None
    organisation = round_.named.organisation
    return ledger.party(organisation.public_code, protected=organisation.is_protected, subject=round_.subject)


def _without_words(round_: Round, blinded: Callable[[str], str]) -> dict[str, Any]:
    """The parameters as the log may hold them: the ground is free text, and enters blinded (PROTOCOL §1)."""
    kept = dict(round_.parameters)
    if kept.get("ground"):
        kept["ground"] = blinded(kept["ground"])
    return kept


def cancel_round(*, round_id: int, reason: str, by: Membership) -> Round:
    """End a round before its deadline: its owner or the service centre, with a reason that everybody may read.

    Envelopes that have come can never be opened: our key is destroyed with it. Raises NotDue from the deadline on.
    """
    with transaction.atomic():
        round_ = _locked(round_id)
        if by.organisation_id != round_.owner_id:
            demand_operator(by, firms=firms_in(round_))
        else:
            demand_owner(round_, by)
        if round_.status == Status.CANCELLED:
            return round_
        now = clock.now()
        if round_.status == Status.ANNOUNCED and not round_.takes_entries_at(now):
            raise NotDue(_("已过截止时间，不能再取消。"))
        end_round(round_, Status.CANCELLED, reason=demand_reason(reason), at=now)
    return round_


def end_round(round_: Round, status: Round.Status, *, reason: str, at: datetime, failure: str = "") -> None:
    """Fail or cancel a locked round. Unless it was opened, its secrets go: what was sealed in it stays sealed for ever."""
    Round.lifecycle.move(round_, status)
    round_.ended_at, round_.reason, round_.failure = at, reason, failure
    if round_.opened_at is None:
        round_.platform_private = ""
        forget_all(round_)
    round_.save()
    data = {"failure": failure} if failure else {"reason": ledger.blinded(reason, subject=round_.subject)}
    ledger.append(f"round.{status}", round_.subject, data, at=at)
    transaction.on_commit(partial(live.changed, round_))


def announce_again(*, round_id: int, by: Membership) -> Round:
    """Draft the second announcement of a failed first round, with the same terms; give it if it is there already.

    Raises WrongState unless the round failed, and for a second failure: a round is announced again once (DOMAIN "A round").
    """
    with transaction.atomic():
        failed = Round.objects.select_related("need").get(pk=round_id)
        need = (
            Need.objects.select_for_update(of=["self"])
            .select_related("project__owner", "service")
            .get(pk=failed.need_id)
        )
        failed = _locked(round_id)
        demand_owner(failed, by)
        if failed.status != Status.FAILED:
            raise WrongState
        if failed.is_second:
            raise WrongState(_("该需求已流标两次，请修改要求后另提需求。"))
        if (successor := failed.successor) is not None:
            return successor
        if need.rounds.exclude(status__in=ENDED).exists():
            raise Conflict
        return _new_draft(need, sequence=2, previous=failed)


def _locked(round_id: int) -> Round:
    return (
        Round.objects.select_for_update(of=["self"])
        .select_related("need__project", "owner", "policy", "named__organisation")
        .get(pk=round_id)
    )
