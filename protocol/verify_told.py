"""What the entries of the log tell of a round beside what its record says, and the histories of its envelopes (PROTOCOL §1, §5).

Whether the entries are in the log at all is checked by `verify_log`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from protocol import canonical, verify_experts
from protocol.canonical import encode, sha256_hex, timestamp
from protocol.check import Check, was_eligible
from protocol.methods import METHODS
from protocol.record import Record

MOST_REPLACEMENTS = 10
MOMENTS = {
    "round.announced": "announced_at",
    "round.closed": "closed_at",
    "round.opened": "opened_at",
    "round.evaluated": "evaluated_at",
    "round.candidate": "candidate_at",
    "round.awarded": "awarded_at",
    "round.contracted": "contracted_at",
    "round.failed": "ended_at",
    "round.cancelled": "ended_at",
    "round.void": "ended_at",
}
AGAIN = ("round.evaluated", "round.candidate", "round.awarded")
"""Steps that a round may take again after its winner has left; the record tells the last time of each."""
ADDENDUM = "round.addendum"
ORDER = (
    "announced_at",
    "closes_at",
    "closed_at",
    "opened_at",
    "evaluated_at",
    "candidate_at",
    "awarded_at",
    "contracted_at",
)
LEFT, SUBSTITUTED = ("round.walked_away", "round.recused"), "round.substituted"
"""Why a winner is one no more: it gave up, or a regulator had it step aside."""
STATUS_OF = {
    **{kind: kind.removeprefix("round.") for kind in MOMENTS},
    **dict.fromkeys(LEFT, "evaluated"),
}
"""The status that a round has after an entry."""


def told_by(record: Record, told: list[tuple[int, bytes]]) -> Iterator[Check]:
    """What the entries say is what the record says, and they came in their order."""
    read: list[tuple[int, dict[str, Any]]] = []
    for index, text in told:
        try:
            entry = canonical.decode(text)
        except canonical.NotCanonical:
            entry = None
        if not isinstance(entry, dict) or entry.get("subject") != f"round/{record.round}":
            yield Check(what=f"entry {index} is about this round", holds=False)
            return
        read.append((index, entry))
    indexes = [index for index, _entry in read]
    yield Check(what="the entries stand in the order of the log", holds=indexes == sorted(set(indexes)))
    types = [str(entry.get("type")) for _index, entry in read]
    yield Check(what="their types are those listed", holds=types == [str(each.get("type")) for each in record.log])
    ended = [STATUS_OF[kind] for kind in types if kind in STATUS_OF]
    yield Check(what="the status is the last that the log tells", holds=ended[-1:] == [record.status])
    again = any(kind in types for kind in LEFT)
    once = [kind for kind in types if kind in MOMENTS and not (again and kind in AGAIN)]
    yield Check(what="no step was taken twice", holds=len(set(once)) == len(once))
    yield from verify_experts.asked(record, read)
    moved = [
        entry["data"] for _index, entry in read if entry.get("type") == ADDENDUM and isinstance(entry.get("data"), dict)
    ]
    winners = {lot.number: lot.result.get("winner") for lot in record.lots if lot.result}
    for at, (_index, entry) in enumerate(read):
        kind = str(entry.get("type"))
        yield from _entry(record, kind, entry, addenda=moved, winners=winners, last=kind not in types[at + 1 :])
        if kind == SUBSTITUTED and isinstance(entry.get("data"), dict):
            winners[str(entry["data"].get("lot"))] = entry["data"].get("in")
    yield from _substitutions(record, [entry for _index, entry in read if entry.get("type") == SUBSTITUTED])
    yield Check(what="times follow each other", holds=_ordered(record))


def _substitutions(record: Record, told: list[dict[str, Any]]) -> Iterator[Check]:
    """Every substitution of the record is in the log, lot by lot in its order; sole traders stand there blinded."""
    for lot in record.lots:
        logged = [entry["data"] for entry in told if (entry.get("data") or {}).get("lot") == lot.number]
        settled = [each for each in lot.substitutions if each.settled]
        same = len(logged) == len(settled) and all(
            _is_party(entry.get("out"), each.out) and _is_party(entry.get("in"), each.successor)
            for entry, each in zip(logged, settled, strict=True)
        )
        if logged or settled:
            yield Check(what=f"lot {lot.number} substitutions are those of the log", holds=same)


def _is_party(told: object, uscc: str | None) -> bool:
    return told == uscc or (uscc is not None and canonical.is_hex(told, octets=32))


def _ordered(record: Record) -> bool:
    moments = [moment for name in ORDER if (moment := record.times.get(name)) is not None]
    return moments == sorted(moments)


def _entry(
    record: Record,
    kind: str,
    entry: Mapping[str, Any],
    *,
    addenda: Sequence[Mapping[str, Any]],
    winners: Mapping[str, str | None],
    last: bool,
) -> Iterator[Check]:
    """One entry against the record; of a step that was taken again only the last has its time there."""
    name = MOMENTS.get(kind)
    if name and last:
        yield Check(what=f"{kind} at its time", holds=_at(record.times.get(name)) == entry.get("at"))
    data = entry.get("data")
    told: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if kind == "round.announced":
        yield Check(what="round.announced: deadline", holds=_deadline(record, told, addenda))
    if kind == "round.candidate" and last:
        yield Check(what=f"{kind}: until", holds=told.get("until") == _at(record.times.get("candidate_until")))
    if kind in ("round.candidate", "round.awarded"):
        yield Check(what=f"{kind}: winners", holds=_winners(told, winners))
    compare = {
        "round.announced": _announced,
        "round.closed": _closed,
        "round.opened": _opened,
        "round.evaluated": _evaluated,
    }.get(kind)
    if compare is not None:
        for what, holds in compare(record, told):
            yield Check(what=f"{kind}: {what}", holds=holds)


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


Compared = Iterator[tuple[str, bool | None]]


def _announced(record: Record, data: Mapping[str, Any]) -> Compared:
    committed = data.get("commitment") or {}
    yield "commitment", (committed.get("value"), committed.get("n")) == (record.commitment, record.chain_length)
    keys = data.get("keys") or {}
    yield "keys", (keys.get("platform"), keys.get("custodian")) == (record.platform_public, record.custodian_public)
    yield "method", data.get("method") == record.method
    yield "parameters", _without_words(data.get("parameters") or {}) == _without_words(record.parameters)
    yield "minimum", data.get("minimum") == record.minimum
    yield "policy", data.get("policy") == record.policy_version
    yield "lots", data.get("lots") == [lot.number for lot in record.lots]
    several = {lot.number: dict(lot.limits) for lot in record.lots} if len(record.lots) > 1 else None
    yield "limits", data.get("limits") == several
    if record.consortium_most is not None or "consortium_most" in data:
        yield "consortia", data.get("consortium_most") == record.consortium_most
    if record.services or "services" in data:
        yield "services", data.get("services") == list(record.services)
    if _is_marked(record):
        yield "experts", data.get("experts") == record.experts


def _without_words(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The ground is in the log as a blinded hash only; that there is one is the same in both."""
    return {name: bool(value) if name == "ground" else value for name, value in parameters.items()}


