"""`manage.py import_bods FILE --json`: take in beneficial-ownership statements (BODS 0.1 to 0.4)."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oversight.domain.beneficial import import_bods


class Command(BaseCommand):
    help = "Take in beneficial-ownership statements, JSON or JSON Lines; what is here already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--source", default="", help="Who says so; the file's name unless told.")
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(self, *args: Any, file: Path, source: str, **options: Any) -> None:
        try:
            done = import_bods(file, source=source or file.stem)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        if options["json"]:
            self.stdout.write(json.dumps(done.as_json(), ensure_ascii=False, indent=1))
            return
        self.stdout.write(
            f"{done.entities} entities, {done.people} people, {done.relations} relations; "
            f"{len(done.skipped) + done.more} skipped, {done.new} statements were new."
        )
