"""Who sees what of a line: the one place that decides it.

- Everybody sees the lines of a need that was announced: who had the ball when and why, as dates and kinds. What is sealed
  has no event before the award (not who enters, not how many), and nothing that people wrote is in a line at all.
- A natural person's case is not public: for everybody but its parties and the regulator such a line ends with the acceptance.
- A need that was not announced yet is its owner's, and of those who check and supervise.
- Links to contracts and cases are there for those who may open them.
"""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Kind, Organisation
from approvals.models import Case
from bidding.models import Round
from market.models import Need
from ratings.events import CASE
from ratings.lines import Line

OVERSEE = (Kind.OPERATOR, Kind.REGULATOR)


def needs_for(reader: Organisation | None) -> QuerySet[Need]:
    """The needs whose lines somebody may see; nobody in particular: the public."""
    if reader is not None and reader.kind in OVERSEE:
        return Need.objects.all()
    announced = Exists(Round.objects.public().filter(need=OuterRef("pk")))
    return Need.objects.filter(announced | Q(project__owner=reader) if reader is not None else announced)


def cases_for(reader: Organisation | None) -> QuerySet[Case]:
    """The cases that somebody may open."""
    if reader is None or reader.kind not in (Kind.OWNER, Kind.PERSON, Kind.DEPARTMENT, Kind.REGULATOR):
        return Case.objects.none()
    return Case.objects.readable_by(reader)


def as_seen_by(line: Line, reader: Organisation | None) -> Line:
    """A line without what this reader may not see of it."""
    if not line.project.owner.is_protected or _reads_cases(line, reader):
        return line
    events = tuple(event for event in line.events if event.kind not in CASE)
    return replace(line, cases=(), events=events, with_case=False)


def _reads_cases(line: Line, reader: Organisation | None) -> bool:
    """The owner, the department that decides the item, the regulator, and the firm whose work it rests on."""
    if reader is None:
        return False
    parties = {line.project.owner_id, line.department.organisation_id}
    if line.award is not None:
        parties.add(line.award.firm.organisation_id)
    return reader.kind == Kind.REGULATOR or reader.pk in parties
