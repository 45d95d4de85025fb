"""`manage.py publish_script`: put the hash of the script that seals bids into the public log; run it with every deployment."""

from typing import Any

from django.core.management.base import BaseCommand

from bidding.domain import scripts


class Command(BaseCommand):
    help = "Write the SHA-256 of the sealing script into the public log, unless it is there already."

    def handle(self, *args: Any, **options: Any) -> None:
        fresh = scripts.publish_script()
        if options["verbosity"]:
            self.stdout.write("The sealing script is in the log now." if fresh else "The log has this script already.")