def _deadline(record: Record, announced: Mapping[str, Any], addenda: Sequence[Mapping[str, Any]]) -> bool:
    """The deadline is the one announced, or the one to which the last addendum moved it: later, never earlier."""
    told = [str(data.get("closes_at")) for data in (announced, *addenda)]
    return told == sorted(told) and told[-1] == _at(record.closes_at)


def _closed(record: Record, data: Mapping[str, Any]) -> Compared:
    if _is_marked(record):
        yield "the pool of experts", verify_experts.pool_is_logged(record, data)
    if record.opened_at is None or (_is_blind(record) and record.status == "opened"):
        yield "the frozen entrants", None
        return
    lines = [
        [
            lot.number,
            entry.uscc,
            entry.sha256,
            was_eligible(entry.reason),
            None if entry.credit is None else f"{entry.credit:.2f}",
        ]
        for lot in record.lots
        for entry in sorted(lot.entries, key=lambda entry: entry.uscc)
    ]
    yield "the frozen entrants", (data.get("count"), data.get("sha256")) == (len(lines), sha256_hex(encode(lines)))


def _opened(record: Record, data: Mapping[str, Any]) -> Compared:
    if record.platform_private is None:
        yield "keys", None
        return
    if not _is_blind(record):
        yield "keys", _are_ours(record, data.get("keys"))
    codes = {drawn.one_time_code for lot in record.lots for drawn in lot.draws if drawn.iteration == 1}
    yield "code", codes <= {data.get("code")}


def _is_blind(record: Record) -> bool:
    method = METHODS.get(record.method)
    return method is not None and method.blind


def _is_marked(record: Record) -> bool:
    method = METHODS.get(record.method)
    return method is not None and method.marked


def _are_ours(record: Record, keys: object) -> bool:
    return keys == {"platform": record.platform_private, "custodian": record.custodian_private}


def _evaluated(record: Record, data: Mapping[str, Any]) -> Compared:
    results = {lot.number: dict(lot.result) for lot in record.lots if lot.result is not None}
    if _is_blind(record):
        yield "keys", _are_ours(record, data.get("keys"))
    if _is_marked(record):
        yield "experts and marks", data.get("panels") == verify_experts.panels_digest(record)
    yield "the results", (data.get("lots"), data.get("sha256")) == (len(results), sha256_hex(encode(results)))


def _winners(data: Mapping[str, Any], in_force: Mapping[str, str | None]) -> bool:
    """The firms in force at that moment. Codes of sole traders are in the log as a blinded hash, which the record keeps."""
    won = {lot: uscc for lot, uscc in in_force.items() if uscc}
    told = {str(each.get("lot")): each.get("uscc") for each in data.get("winners") or [] if isinstance(each, dict)}
    return set(won) == set(told) and all(_is_party(told[lot], uscc) for lot, uscc in won.items())


def rising(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int) for value in values) and list(values) == sorted(set(values))


def histories(record: Record) -> Iterator[Check]:
    """Firm by firm: only a token or the service centre, with its reason, replaces or withdraws; at most ten times."""
    tokens: dict[tuple[str, str], str] = {}
    replaced: dict[tuple[str, str], int] = {}
    for told in record.events:
        event = told.get("event") or {}
        whose, kind = (str(event.get("lot")), str(event.get("uscc"))), event.get("type")
        name = f"lot {whose[0]} {whose[1]} {kind}"
        if kind == "envelope.received":
            yield Check(what=name, holds=whose not in tokens)
        else:
            shown = sha256_hex(str(event.get("token", "")).encode())
            by_centre = kind == "envelope.withdrawn" and bool(event.get("reason"))
            detail = f"by the service centre: {event.get('reason')}" if by_centre else ""
            yield Check(what=name, holds=whose in tokens and (by_centre or shown == tokens[whose]), detail=detail)
        if kind == "envelope.withdrawn":
            tokens.pop(whose, None)
        else:
            tokens[whose] = str(event.get("token_sha256"))
        replaced[whose] = replaced.get(whose, 0) + (kind == "envelope.replaced")
    few = all(count <= MOST_REPLACEMENTS for count in replaced.values())
    yield Check(what=f"nobody replaced more than {MOST_REPLACEMENTS} times", holds=few)
