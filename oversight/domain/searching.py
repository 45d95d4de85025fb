"""Finding an organisation in the graph by code or by any of its names."""

from __future__ import annotations

from django.db.models import QuerySet

from core.identifiers import normalise_uscc
from oversight import naming
from oversight.identifying import is_uscc
from oversight.models import Party, PartyName

MOST = 200
LEAST = 2
"""Characters of a name that are worth looking for."""


def organisations(text: str) -> QuerySet[Party]:
    """Organisations and departments by USCC or by a part of a present or former name; natural persons are not found by name."""
    found = Party.objects.filter(merged_into=None).exclude(kind="person").order_by("name", "id")
    if is_uscc(text):
        return found.filter(uscc=normalise_uscc(text))
    wanted = naming.full(text)
    if len(wanted) < LEAST:
        return found.none()
    own = PartyName.objects.filter(full__contains=wanted).values_list("party", "party__merged_into")[:MOST]
    return found.filter(pk__in=[merged or party for party, merged in own])
