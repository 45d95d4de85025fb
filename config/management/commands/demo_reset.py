"""`manage.py demo_reset`: forget the demo's data."""

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.embedded import postgres, valkey
from config.embedded.services import in_use


class Command(BaseCommand):
    help = "Remove the data folder's database, files and secrets. Refuses while something uses them."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("DATABASE_URL is set: this removes embedded servers only.")
        where = settings.PLACES
        if in_use(where):
            raise CommandError("The demo (or a manage.py command) is running on this data; end it first.")
        valkey.stop(where)
        postgres.stop(where)
        made_by_the_demo = (where.services, where.sockets, where.logs, where.locks)
        ours = [settings.MEDIA_ROOT, settings.STATIC_ROOT, settings.LEDGER_STATE, settings.CUSTODIAN_STATE]
        if settings.ALIPAY_IS_SANDBOX:
            ours.append(settings.ALIPAY_STATE)  # its trades would bear the numbers of the next city's orders
        for folder in (*made_by_the_demo, *ours):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (where.secrets, where.pointer, settings.DATA_DIR / "demo-accounts.json"):
            file.unlink(missing_ok=True)
        self.stdout.write(f"The data in {settings.DATA_DIR} is gone; `make demo` starts over.")
