"""What `manage.py check` says of payments."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Info, register


@register()
def alipay_is_set_up(**_kwargs: Any) -> list[Info]:
    """A word, and no warning: an installation where only public money is paid needs no Alipay."""
    if settings.ALIPAY_ENABLED:
        return []
    return [
        Info(
            "Alipay is not set up: private money is paid by bank transfer with proof, as public money is.",
            hint="To take payments online set ALIPAY_APP_ID, ALIPAY_SELLER_ID, ALIPAY_APP_KEY and ALIPAY_PUBLIC_KEY.",
            id="payments.I001",
        )
    ]
