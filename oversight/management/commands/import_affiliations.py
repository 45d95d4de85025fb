"""`manage.py import_affiliations KIND FILE.csv`: take in a list; with --preview only look at how it would be read."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from oversight.domain.registers import import_list
from oversight.sources import tables

SHOWN = 20


class Command(BaseCommand):
    help = "Take in a company-register extract, a department's staff or its bodies as of a day; the same again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(tables.LISTS), metavar="KIND", help="register, staff or bodies")
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--source", default="", help="Who says so; the file's name unless told.")
        parser.add_argument("--day", type=date.fromisoformat, help="As of which day (YYYY-MM-DD); today unless told.")
        parser.add_argument(
            "--map", nargs="*", default=[], metavar="COLUMN=HEADING", help="Which heading is which column."
        )
        parser.add_argument("--preview", action="store_true", help="Show how the file would be read, and take nothing.")

    def handle(self, *args: Any, kind: str, file: Path, source: str, day: date | None, **options: Any) -> None:
        said = dict(each.split("=", 1) for each in options["map"] if "=" in each)
        try:
            if options["preview"]:
                self._show(tables.preview(kind, file, said))
                return
            today = clock.now().astimezone(clock.LOCAL).date()
            done = import_list(kind, file, source=source or file.stem, day=day or today, said=said)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except tables.NoTable as bad:
            raise CommandError(f"{file}: {bad}. Nothing was imported.") from bad
        self.stdout.write(
            f"{done.rows} rows taken, {done.new} statements were new, {len(done.wrong)} rows passed over."
        )
        for line, column, reason in done.wrong[:SHOWN]:
            self.stdout.write(f"  line {line}, {column}: {reason}")
        if len(done.wrong) > SHOWN:
            self.stdout.write(f"  … and {len(done.wrong) - SHOWN} more")

    def _show(self, seen: tables.Preview) -> None:
        for column, heading in seen.mapping.items():
            self.stdout.write(f"{column} ← {heading}")
        if seen.missing:
            self.stdout.write(f"missing: {', '.join(seen.missing)}")
        if seen.unused:
            self.stdout.write(f"not used: {', '.join(seen.unused)}")
        for row in seen.rows:
            self.stdout.write("  " + " | ".join(f"{name} {cell}" for name, cell in row.items() if cell))
