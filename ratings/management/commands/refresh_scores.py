"""`manage.py refresh_scores`: compute every score anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ratings.domain.whole_city import refresh_all


class Command(BaseCommand):
    help = (
        "Compute the scores of all firms and departments anew from the rows of lines, with what is usual in each service and "
        "item, and keep them as this month's. Beat does it every night; scores of months that are over stay as they were."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = refresh_all()
        self.stdout.write(
            f"{done.lines} lines read; {done.firms} scores of firms and {done.departments} of departments written."
        )
