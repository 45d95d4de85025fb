"""`manage.py load_policies`: the parameters of selection rounds, from the project's files."""

from typing import Any

from django.core.management.base import BaseCommand

from bidding.policies import load_policies


class Command(BaseCommand):
    help = "Add the policies of selection rounds that are not there yet; one that is in force is never altered."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Policies added: {load_policies()}.")
