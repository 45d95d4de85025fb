"""Leads on a regulator's desk, and inquiries as far as a test wants them to have come."""

from __future__ import annotations

from typing import Any

from accounts.models import Membership
from market.models import Firm
from oversight.domain import alerting, decisions, inquiries, marketplace, scanning
from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind, NodeKind
from oversight.leads import Lead
from oversight.models import Alert, Inquiry
from tests import market_place as market
from tests.oversight.place import body_of, holds, id_number, organisation_key, regulator

NAME = "欧阳安娜"
__all__ = [
    "NAME",
    "colleague",
    "decided",
    "heard",
    "lead",
    "noticed",
    "opened",
    "party_of",
    "regulator",
    "tied",
    "with_person",
]


def lead(firm: Firm, *, rule: str = "CL5", key: str = "1", weight: int = 60, **fields: Any) -> Lead:
    """What a screen hands over about a firm."""
    fields.setdefault("evidence", {"group": "同场 5 次以上", "counts": {"met": 7}})
    return Lead(rule, key, weight, (firm.pk,), **fields)


def tied(where: market.Place, firm: Firm | None = None) -> Firm:
    """A firm that the department's institution holds 51 % of, scanned and taken in: alerts RH1 and RH2."""
    firm = firm or market.firm(where)
    body = body_of(where)
    marketplace.import_everything()
    holds(body, firm, key=f"held/{body.pk}")
    scanning.scan_everything()
    alerting.ask()
    return firm


def with_person(where: market.Place, firm: Firm | None = None) -> Firm:
    """A firm of which an officer is on the department's staff, under a name that nobody outside may read: alert RH3."""
    firm = firm or market.firm(where)
    marketplace.import_everything()
    person = Described(keys=("p",), kind=NodeKind.PERSON, name=NAME, id_hash=id_hash(id_number()))
    department, own = organisation_key(where.department.organisation), organisation_key(firm.organisation)
    says = (
        Said(kind=Kind.EMPLOYS, tail=department.keys[0], head="p"),
        Said(kind=Kind.OFFICER, tail="p", head=own.keys[0]),
    )
    state(source_of("staff:test"), parties=[person, department, own], statements=[Stated(key="1", says=says)])
    scanning.scan_everything()
    alerting.ask()
    return firm


def opened(alert: Alert, by: Membership, *others: Alert) -> Inquiry:
    """An inquiry into an alert about its first firm."""
    party = alert.firms.get().organisation
    return inquiries.open_inquiry(
        alert_ids=[alert.pk, *(each.pk for each in others)], party=party, department=alert.department, text="", by=by
    )


def noticed(alert: Alert, by: Membership, *others: Alert) -> Inquiry:
    found = opened(alert, by, *others)
    inquiries.freeze(inquiry_id=found.pk, by=by)
    return inquiries.notice(inquiry_id=found.pk, text="持股关系待说明。", by=by)


def heard(alert: Alert, by: Membership, *others: Alert) -> Inquiry:
    found = noticed(alert, by, *others)
    return inquiries.state(inquiry_id=found.pk, text="股权已经转让。", files=[], by=party_of(found))


def decided(alert: Alert, by: Membership, *others: Alert, outcome: str = "recusal", **terms: Any) -> Inquiry:
    found = heard(alert, by, *others)
    return decisions.decide(
        inquiry_id=found.pk,
        outcome=outcome,
        text="转让没有登记。",
        legal_basis="优化营商环境条例 第四十三条",
        by=by,
        **terms,
    )


def party_of(found: Inquiry) -> Membership:
    return market.member_of(found.party)


def colleague(by: Membership) -> Membership:
    """Somebody else of the same regulator."""
    return market.member_of(by.organisation)
