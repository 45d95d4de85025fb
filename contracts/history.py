"""What happened to a contract, in sentences, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from contracts.models import Contract, ContractEvent


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event as components/history.html shows it."""

    at: datetime
    text: str
    who: str
    note: str


def history_of(contract: Contract, *, with_notes: bool) -> list[Told]:
    """Everything that happened; what people wrote only for those who read the contract."""
    events = contract.events.select_related("by", "milestone").order_by("-at", "-id")
    return [_told(each, with_notes=with_notes) for each in events]


def party_name(party: str) -> str:
    """Whom something is charged to, in words."""
    names = {
        "owner": _("业主"),
        "firm": _("机构"),
        "platform": _("平台"),
        "department": _("审批部门"),
        "statutory": _("法定程序"),
        "line": _("另一合同"),
    }
    return names.get(party, party)


def _told(event: ContractEvent, *, with_notes: bool) -> Told:
    text = event.get_kind_display()
    if event.milestone is not None:
        text = _("%(what)s：%(milestone)s") % {"what": text, "milestone": event.milestone.name}
    if number := event.data.get("supplement"):
        text = _("%(what)s（补充协议 %(number)d）") % {"what": text, "number": number}
    if event.data.get("raised_by") == "firm":
        text = _("%(what)s，机构加价") % {"what": text}
    if event.data.get("silent"):
        text = _("%(what)s（期限届满，业主没有答复）") % {"what": text}
    if charged := event.data.get("charged_to"):
        text = _("%(what)s，归责于%(party)s") % {"what": text, "party": party_name(charged)}
    who = event.by.public_name if event.by is not None else ""
    return Told(at=event.at, text=text, who=who, note=event.note if with_notes else "")
