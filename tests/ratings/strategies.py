"""Any history, however odd, for property tests."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from core.workdays import MICROSECOND
from ratings.events import KINDS
from ratings.timeline import Event, Party
from tests.ratings.histories import at

FIRST = at("01-02")
# Moments meet often, so that the order within one matters; some have odd microseconds.
MOMENTS = st.builds(
    lambda hours, odd: FIRST + timedelta(hours=6 * hours) + odd * MICROSECOND,
    st.integers(0, 4 * 300),
    st.sampled_from([0, 0, 0, 1, 999_999]),
)
PARTIES = st.sampled_from(["", *Party, "nobody"])
EVENTS = st.builds(
    Event,
    id=st.sampled_from([f"e{number}" for number in range(40)]),
    kind=st.sampled_from([*KINDS, "retracted", "unheard"]),
    at=MOMENTS,
    order=st.integers(0, 2),
    replaces=st.sampled_from(["", "", "", "", "e1", "e2", "e3"]),
    ref=st.sampled_from(["", "", "a", "b"]),
    case=st.sampled_from(["", "K1", "K1", "K2"]),
    by=st.sampled_from(["", "firm", "owner", "else"]),
    charged_to=PARTIES,
    fault=st.sampled_from(["", "deliverable", "other"]),
    outcome=st.sampled_from(["", "granted", "refused"]),
    quality=st.booleans(),
    could_have_been_first=st.booleans(),
    part=st.sampled_from([False, False, False, True]),
)
HISTORIES = st.lists(EVENTS, max_size=25)


@st.composite
def lives(draw):
    """Histories that go forward as lives do, each step skipped, doubled or repeated at times: they reach the end more often."""
    steps = [
        "announced", "round_failed", "announced", "awarded", "sealed", "contract_sealed", "input_asked", "blocked", "suspended",
        "input_provided", "resumed", "unblocked", "submitted", "returned", "submitted", "case_received", "accepted",
        "correction_asked", "correction_asked", "case_suspended", "case_resubmitted", "case_resumed", "case_accepted",
        "special_started", "review_revision_asked", "special_ended", "submitted", "case_decided", "case_received",
        "case_not_accepted", "case_received", "case_accepted", "case_decided",
    ]  # fmt: skip
    moment, events = draw(MOMENTS.filter(lambda at_: at_ < at("06-01"))), []
    for number, kind in enumerate(steps):
        if draw(st.integers(0, 4)):
            moment += timedelta(hours=draw(st.integers(0, 200)))
            fields = draw(EVENTS)
            outcome = "refused" if number < 30 else "granted"
            events.append(
                Event(id=f"l{number}", kind=kind, at=moment, ref=fields.ref, by=fields.by, fault=fields.fault,
                      charged_to=fields.charged_to, outcome=outcome, quality=fields.quality)
            )  # fmt: skip
    return events


ANY = st.one_of(HISTORIES, lives())
