"""Reading the public record of a round (PROTOCOL §5), strictly: what is not as it is written there is said, not guessed."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from protocol.canonical import is_hex, read_timestamp
from protocol.envelope import AMOUNT
from protocol.parameters import of_lot

VERSION = 1
SCORE = re.compile(r"([0-9]|[1-9][0-9])\.[0-9]{2}|100\.00")


class BadRecord(ValueError):
    """The record departs from PROTOCOL §5 at `where`, such as `lots.0.entries.2.sha256`."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        super().__init__(f"{where or 'record'}: {what}")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of a consortium beside its lead firm; `blind` where the sealed events hold its code blinded (PROTOCOL §1)."""

    uscc: str
    blind: bytes | None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. Before everything is public `envelope`, `amount`, `days` and `nonce` are None."""

    uscc: str
    envelope: bytes | None
    sha256: str
    opened: bool | None
    amount: Decimal | None
    days: int | None
    nonce: str | None
    valid: bool | None
    reason: str | None
    credit: Decimal | None
    scores: Mapping[str, Any]
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One iteration of the draw."""

    purpose: str
    iteration: int
    one_time_code: str
    randomness: str
    labels: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What one expert gave one firm, 0 to 100."""

    uscc: str
    mark: Decimal
    expert: str | None = None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One accepted offer of an auction; PROTOCOL §5 has them in the order in which they came. `uscc` is told with the result."""

    n: int
    at: datetime
    uscc: str | None
    pseudonym: str
    amount: Decimal
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class LotAuction:
    """What else is needed to play a lot's offers again: its times as announced, its pauses, and the map of pseudonyms.

    The map's hash was logged before the start; the map and its blind are told with the result.
    """

    starts_at: datetime
    ends_at: datetime
    pauses: tuple[tuple[datetime, datetime | None], ...]
    map_sha256: str
    blind: bytes | None
    pseudonyms: Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Substitution:
    """A winner that walked away, and who follows; `iteration` is that of the new draw, where there is one."""

    out: str
    successor: str | None
    iteration: int | None
    settled: bool


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One lot; `result` is the object of PROTOCOL §5, or None before it is decided.

    `limits` are its price and limits as they are printed: by these it is decided where the round has several lots.
    """

    number: str
    limits: Mapping[str, str | None]
    entries: tuple[Entry, ...]
    offers: tuple[Offer, ...]
    auction: LotAuction | None
    experts: tuple[Mapping[str, Any], ...]
    marks: tuple[Mark, ...]
    draws: tuple[Draw, ...]
    result: Mapping[str, Any] | None
    substitutions: tuple[Substitution, ...]


@dataclass(frozen=True, kw_only=True)
class Record:
    """The record of one round. `experts` is how many mark, and `pool` among whom they were drawn, by the method `scored`.

    `consortium_most` is of how many firms a consortium may be, None where none is accepted. `services` are those that one firm
    does together, with item and department; empty where it is one.
    """

    round: str
    status: str
    method: str
    parameters: Mapping[str, Any]
    minimum: int
    experts: int | None
    consortium_most: int | None
    services: tuple[Mapping[str, str], ...]
    closes_at: datetime
    opened_at: datetime | None
    policy_version: str | None
    times: Mapping[str, datetime | None]
    platform_public: str
    platform_private: str | None
    custodian_public: str | None
    custodian_private: str | None
    commitment: str
    chain_length: int
    sources: tuple[str, ...]
    lots: tuple[Lot, ...]
    events: tuple[Mapping[str, Any], ...]
    log: tuple[Mapping[str, Any], ...]
    checkpoints: Mapping[str, str | None]
    proof: Mapping[str, Any] | None
    pool: Mapping[str, Any] | None

    def terms(self, lot: Lot) -> Mapping[str, Any]:
        """The parameters by which a lot is decided."""
        return of_lot(self.parameters, lot.limits) if len(self.lots) > 1 else self.parameters


def read_record(text: str | bytes) -> Record:
    """Read a record. Raises BadRecord for the first departure from PROTOCOL §5."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRecord("", f"not JSON: {error}") from error
    top = _Part(raw, "")
    if (version := top.take("v", int)) != VERSION:
        raise BadRecord("v", f"version {version} is not known here")
    policy, times, commitment = top.part("policy"), top.part("timetable"), top.part("commitment")
    platform, custodian = top.part("keys").part("platform"), top.part("keys").part("custodian")
    checkpoints = top.part("checkpoints")
    return Record(
        round=top.take("round", str),
        status=top.take("status", str),
        method=top.take("method", str),
        parameters=top.take("parameters", dict),
        minimum=policy.take("minimum", int),
        experts=policy.optional("experts", int) if "experts" in policy.members else None,
        consortium_most=top.take("consortium_most", int) if "consortium_most" in top.members else None,
        services=_services(top) if "services" in top.members else (),
        closes_at=_required(times.moment("closes_at"), "timetable.closes_at"),
        opened_at=times.moment("opened_at"),
        policy_version=policy.optional("version", str),
        times={name: times.moment(name) for name in times.members},
        platform_public=_required(platform.hex("public"), "keys.platform.public"),
        platform_private=platform.hex("private"),
        custodian_public=custodian.hex("public"),
        custodian_private=custodian.hex("private"),
        commitment=_required(commitment.hex("value"), "commitment.value"),
        chain_length=commitment.take("n", int),
        sources=tuple(each.take("value", str) for each in commitment.parts("sources")),
        lots=tuple(_lot(each) for each in top.parts("lots")),
        events=tuple(each.members for each in top.parts("events")),
        log=tuple(each.members for each in top.parts("log")),
        checkpoints={name: checkpoints.optional(name, str) for name in ("announced", "closed", "opened")},
        proof=top.optional("proof", dict) if "proof" in top.members else None,
        pool=top.optional("pool", dict) if "pool" in top.members else None,
    )


