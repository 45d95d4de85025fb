"""`manage.py load_catalogue`: districts, approval items, qualifications, services and rules, from the project's files."""

from typing import Any

from django.core.management.base import BaseCommand

from market.catalogue.loader import load_catalogue


class Command(BaseCommand):
    help = "Bring the catalogue of services, approval items, qualifications and rules up to the project's files."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = load_catalogue()
        rows = ", ".join(f"{model} {count}" for model, count in changed.items())
        self.stdout.write(f"The catalogue is up to date. New or changed: {rows or 'nothing'}.")
