"""Where an envelope came from, kept as keyed hashes with it, and forgotten in time. What reads it is CL4, after opening."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db.models import Q

from bidding.models import Entry, EntryTrace, Round, TracePolicy
from bidding.models.traces import Address
from core import clock
from core.crypto import lookup_hash

UNOPENED = (Round.Status.CANCELLED, Round.Status.FAILED, Round.Status.VOID)
"""Where a round that has not been opened ends: who had entered it is nobody's to know for good."""
WHOLE = {4: 32, 6: 64}
NETWORK = {4: 24, 6: 64}
"""Bits of an address that say whose it is, and whose neighbours."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A request's network address, and what its program calls itself. It is hashed and let go; printing it shows nothing."""

    address: str = field(default="", repr=False)
    client: str = field(default="", repr=False)


UNKNOWN = Origin()


def keep(entry: Entry, origin: Origin, *, round_: Round, at: datetime) -> None:
    """Keep the hashes of where an entry came from, in the entry's own transaction.

    Nothing is kept without a policy in force, from a place that it exempts, or of an address that says nothing.
    """
    address = _told(origin.address)
    policy = TracePolicy.in_force(at) if address else None
    if address is None or policy is None or policy.exempts(address):
        return
    client = f"{_part(address, NETWORK)}\n{origin.client}" if origin.client.strip() else ""
    EntryTrace.objects.create(
        entry=entry,
        at=at,
        address=_hash("address", round_, _part(address, WHOLE)),
        client=_hash("client", round_, client) if client else None,
        keep_until=at.astimezone(clock.LOCAL).date() + timedelta(days=policy.keep_days),
    )


def forget_entry(entry: Entry) -> None:
    """With a withdrawn envelope goes where it came from."""
    EntryTrace.objects.filter(entry=entry).delete()


def forget(*, day: date, keeping: Iterable[Round]) -> int:
    """Delete what is past its last day, except of rounds that are looked into, and all of rounds that ended unopened.

    Tells how many rows went. Safe to repeat.
    """
    unopened = Q(entry__lot__round__opened_at=None, entry__lot__round__status__in=UNOPENED)
    past = Q(keep_until__lt=day) & ~Q(entry__lot__round__in=keeping)
    deleted, _by_model = EntryTrace.objects.filter(unopened | past).delete()
    return deleted


def _told(text: str) -> Address | None:
    """The address, or None for one that says nothing of where somebody is: of this machine, or none at all."""
    try:
        address: Address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return None if address.is_loopback or address.is_link_local or address.is_unspecified else address


def _part(address: Address, bits: dict[int, int]) -> str:
    return str(ip_network(f"{address}/{bits[address.version]}", strict=False))


def _hash(kind: str, round_: Round, value: str) -> bytes:
    """Keyed, and salted with the round: the same address is another number in every round."""
    return bytes.fromhex(lookup_hash(f"{round_.code}\n{value}", field=f"bidding.trace.{kind}"))
