"""The public record of a round (PROTOCOL §5): at each stage what may be known at that stage."""

from __future__ import annotations

import base64
from datetime import datetime
from decimal import Decimal
from typing import Any

from bidding.auction_record import Auctions
from bidding.domain import panels
from bidding.domain.parties import members_record
from bidding.domain.rounds import services_told
from bidding.models import Draw, Entry, ExpertPool, Lot, Policy, Round, Substitution
from bidding.rules import Disclosure, disclosure
from bidding.stopped import shown_stops
from ledger import domain as ledger
from ledger.domain.proofs import proof_of
from protocol.canonical import timestamp
from protocol.draw import CHAIN_LENGTH
from protocol.methods import METHODS

VERSION = 1
INSTANTS = (
    "announced_at",
    "closes_at",
    "closed_at",
    "opened_at",
    "evaluated_at",
    "candidate_at",
    "candidate_until",
    "awarded_at",
    "contracted_at",
    "ended_at",
)
WITNESSED = ("announced", "closed", "opened")
UNDECIDED: dict[str, Any] = {"winner": None, "amount": None, "reference": None, "ranking": []}


def public_record(round_: Round) -> dict[str, Any]:
    """The record as everybody may read it now; the same for every reader. The number of queries does not depend on the round."""
    known = disclosure(round_)
    checkpoints = {name: _cosigned(round_, name) for name in WITNESSED}
    opened = known > Disclosure.NOTHING
    return {
        "v": VERSION,
        "round": round_.code,
        "status": str(round_.status),
        "method": round_.method,
        "parameters": round_.parameters,
        "policy": _policy(round_),
        "timetable": {name: _moment(getattr(round_, name)) for name in INSTANTS},
        "keys": _keys(round_, known),
        "commitment": {"value": round_.commitment, "n": CHAIN_LENGTH, "sources": []},
        "checkpoints": checkpoints,
        **({"consortium_most": round_.consortium_most} if round_.consortium_most else {}),
        **services_told(round_),
        "lots": _lots(round_, known),
        "events": ledger.unsealed(round_.subject) if opened else [],
        "log": ledger.published(round_.subject),
        **_pool(round_, known),
        **_stops(round_, known),
        "proof": proof_of(round_.subject, with_sealed=opened, earlier=[note for note in checkpoints.values() if note]),
    }


def _cosigned(round_: Round, step: str) -> str | None:
    checkpoint = ledger.cosigned_with(round_.subject, f"round.{step}")
    return checkpoint.text if checkpoint else None


def _policy(round_: Round) -> dict[str, Any]:
    policy = round_.policy
    if policy is None:
        return {}
    return {
        "version": policy.version,
        "minimum": round_.minimum,
        "unit": policy.unit,
        "notice": round_.notice_length,
        "notice_minimum": policy.notice_minimum,
        **_auction_policy(round_, policy),
        "candidate_notice": policy.candidate_notice,
        "legal_basis": policy.legal_basis,
        **({"experts": policy.experts} if _is_marked(round_) else {}),
    }


def _auction_policy(round_: Round, policy: Policy) -> dict[str, Any]:
    if round_.method != "auction":
        return {}
    return {"auction_lead_minutes": policy.auction_lead_minutes, "auction_minutes": policy.auction_minutes}


def _is_marked(round_: Round) -> bool:
    return round_.method in METHODS and METHODS[round_.method].marked


def _pool(round_: Round, known: Disclosure) -> dict[str, Any]:
    """Among whom experts were drawn, with the blind of what the log says of them; by methods with marks alone."""
    if not _is_marked(round_):
        return {}
    pool = ExpertPool.objects.filter(round=round_).first() if known == Disclosure.EVERYTHING else None
    return {"pool": {"blind": pool.blind, "codes": pool.codes} if pool else None}


def _stops(round_: Round, known: Disclosure) -> dict[str, Any]:
    """When it stood still for a tie and what was decided; who and why as soon as it is told who entered. Only where it did."""
    rows = shown_stops(round_, known)
    return {"stops": [each.as_record() for each in rows]} if rows else {}


