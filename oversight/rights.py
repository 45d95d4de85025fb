"""Who may read what of the graph: the regulator alone, and names of natural persons only who works on cases."""

from __future__ import annotations

from accounts.models import WRITERS, Kind, Membership

READERS = (Kind.REGULATOR,)


def reads_names(reader: Membership) -> bool:
    """Whether natural persons are shown to this reader by name; others read 自然人 and a number."""
    return reader.organisation.kind in READERS and reader.role in WRITERS
