"""What a record says of its auctions, checked (PROTOCOL §4, §5): every offer is played again, and stands in the log as told.

Offers are public while the auction runs, under pseudonyms; whose they are is told with the result, and then belongs to the map
that was logged before the start.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocol import canonical, entries
from protocol.auction import Auction, Offer, Paused, Played, Resumed, replay
from protocol.canonical import timestamp
from protocol.check import Check, was_eligible
from protocol.methods import METHODS
from protocol.record import Lot, LotAuction, Record

CODE = "auction"
Step = Offer | Paused | Resumed


@dataclass(kw_only=True)
class Logged:
    """What the log has of one lot's auction, in its order: the announcement, and offers and pauses as data."""

    scheduled: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)
    pauses: list[dict[str, Any]] = field(default_factory=list)
    timely: bool = True


def checks(record: Record) -> Iterator[Check]:
    """Every check of the auctions of a record; none for other methods."""
    if record.method != CODE:
        return
    logged = _logged(record)
    for lot in record.lots:
        if lot.auction is None:
            yield Check(what=f"lot {lot.number} has no auction and no offers", holds=not lot.offers)
            continue
        yield from _lot(record, lot, lot.auction)
        if record.proof is None:
            yield Check(what=f"lot {lot.number} offers in the log", holds=None, detail="the record has no proof yet")
        else:
            yield from _against_log(lot, lot.auction, logged.get(lot.number, Logged()))


def _lot(record: Record, lot: Lot, auction: LotAuction) -> Iterator[Check]:
    name = f"lot {lot.number}"
    numbers = [offer.n for offer in lot.offers]
    yield Check(what=f"{name} offers are numbered without gaps", holds=numbers == list(range(1, len(numbers) + 1)))
    after = record.opened_at is not None and record.opened_at <= auction.starts_at < auction.ends_at
    yield Check(what=f"{name} auction starts after the opening", holds=after)
    played = _played(record, lot, auction)
    if played is None:
        yield Check(what=f"{name} offers played again", holds=None, detail="its parameters are not those of an auction")
        return
    wrong = "; ".join(f"{place + 1}: {code}" for place, code in played.problems[:5])
    yield Check(what=f"{name} offers played again", holds=not played.problems, detail=wrong or f"{len(numbers)} offers")
    evaluated = record.times.get("evaluated_at")
    if evaluated is not None:
        over = played.standing.paused_at is None and played.standing.ends_at <= evaluated
        yield Check(what=f"{name} was decided after its end", holds=over, detail=timestamp(played.standing.ends_at))
    yield from _names(lot, auction, decided=evaluated is not None)


def _played(record: Record, lot: Lot, auction: LotAuction) -> Played | None:
    if METHODS[CODE].check_parameters(record.terms(lot)):
        return None
    terms = Auction.of(record.terms(lot), starts_at=auction.starts_at, ends_at=auction.ends_at)
    return replay(terms, [step for _at, step in _steps(lot, auction)])


def _steps(lot: Lot, auction: LotAuction) -> list[tuple[datetime, Step]]:
    """Offers and pauses in their order. No offer is taken in the moment of a pause, unless it was before it."""
    steps: list[tuple[datetime, int, Step]] = [
        (each.at, 1, Offer(at=each.at, uscc=each.pseudonym, amount=each.amount, ends_at=each.ends_at))
        for each in lot.offers
    ]
    for at, until in auction.pauses:
        steps.append((at, 2, Paused(at=at)))
        if until is not None:
            steps.append((until, 0 if until > at else 3, Resumed(at=until)))
    return [(at, step) for at, _rank, step in sorted(steps, key=lambda each: each[:2])]


def _names(lot: Lot, auction: LotAuction, *, decided: bool) -> Iterator[Check]:
    """Whose offers they were: by a map that the log has had since before the start."""
    name = f"lot {lot.number}"
    names = auction.pseudonyms
    if names is None:
        kept_back = not any(offer.uscc for offer in lot.offers)
        yield Check(what=f"{name} pseudonyms are kept back", holds=None if kept_back and not decided else False)
        return
    same = all(names.get(offer.pseudonym) == offer.uscc for offer in lot.offers)
    yield Check(what=f"{name} offers are those of whom the pseudonyms name", holds=same)
    entered = sorted(entry.uscc for entry in lot.entries if entry.opened and was_eligible(entry.reason))
    yield Check(what=f"{name} everybody who took part has one pseudonym", holds=sorted(names.values()) == entered)
    if auction.blind is None:
        yield Check(what=f"{name} map of pseudonyms", holds=None, detail="its blind was erased")
        return
    told = entries.blinded(canonical.encode(dict(names)).decode(), auction.blind)
    yield Check(what=f"{name} map of pseudonyms is the one in the log", holds=told == auction.map_sha256)


def _logged(record: Record) -> dict[str, Logged]:
    """The entries of auctions by lot. Whether they are in the log, and about this round, is checked by verify_log."""
    found: dict[str, Logged] = {}
    for each in (record.proof or {}).get("entries") or []:
        try:
            entry = canonical.decode(str(each["entry"]).encode())
        except (canonical.NotCanonical, KeyError, TypeError):
            continue
        if not isinstance(entry, dict) or not str(entry.get("type")).startswith(f"{CODE}."):
            continue
        data = entry.get("data")
        if not isinstance(data, dict):
            continue
        _add(found.setdefault(str(data.get("lot")), Logged()), str(entry["type"]), str(entry.get("at")), data)
    return found


def _add(logged: Logged, kind: str, at: str, data: dict[str, Any]) -> None:
    if kind == "auction.scheduled":
        logged.scheduled.append((at, data))
        return
    logged.timely = logged.timely and data.get("at") == at
    if kind == "auction.offer":
        logged.offers.append(data)
    elif kind == "auction.paused":
        logged.pauses.append({"at": data.get("at"), "until": None})
    elif logged.pauses:
        logged.pauses[-1]["until"] = data.get("at")


def _against_log(lot: Lot, auction: LotAuction, logged: Logged) -> Iterator[Check]:
    name = f"lot {lot.number}"
    told = {
        "ends_at": timestamp(auction.ends_at),
        "lot": lot.number,
        "map": auction.map_sha256,
        "starts_at": timestamp(auction.starts_at),
    }
    once = [data for _at, data in logged.scheduled] == [told]
    yield Check(what=f"{name} auction was announced once, as told", holds=once)
    early = all(at < timestamp(auction.starts_at) for at, _data in logged.scheduled)
    yield Check(what=f"{name} auction was announced before its start", holds=early)
    offers = [
        {
            "amount": f"{offer.amount:.2f}",
            "at": timestamp(offer.at),
            "ends_at": timestamp(offer.ends_at),
            "lot": lot.number,
            "n": offer.n,
            "pseudonym": offer.pseudonym,
        }
        for offer in lot.offers
    ]
    yield Check(
        what=f"{name} offers are those of the log", holds=logged.offers == offers, detail=f"{len(offers)} offers"
    )
    yield Check(what=f"{name} offers and pauses were logged at their time", holds=logged.timely)
    pauses: list[Mapping[str, Any]] = [
        {"at": timestamp(at), "until": None if until is None else timestamp(until)} for at, until in auction.pauses
    ]
    yield Check(what=f"{name} pauses are those of the log", holds=logged.pauses == pauses)
