"""What the marketplace itself holds, taken into the graph: departments and their bodies, firms, their people and declarations.

It is taken in again every night, and firms by day when a new version of their material is in force; what is unchanged says
nothing new, and what a version no longer says has ended with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Prefetch, QuerySet

from accounts.models import Kind as OrganisationKind
from accounts.models import Organisation
from approvals.models import Department, DepartmentBody
from core import clock
from market.models import AffiliationDeclaration, Firm
from oversight import naming
from oversight.domain import matching, places
from oversight.domain.describing import Described, hashed
from oversight.domain.stating import Recorded, Said, snapshot, source_of
from oversight.graph import Form, Kind, NodeKind
from oversight.models import Confidence, Scan, Source

BATCH = 200
FORMS = {
    OrganisationKind.DEPARTMENT: Form.GOVERNMENT,
    OrganisationKind.INSTITUTION: Form.INSTITUTION,
    OrganisationKind.ASSOCIATION: Form.ASSOCIATION,
}
Declared = AffiliationDeclaration.Kind
OF_FIRM = {Declared.SHAREHOLDER: Kind.OWNS, Declared.SPONSOR: Kind.SPONSORS, Declared.SUPERVISOR: Kind.SUPERVISES}
"""Declarations that name who stands above the firm; the others are of a person whom they do not name."""
ROLE = {Declared.PRACTITIONER: Kind.PRACTITIONER}


def import_everything() -> int:
    """Everything; give how many statements were new."""
    new = import_departments() + _import(Firm.objects.exclude(current=None))
    places.compare()
    matching.look_for_people()
    return new


def import_changed() -> int:
    """Firms whose material has come into force since the last scan."""
    last = Scan.objects.first()
    if last is None:
        return 0
    return _import(Firm.objects.filter(current__accepted_at__gt=last.seen_until))


def import_departments() -> int:
    """Departments, the institutions that they sponsor and the associations whose 业务主管单位 they are."""
    source = source_of("market/departments", name="审批部门与下属单位")
    departments = [
        _organisation(each.organisation, is_department=True)
        for each in Department.objects.select_related("organisation").order_by("pk")
    ]
    bodies = list(DepartmentBody.objects.select_related("organisation", "department").order_by("pk"))
    recorded = [
        Recorded(
            record=f"body/{each.department.code}/{each.organisation_id}/{each.relation}",
            scope="bodies",
            says=(
                Said(
                    kind=Kind.SPONSORS if each.relation == DepartmentBody.Relation.SPONSORS else Kind.SUPERVISES,
                    tail=f"org/{each.department.organisation_id}",
                    head=f"org/{each.organisation_id}",
                    since=each.valid_from,
                    until=each.valid_to,
                    detail=each.source,
                ),
            ),
        )
        for each in bodies
    ]
    parties = [*departments, *(_organisation(each.organisation) for each in bodies)]
    return snapshot(source, day=_today(), parties=parties, recorded=recorded, whole={"bodies"})


def _today() -> date:
    return clock.now().astimezone(clock.LOCAL).date()


def _organisation(organisation: Organisation, *, is_department: bool = False) -> Described:
    return Described(
        keys=(f"org/{organisation.pk}",),
        kind=NodeKind.DEPARTMENT if is_department else NodeKind.ORGANISATION,
        name=organisation.name,
        uscc=organisation.uscc or "",
        form=FORMS.get(OrganisationKind(organisation.kind), ""),
        address=organisation.address,
        phone=organisation.contact_phone,
        organisation=organisation.pk,
    )


def _import(firms: QuerySet[Firm]) -> int:
    source = source_of("market/firms", name="本平台入驻资料", confidence=Confidence.DECLARED)
    declarations = AffiliationDeclaration.objects.select_related("counterpart__department")
    rows = firms.select_related("organisation", "current").prefetch_related(
        "current__practitioners", Prefetch("current__declarations", declarations)
    )
    new, last = 0, 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        new += _take(source, batch)
    return new


def _take(source: Source, firms: list[Firm]) -> int:
    """One snapshot of some firms, each as of the day on which its material came into force."""
    known = _named({d.counterpart_name.strip() for firm in firms for d in _declarations(firm)})
    new, described = 0, [_Material(firm, known) for firm in firms]
    for day in sorted({each.day for each in described}):
        own = [each for each in described if each.day == day]
        new += snapshot(
            source,
            day=day,
            parties=[party for each in own for party in each.parties],
            recorded=[record for each in own for record in each.recorded],
            whole={each.scope for each in own},
        )
    return new


def _declarations(firm: Firm) -> Iterable[AffiliationDeclaration]:
    return firm.current.declarations.all() if firm.current else ()


def _named(names: set[str]) -> dict[str, Organisation]:
    """Departments and their bodies by exact name, as declarations may write them."""
    own = Organisation.objects.filter(name__in=names - {""}, kind__in=list(FORMS)).select_related("department")
    return {each.name: each for each in own}


@dataclass
class _Material:
    """What the material in force of one firm says."""

    firm: Firm
    known: dict[str, Organisation]
    parties: list[Described] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)

    def __post_init__(self) -> None:
        current = self.firm.current
        assert current is not None
        self.scope, self.own = f"firm/{self.firm.pk}", f"org/{self.firm.organisation_id}"
        accepted = current.accepted_at or current.submitted_at
        self.day = accepted.astimezone(clock.LOCAL).date() if accepted else _today()
        self.parties.append(
            Described(
                keys=(self.own,),
                name=self.firm.organisation.name,
                uscc=self.firm.uscc,
                address=current.address or self.firm.organisation.address,
                phone=current.contact_phone,
                representative=current.legal_representative,
                organisation=self.firm.organisation_id,
            )
        )
        self._people()
        for each in current.declarations.all():
            self._declared(each)

    def _person(self, role: str, name: str = "", *, id_hash: bytes | None = None) -> str:
        mark = id_hash or hashed(naming.person_key(name), field="person_name") or b""
        key = f"{self.scope}/{role}/{mark.hex()}" if id_hash is None else f"person/{mark.hex()}"
        self.parties.append(Described(keys=(key,), kind=NodeKind.PERSON, name=name, id_hash=id_hash))
        return key

    def _says(self, record: str, *says: Said) -> None:
        self.recorded.append(Recorded(record=f"{self.scope}/{record}", scope=self.scope, says=says))

    def _people(self) -> None:
        """The legal representative and the contact by name alone, practitioners by the HMAC of their ID numbers."""
        current = self.firm.current
        assert current is not None
        if current.legal_representative:
            person = self._person("representative", current.legal_representative)
            self._says("representative", Said(kind=Kind.REPRESENTS, tail=person, head=self.own))
        if current.contact_name:
            person = self._person("contact", current.contact_name)
            self._says("contact", Said(kind=Kind.EMPLOYS, tail=self.own, head=person, detail="contact"))
        for each in current.practitioners.all():
            person = self._person("practitioner", each.name, id_hash=bytes(each.id_hash))
            self._says(person, Said(kind=Kind.PRACTITIONER, tail=person, head=self.own))

    def _declared(self, each: AffiliationDeclaration) -> None:
        other = self._counterpart(each)
        record = f"declared/{each.kind}/{hashed(other, field='record').hex()[:32]}"  # type: ignore[union-attr]
        if each.kind in OF_FIRM:
            share = None if each.share is None else int(each.share * 10_000)
            kind = OF_FIRM[Declared(each.kind)]
            self._says(
                record,
                Said(kind=kind, tail=other, head=self.own, low=share, high=share, since=each.since, until=each.until),
            )
            return
        person = f"{self.scope}/{record}"
        self.parties.append(Described(keys=(person,), kind=NodeKind.PERSON))
        role = Said(kind=ROLE.get(Declared(each.kind), Kind.OFFICER), tail=person, head=self.own)
        self._says(record, role, *self._post(each, other, person))

    def _post(self, each: AffiliationDeclaration, other: str, person: str) -> Iterator[Said]:
        if each.kind == Declared.FORMER:
            yield Said(kind=Kind.EMPLOYED, tail=other, head=person, since=each.since, until=each.until)
            return
        official = person
        if each.kind == Declared.KIN:
            official = f"{person}/kin"
            self.parties.append(Described(keys=(official,), kind=NodeKind.PERSON))
            yield Said(kind=Kind.KIN, tail=official, head=person)
        yield Said(kind=Kind.EMPLOYS, tail=other, head=official, since=each.since, until=each.until)

    def _counterpart(self, each: AffiliationDeclaration) -> str:
        """The key of who is declared: an organisation of this city by its link or exact name, else whoever has this name."""
        name = each.counterpart_name.strip()
        organisation = each.counterpart or self.known.get(name)
        if organisation is None and not naming.looks_like_organisation(name):
            return self._person("counterpart", name)
        if organisation is None:
            key = f"name/{naming.full(name)}"[:200]
            self.parties.append(Described(keys=(key,), name=name))
            return key
        self.parties.append(_organisation(organisation, is_department=hasattr(organisation, "department")))
        return f"org/{organisation.pk}"
