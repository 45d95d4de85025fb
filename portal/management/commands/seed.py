"""`manage.py seed --size small --seed 1`: build the demo city in an empty database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.seed.build import SIZES, NotEmpty, build


class Command(BaseCommand):
    help = "Build the demo city: a believable Ningbo in which every name is invented."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="small")
        parser.add_argument("--seed", type=int, default=1, help="The same number gives the same city.")

    def handle(self, *args: Any, size: str, seed: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is no demonstration (DEMO is off): invented firms have no place here.")
        try:
            made = build(size=SIZES[size], seed=seed)
        except NotEmpty as there:
            raise CommandError("There is data already. `make demo-reset` starts over.") from there
        self.stdout.write(f"{made['firms']} firms and {made['rounds']} rounds.")
