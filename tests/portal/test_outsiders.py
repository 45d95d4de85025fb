"""Every address of the service, and who may open it: the anonymous, the wrong kind of organisation, the wrong role, another's.

A new address that is not in the table makes this fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import Kind, Role
from bidding.models import HistoricalRound, Stop
from contracts.payments.domain.transfers import send_transfer
from core import clock
from market.domain import admission as admissions
from market.models import Admission, Firm
from oversight.domain import decisions
from oversight.domain.alerting import take_in
from oversight.models import Alert, Party
from ratings.models import PolicyTrial, ScorePolicy
from tests import auctions, consortia
from tests import market_place as market
from tests.approvals import office, windows
from tests.bidding import panel
from tests.bidding.browse import acting
from tests.bidding.discussion import asks, objects, with_candidate
from tests.contracts import place as contracts
from tests.market.test_reuse import assessment, region
from tests.oversight import desk
from tests.payments import place as payments
from tests.ratings import months, saying

pytestmark = pytest.mark.django_db

OWNERS, FIRMS, OPERATORS = (Kind.OWNER, Kind.PERSON), (Kind.FIRM,), (Kind.OPERATOR,)
CONTRACT_READERS = (*OWNERS, *FIRMS, Kind.DEPARTMENT, Kind.OPERATOR, Kind.REGULATOR)
LISTS_OF_CONTRACTS = ("contracts:contracts", "contracts:desk", "contracts:filings", "contracts:templates")
EXPERTS: tuple[Kind, ...] = ()
"""An expert acts as a person: no kind of organisation opens that desk (tests/bidding/test_experts.py has who may)."""
EVERYBODY, SIGNED_IN, CUSTODIAN = "everybody", "signed in", "whoever has the custodian's key"
SYSTEM = "a department's system that signs"


@dataclass(frozen=True)
class Door:
    """Who may pass, by what method; `writes` for those that may do more than look, `own` where another's is not there.

    An `api` answers with a status in the place of a page to sign in.
    """

    who: Any
    method: str = "get"
    writes: bool = False
    own: bool = False
    api: bool = False

    @property
    def shut(self) -> int:
        """What whoever has no business here is answered."""
        return 403 if self.api else 404


TABLE: dict[str, Door] = {
    "portal:home": Door(EVERYBODY),
    "portal:search": Door(EVERYBODY),
    "portal:check": Door(EVERYBODY),
    "portal:about": Door(EVERYBODY),
    "portal:robots": Door(EVERYBODY),
    "portal:desk": Door(SIGNED_IN),
    "portal:department_desk": Door((Kind.DEPARTMENT,)),
    "set_language": Door(EVERYBODY, "post"),
    "accounts:sign_in": Door(EVERYBODY),
    "accounts:sign_up": Door(EVERYBODY),
    "accounts:sign_out": Door(EVERYBODY, "post"),
    "accounts:account": Door(SIGNED_IN),
    "accounts:second_factor": Door(SIGNED_IN),
    "accounts:change_password": Door(SIGNED_IN),
    "accounts:act": Door(SIGNED_IN, "post"),
    "accounts:add_member": Door(SIGNED_IN, "post"),
    "accounts:end_membership": Door(SIGNED_IN, "post"),
    "accounts:api_tokens": Door(SIGNED_IN),
    "accounts:revoke_token": Door(SIGNED_IN, "post"),
    "exchange:rounds": Door(EVERYBODY),
    "exchange:round": Door(EVERYBODY),
    "exchange:firms": Door(EVERYBODY),
    "exchange:firm": Door(EVERYBODY),
    "exchange:firm_evaluations": Door(EVERYBODY),
    "exchange:envelopes": Door(FIRMS, "post", writes=True, api=True),
    "exchange:withdrawal": Door(FIRMS, "post", writes=True, api=True),
    "exchange:offers": Door(FIRMS, "post", writes=True, api=True),
    "exchange:files": Door(FIRMS, "post", writes=True, api=True),
    "exchange:approval_events": Door(SYSTEM, "post", api=True),
    "exchange:services": Door(EVERYBODY),
    "exchange:service": Door(EVERYBODY),
    "exchange:schema": Door(EVERYBODY),
    "approvals:cases": Door((Kind.DEPARTMENT, Kind.REGULATOR)),
    "approvals:register": Door((Kind.DEPARTMENT,), writes=True),
    "approvals:applications": Door((*OWNERS, Kind.DEPARTMENT, Kind.REGULATOR)),
    "approvals:early": Door((Kind.DEPARTMENT, Kind.REGULATOR)),
    "approvals:application_new": Door(OWNERS, writes=True),
    "approvals:application": Door((*OWNERS, Kind.DEPARTMENT, Kind.REGULATOR), own=True),
    "approvals:hand_in": Door(OWNERS, "post", writes=True, own=True),
    "approvals:tables": Door((Kind.DEPARTMENT,), writes=True),
    "approvals:table_import": Door((Kind.DEPARTMENT,), writes=True),
    "approvals:table_export": Door((Kind.DEPARTMENT,), writes=True),
    "approvals:clients": Door((Kind.DEPARTMENT,), writes=True),
    "approvals:revoke_client": Door((Kind.DEPARTMENT,), "post", writes=True),
    "approvals:case": Door((*OWNERS, Kind.DEPARTMENT, Kind.REGULATOR), own=True),
    "approvals:step": Door((*OWNERS, Kind.DEPARTMENT), "post", writes=True, own=True),
    "approvals:refile": Door(OWNERS, "post", writes=True, own=True),
    "approvals:correct": Door((Kind.DEPARTMENT,), writes=True, own=True),
    "approvals:result": Door((*OWNERS, Kind.DEPARTMENT, Kind.REGULATOR), own=True),
    "approvals:result_issue": Door((Kind.DEPARTMENT,), writes=True, own=True),
    "approvals:collect": Door(OWNERS, "post", writes=True, own=True),
    "approvals:collect_all": Door(OWNERS, "post", writes=True, own=True),
    "approvals:material": Door((*OWNERS, Kind.DEPARTMENT, Kind.REGULATOR), own=True),
    "market:firms": Door(EVERYBODY),
    "market:firm_notices": Door(EVERYBODY),
    "market:firm": Door(EVERYBODY),
    "market:services": Door(EVERYBODY),
    "market:service": Door(EVERYBODY),
    "market:admission": Door(FIRMS),
    "market:admission_begin": Door(FIRMS, "post", writes=True),
    "market:admission_edit": Door(FIRMS, writes=True),
    "market:admission_add": Door(FIRMS, writes=True),
    "market:admission_remove": Door(FIRMS, "post", writes=True),
    "market:admission_submit": Door(FIRMS, "post", writes=True),
    "market:admission_withdraw": Door(FIRMS, "post", writes=True),
    "market:scan": Door((Kind.FIRM, Kind.OPERATOR)),
    "market:admission_check": Door(OPERATORS),
    "market:admission_publish": Door(OPERATORS, "post", writes=True),
    "market:admission_refuse": Door(OPERATORS, "post", writes=True),
    "market:firm_standing": Door((Kind.OPERATOR, Kind.REGULATOR), writes=True),
    "market:projects": Door(OWNERS),
    "market:project_new": Door(OWNERS, writes=True),
    "market:project": Door(OWNERS, own=True),
    "market:project_edit": Door(OWNERS, writes=True, own=True),
    "market:need_new": Door(OWNERS, writes=True, own=True),
    "market:regions": Door(EVERYBODY),
    "market:regional_file": Door(EVERYBODY),
    "market:reuse": Door(OWNERS, "post", writes=True, own=True),
    "market:reuse_end": Door(OWNERS, "post", writes=True, own=True),
    "market:need_edit": Door(OWNERS, writes=True, own=True),
    "bidding:rounds": Door(EVERYBODY),
    "bidding:history_round": Door(EVERYBODY),
    "bidding:round": Door(EVERYBODY),
    "bidding:live": Door(EVERYBODY),
    "bidding:record": Door(EVERYBODY),
    "bidding:verify": Door(EVERYBODY),
    "bidding:qr": Door(EVERYBODY),
    "bidding:notice": Door(EVERYBODY),
    "bidding:award": Door(EVERYBODY),
    "bidding:auction": Door(EVERYBODY),
    "bidding:auction_state": Door(EVERYBODY),
    "bidding:auction_mine": Door(FIRMS, own=True),
    "bidding:auction_pause": Door(OPERATORS, "post", writes=True),
    "bidding:auction_resume": Door(OPERATORS, "post", writes=True),
    "bidding:firm_desk": Door(FIRMS),
    "bidding:entries": Door(FIRMS),
    "bidding:enter": Door(FIRMS, writes=True),
    "bidding:receipt": Door(FIRMS, own=True),
    "bidding:withdraw": Door(FIRMS, writes=True, own=True),
    "bidding:consortia": Door(FIRMS),
    "bidding:consortium_propose": Door(FIRMS, writes=True),
    "bidding:consortium": Door(FIRMS, own=True),
    "bidding:consortium_answer": Door(FIRMS, "post", writes=True, own=True),
    "bidding:consortium_dissolve": Door(FIRMS, "post", writes=True, own=True),
    "bidding:questions": Door(EVERYBODY),
    "bidding:ask": Door(FIRMS, writes=True),
    "bidding:answer": Door((*OWNERS, Kind.OPERATOR), writes=True, own=True),
    "bidding:object_to": Door((*OWNERS, Kind.FIRM), writes=True, own=True),
    **{
        f"oversight:{name}": Door((Kind.REGULATOR,))
        for name in ("desk", "ties", "ties_file", "shares", "search", "graph", "graph_table", "prices")
    },
    **{
        f"oversight:{name}": Door((Kind.REGULATOR,))
        for name in ("network", "pair", "late", "late_cases", "unpaid", "unpaid_requests")
    },
    "bidding:contest": Door((Kind.FIRM,), writes=True),
    "bidding:stop": Door((Kind.REGULATOR,)),
    "bidding:objection": Door((*OWNERS, Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR), own=True),
    "bidding:objection_file": Door((*OWNERS, Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR), own=True),
    "bidding:objection_answer": Door(OPERATORS, "post", writes=True),
    "bidding:objection_escalate": Door((*OWNERS, Kind.FIRM), "post", writes=True, own=True),
    "bidding:objection_decide": Door((Kind.REGULATOR,), "post", writes=True),
    "bidding:operator_desk": Door(OPERATORS),
    "bidding:experts": Door(OPERATORS, writes=True),
    "bidding:expert_add": Door(OPERATORS, writes=True),
    "bidding:expert": Door(OPERATORS, writes=True),
    "bidding:expert_desk": Door(EXPERTS),
    "bidding:mark": Door(EXPERTS),
    "bidding:mark_file": Door(EXPERTS),
    "bidding:check": Door(OPERATORS),
    "bidding:announce": Door(OPERATORS, "post", writes=True),
    "bidding:return": Door(OPERATORS, "post", writes=True),
    "bidding:cancel": Door(OPERATORS, writes=True),
    "bidding:withdraw_for": Door(OPERATORS, writes=True),
    "bidding:regulator_desk": Door((Kind.REGULATOR,)),
    "contracts:contracts": Door(EVERYBODY),
    "contracts:contract": Door(EVERYBODY),
    "contracts:qr": Door(EVERYBODY),
    "contracts:check": Door(EVERYBODY),
    "contracts:desk": Door(CONTRACT_READERS),
    "contracts:supplement": Door(EVERYBODY),
    "contracts:supplement_qr": Door(EVERYBODY),
    "contracts:supplement_document": Door(CONTRACT_READERS, own=True),
    "contracts:supplement_seal": Door((*OWNERS, *FIRMS), writes=True, own=True),
    "contracts:supplement_withdraw": Door((*OWNERS, *FIRMS), writes=True, own=True),
    "contracts:filings": Door((Kind.OPERATOR, Kind.REGULATOR)),
    "contracts:file": Door(OPERATORS, "post", writes=True),
    "contracts:filing_remark": Door(OPERATORS, writes=True),
    "contracts:templates": Door((Kind.OPERATOR, Kind.REGULATOR)),
    "contracts:template": Door((Kind.OPERATOR, Kind.REGULATOR)),
    "contracts:template_next": Door(OPERATORS, writes=True),
    "contracts:mine": Door(CONTRACT_READERS, own=True),
    "contracts:document": Door(CONTRACT_READERS, own=True),
    "contracts:edit": Door(OWNERS, writes=True, own=True),
    "contracts:propose": Door(OWNERS, "post", writes=True, own=True),
    "contracts:change": Door(FIRMS, writes=True, own=True),
    "contracts:agree": Door(FIRMS, "post", writes=True, own=True),
    "contracts:reopen": Door((*OWNERS, *FIRMS), writes=True, own=True),
    "contracts:seal": Door((*OWNERS, *FIRMS), writes=True, own=True),
    "ratings:firm_score": Door(EVERYBODY),
    "ratings:firm_score_part": Door(EVERYBODY),
    "ratings:department_score": Door(EVERYBODY),
    "ratings:league": Door(EVERYBODY),
    "ratings:compare": Door(EVERYBODY),
    "ratings:time": Door(EVERYBODY),
    "ratings:districts": Door(EVERYBODY),
    "ratings:bulletins": Door(EVERYBODY),
    "ratings:bulletin": Door(EVERYBODY),
    "ratings:bulletin_pdf": Door(EVERYBODY),
    "ratings:bulletin_file": Door(EVERYBODY),
    "ratings:bulletin_qr": Door(EVERYBODY),
    "ratings:bulletins_desk": Door(OPERATORS),
    "ratings:trials": Door((Kind.OPERATOR, Kind.REGULATOR)),
    "ratings:trial_new": Door((Kind.OPERATOR, Kind.REGULATOR), writes=True),
    "ratings:trial": Door((Kind.OPERATOR, Kind.REGULATOR)),
    "ratings:differences": Door((Kind.DEPARTMENT, Kind.REGULATOR)),
    "ratings:difference": Door((Kind.DEPARTMENT, Kind.REGULATOR), own=True),
    "ratings:bulletin_publish": Door(OPERATORS, writes=True),
    "ratings:firm_score_file": Door(EVERYBODY),
    "ratings:department_score_file": Door(EVERYBODY),
    "ratings:lines": Door(EVERYBODY),
    "ratings:part": Door(EVERYBODY),
    "ratings:reminders": Door((*OWNERS, Kind.FIRM, Kind.DEPARTMENT)),
    "ratings:reminders_part": Door((*OWNERS, Kind.FIRM, Kind.DEPARTMENT)),
    "ratings:waiting_part": Door(CONTRACT_READERS),
    "ratings:standing_part": Door(FIRMS),
    "ratings:evaluations": Door(CONTRACT_READERS),
    "ratings:bursts": Door((Kind.REGULATOR,)),
    "ratings:evaluate": Door((*OWNERS, Kind.DEPARTMENT, Kind.OPERATOR), writes=True, own=True),
    "ratings:evaluation": Door(CONTRACT_READERS, own=True),
    "ratings:evidence": Door(CONTRACT_READERS, own=True),
    "ratings:reply": Door(FIRMS, writes=True, own=True),
    "ratings:deductions": Door((Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR)),
    "ratings:report": Door((Kind.OPERATOR, Kind.REGULATOR), writes=True),
    "ratings:deduction": Door((Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR), own=True),
    "ratings:deduction_step": Door((Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR), "post", writes=True, own=True),
    "ratings:deduction_file": Door((Kind.FIRM, Kind.OPERATOR, Kind.REGULATOR), own=True),
    "ratings:lists": Door(EVERYBODY),
    "ratings:firm_evaluations": Door(EVERYBODY),
    "ratings:firm_evaluations_part": Door(EVERYBODY),
    "oversight:alerts": Door((Kind.REGULATOR,)),
    "oversight:alerts_part": Door((Kind.REGULATOR,)),
    "oversight:alert": Door((Kind.REGULATOR,)),
    "oversight:dismiss": Door((Kind.REGULATOR,), "post", writes=True),
    "oversight:inquire": Door((Kind.REGULATOR,), "post", writes=True),
    "oversight:rules": Door((Kind.REGULATOR,)),
    "oversight:rule": Door((Kind.REGULATOR,)),
    "oversight:inquiries": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR)),
    "oversight:inquiry": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR), own=True),
    "oversight:inquiry_step": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR), "post", writes=True, own=True),
    "oversight:inquiry_file": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR), own=True),
    "oversight:frozen": Door((Kind.REGULATOR,)),
    "oversight:waiting_part": Door(tuple(Kind)),
    "oversight:decisions": Door(EVERYBODY),
    "oversight:decision": Door(EVERYBODY),
    "oversight:firm_decisions_part": Door(EVERYBODY),
    "contracts:submit": Door(FIRMS, writes=True, own=True),
    "contracts:revision": Door((*OWNERS, Kind.DEPARTMENT), writes=True, own=True),
    "contracts:deliverable": Door((*OWNERS, *FIRMS, Kind.DEPARTMENT, Kind.REGULATOR), own=True),
    "contracts:accept": Door(OWNERS, "post", writes=True, own=True),
    "contracts:return": Door(OWNERS, writes=True, own=True),
    "contracts:matter_propose": Door((*OWNERS, *FIRMS), writes=True, own=True),
    "contracts:matter_answer": Door((*OWNERS, *FIRMS), writes=True, own=True),
    "contracts:matter_finish": Door((*OWNERS, *FIRMS), "post", writes=True, own=True),
    "contracts:matter_withdraw": Door((*OWNERS, *FIRMS), "post", writes=True, own=True),
    "contracts:abandon": Door((*OWNERS, *FIRMS, Kind.OPERATOR), writes=True, own=True),
    "bidding:custodian": Door(EVERYBODY),
    "bidding:custodian_stock": Door(EVERYBODY),
    "bidding:custodian_release": Door(CUSTODIAN, "post"),
    "payments:notify": Door(EVERYBODY, "post"),
    "payments:owner_public": Door(EVERYBODY),
    "payments:firm_desk": Door(FIRMS),
    "payments:payee": Door(FIRMS, writes=True),
    "payments:ask": Door(FIRMS, writes=True, own=True),
    "payments:owner_desk": Door(OWNERS),
    "payments:regulator_desk": Door((Kind.REGULATOR,)),
    "payments:reconciliation": Door((Kind.OPERATOR, Kind.REGULATOR)),
    "payments:read_bill": Door(OPERATORS, "post", writes=True),
    "payments:request": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR), own=True),
    "payments:invoice": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR), own=True),
    "payments:proof": Door((*OWNERS, Kind.FIRM, Kind.REGULATOR), own=True),
    "payments:pay": Door(OWNERS, "post", writes=True, own=True),
    "payments:cancel": Door(OWNERS, "post", writes=True, own=True),
    "payments:returned": Door(OWNERS, own=True),
    "payments:send_back": Door(OWNERS, "post", writes=True, own=True),
    "payments:withdraw": Door(FIRMS, "post", writes=True, own=True),
    "payments:transfer": Door(OWNERS, "post", writes=True, own=True),
    "payments:arrived": Door(FIRMS, "post", writes=True, own=True),
    "payments:refund": Door((*OWNERS, Kind.FIRM), "post", writes=True, own=True),
    "ledger:log": Door(EVERYBODY),
    "ledger:entry": Door(EVERYBODY),
    "ledger:receipt": Door(EVERYBODY),
    "ledger:vkey": Door(EVERYBODY),
    "ledger:witnesses": Door(EVERYBODY),
    "ledger:checkpoint": Door(EVERYBODY),
    "ledger:cosignature": Door(CUSTODIAN, "post"),
    "ledger:entries": Door(EVERYBODY),
    "ledger:tile": Door(EVERYBODY),
    "ledger:inclusion": Door(EVERYBODY),
    "ledger:consistency": Door(EVERYBODY),
    "bidding:owner_desk": Door(OWNERS),
    "bidding:wizard_start": Door(OWNERS, "post", writes=True, own=True),
    "bidding:owner_round": Door(OWNERS, own=True),
    "bidding:owner_cancel": Door(OWNERS, "post", writes=True, own=True),
    "bidding:walk_away": Door((Kind.FIRM, Kind.OPERATOR), writes=True),
    "bidding:choose": Door(OWNERS, writes=True, own=True),
    "bidding:choose_file": Door(OWNERS, own=True),
    "bidding:announce_again": Door(OWNERS, "post", writes=True, own=True),
    "bidding:wizard": Door(OWNERS, writes=True, own=True),
}


NEEDS_A_QUERY = {"ledger:inclusion", "ledger:consistency"}


def names(patterns, namespace=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            if pattern.app_name != "admin":
                yield from names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else namespace)
        elif pattern.name:
            yield namespace + pattern.name


def test_every_address_is_in_the_table():
    assert set(names(get_resolver().url_patterns)) == set(TABLE)


@dataclass(frozen=True)
class World:
    """One of everything that an address names."""

    place: market.Place
    firm: Firm
    values: dict[str, dict[str, Any]]

    def address(self, name: str) -> str:
        return reverse(name, kwargs=self.values.get(name, {}))


@pytest.fixture(scope="module")
def world(made_once) -> World:
    place = market.place()
    firm, open_round = market.firm(place, level="甲级"), market.announced(place)
    market.enters(open_round, firm, "50000.00")
    done = market.announced(place)
    market.enters(done, firm, "50000.00")
    done = market.closed_and_evaluated(done)
    disputed = with_candidate(place, firm)
    objection = objects(disputed, market.member_of(firm.organisation), files=1)
    question = asks(open_round, firm)
    waiting, draft = market.submitted(place), market.need(place)
    applicant = Firm.objects.create(organisation=market.organisation(Kind.FIRM))
    now = clock.now()
    applied = Admission.objects.create(
        firm=applicant, number=1, code="A1", status="submitted", submitted_at=now, check_due_at=now, licence="x.png"
    )
    HistoricalRound.objects.create(code="H1", opened_on="2007-06-07", title="旧", source="旧系统")
    by_code = {"code": open_round.code}
    project = {"code": draft.project.code}
    values: dict[str, dict[str, Any]] = {
        "accounts:end_membership": {"pk": place.owner.pk},
        "accounts:revoke_token": {"pk": 1},
        "bidding:withdraw_for": by_code,
        "exchange:round": by_code,
        "exchange:firm": {"uscc": firm.uscc},
        "exchange:service": {"code": place.service.code},
        "market:firm": {"uscc": firm.uscc},
        "market:firm_standing": {"uscc": firm.uscc},
        "market:service": {"code": place.service.code},
        "market:admission_add": {"section": "offerings"},
        "market:admission_remove": {"section": "offerings", "pk": 1},
        "market:scan": {"code": applied.code, "which": "licence", "pk": 0},
        "exchange:envelopes": by_code,
        "exchange:files": by_code,
        "bidding:expert": {"code": panel.expert(place).code},
        "bidding:mark": {**by_code, "lot": "1"},
        "bidding:mark_file": {**by_code, "lot": "1", "number": 1, "file": 1},
        "bidding:choose_file": {**by_code, "lot": "1", "number": 1, "file": 1},
        "exchange:withdrawal": {**by_code, "lot": "1"},
        "ledger:entry": {"index": 0},
        "ledger:tile": {"level": "0", "number": "000", "width": "1"},
        "ledger:entries": {"number": "000", "width": "1"},
        "bidding:walk_away": {"code": done.code, "lot": "1"},
        "bidding:history_round": {"code": "H1"},
        "bidding:award": {"code": award(done).code},
        "bidding:wizard_start": {"need": draft.code},
        "market:need_edit": {"code": draft.code},
        "bidding:announce_again": {"code": done.code},
        "bidding:wizard": {"code": drafted(place).code, "step": "method"},
    }
    values |= {f"ratings:{name}": {"uscc": firm.uscc} for name in ("firm_score", "firm_score_part", "firm_score_file")}
    values |= {
        f"ratings:{name}": {"code": place.department.code}
        for name in ("department_score", "department_score_file", "difference")
    }
    month = {"month": months.published().month}
    values |= {f"ratings:bulletin{name}": month for name in ("", "_pdf", "_file", "_qr", "_publish")}
    trial = PolicyTrial.objects.create(numbers={}, beside=ScorePolicy.objects.get(), asked_at=now)
    values["ratings:trial"] = {"pk": trial.pk}
    values["ratings:lines"] = values["ratings:part"] = {"code": open_round.need.code}
    case = office.received(place)
    values["approvals:case"] = values["approvals:refile"] = {"code": case.code}
    values["approvals:step"] = {"code": case.code, "step": "accept"}
    values["approvals:correct"] = {"code": case.code, "number": 1}
    values["approvals:result_issue"] = values["approvals:collect"] = {"code": case.code}
    values["approvals:result"] = {"pk": 1}
    values["market:regional_file"] = {"code": assessment(place, region(place)).code}
    values["market:reuse"] = {**project, "service": place.service.code}
    values["market:reuse_end"] = {"pk": 1}
    application = {"code": windows.filed(place).code}
    values |= dict.fromkeys(("approvals:application", "approvals:hand_in", "approvals:collect_all"), application)
    values["approvals:table_import"] = values["approvals:table_export"] = {"kind": "events"}
    values["approvals:revoke_client"] = {"pk": 1}
    values["approvals:material"] = {"pk": 1}
    for name in ("objection", "objection_answer", "objection_escalate", "objection_decide"):
        values[f"bidding:{name}"] = {"code": objection.code}
    values["bidding:objection_file"] = {"code": objection.code, "number": 1}
    party = Party.objects.create(kind="organisation", name="某公司")
    values["oversight:graph"] = values["oversight:graph_table"] = {"pk": party.pk}
    values["oversight:prices"] = {"code": done.code}
    values["oversight:pair"] = {"one": firm.uscc, "other": market.firm(place).uscc}
    values["oversight:late_cases"] = {"pk": place.department.pk}
    values["oversight:unpaid_requests"] = {"code": place.owner.organisation.public_code}
    values["bidding:contest"] = {"code": disputed.code}
    values["bidding:stop"] = {"pk": Stop.objects.create(round=disputed, firm=firm, stopped_at=now).pk}
    values["bidding:object_to"] = {"code": disputed.code}
    values["bidding:answer"] = {"code": open_round.code, "number": question.number}
    for name in ("admission_check", "admission_publish", "admission_refuse"):
        values[f"market:{name}"] = {"code": applied.code}
    for name in ("project", "project_edit", "need_new"):
        values[f"market:{name}"] = project
    for name in (
        "round",
        "live",
        "record",
        "verify",
        "qr",
        "notice",
        "questions",
        "ask",
        "enter",
        "receipt",
        "withdraw",
        "owner_round",
        "owner_cancel",
        "choose",
    ):
        values[f"bidding:{name}"] = by_code
    room = {"code": auctions.opened(firms=1).round.code, "lot": "1"}
    for name in ("auction", "auction_state", "auction_mine", "auction_pause", "auction_resume"):
        values[f"bidding:{name}"] = room
    values["exchange:offers"] = room
    together = consortia.proposes(consortia.announced(place), firm, market.firm(place, level="甲级"))
    values["bidding:consortium_propose"] = {"code": together.round.code}
    for name in ("consortium", "consortium_answer", "consortium_dissolve"):
        values[f"bidding:{name}"] = {"key": together.key}
    for name in ("check", "announce", "return", "cancel"):
        values[f"bidding:{name}"] = {"code": waiting.code}
    values |= to_pay() | rated(place) | looked_into(place, firm)
    elsewhere = market.place()
    contract = contracts.running(elsewhere)
    supplement = {"code": contract.code, "number": contracts.supplemented(elsewhere, contract).number}
    for name in [name for name in TABLE if name.startswith("contracts:")]:
        values[name] = {"code": contract.code}
    values |= {key: {} for key in LISTS_OF_CONTRACTS}
    values |= {key: supplement for key in TABLE if key.startswith("contracts:supplement")}
    values |= {key: {"pk": contract.template_id} for key in ("contracts:template", "contracts:template_next")}
    made = contracts.submits(contract)
    for name in ("submit", "revision", "matter_answer", "matter_finish", "matter_withdraw"):
        values[f"contracts:{name}"] = {"code": contract.code, "number": 2}
    values["contracts:matter_propose"] = {"code": contract.code, "kind": "change"}
    for name in ("deliverable", "accept", "return"):
        values[f"contracts:{name}"] = {"code": made.code}
    return World(place, firm, values)


def rated(place: market.Place) -> dict[str, dict[str, Any]]:
    """An evaluation and a deduction, each with what belongs to it."""
    own = saying.accepted(place)
    found = saying.evaluates(own, place.owner)
    charged = saying.deed(place, firm=own.contract.firm, by=place.operator, text="查实", files=[saying.scan()])
    line = {"contract": own.contract.code, "number": own.number}
    values: dict[str, dict[str, Any]] = {"ratings:evaluate": line}
    values |= {f"ratings:{name}": {"code": found.code} for name in ("evaluation", "evidence", "reply")}
    uscc = {"uscc": own.contract.firm.uscc}
    values |= {f"ratings:{name}": uscc for name in ("firm_evaluations", "firm_evaluations_part")}
    values["exchange:firm_evaluations"] = uscc
    values["ratings:deduction"] = {"code": charged.code}
    values["ratings:deduction_step"] = {"code": charged.code, "step": "notice"}
    values["ratings:deduction_file"] = {"code": charged.code, "event": 1, "number": 1}
    return values


def looked_into(place: market.Place, firm: Firm) -> dict[str, dict[str, Any]]:
    """A lead, and an inquiry whose decision is published."""
    take_in("CL5", [desk.lead(firm, department=place.department.pk)], now=clock.now())
    found = desk.decided(Alert.objects.get(), desk.regulator())
    decisions.publish(inquiry_id=found.pk, text="应当回避。", by=found.assigned_to)
    values: dict[str, dict[str, Any]] = {
        f"oversight:{name}": {"code": found.code}
        for name in ("inquiry", "frozen", "inquiry_file", "inquiry_step", "decision")
    }
    values["oversight:frozen"] = {"code": found.code, "number": 1}
    values["oversight:inquiry_file"] = {"code": found.code, "event": 1, "number": 1}
    values["oversight:inquiry_step"] = {"code": found.code, "step": "note"}
    values |= {f"oversight:{name}": {"pk": Alert.objects.get().pk} for name in ("alert", "dismiss", "inquire")}
    values["oversight:rule"] = {"code": "RH2"}
    values["oversight:firm_decisions_part"] = {"uscc": firm.uscc}
    return values


def to_pay() -> dict[str, dict[str, Any]]:
    """A request to be paid with public money, whose transfer the firm has not confirmed yet."""
    case = payments.running(funding="public")
    asked = payments.asks(case)
    send_transfer(request_id=asked.pk, paid_on=timezone.localdate(), proof=payments.scan(), by=case.owner)
    steps = (
        "request",
        "invoice",
        "pay",
        "cancel",
        "returned",
        "send_back",
        "withdraw",
        "transfer",
        "arrived",
        "refund",
    )
    values: dict[str, dict[str, Any]] = {f"payments:{name}": {"code": asked.code} for name in steps}
    values["payments:proof"] = {"code": asked.code, "number": 1}
    values["payments:ask"] = {"contract": case.contract.code, "number": case.milestone.number}
    values["payments:owner_public"] = {"code": asked.owner.public_code}
    return values


def award(round_):
    from datetime import timedelta

    from bidding.domain import due
    from bidding.models import Round

    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now() - timedelta(seconds=1))
    due.move_due_rounds()
    return Round.objects.get(pk=round_.pk)


def drafted(place):
    from bidding.domain import rounds

    return rounds.draft_round(need=market.need(place), by=place.owner)


def is_sent_to_sign_in(answer) -> bool:
    return bool(answer.status_code == 302 and answer["Location"].startswith("/account/sign-in/"))


def test_the_anonymous(world):
    for name, door in TABLE.items():
        answer = getattr(Client(), door.method)(world.address(name))
        if door.who == CUSTODIAN:
            assert answer.status_code == 403, name
        elif door.api:
            assert answer.status_code == 401, name
        elif name in NEEDS_A_QUERY:
            assert answer.status_code == 422, name
        elif door.who == EVERYBODY:
            assert answer.status_code in (200, 302) and not is_sent_to_sign_in(answer), (name, answer.status_code)
        else:
            assert is_sent_to_sign_in(answer), (name, answer.status_code)


def test_every_kind_of_organisation(world):
    """Where one's kind has no business, nothing is there; where it has, there is no error of ours."""
    for kind in Kind:
        organisation = world.firm.organisation if kind == Kind.FIRM else market.organisation(kind)
        client = acting(market.member_of(organisation))
        for name, door in TABLE.items():
            if name == "accounts:sign_out":
                continue
            answer = getattr(client, door.method)(world.address(name))
            assert answer.status_code < 500, (name, kind)
            if door.who in (CUSTODIAN, SYSTEM):
                assert answer.status_code == (403 if door.who == CUSTODIAN else 401), (name, kind)
            elif door.who not in (EVERYBODY, SIGNED_IN) and kind not in door.who:
                assert answer.status_code == door.shut, (name, kind, answer.status_code)


