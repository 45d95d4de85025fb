"""For whom a firm enters: for itself alone, or as the lead firm of a consortium (联合体) for all of them.

招标投标法 第31条: every party has to fulfil the requirements itself, and among equals the lower grade counts.
招标投标法实施条例 第37条: whoever is in a consortium does not enter the same round in its own name, nor in another consortium.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bidding.domain.eligibility import Pair, reasons_between
from bidding.domain.reasons import Reason
from bidding.models import Consortium, ConsortiumParty, Entry, Lot, Round
from ledger import domain as ledger
from market.models import Firm

Status = ConsortiumParty.Status
FROZEN = ("eligible", "credit", "reason", "reason_detail")


def hold(firm: Firm) -> None:
    """Hold a firm's row until the transaction ends: what binds it in a round is decided by one after the other.

    Whoever takes a consortium's row too takes it after the firm's.
    """
    Firm.objects.select_for_update(of=["self"], no_key=True).only("pk").get(pk=firm.pk)


def held_consortium(round_: Round, firm: Firm) -> Consortium | None:
    """The consortium that a firm leads in a round, held so that nobody steps out meanwhile; None where it stands alone.

    In a round that takes no consortia nothing is held and nothing asked.
    """
    if round_.consortium_most is None:
        return None
    hold(firm)
    return Consortium.objects.running().select_for_update(of=["self"]).filter(round=round_, lead=firm).first()


def led_by(round_: Round, firm: Firm) -> Consortium | None:
    """The consortium that a firm leads in a round, to read."""
    if round_.consortium_most is None:
        return None
    return Consortium.objects.running().filter(round=round_, lead=firm).first()


def is_member(round_: Round, firm: Firm) -> bool:
    """Whether a firm has confirmed a consortium of a round that another leads."""
    return bool(rounds_as_member(firm, [round_]))


def rounds_as_member(firm: Firm, rounds: Iterable[Round]) -> set[int]:
    """The rounds, by primary key, in which a firm has confirmed a consortium that another leads."""
    taking = [each.pk for each in rounds if each.consortium_most is not None]
    confirmed = ConsortiumParty.objects.filter(round__in=taking, firm=firm, status=Status.CONFIRMED)
    return set(confirmed.exclude(consortium__lead=firm).values_list("round_id", flat=True)) if taking else set()


def lead_for(round_id: int, firm: Firm) -> Firm:
    """Who has entered for a firm: the lead firm of the consortium that it has confirmed, else the firm itself."""
    confirmed = ConsortiumParty.objects.filter(round=round_id, firm=firm, status=Status.CONFIRMED)
    party = confirmed.select_related("consortium__lead__organisation", "consortium__lead__current").first()
    return party.consortium.lead if party else firm


def reasons_to_stay_out(*, firm: Firm, round_: Round, consortium: Consortium | None, at: datetime) -> list[Reason]:
    """Every reason that keeps a firm out of a round at a moment, and whoever it enters for; none means that it may enter."""
    if consortium is None:
        own = reasons_between([firm], [round_], at=at)[firm.pk, round_.pk]
        return [*own, *([Reason(code="in_consortium")] if is_member(round_, firm) else [])]
    parties = list(consortium.parties.select_related("firm__organisation", "firm__current"))
    members = [party for party in parties if party.firm_id != firm.pk]
    reasons = reasons_between([firm, *(party.firm for party in members)], [round_], at=at)
    found = _of_all(firm, members, round_, reasons)
    if any(party.status != Status.CONFIRMED for party in parties):
        found.append(Reason(code="members_unconfirmed"))
    return found


def told_members(consortium: Consortium | None, round_: Round) -> dict[str, list[str]]:
    """What a sealed event says of the members of a held consortium: their USCCs, sole traders' blinded; nothing without one."""
    if consortium is None:
        return {}
    members = list(consortium.parties.exclude(firm=consortium.lead_id).select_related("firm__organisation"))
    for party in members:
        if not party.told:
            protected = party.firm.organisation.is_protected
            party.told = ledger.party(party.firm.uscc, protected=protected, subject=round_.subject)
            party.save(update_fields=["told"])
    return {"members": sorted(party.told for party in members)}


