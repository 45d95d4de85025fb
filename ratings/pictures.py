"""What pages show of lines: a picture of each, the slowest chain among them, and all of them as a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Organisation
from approvals.models import Case
from ratings.chains import own_time, slowest_chain
from ratings.lines import Line, Lines
from ratings.rules import cases_for
from ratings.words import picture_of


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A line with its picture. `place` is its place in the slowest chain, from 1; 0 where it is not in it."""

    line: Line
    picture: dict[str, Any]
    cases: tuple[Case, ...]
    place: int = 0


def shown(lines: Lines, reader: Organisation | None, *, now: datetime) -> list[Shown]:
    """The pictures of lines, with links to the cases that this reader may open."""
    workdays = lines.workdays(now=now)
    times = {line.code: line.timeline(now=now) for line in lines}
    chain = _slowest(lines, {code: own_time(each) for code, each in times.items()}) if len(lines) > 1 else ()
    asked = [case.pk for line in lines for case in line.cases]
    opened = set(cases_for(reader).filter(pk__in=asked).values_list("pk", flat=True)) if asked else set()
    return [
        Shown(
            line=line,
            picture=picture_of(times[line.code], line.limits(times[line.code]), workdays, name=line.name),
            cases=tuple(case for case in line.cases if case.pk in opened),
            place=chain.index(line.code) + 1 if line.code in chain else 0,
        )
        for line in lines
    ]


def _slowest(lines: Lines, lengths: dict[str, Any]) -> tuple[str, ...]:
    """The codes of the slowest chain; a contract calls the line that it waits for by a code of its own."""
    known = {line.contract_line.code: line.code for line in lines if line.contract_line is not None}
    waits = [(known[ref], line.code) for line in lines for ref in line.blocked_by if ref in known]
    return slowest_chain({code: length for code, length in lengths.items() if length}, waits)