def test_who_only_looks_changes_nothing(world):
    own = {Kind.OWNER: world.place.owner.organisation, Kind.FIRM: world.firm.organisation}
    lookers = {
        kind: acting(market.member_of(own.get(kind) or market.organisation(kind), role=Role.VIEWER)) for kind in Kind
    }
    for name, door in TABLE.items():
        for kind in door.who if door.writes else ():
            answer = getattr(lookers[kind], door.method)(world.address(name))
            assert answer.status_code == 403, (name, kind)


def test_what_belongs_to_another_is_not_there(world):
    organisations = {
        Kind.OWNER: market.organisation(Kind.OWNER),
        Kind.PERSON: market.organisation(Kind.PERSON),
        Kind.FIRM: market.firm(world.place).organisation,
        Kind.DEPARTMENT: market.organisation(Kind.DEPARTMENT),
    }
    others = {kind: acting(market.member_of(each)) for kind, each in organisations.items()}
    for name, door in TABLE.items():
        if door.own:
            for kind in others.keys() & set(door.who):
                assert getattr(others[kind], door.method)(world.address(name)).status_code == 404, (name, kind)


def test_without_the_second_factor_no_desk_of_the_service_centre_or_a_regulator(world):
    for kind in (Kind.OPERATOR, Kind.REGULATOR):
        client = Client()
        member = market.member_of(market.organisation(kind))
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        for name, door in TABLE.items():
            if isinstance(door.who, tuple) and kind in door.who:
                answer = getattr(client, door.method)(world.address(name))
                assert answer.status_code == 302, (name, answer.status_code)
                assert answer["Location"].startswith("/account/second-factor/"), name


def test_the_admin_is_for_staff_with_a_second_factor_only():
    for kind in Kind:
        client = acting(market.member_of(market.organisation(kind)))
        assert client.get("/admin/").status_code == 302, kind
    staff = market.user(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/").status_code == 302


def test_an_applicant_begins_only_for_its_own_firm():
    member = market.member_of(market.organisation(Kind.FIRM))
    draft = admissions.begin_admission(by=member)
    assert draft.firm.organisation_id == member.organisation_id