def end(consortium: Consortium, *, at: datetime) -> None:
    """Let everybody of a held consortium go."""
    consortium.ended_at = at
    consortium.save(update_fields=["ended_at"])
    consortium.parties.filter(status__in=[Status.ASKED, Status.CONFIRMED]).update(status=Status.RELEASED)


def end_without_entry(consortium: Consortium | None, *, at: datetime) -> None:
    """A held consortium that has withdrawn its last entry is no more."""
    if consortium is not None and not consortium.entries.live().exists():
        end(consortium, at=at)


def members_of(entries: Iterable[Entry]) -> dict[int, list[ConsortiumParty]]:
    """The members of every consortium that has entered, without the lead firm, by the consortium's primary key."""
    found: dict[int, list[ConsortiumParty]] = defaultdict(list)
    entered = {entry.consortium_id for entry in entries if entry.consortium_id is not None}
    if entered:
        parties = ConsortiumParty.objects.filter(consortium__in=entered).select_related("consortium", "firm__current")
        for party in parties.select_related("firm__organisation").order_by("firm__organisation__uscc"):
            if not party.is_lead:
                found[party.consortium_id].append(party)
    return found


def parties_of(lot: Lot, firm: Firm) -> list[ConsortiumParty]:
    """The parties of the consortium for which a firm has entered a lot, the lead firm first; none where it entered alone."""
    entries = Entry.objects.live().filter(lot=lot, firm=firm)
    parties = ConsortiumParty.objects.filter(consortium__entries__in=entries).select_related(
        "consortium", "firm__current"
    )
    found = parties.select_related("firm__organisation").order_by("firm__organisation__uscc")
    return sorted(found, key=lambda party: not party.is_lead)


def all_of(lot: Lot, firm: Firm) -> list[Firm]:
    """The firms for which a firm has entered a lot: itself, and the members of its consortium."""
    return [firm, *(party.firm for party in parties_of(lot, firm) if not party.is_lead)]


def members_record(entries: Sequence[Entry]) -> dict[int, dict[str, Any]]:
    """The members of every entry of a consortium as the record has them, by the entry's primary key.

    A sole trader stands in the sealed events as a blinded hash, so the record tells the blind.
    """
    members = members_of(entries)
    parties = [party for each in members.values() for party in each]
    blinds = ledger.unblinded_all([party.told for party in parties if party.told != party.firm.uscc])
    told = {
        consortium: [
            {
                "uscc": party.firm.uscc,
                "name": party.firm.organisation.public_name,
                **({"blind": blinds.get(party.told)} if party.told != party.firm.uscc else {}),
            }
            for party in each
        ]
        for consortium, each in members.items()
    }
    return {entry.pk: {"members": told[entry.consortium_id]} for entry in entries if entry.consortium_id in told}


def freeze(entry: Entry, members: Sequence[ConsortiumParty], reasons: Mapping[Pair, list[Reason]]) -> None:
    """Whether an entry may take part at the deadline, with the first reason of whoever of its parties may not."""
    round_ = entry.lot.round_id
    for party in members:
        against = reasons[party.firm_id, round_]
        party.eligible = not against
        party.reason, party.reason_detail = (against[0].code, against[0].detail) if against else ("", "")
    against = [*reasons[entry.firm_id, round_], *(each for party in members for each in reasons[party.firm_id, round_])]
    entry.eligible = not against
    if against:
        entry.reason, entry.reason_detail = against[0].code, against[0].detail


def freeze_credit(entry: Entry, members: Sequence[ConsortiumParty], scores: Mapping[int, Decimal]) -> None:
    """The lowest credit score among an entry's parties, as the law takes the lower grade of several (第31条)."""
    for party in members:
        party.credit = scores[party.firm_id]
    entry.credit = min([scores[entry.firm_id], *(scores[party.firm_id] for party in members)])


def write_members(members: Mapping[int, Collection[ConsortiumParty]]) -> None:
    """Save what was frozen of them."""
    ConsortiumParty.objects.bulk_update([party for parties in members.values() for party in parties], FROZEN)


def _of_all(
    firm: Firm, members: Sequence[ConsortiumParty], round_: Round, reasons: Mapping[Pair, list[Reason]]
) -> list[Reason]:
    own = list(reasons[firm.pk, round_.pk])
    for party in members:
        name = party.firm.organisation.public_name
        own += [replace(each, party=name) for each in reasons[party.firm_id, round_.pk]]
    return own
