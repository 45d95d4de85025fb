"""How a line of the log is written."""

import logging
import re

# PostgreSQL repeats the offending row in these lines, and a row may hold a name or a number of a person.
ROW_IN_MESSAGE = re.compile(r"^(DETAIL|CONTEXT):.*$", re.MULTILINE)


class PlainFormatter(logging.Formatter):
    """One plain line, and a traceback without the values of database rows."""

    def format(self, record: logging.LogRecord) -> str:
        return ROW_IN_MESSAGE.sub(r"\1: (left out of the log)", super().format(record))
