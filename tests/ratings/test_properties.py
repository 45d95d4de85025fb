"""What holds for every history, however odd: no gap, no overlap, one party, and nothing rewrites what was before it."""

from __future__ import annotations

import random
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.events import standing
from ratings.measures import Limits, counts, department_segments, department_time, due, firm_time, measured, promises
from ratings.timeline import Event, Outcome, Party, Segment, timeline
from tests.ratings.histories import YEAR, at
from tests.ratings.strategies import ANY, EVENTS, MOMENTS

many = settings(max_examples=120, deadline=None)


def clipped(segments, end):
    return [Segment(one.start, min(one.end, end), one.ball) for one in segments if one.start < end]


def merged(segments):
    """What each party and kind is charged, without regard to cuts."""
    return [(one.start, one.end, one.kind, one.party) for one in segments]


@many
@given(ANY, MOMENTS, st.booleans())
def test_segments_are_adjacent_and_sum_to_the_whole(events, now, with_case):
    line = timeline(events, now=now, with_case=with_case)
    for one, two in pairwise(line.segments):
        assert one.end == two.start and one.ball != two.ball
    assert all(part.start < part.end and part.party in Party for part in line.segments)
    assert sum((part.length for part in line.segments), timedelta(0)) == line.whole
    if line.segments:
        assert line.start >= min(event.at for event in events) and line.end <= now
        assert line.whole == line.end - line.start
        whole = YEAR.working_time(line.start, line.end)
        assert sum((YEAR.working_time(part.start, part.end) for part in line.segments), Fraction(0)) == whole
    if line.outcome == Outcome.RUNNING and line.segments:
        assert line.end == now


@many
@given(ANY, MOMENTS, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_events_change_nothing(events, now, chance):
    mixed = events + chance.sample(events, len(events) // 2)
    random.Random(chance.random()).shuffle(mixed)
    assert timeline(mixed, now=now) == timeline(events, now=now)


@many
@given(ANY, EVENTS, MOMENTS)
def test_an_event_changes_nothing_before_it(events, added, now):
    added = Event(id="new", kind=added.kind, at=added.at, ref=added.ref, case=added.case, by=added.by, fault=added.fault,
                  charged_to=added.charged_to, outcome=added.outcome)  # fmt: skip
    before = clipped(timeline(events, now=now).segments, added.at)
    after = clipped(timeline([*events, added], now=now).segments, added.at)
    assert merged(after)[: len(before)] == merged(before)
    # Only a line that had ended with a refusal goes on: the time since is refiling, or what else ran beside it.
    if len(after) > len(before) and before:
        assert timeline(events, now=now).outcome == Outcome.REFUSED


@many
@given(ANY, MOMENTS, MOMENTS)
def test_time_passing_only_adds(events, one, two):
    early, late = sorted([one, two])
    first, second = timeline(events, now=early), timeline(events, now=late)
    if any(event.replaces for event in events) or not first.segments:
        return
    assert clipped(second.segments, first.end) == list(first.segments)


@many
@given(ANY, MOMENTS)
def test_an_event_of_the_future_changes_nothing(events, now):
    events = list({event.id: event for event in events}.values())
    known = [event for event in events if event.at <= now or event.replaces]
    assert timeline(known, now=now) == timeline(events, now=now)


@many
@given(ANY, MOMENTS)
def test_a_corrected_event_is_as_if_it_had_been_right_at_once(events, moment):
    events = [event for event in standing(events, now=at("12-31")) if not event.replaces]
    if not events:
        return
    wrong = events[0]
    told = {
        name: getattr(wrong, name)
        for name in ("kind", "ref", "case", "by", "charged_to", "fault", "outcome", "quality")
    }
    right = Event(id="right", at=moment, replaces=wrong.id, **told)
    once = Event(id="right", at=moment, **told)
    now = at("12-31")
    corrected, at_once = timeline([*events, right], now=now), timeline([*events[1:], once], now=now)
    assert corrected.segments == at_once.segments and corrected.outcome == at_once.outcome
    assert counts(corrected) == counts(at_once)


@many
@given(ANY, MOMENTS, st.integers(1, 30), st.integers(1, 30))
def test_measures_never_fail_and_agree(events, now, promised, committed):
    line = timeline(events, now=now)
    limits = Limits(promised=promised, committed=committed, others={part.kind: 5 for part in line.segments})
    assert firm_time(line, YEAR) >= Fraction(1, 100) <= department_time([line], YEAR)
    assert counts(line).returns <= len(events)
    assert all(measured(part, YEAR) <= YEAR.working_time(part.start, part.end) for part in line.segments)
    assert len(promises(line, limits, YEAR)) <= 2
    if found := due(line, limits, YEAR):
        assert found.half <= found.three_quarters <= found.limit
        assert (found.used >= found.given) == (found.limit <= now)
        assert (found.used >= Fraction(found.given, 2)) == (found.half <= now)


@many
@given(st.lists(ANY, min_size=1, max_size=3), MOMENTS)
def test_several_lines_of_a_case_are_never_charged_twice(histories, now):
    lines = [timeline(events, now=now) for events in histories]
    parts = department_segments(lines)
    for one, two in pairwise(parts):
        assert one.end <= two.start
    for line in lines:
        own = sum((part.length for part in department_segments([line])), timedelta(0))
        assert sum((part.length for part in parts), timedelta(0)) <= own
