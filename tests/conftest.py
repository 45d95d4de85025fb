"""The servers behind the tests: one PostgreSQL and one Valkey for all workers of a run, a database for each worker.

The servers start when the first test needs them and stop with the last run that uses them. A template database is
migrated once for each state of the migrations, and every worker (and every test that commits) gets a copy of it.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import translation

from tests.custody import CUSTODIAN

pytest_plugins = ["tests.alipay", "tests.live", "tests.browsing"]


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey, embedded unless `DATABASE_URL` and `REDIS_URL` name real ones."""
    if not settings.EMBEDDED:
        yield
        return
    from config.embedded.services import Use

    use = Use(settings.PLACES, password=settings.POSTGRES_PASSWORD, throwaway=True)
    use.begin()
    yield
    use.finish()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any, servers: None) -> Iterator[None]:
    """A database of this worker's own, copied from the template; committed tests get a fresh copy afterwards."""
    name = f"test_{os.getpid()}"
    with django_db_blocker.unblock():
        template = _template()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        _copy(template, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: _copy(template, name))
        yield
    with django_db_blocker.unblock():
        connections.close_all()
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _template() -> str:
    """Return the migrated database for the migrations as they are, made by the first worker that asks."""
    digest = hashlib.sha256()
    base = Path(settings.BASE_DIR)
    for path in sorted([*base.glob("*/migrations/*.py"), *base.glob("*/*/migrations/*.py")]):
        digest.update(path.as_posix().encode() + path.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _execute("SELECT 1 FROM pg_database WHERE datname = %s", name):
            return name
        for (old,) in _execute("SELECT datname FROM pg_database WHERE datname LIKE %s", r"template\_%"):
            _execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
        draft = f"draft_{os.getpid()}"
        _execute(f'CREATE DATABASE "{draft}"')
        original = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = draft
        try:
            call_command("migrate", verbosity=0)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = original
        _execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    return name


def _copy(template: str, name: str) -> None:
    connections.close_all()
    _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _execute(statement: str, *values: str) -> list[tuple[str]]:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test left in the cache (a rate limit, a session) is no business of the next."""
    yield
    if "servers" not in request.fixturenames and "db" not in request.fixturenames:
        return
    import redis

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        left = list(client.scan_iter(match=f"{settings.KEY_PREFIX}:*", count=1000))
        if left:
            client.delete(*left)


@pytest.fixture(autouse=True)
def _log_of_its_own(settings: Any, tmp_path: Path) -> None:
    """Every test has a log of its own, and all the same custodian."""
    settings.LEDGER_STATE = tmp_path / "ledger"
    settings.CUSTODIAN_STATE = tmp_path / "custodian"
    settings.CUSTODIAN_VKEY = CUSTODIAN.cosigner.text


@pytest.fixture(autouse=True)
def _in_chinese() -> None:
    """A page that one test read in English leaves the thread in English, and the next would be told so."""
    translation.deactivate()


@pytest.fixture
def in_threads(transactional_db: None) -> Callable[..., list[object]]:
    """Run functions at one moment in real threads with connections of their own; results or exceptions in order."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    def run(*work: Callable[[], object]) -> list[object]:
        start = Barrier(len(work))

        def one(function: Callable[[], object]) -> object:
            try:
                connection.ensure_connection()
                start.wait(timeout=30)
                return function()
            except Exception as problem:  # the test looks at it
                return problem
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(work)) as pool:
            return list(pool.map(one, work))

    return run
