"""`manage.py demo_codes`: the demo's accounts with the present second-factor codes."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import accounts


class Command(BaseCommand):
    help = "Print the demo's accounts with the present second-factor codes."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        known = accounts.read(settings.DATA_DIR / "demo-accounts.json")
        if not known:
            raise CommandError("There is no demo city yet; run `make demo`.")
        for line in accounts.lines(known):
            self.stdout.write(line)
