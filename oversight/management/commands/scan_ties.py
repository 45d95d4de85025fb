"""`manage.py scan_ties`: take in what the marketplace holds, and look for ties between all firms and departments."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from oversight.domain import alerting, marketplace, meetings, scanning, stopping
from oversight.domain.sources import TIES


class Command(BaseCommand):
    help = "What beat does every night: take in the marketplace's own rows, then scan; --changed scans only what has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--changed", action="store_true", help="Only what has changed since the last scan.")

    def handle(self, *args: Any, changed: bool, **options: Any) -> None:
        new = marketplace.import_everything()
        scan = scanning.scan_changed() if changed else scanning.scan_everything()
        followed = stopping.after_scan()
        alerting.ask(TIES if changed else alerting.SOURCES)
        if scan is None:
            self.stdout.write(f"{new} statements were new; nothing to scan.")
            return
        self.stdout.write(f"{new} statements were new; {scan.firms} firms, {scan.found} ties found, {scan.gone} gone.")
        self.stdout.write(f"{followed.stopped} rounds were stopped, {followed.unseated} experts stepped aside.")
        if not changed:
            self.stdout.write(f"{meetings.count_anew()} pairs of firms that keep meeting are on the desk.")
