"""USCC, identity numbers, money and codes."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from core import codes, crypto
from core.identifiers import (
    USCC_ALPHABET,
    generate_id_number,
    generate_uscc,
    is_sole_trader,
    normalise_uscc,
    validate_id_number,
    validate_uscc,
)
from core.money import yuan

SEEDS = st.integers(0, 10**9).map(random.Random)


@given(SEEDS)
def test_generated_numbers_are_valid(rng):
    validate_uscc(generate_uscc(rng))
    validate_id_number(generate_id_number(rng))


@given(SEEDS, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_is_found(rng, place, character):
    code = generate_uscc(rng)
    wrong = code[:place] + character + code[place + 1 :]
    if wrong != code:
        with pytest.raises(ValidationError):
            validate_uscc(wrong)


@pytest.mark.parametrize("text", ["", "1", "9" * 18, "91330200O00000000X", "９１", "91330200'; DROP", "x" * 500])
def test_what_is_no_uscc_is_told(text):
    with pytest.raises(ValidationError) as told:
        validate_uscc(text)
    assert "统一社会信用代码" in told.value.messages[0]


def test_full_width_hyphens_and_spaces_do_not_matter():
    code = generate_uscc(random.Random(1))
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code.lower())
    assert normalise_uscc(f" {wide[:8]}-{wide[8:]} ") == code


@pytest.mark.parametrize("text", ["", "330203199002300017", "33020319900101001X0", "abc", "110101190001010000"])
def test_what_is_no_identity_number_is_told(text):
    with pytest.raises(ValidationError):
        validate_id_number(text)


def test_sole_traders_are_protected():
    assert is_sole_trader("92330203MA00000000")
    assert not is_sole_trader("91330203MA00000000")
    assert not is_sole_trader(None)


@given(st.decimals(min_value=0, max_value=10**9, places=4))
def test_money_is_rounded_half_up_once(amount):
    rounded = yuan(amount)
    assert rounded == yuan(rounded)
    assert abs(rounded - amount) <= Decimal("0.005")


def test_money_is_never_a_float():
    with pytest.raises(TypeError):
        yuan(1.1)
    assert yuan("0.005") == Decimal("0.01")


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_for_its_purpose_only(plain):
    sealed = crypto.seal_bytes(plain, purpose="a.b")
    assert crypto.open_bytes(sealed, purpose="a.b") == plain
    assert crypto.seal_bytes(plain, purpose="a.b") != sealed
    with pytest.raises(crypto.CannotOpen):
        crypto.open_bytes(sealed, purpose="a.c")
    with pytest.raises(crypto.CannotOpen):
        crypto.open_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]), purpose="a.b")


def test_the_same_value_is_looked_up_per_field():
    assert crypto.lookup_hash("1", field="a") == crypto.lookup_hash("1", field="a")
    assert crypto.lookup_hash("1", field="a") != crypto.lookup_hash("1", field="b")


@pytest.mark.django_db(transaction=True)
def test_codes_are_given_once_by_many_at_a_time(in_threads):
    at = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # 23 November in Shanghai

    def take():
        with transaction.atomic():
            return codes.next_code(codes.Letter.ROUND, at=at)

    given_out = in_threads(*[take] * 12)
    assert sorted(given_out) == [f"R20261123{number:04d}" for number in range(1, 13)]
