"""Who may take which step in evaluating and in deductions, and what may be written for everybody to read."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import OWNER_KINDS, WRITERS, Kind, Membership
from core.errors import DomainError, NotAllowed
from core.identifiers import half_width, validate_id_number
from core.texts import visible
from ratings.models import Side

SIDES: dict[str, Side] = {
    **dict.fromkeys(OWNER_KINDS, Side.OWNER),
    Kind.DEPARTMENT: Side.DEPARTMENT,
    Kind.OPERATOR: Side.CENTRE,
}
OVERSEERS = (Kind.OPERATOR, Kind.REGULATOR)
LENGTH = 1000
PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])")


def demand_kind(by: Membership, kinds: Collection[str]) -> None:
    """Raise NotAllowed unless `by` acts for an organisation of one of these kinds and may do more than look."""
    if by.organisation.kind not in kinds or by.role not in WRITERS:
        raise NotAllowed


def public_words(text: str, *, required: bool, code: str = "text") -> str:
    """What everybody will read, as it is read. Raises DomainError for too much, and for a phone or identity number."""
    said = words(text, required=required, code=code)
    flat = half_width(said).replace("-", "")
    if PHONE.search(flat) or any(_is_id_number(each.group()) for each in ID_NUMBER.finditer(flat)):
        raise DomainError(_("这段文字向所有人公开，请不要写电话号码和身份证号码。"), code=code)
    return said


def words(text: str, *, required: bool = True, code: str = "text") -> str:
    """What is written for the parties. Raises DomainError where there is nothing, or too much."""
    said = visible(text)
    if required and not said:
        raise DomainError(_("请写明内容。"), code=code)
    if len(said) > LENGTH:
        raise DomainError(_("最多 %(length)d 个字。") % {"length": LENGTH}, code=code)
    return said


def _is_id_number(found: str) -> bool:
    try:
        validate_id_number(found.upper())
    except ValidationError:
        return False
    return True
