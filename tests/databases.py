"""The databases of tests: a template, migrated once for each state of the migrations, and a copy of it for each worker."""

import fcntl
import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

TABLES = "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
COUNTERS = "SELECT seqrelid, pg_sequence_last_value(seqrelid) FROM pg_sequence ORDER BY 1"
AGAIN_FROM_START = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence WHERE seqrelid = ANY(%s)"
SIZE = "SELECT pg_database_size(current_database())"
MUCH = 25_000_000
"""Bytes: rows that are deleted leave their room behind, and after so much a new copy costs less than to read past it."""


def template() -> str:
    """Return the migrated database for the migrations as they are, made by the first worker that asks."""
    digest = hashlib.sha256()
    base = Path(settings.BASE_DIR)
    for path in sorted([*base.glob("*/migrations/*.py"), *base.glob("*/*/migrations/*.py")]):
        digest.update(path.as_posix().encode() + path.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _outside("SELECT 1 FROM pg_database WHERE datname = %s", name):
            return name
        for (old,) in _outside("SELECT datname FROM pg_database WHERE datname LIKE %s", r"template\_%"):
            _outside(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
        draft = f"draft_{name}"
        _outside(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')  # of a run that was killed
        _outside(f'CREATE DATABASE "{draft}"')
        original = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = draft
        try:
            call_command("migrate", verbosity=0)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = original
        _outside(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    return name


class Copy:
    """A copy of the template, for one worker. To copy its 1,800 files takes a second: it is emptied rather than copied again."""

    def __init__(self, template: str, name: str) -> None:
        self.template = template
        self.name = name
        self._copy()
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            tables = {table for (table,) in cursor.fetchall()}
            cursor.execute(" UNION ALL ".join(map(_filled, tables)))
            migrated = {table for (table,) in cursor.fetchall()}
            self.filled = " UNION ALL ".join(map(_filled, tables - migrated))
            self.migrated = " UNION ALL ".join(map(_digest, sorted(migrated)))
            cursor.execute(COUNTERS)
            counters = cursor.fetchall()
            self.at_start = [counter for counter, value in counters if value is None]
            self.state = self._state(cursor)
            cursor.execute(SIZE)
            (self.size,) = cursor.fetchone()
        connections.close_all()

    def restore(self) -> None:
        """Take out what a test has committed; what it changed of the migrations' own rows takes a new copy."""
        connections.close_all()
        _outside(OTHERS, self.name)
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # no triggers, no foreign keys: everything goes
            cursor.execute(self.filled)
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(AGAIN_FROM_START, [self.at_start])
            cursor.execute(SIZE)
            (size,) = cursor.fetchone()
            as_before = self._state(cursor) == self.state and size < self.size + MUCH
        connections.close_all()
        if not as_before:
            self._copy()

    def _state(self, cursor: Any) -> list[tuple[Any, ...]]:
        """What migrations wrote, as it is now."""
        cursor.execute(self.migrated)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.execute(COUNTERS)
        return [*rows, *cursor.fetchall()]

    def drop(self) -> None:
        connections.close_all()
        _outside(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _copy(self) -> None:
        self.drop()
        _outside(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.template}"')


def _filled(table: str) -> str:
    return f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})"


def _digest(table: str) -> str:
    return f"SELECT '{table}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t"


def _outside(statement: str, *values: str) -> list[tuple[str]]:
    """Run a statement that no connection to the database itself may run."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []
