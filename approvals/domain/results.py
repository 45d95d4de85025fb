"""Documents of decisions: a department issues them, the applicant collects them in the one place where it applied (统一出件)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Membership
from approvals.domain.recording import locked
from approvals.models import Case, Result
from core import clock
from core.errors import DomainError, NotAllowed, WrongState
from core.uploads import sha256_of
from ledger import domain as ledger

MOST = 10
"""Documents of one case."""


def issue_result(*, case_id: int, number: str, file: Any, by: Membership) -> Result:
    """The department that decided hands out a checked file under its own number (文号). The same file again is the same document.

    Raises NotAllowed for everybody else, WrongState before the decision, DomainError without a number or for too many.
    """
    with transaction.atomic():
        case = locked(case_id)
        if by.organisation_id != case.department.organisation_id or by.role not in WRITERS:
            raise NotAllowed
        if case.status != Case.Status.DECIDED:
            raise WrongState(_("作出决定以后才能出件。"))
        number, digest = number.strip(), sha256_of(file)
        known: Result | None = case.results.filter(sha256=digest).first()
        if known is not None:
            return known
        if not number:
            raise DomainError(_("请填写文号。"), code="number")
        place = case.results.count() + 1
        if place > MOST:
            raise DomainError(_("一个办件最多 %(most)d 份文书。") % {"most": MOST}, code="file")
        size, suffix = file.size, (file.name or "").rpartition(".")[2]
        file.name = f"{case.code}-{place}.{suffix}"
        now = clock.now()
        made = Result.objects.create(
            case=case, number=number, file=file, sha256=digest, size=size, issued_at=now, issued_by=by.user
        )
        data = {"number": ledger.blinded(number, subject=case.subject), "sha256": digest, "size": size}
        ledger.append("case.result", case.subject, data, at=now)
    return made


def collect_results(*, case_id: int, by: Membership) -> list[Result]:
    """The applicant collects what was issued for a case; gives what was still waiting. Raises NotAllowed for everybody else."""
    with transaction.atomic():
        case = locked(case_id)
        if by.organisation_id != case.applicant_id or by.role not in WRITERS:
            raise NotAllowed
        now = clock.now()
        waiting = list(case.results.waiting().order_by("issued_at", "id"))
        for each in waiting:
            each.collected_at, each.collected_by = now, by.user
            data = {"sha256": each.sha256}
            ledger.append("case.collected", case.subject, data, at=now)
        Result.objects.bulk_update(waiting, ["collected_at", "collected_by"])
    return waiting