def _services(top: "_Part") -> tuple[Mapping[str, str], ...]:
    names = ("department", "item", "service")
    return tuple({name: each.take(name, str) for name in names} for each in top.parts("services"))


def _lot(part: "_Part") -> Lot:
    return Lot(
        number=part.take("lot", str),
        limits=_limits(part.part("limits")) if "limits" in part.members else {},
        entries=tuple(_entry(each) for each in part.parts("entries")),
        offers=tuple(_offer(each) for each in part.parts("offers")),
        auction=_auction(part.part("auction")) if "auction" in part.members else None,
        experts=tuple(each.members for each in part.parts("experts")) if "experts" in part.members else (),
        marks=tuple(_mark(each) for each in part.parts("marks")),
        draws=tuple(_draw(each) for each in part.parts("draws")),
        result=part.optional("result", dict),
        substitutions=tuple(_substitution(each) for each in part.parts("substitutions"))
        if "substitutions" in part.members
        else (),
    )


def _limits(part: "_Part") -> dict[str, str | None]:
    return {name: None if (given := part.amount(name)) is None else f"{given:.2f}" for name in part.members}


def _substitution(part: "_Part") -> Substitution:
    """`iteration` and `settled` are more than PROTOCOL §5 asks for; without them the new draw is found by its number."""
    settled = part.optional("settled", bool) if "settled" in part.members else True
    return Substitution(
        out=part.take("out", str),
        successor=part.optional("in", str),
        iteration=part.optional("iteration", int) if "iteration" in part.members else None,
        settled=bool(settled),
    )


def _entry(part: "_Part") -> Entry:
    return Entry(
        uscc=part.take("uscc", str),
        envelope=part.bytes("envelope"),
        sha256=_required(part.hex("sha256"), part.at("sha256")),
        opened=part.optional("opened", bool),
        amount=part.amount("amount"),
        days=part.optional("days", int),
        nonce=part.hex("nonce"),
        valid=part.optional("valid", bool),
        reason=part.optional("reason", str),
        credit=part.score("credit"),
        scores=part.take("scores", dict),
        members=tuple(_member(each) for each in part.parts("members")) if "members" in part.members else (),
    )


def _member(part: "_Part") -> Member:
    return Member(uscc=part.take("uscc", str), blind=part.blind("blind") if "blind" in part.members else None)


def _offer(part: "_Part") -> Offer:
    return Offer(
        n=part.take("n", int),
        at=_required(part.moment("at"), part.at("at")),
        uscc=part.optional("uscc", str),
        pseudonym=part.take("pseudonym", str),
        amount=_required(part.amount("amount"), part.at("amount")),
        ends_at=_required(part.moment("ends_at"), part.at("ends_at")),
    )


