"""Telling codes from other numbers, without raising."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from core.identifiers import normalise_id_number, normalise_uscc, validate_id_number, validate_uscc


def is_uscc(text: str) -> bool:
    try:
        validate_uscc(normalise_uscc(text))
    except ValidationError:
        return False
    return True


def is_id_number(text: str) -> bool:
    try:
        validate_id_number(normalise_id_number(text))
    except ValidationError:
        return False
    return True
