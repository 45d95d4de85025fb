"""Money: Decimal yuan with two places, and the one place where it is rounded."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

from core.decimals import PlainDecimalField

CENT = Decimal("0.01")
MAXIMUM = Decimal("999999999999.99")


def yuan(amount: Decimal | int | str) -> Decimal:
    """Return an amount with two places, rounded half up. Floats are refused: they do not say what they are."""
    if isinstance(amount, float):
        raise TypeError("an amount of money is never a float")
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An amount in yuan, not negative, at most 999,999,999,999.99 (PROTOCOL §2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 14
        kwargs["decimal_places"] = 2
        kwargs.setdefault("validators", [MinValueValidator(Decimal(0))])
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PlainDecimalField, **kwargs})
