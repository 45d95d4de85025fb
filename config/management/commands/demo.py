"""`manage.py demo`: the whole service in the foreground. `make demo` calls it."""

import os
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection

from config.demo import accounts, preparation
from config.demo.supervisor import Supervisor
from config.embedded.problems import ServiceProblem
from config.embedded.services import Use


class Command(BaseCommand):
    help = "Run pages, sockets, worker and beat, with embedded servers when none are configured, until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--size", default="small", help="size of the demo city, when the database is empty")

    def handle(self, *args: Any, **options: Any) -> None:
        socket_port = settings.SOCKET_PORT or settings.PORT + 1
        alipay_port = settings.ALIPAY_PORT if settings.ALIPAY_IS_SANDBOX else None
        where = settings.PLACES
        preparation.require_room(settings.DATA_DIR, where.services)
        use = None
        if settings.EMBEDDED:
            use = Use(where, password=settings.POSTGRES_PASSWORD)
        supervisor = Supervisor(
            base=settings.BASE_DIR,
            data=settings.DATA_DIR,
            custodian=settings.CUSTODIAN_STATE,
            host=options["host"],
            port=settings.PORT,
            socket_port=socket_port,
            use=use,
            alipay_port=alipay_port,
            say=self._say,
        )
        supervisor.listen_for_signals()
        with preparation.only_demo(where.locks):
            preparation.require_ports(settings.PORT, socket_port, *([alipay_port] if alipay_port else []))
            try:
                self._run(supervisor, size=options["size"])
            except OSError as problem:
                raise ServiceProblem(f"The demo cannot go on: {problem}.") from problem
            except OperationalError as problem:
                reason = str(problem).strip().partition("\n")[0]
                raise ServiceProblem(f"The database stopped answering: {reason}") from problem
            finally:
                supervisor.end()

    def _run(self, supervisor: Supervisor, *, size: str) -> None:
        self._say("Mingxuan 明选 is starting …")
        if supervisor.use is not None:
            supervisor.use.begin()
        for step in (self._messages, self._static, self._database):
            if supervisor.ending:
                return
            step(size)
        supervisor.prepare_children()
        supervisor.start()
        if not supervisor.ending:
            self._say_where(supervisor)
        supervisor.watch(on_enter=self._say_who)
        self._say("\nEnding …")

    def _say(self, line: str) -> None:
        """At once, also into a file or a pipe."""
        self.stdout.write(line)
        self.stdout.flush()

    def _messages(self, _size: str) -> None:
        call_command("compile_messages", verbosity=0)

    def _static(self, _size: str) -> None:
        preparation.collect_static()

    def _database(self, size: str) -> None:
        if not connection.introspection.table_names():
            self._say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        if not get_user_model().objects.exists():
            self._say("Building the demo city, once: a few minutes …")
            call_command("seed", size=size, seed=1)
        call_command("make_custodian", verbosity=0)
        call_command("publish_script", verbosity=0)

    def _say_where(self, supervisor: Supervisor) -> None:
        self._say(f"\n  http://localhost:{supervisor.port}/\n")
        self._say_who()
        self._say("  Ctrl-C ends everything; `make demo-reset` starts over.\n")

    def _say_who(self) -> None:
        known = accounts.read(settings.DATA_DIR / "demo-accounts.json")
        for line in accounts.lines(known):
            self._say(line)
        if any(account["totp_secret"] for account in known):
            self._say("  Enter, or `.venv/bin/python manage.py demo_codes`, shows the codes of this half minute.")
