"""Who may work on leads and inquiries: regulators who have nothing to do with whom they are about."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership, User
from core.errors import DomainError, NotAllowed
from core.texts import visible
from oversight.domain.describing import id_hash
from oversight.models import Abstention

REASON_LENGTH = 300

_TIED = """
WITH RECURSIVE me(id) AS (
    SELECT COALESCE(merged_into_id, id) FROM oversight_party WHERE id_hash = %(hash)s
), people(id) AS (
    SELECT id FROM me
    UNION SELECT r.from_party_id FROM oversight_relation r JOIN me ON me.id = r.to_party_id WHERE r.kind = 'kin'
    UNION SELECT r.to_party_id FROM oversight_relation r JOIN me ON me.id = r.from_party_id WHERE r.kind = 'kin'
), reached(id) AS (
    SELECT r.to_party_id FROM oversight_relation r JOIN people ON people.id = r.from_party_id
        WHERE r.kind IN ('represents', 'officer', 'practitioner', 'owns')
    UNION SELECT r.from_party_id FROM oversight_relation r JOIN people ON people.id = r.to_party_id
        JOIN oversight_party e ON e.id = r.from_party_id
        WHERE r.kind IN ('employs', 'employed') AND e.kind <> 'department'
    UNION SELECT r.to_party_id FROM oversight_relation r JOIN reached ON reached.id = r.from_party_id WHERE r.kind = 'owns'
)
SELECT DISTINCT p.organisation_id FROM reached JOIN oversight_party p ON reached.id IN (p.id, p.merged_into_id)
WHERE p.organisation_id IS NOT NULL
"""
"""Organisations that a person leads, works or has worked for, practises at or owns, or that close kin do, and what these own."""


def tied_to(user: User) -> set[int]:
    """The organisations whose inquiries this person keeps out of: by the graph, by memberships, and by what was declared.

    Whether a tie has ended does not matter here: who has once worked for a firm does not decide about it.
    """
    found = set(Abstention.objects.filter(user=user).values_list("organisation_id", flat=True))
    others = Membership.objects.filter(user=user).exclude(organisation__kind=Kind.REGULATOR)
    found |= set(others.values_list("organisation_id", flat=True))
    if user.id_number:
        with connection.cursor() as cursor:
            cursor.execute(_TIED, {"hash": id_hash(user.id_number)})
            found |= {row[0] for row in cursor.fetchall()}
    return found


def demand_regulator(by: Membership) -> None:
    """Raise NotAllowed unless `by` acts for a regulator and may do more than look."""
    if by.organisation.kind != Kind.REGULATOR or by.role not in WRITERS:
        raise NotAllowed


def demand_free(by: Membership, organisations: Iterable[int | None]) -> None:
    """Raise NotAllowed where the person has a tie to one of these organisations."""
    if tied_to(by.user) & {each for each in organisations if each is not None}:
        raise NotAllowed(_("您与当事方有利害关系，应当回避，不能办理。"))


def reason_of(text: str, *, length: int = REASON_LENGTH, code: str = "text") -> str:
    """A reason that must be given, as it is read."""
    said = visible(text)
    if not said:
        raise DomainError(_("请写明理由。"), code=code)
    if len(said) > length:
        raise DomainError(_("最多 %(length)d 个字。") % {"length": length}, code=code)
    return said
