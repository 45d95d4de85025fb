"""`manage.py messages`: bring the English catalogue up to date with the texts in code and templates."""

import json
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import catalogue

SHOWN = 40


class Command(BaseCommand):
    help = "Collect the texts of code and templates into locale/en; --check fails when English is missing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--merge", nargs="+", type=Path, default=[], metavar="FILE.json",
                            help='translations as {"中文": "English"}; a later file wins')  # fmt: skip
        parser.add_argument("--check", action="store_true", help="write nothing; fail on missing, fuzzy, stale entries")
        parser.add_argument("--missing", action="store_true", help="write nothing; print what has no English, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.LOCALE_PATHS[0]) / "en" / "LC_MESSAGES" / "django.po"
        texts = catalogue.extract(_folders(), base=settings.BASE_DIR)
        catalog = catalogue.read(path)
        if options["missing"]:
            missing = [text.key for text in texts if not getattr(catalog.get(text.msgid, text.context), "string", "")]
            self.stdout.write(json.dumps(dict.fromkeys(missing, ""), ensure_ascii=False, indent=1))
            return
        if not options["check"]:
            catalog = catalogue.updated(catalog, texts, _merged(options["merge"]))
            catalogue.write(catalog, path)
        findings = catalogue.check(catalog, texts)
        self._tell(findings, len(texts), fail=options["check"])

    def _tell(self, findings: catalogue.Findings, count: int, *, fail: bool) -> None:
        lines = findings.lines()
        for line in lines[:SHOWN]:
            self.stdout.write(line)
        if len(lines) > SHOWN:
            self.stdout.write(f"… and {len(lines) - SHOWN} more")
        if lines and fail:
            raise CommandError(f"{len(lines)} of {count} texts need work: run `manage.py messages`, edit locale/en.")
        self.stdout.write(f"{count} texts, {len(findings.missing)} without English.")


def _folders() -> list[Path]:
    rooms = [Path(room.path) for room in apps.get_app_configs() if Path(room.path).parent == settings.BASE_DIR]
    return [*rooms, settings.BASE_DIR / "templates"]


def _merged(files: list[Path]) -> dict[str, str | list[str]]:
    english: dict[str, str | list[str]] = {}
    for file in files:
        try:
            english |= json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise CommandError(f"{file} cannot be read as JSON: {problem}") from None
    return {key: value for key, value in english.items() if value}
