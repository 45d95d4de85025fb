"""Unified social credit codes (GB 32100-2015) and citizen identity numbers (GB 11643-1999)."""

import random
import unicodedata
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength
from stdnum.exceptions import ValidationError as Invalid

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NINGBO_DIVISIONS = ("330203", "330205", "330206", "330211", "330212", "330213", "330225", "330226", "330281", "330282")


def half_width(text: str) -> str:
    """Turn full-width letters and digits into the half-width ones and drop every kind of space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def normalise_uscc(text: str) -> str:
    """Return the 18 characters as they are printed on a licence; hyphens and spaces do not matter."""
    return half_width(text).replace("-", "").upper()


def normalise_id_number(text: str) -> str:
    """Return the identity number with half-width digits and a capital X."""
    return half_width(text).replace("-", "").upper()


def validate_uscc(text: str) -> None:
    """Raise Django's ValidationError, in the user's words, unless this is a valid USCC in its normal form."""
    try:
        if normalise_uscc(text) != text:
            raise InvalidFormat
        uscc.validate(text)
    except InvalidLength as error:
        message = _("统一社会信用代码应为 18 位，您填写的是 %(length)d 位。")
        raise ValidationError(message, code="length", params={"length": len(text)}) from error
    except InvalidChecksum as error:
        message = _("统一社会信用代码的校验位不符，请对照营业执照逐位核对。")
        raise ValidationError(message, code="checksum") from error
    except Invalid as error:
        message = _("统一社会信用代码只含数字和大写字母（不含 I、O、S、V、Z），请对照营业执照核对。")
        raise ValidationError(message, code="format") from error


def validate_id_number(text: str) -> None:
    """Raise Django's ValidationError, in the user's words, unless this is a valid identity number."""
    try:
        if normalise_id_number(text) != text:
            raise InvalidFormat
        ric.validate(text)
    except InvalidLength as error:
        raise ValidationError(_("身份证号码应为 18 位。"), code="length") from error
    except InvalidChecksum as error:
        raise ValidationError(_("身份证号码的校验位不符，请逐位核对。"), code="checksum") from error
    except Invalid as error:
        raise ValidationError(_("身份证号码不正确，请对照证件核对。"), code="format") from error


SOLE_TRADER = "92"
"""How the USCC of a sole trader begins."""


def is_sole_trader(code: str | None) -> bool:
    """Tell whether a USCC belongs to a sole trader (个体工商户), who is protected like a natural person."""
    return bool(code) and str(code).startswith(SOLE_TRADER)


def generate_uscc(rng: random.Random, *, prefix: str = "91", division: str | None = None) -> str:
    """Invent a valid USCC: registering authority and kind (`prefix`), division, 9 characters, check character."""
    place = division or rng.choice(NINGBO_DIVISIONS)
    body = prefix + place + "".join(rng.choice(USCC_ALPHABET) for _n in range(9))
    return body + uscc.calc_check_digit(body)


def generate_id_number(rng: random.Random, *, division: str | None = None) -> str:
    """Invent a valid identity number of somebody born between 1985 and 2004, when most of the divisions existed."""
    while True:
        place = division or rng.choice(NINGBO_DIVISIONS)
        born = date(1985, 1, 1) + timedelta(days=rng.randrange(7_300))
        body = f"{place}{born:%Y%m%d}{rng.randrange(1, 1000):03d}"
        number = body + ric.calc_check_digit(body + "0")
        if ric.is_valid(number):  # a division counts only in the years in which it existed
            return number
