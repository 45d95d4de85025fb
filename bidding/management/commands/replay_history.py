"""`manage.py replay_history FILE.csv --json`: decide the rounds of an older system again by the lowest price."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from protocol.history import BadRow, read_rounds, replay


class Command(BaseCommand):
    help = "Decide each round of the file again with the method `lowest` and compare with the winner on record."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            report = replay(read_rounds(file))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except BadRow as bad:
            raise CommandError(f"{file}, {bad}.") from bad
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
            return
        self.stdout.write(
            f"{report['rounds']} rounds, {report['without_winner']} without a winner on record; "
            f"{report['agree']} agree, {len(report['disagree'])} disagree."
        )
        for each in report["disagree"]:
            self.stdout.write(f"  {each['round']}: on record {each['expected']}, decided {each['got']}")
