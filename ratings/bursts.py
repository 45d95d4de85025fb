"""Many equal marks within a short time: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Given:
    """One evaluation: its key, its five marks, when it was given."""

    key: int
    marks: tuple[int, ...]
    at: datetime


def burst_around(given: Sequence[Given], of: Given, *, count: int, within: timedelta) -> list[Given]:
    """The evaluations with the marks of `of` that lie with it in one window of that length, in the order of time.

    Of several such windows the fullest, and of those the earliest; nothing where it holds fewer than `count`.
    """
    like = sorted((each for each in given if each.marks == of.marks), key=lambda each: (each.at, each.key))
    best: list[Given] = []
    for first in like:
        if not of.at - within <= first.at <= of.at:
            continue
        window = [each for each in like if first.at <= each.at <= first.at + within]
        if len(window) > len(best):
            best = window
    return best if len(best) >= count else []
