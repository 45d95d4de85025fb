"""`manage.py alipay_sandbox`: a gateway on this machine that speaks as Alipay does, for demonstrations and tests."""

import signal
import threading
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.payments.sandbox.server import Sandbox


class Command(BaseCommand):
    help = "Run a local Alipay gateway with a cashier, notifications and bills. Its page at / says how it behaves."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.ALIPAY_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The sandbox moves no money and believes whoever presses a button: it needs DEBUG=1.")
        sandbox = Sandbox(
            state=settings.ALIPAY_STATE,
            host=options["host"],
            port=options["port"],
            app_id=settings.ALIPAY_APP_ID,
            seller_id=settings.ALIPAY_SELLER_ID,
        )
        server = threading.Thread(target=sandbox.serve, daemon=True)
        ended = threading.Event()

        def end(_number: int, _frame: FrameType | None) -> None:
            ended.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        server.start()
        self.stdout.write(f"The sandbox answers at {sandbox.url}/")
        self.stdout.flush()
        ended.wait()
        sandbox.stop()