def _auction(part: "_Part") -> LotAuction:
    hidden = part.part("map")
    blind, names = hidden.blind("blind"), hidden.optional("pseudonyms", dict)
    if names is not None and not all(isinstance(uscc, str) for uscc in names.values()):
        raise BadRecord(hidden.at("pseudonyms"), "texts are expected")
    return LotAuction(
        starts_at=_required(part.moment("starts_at"), part.at("starts_at")),
        ends_at=_required(part.moment("ends_at"), part.at("ends_at")),
        pauses=tuple(
            (_required(each.moment("at"), each.at("at")), each.moment("until")) for each in part.parts("pauses")
        ),
        map_sha256=_required(hidden.hex("sha256"), hidden.at("sha256")),
        blind=blind,
        pseudonyms=names,
    )


def _mark(part: "_Part") -> Mark:
    return Mark(
        uscc=part.take("uscc", str),
        mark=_required(part.score("mark"), part.at("mark")),
        expert=part.optional("expert", str) if "expert" in part.members else None,
    )


def _draw(part: "_Part") -> Draw:
    return Draw(
        purpose=part.take("purpose", str),
        iteration=part.take("iteration", int),
        one_time_code=_required(part.hex("one_time_code"), part.at("one_time_code")),
        randomness=part.take("randomness", str),
        labels=part.texts("labels"),
        order=part.texts("order"),
    )


class _Part:
    """An object of the record and where it stands."""

    def __init__(self, members: Any, where: str) -> None:
        if not isinstance(members, dict):
            raise BadRecord(where, "an object is expected")
        self.members: dict[str, Any] = members
        self.where = where

    def at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def take(self, name: str, kind: type) -> Any:
        return _required(self.optional(name, kind), self.at(name))

    def optional(self, name: str, kind: type) -> Any:
        if name not in self.members:
            raise BadRecord(self.at(name), "is missing")
        value = self.members[name]
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise BadRecord(self.at(name), f"{kind.__name__} is expected")
        return value

    def part(self, name: str) -> "_Part":
        return _Part(self.take(name, dict), self.at(name))

    def parts(self, name: str) -> list["_Part"]:
        return [_Part(each, f"{self.at(name)}.{index}") for index, each in enumerate(self.take(name, list))]

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.take(name, list)
        if not all(isinstance(value, str) for value in values):
            raise BadRecord(self.at(name), "a list of texts is expected")
        return tuple(values)

    def hex(self, name: str) -> str | None:
        value: str | None = self.optional(name, str)
        if value is not None and not is_hex(value, octets=32):
            raise BadRecord(self.at(name), "64 lower-case hex digits are expected")
        return value

    def blind(self, name: str) -> bytes | None:
        value: str | None = self.optional(name, str)
        if value is not None and not is_hex(value, octets=16):
            raise BadRecord(self.at(name), "32 lower-case hex digits are expected")
        return None if value is None else bytes.fromhex(value)

    def amount(self, name: str) -> Decimal | None:
        value = self.optional(name, str)
        if value is not None and not AMOUNT.fullmatch(value):
            raise BadRecord(self.at(name), "an amount such as 48000.00 is expected")
        return None if value is None else Decimal(value)

    def score(self, name: str) -> Decimal | None:
        value = self.optional(name, str)
        if value is not None and not SCORE.fullmatch(value):
            raise BadRecord(self.at(name), "a number from 0 to 100 such as 87.40 is expected")
        return None if value is None else Decimal(value)

    def moment(self, name: str) -> datetime | None:
        value = self.optional(name, str)
        try:
            return None if value is None else read_timestamp(value)
        except ValueError as error:
            raise BadRecord(self.at(name), str(error)) from error

    def bytes(self, name: str) -> bytes | None:
        value = self.optional(name, str)
        try:
            return None if value is None else base64.b64decode(value, validate=True)
        except ValueError as error:
            raise BadRecord(self.at(name), "base64 is expected") from error


def _required(value: Any, where: str) -> Any:
    if value is None:
        raise BadRecord(where, "is null")
    return value
