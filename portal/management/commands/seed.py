"""`manage.py seed --size small --seed 1`: build the demo city in an empty database."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.clock import LOCAL
from portal.seed.build import SIZES, NotEmpty, build


class Command(BaseCommand):
    help = "Build the demo city: a believable Ningbo in which every name is invented."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="small")
        parser.add_argument("--seed", type=int, default=1, help="The same number gives the same city.")

    def handle(self, *args: Any, size: str, seed: int, **options: Any) -> None:
        self._told: set[str] = set()
        if not settings.DEMO:
            raise CommandError("This is no demonstration (DEMO is off): invented firms have no place here.")
        try:
            made = build(size=SIZES[size], seed=seed, tell=self._tell)
        except NotEmpty as there:
            raise CommandError("There is data already. `make demo-reset` starts over.") from there
        self.stdout.write(f"\n{made['firms']} firms and {made['rounds']} rounds.")

    def _tell(self, moment: datetime) -> None:
        """Each month that is reached, once, on one line: it takes a minute or more."""
        if (month := f"{moment.astimezone(LOCAL):%Y-%m}") not in self._told:
            self._told.add(month)
            self.stdout.write(f" {month}", ending="")
            self.stdout.flush()
