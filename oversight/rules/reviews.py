"""RH7: whoever prepared a report does not do its technical review (DOMAIN, 国办发〔2015〕31号)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from oversight.rules.base import TO_CONFIRM


@dataclass(frozen=True)
class Reviewing:
    """That one service of the catalogue reviews what others prepared, from a day on, with its basis."""

    service: str
    reviewed: tuple[str, ...]
    basis: str
    since: date = date(2017, 1, 1)
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


REVIEWS = (
    Reviewing("S017", ("S015", "S016"), "施工图审查机构与勘察、设计单位不得是同一家；国办发〔2015〕31号" + TO_CONFIRM),
)
"""Services of the catalogue that review the work of others."""


@dataclass(frozen=True)
class Work:
    """That a firm has been given a service of a project: by an award, under the code of it."""

    firm: int
    project: int
    service: str
    code: str


def reviewed_by(service: str, day: date) -> tuple[str, ...]:
    """The services whose results a service reviews on a day."""
    return tuple(code for each in REVIEWS if each.service == service and each.holds_on(day) for code in each.reviewed)


def rh7(*, firm: int, project: int, service: str, works: Iterable[Work], day: date) -> list[Work]:
    """What the firm prepared in this project that the service would review: any keeps it out."""
    prepared = reviewed_by(service, day)
    return [work for work in works if work.firm == firm and work.project == project and work.service in prepared]
