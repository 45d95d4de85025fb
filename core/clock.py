"""The one clock of the service: the database's, so that no node's own clock decides a deadline."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import connection

from core.workdays import LOCAL as LOCAL

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """Return the database's wall-clock time, aware.

    Read it once per operation, and inside a transaction after the lock that the decision depends on: it is
    `clock_timestamp()`, which moves on, and not `now()`, which stands still at the transaction's start.
    """
    if (moment := _moment.get()) is not None:
        return moment
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment


def standing() -> datetime | None:
    """The moment at which this thread's clock stands, if it does not run."""
    return _moment.get()


@contextmanager
def travelling(to: datetime) -> Iterator[None]:
    """Let the clock of this thread stand at an aware moment: how a demonstration lives through its past, and tests through time.

    Nothing that answers a request calls it.
    """
    if to.tzinfo is None:
        raise ValueError("the clock only travels to aware moments")
    token = _moment.set(to)
    try:
        yield
    finally:
        _moment.reset(token)
