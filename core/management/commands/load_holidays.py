"""`manage.py load_holidays`: add the holidays that the table lacks."""

from typing import Any

from django.core.management.base import BaseCommand

from core.holidays import load_holidays


class Command(BaseCommand):
    help = "Add the days off and make-up working days of the State Council's notices; what is there stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_holidays()} days added.")
