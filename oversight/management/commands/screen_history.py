"""`manage.py screen_history FILE.csv --json`: rank the rounds, bidders and groups of a file by the collusion screens."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oversight.screens.combined import TOLD, Screened, screened
from oversight.screens.reading import BadFile, History, read

SHOWN = 20


class Command(BaseCommand):
    help = "Screen past rounds for collusion: leads for people, never a verdict. One line of the file per bid; nothing is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--json", action="store_true", help="Print everything as JSON.")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            history = read(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except BadFile as bad:
            raise CommandError(f"{file}, {bad}.") from bad
        told = _told(history, screened(history.bids))
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
        else:
            self._table(told)

    def _table(self, told: dict[str, list[dict[str, Any]]]) -> None:
        for name, key in (("groups", "group"), ("rounds", "round"), ("bidders", "bidder")):
            rows = told[name]
            self.stdout.write(f"{len(rows)} {name}" + (", the highest scores:" if len(rows) > SHOWN else ""))
            for row in rows[:SHOWN]:
                who = f"{row[key]}: {', '.join(row['members'])}" if name == "groups" else row[key]
                self.stdout.write(f"  {row['score']:.2f}  {who}")
                for reason in row["reasons"]:
                    self.stdout.write(f"          {reason}")
        self.stdout.write("Scores say where to look first; they are leads, never a verdict.")


def _told(history: History, found: Screened) -> dict[str, list[dict[str, Any]]]:
    bids = history.bids
    rounds = [
        {"round": code, "score": round(float(found.rounds[place]), 4), "reasons": found.reasons(place)}
        for place, code in enumerate(history.rounds)
    ]
    bidders = [
        {
            "bidder": name,
            "score": round(float(found.bidders[place]), 4),
            "bids": int(bids.activity[place]),
            "reasons": found.reasons_of_bidder(place),
        }
        for place, name in enumerate(history.bidders)
    ]
    groups = [
        {
            "group": number,
            "score": round(group.score, 4),
            "members": [history.bidders[firm] for firm in group.members.tolist()],
            "rounds": [history.rounds[place] for place in group.rounds.tolist()],
            "reasons": found.reasons_of_group(group),
        }
        for number, group in enumerate(found.groups, start=1)
        if group.score >= TOLD
    ]
    return {
        "rounds": sorted(rounds, key=lambda row: (-row["score"], row["round"])),
        "bidders": sorted(bidders, key=lambda row: (-row["score"], row["bidder"])),
        "groups": sorted(groups, key=lambda row: (-row["score"], row["group"])),
    }
