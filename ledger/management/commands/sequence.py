"""`manage.py sequence`: the sequencer of the public log, a small service of its own."""

import signal
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection

from ledger.domain import sequencer

LEASE = sequencer.LOCK + 1
"""The advisory lock that one sequencer holds as long as its connection lives."""
REST_SECONDS = 0.25
TROUBLE_SECONDS = 3.0


class Command(BaseCommand):
    help = "Put queued entries of the public log in order and sign checkpoints, until it is told to end."
    ending = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="integrate and sign what is there now, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{sequencer.sequence(settings.LEDGER_STATE)} entries")
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        while not self.ending:
            try:
                leads = self._has_lease()
                if leads:
                    sequencer.sequence(settings.LEDGER_STATE)
                self._rest(REST_SECONDS if leads else TROUBLE_SECONDS)
            except sequencer.Refused as refused:
                self.stderr.write(f"Nothing is signed: {refused}.")
                self._rest(TROUBLE_SECONDS)
            except (OperationalError, InterfaceError) as problem:
                self.stderr.write(f"The database does not answer: {str(problem).strip().partition(chr(10))[0]}")
                connection.close()  # and with it the lease: another sequencer may go on
                self._rest(TROUBLE_SECONDS)

    def _has_lease(self) -> bool:
        """Whether this process leads. The lease is its connection's: it ends with it, and no clock is asked."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted "
                "AND ((classid::bigint << 32) | objid::bigint) = %s) OR pg_try_advisory_lock(%s)",
                [LEASE, LEASE],
            )
            (held,) = cursor.fetchone()
        return bool(held)

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.ending and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.25))

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.ending = True
