"""Material of cases: handed in once, shared between the cases of an application, and deliverables that come by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Membership, Organisation, User
from approvals.domain.recording import locked
from approvals.models import Application, Case, Material
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from core.uploads import sha256_of
from ledger import domain as ledger

MOST = 40
"""Pieces of material of one application."""


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A result that a higher room keeps and that a case has without its applicant carrying it; `size` in bytes."""

    reference: str
    title: str
    sha256: str
    size: int


KnownTo = Callable[[Case], Iterable[Elsewhere]]
_sources: dict[str, tuple[KnownTo, Callable[[str], str]]] = {}


def register(prefix: str, *, known_to: KnownTo, url: Callable[[str], str]) -> None:
    """Add a source of results, whose references begin with `prefix`: which belong to a new case, and where one is read."""
    _sources[prefix] = known_to, url


def url_of(reference: str) -> str:
    """Where a result is read; empty where no source knows it."""
    return next((url(reference) for prefix, (_known, url) in _sources.items() if reference.startswith(prefix)), "")


def take_known(case: Case) -> None:
    """Give a new case what higher rooms know to belong to it."""
    for known_to, _url in _sources.values():
        for each in known_to(case):
            attach(case, each.title, each.sha256, each.size, each.reference, None)


def attach(case: Case, title: str, sha256: str, size: int, reference: str, by: User | None) -> Material:
    """Let a deliverable, known elsewhere as `reference`, be material of a case, so that its owner need not carry it.

    The same deliverable of the same case again changes nothing. Raises WrongState where the case is over.
    """
    with transaction.atomic():
        case = locked(case.pk)
        known = case.materials.filter(sha256=sha256).first()
        if known is not None:
            return known
        if not (case.is_running or case.status == Case.Status.PLANNED):
            raise WrongState(_("办件已经办结，不能再加材料。"))
        shared = case.application and case.application.materials.filter(sha256=sha256).first()
        material = shared or _new(
            application=case.application, title=title[:100], sha256=sha256, size=size, reference=reference, added_by=by
        )
        material.cases.add(case)
        log(case, material)
    return material


def hand_in(
    *, application_id: int, title: str, file: Any, by: Membership, cases: QuerySet[Case] | None = None
) -> Material:
    """Add a checked file to an application, for all of its cases that are not over, or for some.

    The same file again is not kept twice. Raises NotAllowed for who is not the applicant.
    """
    with transaction.atomic():
        application = Application.objects.select_for_update().get(pk=application_id)
        if by.organisation_id != application.applicant_id or by.role not in WRITERS:
            raise NotAllowed
        open_cases = (application.cases.all() if cases is None else cases).exclude(
            status__in=[Case.Status.DECIDED, Case.Status.NOT_ACCEPTED, Case.Status.WITHDRAWN]
        )
        targets = list(open_cases.select_for_update(of=["self"]).order_by("id"))
        if not targets:
            raise WrongState(_("办件已经办结，不能再加材料。"))
        material = keep_file(application, title=title, file=file, by=by)
        already = set(material.cases.values_list("pk", flat=True))
        for case in targets:
            if case.pk not in already:
                material.cases.add(case)
                log(case, material)
    return material


def keep_file(application: Application, *, title: str, file: Any, by: Membership) -> Material:
    """Keep a file of a locked application once, under a name of ours."""
    digest = sha256_of(file)
    known: Material | None = application.materials.filter(sha256=digest).first()
    if known is not None:
        return known
    number = application.materials.count() + 1
    if number > MOST:
        raise DomainError(_("最多 %(most)d 份材料。") % {"most": MOST}, code="file")
    size, suffix = file.size, (file.name or "").rpartition(".")[2]
    file.name = f"{application.code}-{number}.{suffix}"
    return _new(
        application=application, title=title.strip()[:100] or file.name, file=file, sha256=digest, size=size,
        added_by=by.user,
    )  # fmt: skip


def readable_by(organisation: Organisation) -> QuerySet[Material]:
    """Material of cases that an organisation may read."""
    return Material.objects.filter(cases__in=Case.objects.readable_by(organisation)).distinct()


def _new(**fields: Any) -> Material:
    return Material.objects.create(added_at=clock.now(), **fields)


def log(case: Case, material: Material) -> None:
    """Tell the log that a case has a piece of material."""
    data = told_of(material, blinded=partial(ledger.blinded, subject=case.subject))
    ledger.append("case.material", case.subject, data, at=clock.now())


def told_of(material: Material, *, blinded: Callable[[str], str]) -> dict[str, Any]:
    """What the log says of a piece of material."""
    return {
        "sha256": material.sha256,
        "size": material.size,
        "title": blinded(material.title),
        "deliverable": bool(material.reference),
    }
