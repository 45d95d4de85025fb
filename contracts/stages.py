"""The rail of a contract: what was, what is, what comes and by when, and who has the ball."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bidding.stages import Stage
from contracts.domain.sealing import waiting_parties
from contracts.models import Contract, ContractParty, Milestone, Supplement

Status = Contract.Status
Text = str | Promise
ORDER = (Status.DRAFT, Status.PROPOSED, Status.AGREED, Status.RUNNING, Status.COMPLETED)
NAMES: dict[str, Text] = {
    Status.DRAFT: gettext_lazy("起草"),
    Status.PROPOSED: gettext_lazy("机构确认文本"),
    Status.AGREED: gettext_lazy("各方盖章"),
    Status.RUNNING: gettext_lazy("履行"),
    Status.COMPLETED: gettext_lazy("完成"),
}
ENDS = (Status.TERMINATED, Status.ABANDONED, Status.REVOKED)


def rail(contract: Contract) -> list[Stage]:
    """The stages in their order; a contract that ended early shows its end in place of what will not come."""
    if contract.status in ENDS:
        past = [each for each in _stages(contract, len(ORDER)) if each.at is not None and not each.planned]
        end = Stage(code=contract.status, name=Status(contract.status).label, state="never", at=contract.ended_at)
        return [*past, end]
    present = Status.RUNNING if contract.status == Status.SUSPENDED else Status(contract.status)
    return _stages(contract, ORDER.index(present))


def _stages(contract: Contract, present: int) -> list[Stage]:
    moments = {
        Status.DRAFT: (contract.drafted_at, False),
        Status.PROPOSED: (contract.proposed_at, False),
        Status.AGREED: (contract.agreed_at, False) if contract.sealed_at else (contract.due_at, True),
        Status.RUNNING: (contract.sealed_at, False),
        Status.COMPLETED: (contract.completed_at or contract.service_due_at, contract.completed_at is None),
    }
    stages = []
    for place, status in enumerate(ORDER):
        at, planned = moments[status]
        state = "now" if place == present else "past" if place < present else "next"
        shown = None if state == "next" and not planned else at
        stages.append(Stage(code=status, name=NAMES[status], state=state, at=shown, planned=planned and at is not None))
    return stages


def ball(contract: Contract) -> str:
    """Who has to do something next, in words."""
    match contract.status:
        case Status.DRAFT:
            return _("业主：核对合同文本，交给机构确认")
        case Status.PROPOSED:
            return _("机构：同意文本，或者要求修改")
        case Status.AGREED:
            names = "、".join(party.organisation.public_name for party in waiting_parties(contract))
            return _("待盖章：%(names)s") % {"names": names}
        case Status.RUNNING:
            return _running(contract)
        case Status.SUSPENDED:
            return _("双方：约定的情形消除后恢复履行")
    return _("没有下一步")


def _running(contract: Contract) -> str:
    if (supplement := contract.supplements.waiting().first()) is not None:
        supplement.contract = contract
        names = "、".join(each.party.organisation.public_name for each in supplement_seals(supplement) if not each.at)
        return _("补充协议待盖章：%(names)s") % {"names": names}
    waiting = contract.milestones.filter(status=Milestone.Status.SUBMITTED).exists()
    return _("业主：验收成果") if waiting else _("机构：按期提交成果")


@dataclass(frozen=True, kw_only=True)
class PartySeal:
    """A party of a supplementary agreement, and when it sealed it, if it has."""

    party: ContractParty
    at: datetime | None


def supplement_seals(supplement: Supplement) -> list[PartySeal]:
    """Every party with its seal on a supplementary agreement."""
    sealed = {each.party_id: each.sealed_at for each in supplement.seals.all()}
    parties = supplement.contract.parties.select_related("organisation")
    return [PartySeal(party=each, at=sealed.get(each.pk)) for each in parties]
