"""Beneficial Ownership Data Standard, versions 0.1 to 0.4: statements out of JSON or JSON Lines, one at a time (Open Ownership).

Until 0.3 a statement has `statementID` and `statementType`, and later ones name what they replace in `replacesStatements`. From
0.4 on it has `statementId`, `recordType` and `recordDetails`; what is said of a `recordId` is a series, which `recordStatus`
"closed" ends. No Django; whatever the file holds, nothing but Skipped is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from oversight.graph import WHOLE, Kind

ENTITY, PERSON, RELATION = "entity", "person", "relation"
TYPES = {
    "entityStatement": ENTITY,
    "personStatement": PERSON,
    "ownershipOrControlStatement": RELATION,
    "entity": ENTITY,
    "person": PERSON,
    "relationship": RELATION,
}
VERSIONS = ("0.1", "0.2", "0.3", "0.4")
LONGEST = 180
"""Characters of a key."""

OFFICERS = {"boardmember", "boardchair", "seniormanagingofficial"}
SHARES = ("shareholding", "votingrights")
HIDDEN = ("anonymous", "unknown")
MONTH = re.compile(r"[0-9]{4}(-[0-9]{2})?")
EARLIEST, LATEST = 1800, 2200
"""Years outside are mistakes."""


class Skipped(Exception):
    """A statement that is not taken, with the reason in one word of the kind programs read."""


@dataclass(frozen=True, kw_only=True)
class Interest:
    """One tie of a relation, by kind and days; shares in millionths."""

    kind: str
    low: int | None = None
    high: int | None = None
    since: date | None = None
    until: date | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class BodsStatement:
    """A statement that was understood. `subject` and `party` are keys of other statements or records."""

    kind: str
    key: str
    day: date | None
    record: str = ""
    replaces: tuple[str, ...] = ()
    name: str = ""
    former: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    address: str = ""
    is_state: bool = False
    subject: str = ""
    party: str = ""
    interests: tuple[Interest, ...] = ()
    because: str = ""
    """Why nothing follows from it although it counts in its series: no party is named in it."""


def key_of(given: object) -> str:
    """How a statement is told in a list of what was skipped: its own id, without what nobody can read."""
    own = given if isinstance(given, dict) else {}
    return _text(own.get("statementID")) or _text(own.get("statementId"))


def understand(given: object) -> BodsStatement:
    """What a statement says. Raises Skipped with the reason."""
    if not isinstance(given, dict):
        raise Skipped("not_an_object")
    _demand_version(given)
    key = key_of(given)
    if not key:
        raise Skipped("no_statement_id")
    if len(key) > LONGEST:
        raise Skipped("statement_id_too_long")
    kind = TYPES.get(_text(given.get("statementType")) or _text(given.get("recordType")))
    if kind is None:
        raise Skipped("unknown_statement_type")
    newer = "statementType" not in given
    own = given.get("recordDetails") if newer else given
    if not isinstance(own, dict):
        raise Skipped("no_record_details")
    record = _text(given.get("recordId")) if newer else ""
    if newer and not record:
        raise Skipped("no_record_id")
    if len(record) > LONGEST:
        raise Skipped("record_id_too_long")
    status = _text(given.get("recordStatus"))
    if status not in ("", "new", "updated", "closed"):
        raise Skipped("unknown_record_status")
    base: dict[str, Any] = {
        "kind": kind,
        "key": key,
        "record": record,
        "day": _day(given.get("statementDate")) or _day(_inside(given, "publicationDetails", "publicationDate")),
        "replaces": tuple(dict.fromkeys(filter(None, map(_text, _list(given.get("replacesStatements")))))),
    }
    if kind == RELATION:
        return _relation(own, base, closed=status == "closed")
    return _entity(own, base) if kind == ENTITY else _person(own, base)


def _demand_version(given: dict[str, Any]) -> None:
    version = _inside(given, "publicationDetails", "bodsVersion")
    if version is not None and _text(version).removeprefix("v") not in VERSIONS:
        raise Skipped("unknown_version")


def _entity(own: dict[str, Any], base: dict[str, Any]) -> BodsStatement:
    kind = own.get("entityType")
    kind = _text(kind.get("type")) if isinstance(kind, dict) else _text(kind)
    names = [_text(own.get("name")), *map(_text, _list(own.get("alternateNames")))]
    if not any(names) and not kind.startswith(HIDDEN):
        raise Skipped("no_name")
    named = [each for each in names if each]
    return BodsStatement(
        **base,
        name=named[0] if named else "",
        former=tuple(named[1:]),
        identifiers=_identifiers(own),
        address=next((text for each in _list(own.get("addresses")) if (text := _text(_inside(each, "address")))), ""),
        is_state=kind in ("state", "stateBody"),
    )


def _person(own: dict[str, Any], base: dict[str, Any]) -> BodsStatement:
    names = [each for each in _list(own.get("names")) if isinstance(each, dict)]
    told = [_text(each.get("fullName")) or _joined(each) for each in names]
    return BodsStatement(**base, name=next(filter(None, told), ""), identifiers=_identifiers(own))


def _joined(name: dict[str, Any]) -> str:
    return " ".join(filter(None, (_text(name.get(part)) for part in ("givenName", "patronymicName", "familyName"))))


def _identifiers(own: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = [
        (_text(each.get("scheme")), _text(each.get("id")))
        for each in _list(own.get("identifiers"))
        if isinstance(each, dict)
    ]
    return tuple((scheme, number) for scheme, number in found if number and len(scheme) + len(number) < LONGEST)


def _relation(own: dict[str, Any], base: dict[str, Any], *, closed: bool) -> BodsStatement:
    subject = _reference(own.get("subject"))
    if not subject:
        raise Skipped("no_subject")
    given = own.get("interestedParty", own.get("interestedParties"))
    unspecified = _inside(given, "unspecified")
    reason = _text(_inside(unspecified, "reason")) or _text(_inside(given, "reason"))
    if unspecified is not None or reason:
        return BodsStatement(**base, subject=subject, because="unspecified_party")
    party = _reference(given)
    if not party:
        raise Skipped("no_interested_party")
    last = base["day"] - timedelta(days=1) if closed and base["day"] else None
    interests = _interests([each for each in _list(own.get("interests")) if isinstance(each, dict)], last)
    because = "" if interests else "closed" if closed else "no_interests"
    return BodsStatement(**base, subject=subject, party=party, interests=interests, because=because)


def _reference(given: object) -> str:
    """The statement or record that is meant: a string from 0.4 on, before that an object with one of two members."""
    if isinstance(given, dict):
        for member in ("describedByEntityStatement", "describedByPersonStatement"):
            if text := _text(given.get(member)):
                return text
        return ""
    return _text(given)


def _interests(given: list[dict[str, Any]], last: date | None) -> tuple[Interest, ...]:
    """One tie for each kind and range of days: ownership with the share of shares, else of votes; sitting on its board."""
    groups: dict[tuple[str, date | None, date | None], list[tuple[str, tuple[int, int] | None]]] = {}
    for each in given:
        what = _text(each.get("type")).replace("-", "").lower()
        ended = _day(each.get("endDate"))
        until = ended - timedelta(days=1) if ended else None
        if last is not None:
            until = min(until, last) if until else last
        kind = Kind.OFFICER if what in OFFICERS else Kind.OWNS
        groups.setdefault((kind, _day(each.get("startDate")), until), []).append((what, _share(each.get("share"))))
    return tuple(_interest(kind, since, until, said) for (kind, since, until), said in groups.items())


def _interest(
    kind: str, since: date | None, until: date | None, said: list[tuple[str, tuple[int, int] | None]]
) -> Interest:
    share = next((share for wanted in SHARES for what, share in said if what == wanted and share is not None), None)
    low, high = share if share and kind == Kind.OWNS else (None, None)
    return Interest(
        kind=kind,
        low=low,
        high=high,
        since=since,
        until=until,
        detail=" ".join(sorted({what for what, _share in said})),
    )


def _share(given: object) -> tuple[int, int] | None:
    """From the least to the most, in millionths. Raises Skipped for what is no share."""
    if not isinstance(given, dict):
        return None
    exact, least, most = (_percentage(given.get(member)) for member in ("exact", "minimum", "maximum"))
    if least is None and not isinstance(given.get("exclusiveMinimum"), bool):
        least = _percentage(given.get("exclusiveMinimum"))
    if most is None and not isinstance(given.get("exclusiveMaximum"), bool):
        most = _percentage(given.get("exclusiveMaximum"))
    if exact is not None:
        return exact, exact
    if least is None and most is None:
        return None
    low, high = least or 0, WHOLE if most is None else most
    if low > high:
        raise Skipped("share_out_of_range")
    return low, high


def _percentage(given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, Decimal)):
        raise Skipped("share_is_no_number")
    if not 0 <= given <= 100:
        raise Skipped("share_out_of_range")
    return int(given * (WHOLE // 100))


def _day(given: object) -> date | None:
    """A day, or the first of a month or year that is told alone; None for what is no date."""
    text = _text(given)[:10]
    if MONTH.fullmatch(text):
        text = "-".join([*text.split("-"), "01", "01"][:3])
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST <= found.year <= LATEST else None


def _text(given: object) -> str:
    """A text without what no database keeps: NUL and halves of characters."""
    return given.replace("\x00", "").encode(errors="ignore").decode().strip() if isinstance(given, str) else ""


def _list(given: object) -> Iterable[Any]:
    return given if isinstance(given, list) else ()


def _inside(given: object, *path: str) -> Any:
    for member in path:
        if not isinstance(given, dict):
            return None
        given = given.get(member)
    return given
