"""Consortia: the members in the record are those that the sealed events named, and nobody takes part twice.

After 招标投标法实施条例 第37条. A record in which everybody entered alone has nothing to check here.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from protocol.check import Check
from protocol.entries import blinded
from protocol.record import Entry, Member, Record

Whose = tuple[str, str]
"""A lot and the USCC of who entered it."""


def checks(record: Record) -> Iterator[Check]:
    """For every consortium: that its last envelope named these members, no more of them than announced, and no firm twice."""
    named = _named(record)
    joint = [
        (lot.number, entry) for lot in record.lots for entry in lot.entries
        if entry.members or named.get((lot.number, entry.uscc))
    ]  # fmt: skip
    for lot, entry in joint:
        name = f"lot {lot} {entry.uscc}"
        told = named.get((lot, entry.uscc), [])
        yield Check(what=f"{name} members are those that its last envelope named", holds=_names(entry.members) == told)
        few = record.consortium_most is not None and 1 + len(entry.members) <= record.consortium_most
        yield Check(what=f"{name} members are no more than announced", holds=few)
    if joint:
        yield Check(what="no firm takes part twice, alone or in a consortium", holds=_once(record))


def _named(record: Record) -> dict[Whose, object]:
    """The members that the last sealed event of every entry names; those of a withdrawn one are not needed."""
    found: dict[Whose, object] = {}
    for told in record.events:
        event = told.get("event")
        if isinstance(event, dict):
            found[str(event.get("lot")), str(event.get("uscc"))] = event.get("members", [])
    return found


def _names(members: Sequence[Member]) -> list[str]:
    """What the events call them: sole traders by a blinded hash, whose blind the record tells (PROTOCOL §1)."""
    return sorted(each.uscc if each.blind is None else blinded(each.uscc, each.blind) for each in members)


def _once(record: Record) -> bool:
    """In no lot a firm stands twice, and in all lots it stands with the same lead firm."""
    leads: dict[str, set[str]] = defaultdict(set)
    for lot in record.lots:
        firms = [uscc for entry in lot.entries for uscc in _firms(entry)]
        if len(set(firms)) < len(firms):
            return False
        for entry in lot.entries:
            for uscc in _firms(entry):
                leads[uscc].add(entry.uscc)
    return all(len(each) == 1 for each in leads.values())


def _firms(entry: Entry) -> list[str]:
    return [entry.uscc, *(each.uscc for each in entry.members)]
