"""`manage.py refresh_lines`: let the rows of lines follow what was recorded; `--all` computes every line anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ratings.domain import anew, marking, refreshing


class Command(BaseCommand):
    help = (
        "Let the rows of lines follow what was recorded. --all: compute every line anew from its recorded events, by this "
        "version's rules and the table of holidays. --read: read every announced need again from rounds, contracts and cases."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="compute every line anew")
        parser.add_argument("--read", action="store_true", help="read every announced need again")
        parser.add_argument(
            "--after", type=int, default=0, help="with --all: go on after this line, as the last run told"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["read"]:
            self.stdout.write(f"{marking.mark_everything()} needs to be read.")
        elif options["all"]:
            marking.mark_unknown()
        self.stdout.write(f"{refreshing.refresh_stale()} marks followed.")
        if options["all"]:
            done = anew.compute_all(after=options["after"], hands=anew.HANDS, tell=self._tell)
            self.stdout.write(f"{done} lines computed anew.")

    def _tell(self, progress: anew.Progress) -> None:
        self.stdout.write(f"{progress.lines} lines, the last is {progress.last}")
