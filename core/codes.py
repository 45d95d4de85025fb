"""Codes that people can read over the phone: `R202611220001`."""

from datetime import datetime
from enum import StrEnum

from django.db import connection

from core import clock


class Letter(StrEnum):
    """What a code is a code of."""

    ROUND = "R"
    PROJECT = "P"
    NEED = "N"
    ADMISSION = "A"
    PERSON = "Z"
    EXPERT = "X"
    AWARD = "W"
    OBJECTION = "Y"
    CASE = "K"
    APPLICATION = "B"
    CONTRACT = "C"
    DELIVERABLE = "D"
    PAYMENT = "F"
    FILING = "H"
    EVALUATION = "E"
    DEDUCTION = "M"
    INQUIRY = "J"


_NEXT = """
INSERT INTO core_codecounter (letter, day, last) VALUES (%s, %s, 1)
ON CONFLICT (letter, day) DO UPDATE SET last = core_codecounter.last + 1
RETURNING last
"""


def next_code(letter: Letter, *, at: datetime) -> str:
    """Give the next code of the Shanghai day of `at`: letter, date, and a counter of at least four digits.

    The counter's row stays locked until the transaction ends, so ask for the code late in it. A transaction that
    is rolled back gives its number back.
    """
    day = at.astimezone(clock.LOCAL).date()
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [letter.value, day])
        (number,) = cursor.fetchone()
    return f"{letter.value}{day:%Y%m%d}{number:04d}"
