"""`manage.py`: a command that needs the servers finds them running, whoever started them."""

import os
import sys

from config.embedded.problems import ServiceProblem

WITHOUT_SERVERS = {
    "--help", "--version", "-h", "check", "collectstatic", "compile_messages", "demo", "demo_codes", "demo_reset",
    "diffsettings", "findstatic", "help", "makemessages", "messages", "replay_history", "screen_history",
    "spectacular", "startapp", "version",
}  # fmt: skip


ABOUT_MIGRATIONS = {"makemigrations", "migrate", "showmigrations", "sqlmigrate"}


def run(arguments: list[str]) -> int:
    """Run one command; return the exit code. What goes wrong with the set-up is told in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as problem:
        return _complain(f"The package {problem.name} is missing; run `make demo` once, or pip install it.")
    try:
        with_servers = len(arguments) > 1 and arguments[1] not in WITHOUT_SERVERS and "--help" not in arguments
        if not with_servers:
            execute_from_command_line(arguments)
            return 0
        return _with_servers(arguments)
    except ModuleNotFoundError as problem:
        if problem.name and _is_ours(problem.name):
            raise
        return _complain(f"The package {problem.name} is missing; run `make demo` once, or pip install it.")
    except (ServiceProblem, ImproperlyConfigured) as problem:
        return _complain(str(problem))
    except KeyboardInterrupt:
        return 130


def _with_servers(arguments: list[str]) -> int:
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from config.embedded.services import Use

    if not settings.EMBEDDED:
        execute_from_command_line(arguments)
        return 0
    use = Use(settings.PLACES, password=settings.POSTGRES_PASSWORD, throwaway=settings.TESTING)
    use.begin()
    try:
        if arguments[1] not in ABOUT_MIGRATIONS and not settings.TESTING:
            _prepare_once()
        execute_from_command_line(arguments)
    finally:
        use.finish()
    return 0


def _prepare_once() -> None:
    """A command that is the first ever to use an embedded database finds its tables."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    if "django_migrations" not in connection.introspection.table_names():
        print("Preparing the database …", file=sys.stderr)
        call_command("migrate", verbosity=0)
    connection.close()


def _is_ours(module: str) -> bool:
    from config.settings import BASE_DIR

    return (BASE_DIR / module.partition(".")[0]).is_dir()


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1
