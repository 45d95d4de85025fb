"""A market place with the graph beside it: a department with an institution, firms, people with ID numbers."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from accounts.models import Kind as OrganisationKind
from accounts.models import Membership, Role
from approvals.models import DepartmentBody
from core.identifiers import generate_id_number, generate_uscc
from market.models import AffiliationDeclaration, Firm, Practitioner
from oversight.domain.describing import Described, id_hash
from oversight.domain.stating import Said, Stated, source_of, state
from oversight.graph import Kind, NodeKind
from tests import market_place as market

rng = random.Random(2017)
BEGAN = date(2020, 1, 1)


def body_of(where: market.Place, *, relation: str = "sponsors") -> Any:
    kind = OrganisationKind.INSTITUTION if relation == "sponsors" else OrganisationKind.ASSOCIATION
    prefix = "12" if relation == "sponsors" else "51"
    organisation = market.organisation(kind, uscc=generate_uscc(rng, prefix=prefix))
    DepartmentBody.objects.create(
        department=where.department, organisation=organisation, relation=relation, source="编办目录"
    )
    return organisation


def declares(firm: Firm, **fields: Any) -> AffiliationDeclaration:
    assert firm.current is not None
    return AffiliationDeclaration.objects.create(admission=firm.current, **fields)


def practitioner(firm: Firm, number: str, name: str) -> Practitioner:
    assert firm.current is not None
    return Practitioner.objects.create(
        admission=firm.current,
        name=name,
        id_number=number,
        id_hash=id_hash(number),
        certificate="注册环评工程师",
        certificate_number=f"C{number[-4:]}",
        social_security_unit=firm.organisation.name,
    )


def id_number() -> str:
    return generate_id_number(rng)


def regulator(*, role: str = Role.HANDLER) -> Membership:
    return market.member_of(market.organisation(OrganisationKind.REGULATOR), role=role)


def organisation_key(organisation: Any) -> Described:
    return Described(
        keys=(f"org/{organisation.pk}",),
        kind=NodeKind.DEPARTMENT if organisation.kind == OrganisationKind.DEPARTMENT else NodeKind.ORGANISATION,
        name=organisation.name,
        uscc=organisation.uscc or "",
        organisation=organisation.pk,
    )


def holds(
    owner: Any, firm: Firm, *, share: int = 51, key: str = "s1", code: str = "register:test", **fields: Any
) -> None:
    """A register says that an organisation holds part of a firm."""
    state(
        source_of(code),
        parties=[organisation_key(owner), organisation_key(firm.organisation)],
        statements=[
            Stated(
                key=key,
                day=BEGAN,
                says=(
                    Said(
                        kind=Kind.OWNS,
                        tail=f"org/{owner.pk}",
                        head=f"org/{firm.organisation_id}",
                        low=share * 10_000,
                        high=share * 10_000,
                        **fields,
                    ),
                ),
            )
        ],
    )
