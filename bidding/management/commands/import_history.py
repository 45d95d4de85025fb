"""`manage.py import_history FILE.csv`: show the rounds of an older system in the public lists as historical."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bidding.domain.history import import_rounds
from protocol.history import BadRow, read_rounds


class Command(BaseCommand):
    help = "Take in the rounds of an older system, all or none; rounds that are here already stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument(
            "--source", default="", help="What the pages name as the source; the file's name unless told."
        )

    def handle(self, *args: Any, file: Path, source: str, **options: Any) -> None:
        try:
            rounds = read_rounds(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except BadRow as bad:
            raise CommandError(f"{file}, {bad}. Nothing was imported.") from bad
        done = import_rounds(rounds, source=source or file.stem)
        self.stdout.write(f"{done.new} rounds imported, {done.known} were here already.")
