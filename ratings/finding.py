"""Which lines a code leads to, for one reader: those of a need, a contract, an approval case or a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Organisation
from contracts.models import Contract
from market.models import Need, Project
from ratings.lines import Lines
from ratings.rules import OVERSEE, as_seen_by, cases_for, needs_for

Reader = Organisation | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """Lines as their reader may see them, under what they were asked by."""

    title: str
    lines: Lines
    is_project: bool = False


def lines_for(code: str, reader: Reader) -> Found:
    """The lines of a code. Raises Http404 where there is nothing that this reader may see."""
    find = BY_LETTER.get(code[:1])
    if find is None:
        raise Http404
    return find(code, reader)


def _of_need(code: str, reader: Reader) -> Found:
    need = get_object_or_404(needs_for(reader), code=code)
    return Found(title=need.title, lines=_read(Q(pk=need.pk), reader))


def _of_contract(code: str, reader: Reader) -> Found:
    known = Contract.objects.public() | Contract.objects.readable_by(reader)
    contract = get_object_or_404(known.select_related("award__lot__round"), code=code)
    lines = _read(Q(pk=contract.award.lot.round.need_id), reader)
    own = (line for line in lines if line.contract is not None and line.contract.pk == contract.pk)
    return Found(title=contract.title, lines=Lines(own))


def _of_case(code: str, reader: Reader) -> Found:
    case = get_object_or_404(cases_for(reader).select_related("item"), code=code)
    if not case.project_code:
        return Found(title=case.project_name, lines=Lines())
    mine = Q(code=case.project_code) | Q(national_code=case.project_code)
    projects = Project.objects.filter(mine, owner=case.applicant_id).values("pk")
    wanted = (
        Q(project__in=projects, item=case.item_id)
        | Q(project__in=projects, further__item=case.item_id)
        | Q(contract_lines__project__in=projects, contract_lines__item=case.item_id)
    )
    lines = _read(wanted, reader)
    own = (line for line in lines if any(each.pk == case.pk for each in line.cases))
    return Found(title=case.project_name, lines=Lines(own))


def _of_project(code: str, reader: Reader) -> Found:
    if reader is None:
        raise Http404
    known = Project.objects.all() if reader.kind in OVERSEE else Project.objects.of(reader)
    project = get_object_or_404(known, code=code)
    lines = _read(Q(project=project) | Q(contract_lines__project=project), reader)
    own = (line for line in lines if line.project.pk == project.pk)
    return Found(title=project.name, lines=Lines(own), is_project=True)


def _read(wanted: Q, reader: Reader) -> Lines:
    pks = Need.objects.filter(wanted).values("pk")
    return Lines(as_seen_by(line, reader) for line in Lines.of(needs_for(reader).filter(pk__in=pks).order_by("pk")))


BY_LETTER: dict[str, Callable[[str, Reader], Found]] = {
    "N": _of_need,
    "C": _of_contract,
    "K": _of_case,
    "P": _of_project,
}
