"""`manage.py make_custodian`: the custodian of an embedded installation, which runs on the same machine."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.seed.custody import make_custodian


class Command(BaseCommand):
    help = "Make the custodian's state in the data folder, unless it is there. A real custodian runs on a machine of its own."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("DATABASE_URL is set: a real custodian makes its own key on its own machine.")
        vkey = make_custodian(settings.CUSTODIAN_STATE)
        if options["verbosity"]:
            self.stdout.write(vkey)
