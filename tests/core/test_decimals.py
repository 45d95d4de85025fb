"""Numbers in forms are what a person has written, and nothing that only a programmer would read so."""

from decimal import Decimal

import pytest
from django import forms

from core.decimals import PlainDecimalField
from market.forms.projects import NeedForm
from market.models import Need

FIELD = PlainDecimalField(max_digits=14, decimal_places=2, min_value=0, required=False)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.50", "12.50"),
        ("１２．５", "12.5"),
        (" 7 ", "7"),
        (".5", "0.5"),
        ("3.", "3"),
        ("+1", "1"),
        (Decimal("2.5"), "2.5"),
    ],
)
def test_what_people_write(text, number):
    assert FIELD.clean(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", None])
def test_nothing_is_nothing(text):
    assert FIELD.clean(text) is None


@pytest.mark.parametrize(
    "text", ["1e2", "1E9", "1_000", "NaN", "Infinity", "0x10", "١٢", "1,5", "--1", ".", "一百", "½"]
)
def test_what_only_python_takes_for_a_number_is_none(text):
    with pytest.raises(forms.ValidationError) as refused:
        FIELD.clean(text)
    assert [each.code for each in refused.value.error_list] == ["invalid"]


def test_every_amount_is_such_a_number():
    assert isinstance(Need._meta.get_field("budget").formfield(), PlainDecimalField)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("budget", "good"), [("0", False), ("0.00", False), ("1e9", False), ("0.01", True), ("", True)]
)
def test_a_budget_is_more_than_nothing(budget, good):
    from tests import market_place as market

    where = market.place()
    form = NeedForm({"title": "x", "item": where.item.pk, "budget": budget}, instance=Need(service=where.service))
    assert ("budget" not in form.errors) == good
