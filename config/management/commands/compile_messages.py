"""`manage.py compile_messages`: make the binary catalogues that Django reads."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import catalogue


class Command(BaseCommand):
    help = "Compile locale/*/LC_MESSAGES/*.po with Babel; quick when they are up to date."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                if catalogue.compile_catalogue(source, source.with_suffix(".mo")) and options["verbosity"]:
                    self.stdout.write(f"{source} compiled")
