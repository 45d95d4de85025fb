"""The parameters of the selection methods (PROTOCOL §4): one check and one way of reading for each name.

Amounts, coefficients and weights are decimal strings, counts and seconds strings of digits, so that no reader of the record
has to guess at numbers. An empty text counts as absent.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from protocol.envelope import AMOUNT

Parameters = Mapping[str, Any]

COEFFICIENTS = ("0.95", "0.96", "0.97", "0.98")
"""Those of `mean` where a round announces none."""
MOST_COEFFICIENTS = 20
WEIGHTS = ("price", "quality", "record")
HUNDRED = Decimal(100)
OF_LOT = ("price", "upper", "lower")
"""What every lot has of its own where a round has several."""
LONGEST_GROUND = 200

_COUNT = re.compile(r"[1-9][0-9]{0,5}")
_COEFFICIENT = re.compile(r"0\.[5-9][0-9]{1,3}|1\.0{2,4}")
_WEIGHT = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?")


def problem_of(name: str, value: object) -> str | None:
    """What is wrong with one parameter by itself, as a code; `unknown` where PROTOCOL §4 has no such name."""
    return CHECKS[name](value) if name in CHECKS else "unknown"


def problems_between(given: Parameters) -> list[tuple[str, str]]:
    """Names and codes of parameters that are right by themselves and do not go together."""
    found = []
    if "upper" in given and "lower" in given and Decimal(given["upper"]) < Decimal(given["lower"]):
        found.append(("upper", "below_lower"))
    if "short_list" in given and "long_list" in given and int(given["short_list"]) > int(given["long_list"]):
        found.append(("short_list", "beyond_long_list"))
    return found


def of_lot(parameters: Parameters, own: Mapping[str, str | None]) -> dict[str, Any]:
    """The parameters by which a lot is decided: those of its round, and over them what the lot has of its own."""
    return {**parameters, **{name: value for name in OF_LOT if (value := own.get(name)) is not None}}


def amount(parameters: Parameters, name: str) -> Decimal | None:
    """An amount among the parameters; absent is None."""
    value = parameters.get(name)
    return Decimal(value) if value else None


def count(parameters: Parameters, name: str) -> int | None:
    """A count, or a number of seconds, among the parameters; absent is None."""
    value = parameters.get(name)
    return int(value) if value else None


def coefficients(parameters: Parameters) -> list[str]:
    """The coefficients of `mean` as they are printed, which is how they enter the draw."""
    return list(parameters.get("coefficients") or COEFFICIENTS)


def weights(parameters: Parameters) -> dict[str, Decimal]:
    """The weights of `scored`, which sum to 100."""
    return {name: Decimal(parameters["weights"][name]) for name in WEIGHTS}


def _amount(value: object) -> str | None:
    if not _matches(AMOUNT, value):
        return "not_an_amount"
    return None if Decimal(str(value)) > 0 else "not_positive"


def _count(value: object) -> str | None:
    return None if _matches(_COUNT, value) else "not_a_count"


def _coefficients(value: object) -> str | None:
    """From 0.50 to 1.00 with two to four places, 1 to 20 of them, no value twice even when it is printed differently."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_COEFFICIENTS:
        return "not_coefficients"
    if not all(_matches(_COEFFICIENT, each) for each in value):
        return "not_coefficients"
    return None if len({Decimal(each) for each in value}) == len(value) else "repeated"


def _weights(value: object) -> str | None:
    if not isinstance(value, Mapping) or set(value) != set(WEIGHTS):
        return "not_weights"
    if not all(_matches(_WEIGHT, each) for each in value.values()):
        return "not_weights"
    return None if sum(Decimal(each) for each in value.values()) == HUNDRED else "not_hundred"


def _ground(value: object) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "required"
    return None if len(value) <= LONGEST_GROUND else "too_long"


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


CHECKS: dict[str, Callable[[object], str | None]] = {
    **dict.fromkeys(("price", "upper", "lower", "step"), _amount),
    **dict.fromkeys(
        ("k", "long_list", "short_list", "trim_over", "extend_within_s", "extend_by_s", "max_extensions"), _count
    ),
    "coefficients": _coefficients,
    "weights": _weights,
    "ground": _ground,
}