def _keys(round_: Round, known: Disclosure) -> dict[str, Any]:
    both = {
        "platform": (round_.platform_public, round_.platform_private),
        "custodian": (round_.custodian_public, round_.custodian_private),
    }
    told = known == Disclosure.EVERYTHING
    return {
        party: {"public": public or None, "private": (private or None) if told else None}
        for party, (public, private) in both.items()
    }


def _lots(round_: Round, known: Disclosure) -> list[dict[str, Any]]:
    lots = list(round_.lots.order_by("number"))
    entries = (
        _by_lot(Entry.objects.live().filter(lot__round=round_).select_related("firm__organisation")) if known else {}
    )
    members = members_record([entry for each in entries.values() for entry in each])
    draws = (
        _by_lot(Draw.objects.filter(lot__round=round_).order_by("iteration", "id"))
        if known == Disclosure.EVERYTHING
        else {}
    )
    auctions, named = Auctions(round_), known == Disclosure.EVERYTHING
    gone = _by_lot(
        Substitution.objects.filter(lot__round=round_).select_related("out__organisation", "successor__organisation")
    )
    told = lots if known == Disclosure.EVERYTHING and _is_marked(round_) else []
    seats, marks = panels.seats_record(told), panels.marks_record(told)
    return [
        {
            "lot": lot.number,
            "limits": lot.limits if len(lots) > 1 else {"upper": _amount(lot.upper), "lower": _amount(lot.lower)},
            "entries": sorted(
                (_entry(each, known) | members.get(each.pk, {}) for each in entries.get(lot.pk, [])),
                key=lambda entry: entry["uscc"],
            ),
            "offers": auctions.offers(lot, named=named),
            "experts": seats.get(lot.pk, []),
            "marks": marks.get(lot.pk, []),
            "draws": [_draw(each) for each in draws.get(lot.pk, [])],
            "result": _result(lot, known),
            "substitutions": [_substitution(each) for each in gone.get(lot.pk, [])],
            **auctions.of(lot, named=named),
        }
        for lot in lots
    ]


def _by_lot(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.lot_id, []).append(row)
    return found


def _entry(entry: Entry, known: Disclosure) -> dict[str, Any]:
    everything = known == Disclosure.EVERYTHING
    return {
        "uscc": entry.firm.uscc,
        "name": entry.firm.organisation.public_name,
        "envelope": base64.b64encode(bytes(entry.envelope or b"")).decode() if everything else None,
        "sha256": entry.envelope_sha256,
        "opened": entry.opened,
        "amount": _amount(entry.amount) if everything else None,
        "days": entry.days if everything else None,
        "nonce": (entry.nonce or None) if everything else None,
        "valid": entry.valid,
        "reason": entry.reason or None,
        "credit": _amount(entry.credit),
        "scores": (entry.scores or {}) if everything else {},
    }


def _draw(draw: Draw) -> dict[str, Any]:
    return {
        "purpose": draw.purpose,
        "iteration": draw.iteration,
        "one_time_code": draw.one_time_code,
        "randomness": draw.randomness,
        "labels": draw.labels,
        "order": draw.order,
    }


def _substitution(gone: Substitution) -> dict[str, Any]:
    return {
        "at": timestamp(gone.at),
        "out": gone.out.uscc,
        "reason": gone.reason,
        "in": gone.successor.uscc if gone.successor else None,
        "iteration": gone.iteration,
        "settled": gone.settled_at is not None,
        **({"cause": str(gone.cause)} if gone.cause != gone.Cause.WALKED_AWAY else {}),
    }


def _result(lot: Lot, known: Disclosure) -> dict[str, Any] | None:
    """A ranking by amount tells of the amounts, so a failed round keeps it back with them."""
    if known == Disclosure.NOTHING or lot.result is None:
        return None
    result: dict[str, Any] = dict(lot.result)
    return result if known == Disclosure.EVERYTHING else result | UNDECIDED


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
