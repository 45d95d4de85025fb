"""`manage.py try_policy m=8 cap=1.25`: who would rise and fall by other numbers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from protocol.scores.exact import fixed
from ratings.domain import trials
from ratings.models import ScorePolicy
from ratings.models.trials import UNTRIED


class Command(BaseCommand):
    help = (
        "Try other numbers of the score policy on the whole history beside the one in force: counts, and the firms that would "
        "move most. Nothing is written. Names are the fields of ScorePolicy: m=8 cap=1.25 half_life_months=6"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="+", metavar="name=value")
        parser.add_argument("--rows", type=int, default=20, help="how many firms to list")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        rules = ScorePolicy.in_force(now)
        numbers = trials.numbers_of(rules)
        for pair in options["numbers"]:
            name, _equals, value = pair.partition("=")
            if name not in numbers or not value:
                raise CommandError(f"{pair}: no number of a policy. There are: {', '.join(sorted(numbers))}")
            numbers[name] = value
        try:
            other = trials.rules_of(numbers)
            other.full_clean(exclude=UNTRIED, validate_unique=False)
            other.as_policy()
        except (ValidationError, ValueError) as error:
            raise CommandError(f"Nothing can be computed by these numbers: {error}") from error
        found = trials.tried(other, rules, now=now)
        for who in ("firms", "departments"):
            told = found[who]
            self.stdout.write(
                f"{who}: {told['all']}, {told['risen']} rise, {told['fallen']} fall, {told['ranks']} change rank"
            )
        for row in found["firms"]["rows"][: options["rows"]]:
            before, after = (fixed(score, 2) for score in row["score"])
            self.stdout.write(f"{row['code']}  {before} → {after}  {'→'.join(row['grade'])}  {row['name']}")
