"""An owner's projects, as a higher room knows them: it registers a source in its `apps.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.models import Organisation
from approvals.models import District


@dataclass(frozen=True, kw_only=True)
class OwnProject:
    """A project as an application takes it; `items` are primary keys of the approval items that it is known to need."""

    code: str
    name: str
    district: District
    items: tuple[int, ...] = ()


Source = Callable[[Organisation], Iterable[OwnProject]]
registry: list[Source] = []


def register(source: Source) -> Source:
    """Add a source of projects."""
    if source not in registry:
        registry.append(source)
    return source


def projects_of(organisation: Organisation) -> list[OwnProject]:
    """The projects of an organisation, as every source knows them."""
    return [project for source in registry for project in source(organisation)]


def project_of(organisation: Organisation, code: str) -> OwnProject | None:
    """One of them by its code; None for another's."""
    return next((each for each in projects_of(organisation) if each.code == code), None)
