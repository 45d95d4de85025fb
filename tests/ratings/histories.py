"""Lives of lines written down in short, and the working days of 2026 as the State Council's notice has them."""

from __future__ import annotations

from datetime import date, datetime

from core.workdays import LOCAL, Workdays
from ratings.timeline import Event

OFF = ["01-01", "01-02", "02-16", "02-17", "02-18", "02-19", "02-20", "02-23", "04-06", "05-01", "05-04", "05-05",
       "06-19", "09-25", "10-01", "10-02", "10-05", "10-06", "10-07"]  # fmt: skip
MADE_UP = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
YEAR = Workdays(
    {date.fromisoformat(f"2026-{day}"): False for day in OFF}
    | {date.fromisoformat(f"2026-{day}"): True for day in MADE_UP}
)


def at(text):
    """`03-02` or `03-02 12` (o'clock) of 2026."""
    day, _, hour = text.partition(" ")
    return datetime.fromisoformat(f"2026-{day}T{hour or '00'}:00").replace(tzinfo=LOCAL)


def event(kind, moment, **more):
    return Event(**({"id": f"{kind} {moment}", "kind": kind, "at": at(moment)} | more))


def life(text):
    """Lines such as `03-02 12 returned quality`, `03-03 sealed by=firm`, one event each."""
    events = []
    for line in filter(None, map(str.strip, text.splitlines())):
        moment, *words = line.split()
        if words[0].isdigit():
            moment += f" {words.pop(0)}"
        kind, *rest = words
        events.append(event(kind, moment, **{key: value or True for key, _, value in (w.partition("=") for w in rest)}))
    return events
