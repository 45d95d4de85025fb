"""Needs of several services for tests: three places whose services one firm may do together, from the need to the contract."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from approvals.models import Case
from bidding.models import Award, Round
from contracts.document import text_hash
from contracts.domain import delivering, drafting
from contracts.models import Contract, Deliverable
from core import clock
from core.codes import Letter, next_code
from market.domain import projects
from market.domain.combining import Wanted
from market.models import CombinationPolicy, Firm, Need, Offering, Project, ServiceBundle
from tests import custody, lots
from tests import market_place as market
from tests.approvals import office
from tests.bidding import panel
from tests.contracts import place as contracts

Places = tuple[market.Place, ...]
UPPER, PRICE = "60000.00", "30000.00"
AMOUNTS = ("50000.00", "51000.00", "52000.00")


def places(count: int = 3, *, most: int = 4, free: bool = False, bundled: bool = True, **policy: Any) -> Places:
    """Markets of one city, each with a service, an item and a department of its own; the first is where needs are posted."""
    made = tuple(market.place(**policy) for _number in range(count))
    CombinationPolicy.objects.create(
        version=f"test{made[0].service.code}", most=most, free=free, legal_basis="测试依据"
    )
    if bundled:
        bundle = ServiceBundle.objects.create(
            code=f"bundle{made[0].service.code}", name="多测合一", name_en="Surveys in one go", legal_basis="测试依据",
            explanation="可以一并委托。", explanation_en="May be commissioned together.",
        )  # fmt: skip
        bundle.services.set(each.service for each in made)
    return made


def wanted(*of: market.Place, **fields: Any) -> list[Wanted]:
    return [Wanted(service=each.service, item=each.item, **fields) for each in of]


def drafted(where: market.Place, *, project: Project | None = None, **fields: Any) -> Need:
    """A need as an owner's form has it, not kept yet."""
    if project is None:
        project = Project.objects.create(
            owner=where.owner.organisation, code=next_code(Letter.PROJECT, at=clock.now()), name="测试项目",
            district=where.district, address="测试路 1 号", funding=Project.Funding.PRIVATE,
        )  # fmt: skip
    given = {"title": "三项一并委托", "requirement": "编制三份成果", "budget": Decimal(UPPER), **fields}
    return Need(project=project, service=where.service, item=where.item, **given)


def need(where: market.Place, *others: market.Place, **fields: Any) -> Need:
    """Kept, with the services of the other places as further ones."""
    return projects.save_need(by=where.owner, need=drafted(where, **fields), qualifications=[], further=wanted(*others))


def firm(*of: market.Place, **fields: Any) -> Firm:
    """A firm that offers the services of all these places."""
    made = market.firm(of[0], **fields)
    assert made.current is not None
    for each in of[1:]:
        Offering.objects.create(admission=made.current, service=each.service, promised_days=20)
    return made


def lived(of: Places, method: str = "lowest", **fields: Any) -> Round:
    """A round of all the services, lived through in its own time to its candidate."""
    start = clock.now() - timedelta(minutes=30)
    fixed = method in lots.FIXED
    with clock.travelling(start):
        firms = [firm(*of) for _number in range(3)]
        for _number in range(5 if method == "scored" else 0):
            panel.expert(of[0])
        round_ = market.announced(
            of[0], method=method, of=need(*of, **fields), named=firms[0] if method == "direct" else None,
            parameters={**lots.TERMS[method], **({"price": PRICE} if fixed else {"upper": UPPER})},
        )  # fmt: skip
    with clock.travelling(start + timedelta(seconds=20)):
        custody.attend()
        for each, amount in zip(firms[:1] if method == "direct" else firms, AMOUNTS, strict=False):
            market.enters(round_, each, None if fixed or method == "auction" else amount)
    assert round_.closes_at is not None
    market.goes_on(round_, at=round_.closes_at)
    return lots.decided(Round.objects.get(pk=round_.pk), method, of[0])


def contract_drafted(of: Places, **fields: Any) -> Contract:
    round_ = lived(of, **fields)
    Round.objects.filter(pk=round_.pk).update(candidate_until=clock.now())
    market.move_on()
    made = drafting.draft_contract(award_id=Award.objects.get(lot__round=round_).pk)
    assert made is not None
    return made


def running(of: Places, **fields: Any) -> Contract:
    """Sealed by everybody."""
    return sealed(of[0], contract_drafted(of, **fields))


def sealed(where: market.Place, contract: Contract) -> Contract:
    contract.refresh_from_db()
    drafting.propose_contract(contract_id=contract.pk, by=where.owner)
    _owner, by = contracts.people(where, contract)
    text = text_hash(contract)
    contract = drafting.agree_to_contract(contract_id=contract.pk, text_sha256=text, by=by)
    for party in contract.parties.order_by("-number"):
        contract = contracts.seal(contract, market.member_of(party.organisation))
    return contract


def submitted(contract: Contract, number: int, text: str = "成果") -> Deliverable:
    """What is delivered for one line alone."""
    milestone = contract.milestones.get(delivers=True, lines__number=number)
    return delivering.submit_deliverable(
        milestone_id=milestone.pk,
        content=ContentFile(contracts.pdf(f"{text} {number}")),
        kind="application/pdf",
        by=market.member_of(contract.firm.organisation),
    )


def accepted(contract: Contract, number: int, text: str = "成果") -> Deliverable:
    found = submitted(contract, number, text)
    return delivering.accept_deliverable(deliverable_id=found.pk, by=market.member_of(contract.owner))


def case_of(where: market.Place, contract: Contract) -> Case:
    """The case of one of its items, at that item's department."""
    return office.received(
        where, at=clock.now(), applicant=contract.owner, project_code=contract.project.code,
        project_name=contract.project.name,
    )  # fmt: skip


def yesterday() -> date:
    return clock.now().astimezone(clock.LOCAL).date() - timedelta(days=1)
