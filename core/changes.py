"""Who follows what is recorded: a higher room registers in its `apps.py`, and is told in the transaction of the change.

Subjects are called as the log calls them: `round/R…`, `contract/C…`, `case/K…`, `project/P…`, and beside them `item/…`,
`service/…` and `holiday/2026-10-01` for the tables that an operator edits. A room that records an event need not know who
reads it.
"""

from __future__ import annotations

from collections.abc import Callable

Follower = Callable[[str], None]
_followers: dict[str, Follower] = {}


def follow(prefix: str, follower: Follower) -> None:
    """Let a function be told of every change of the subjects whose name begins with `prefix` and a stroke: one for each prefix.

    It is called within the transaction of the change, under its locks: it writes down what is to be done, and does it later.
    """
    _followers[prefix] = follower


def recorded(subject: str) -> None:
    """Say that something was recorded of a subject. Call it inside the transaction of the change."""
    follower = _followers.get(subject.partition("/")[0])
    if follower is not None:
        follower(subject)
