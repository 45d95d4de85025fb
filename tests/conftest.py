"""The servers behind the tests: one PostgreSQL and one Valkey for all workers of a run, a database for each worker.

The servers start when the first test needs them and stop with the last run that uses them.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import TransactionTestCase, override_settings
from django.utils import translation

from bidding.domain import stock
from tests import databases
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
    """A database of this worker's own, as migrated; what a test commits is taken out of it afterwards."""
    name = f"test_{os.getpid()}"
    with django_db_blocker.unblock():
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        database = databases.Copy(databases.template(), name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: database.restore())
        yield
    with django_db_blocker.unblock():
        database.drop()


@pytest.fixture(scope="module")
def made_once(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """For fixtures of a module: what they make stays until its last test, and every test takes back only its own."""
    folder = tmp_path_factory.mktemp("made_once")
    states = {
        "LEDGER_STATE": folder / "ledger",
        "CUSTODIAN_STATE": folder / "custodian",
        "MEDIA_ROOT": folder / "media",
    }
    with (
        django_db_blocker.unblock(),
        override_settings(CUSTODIAN_VKEY=CUSTODIAN.cosigner.text, MADE_ONCE=folder, **states),
        transaction.atomic(),
    ):
        yield
        transaction.set_rollback(True)


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
def _log_of_its_own(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> None:
    """Every test has a log of its own, or goes on with its module's where that made one, and all the same custodian."""
    if hasattr(settings, "MADE_ONCE"):
        assert request.node.get_closest_marker("django_db"), (
            "without a transaction of its own it would change the others'"
        )
        shutil.copytree(settings.MADE_ONCE, tmp_path, dirs_exist_ok=True)
        settings.MEDIA_ROOT = tmp_path / "media"
    settings.LEDGER_STATE = tmp_path / "ledger"
    settings.CUSTODIAN_STATE = tmp_path / "custodian"
    settings.CUSTODIAN_VKEY = CUSTODIAN.cosigner.text


@pytest.fixture(autouse=True)
def _few_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A custodian of a test has rounds to serve that can be counted on one hand or two."""
    monkeypatch.setattr(stock, "STOCK", 8)


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
