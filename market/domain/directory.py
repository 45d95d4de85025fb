"""The public directory of firms: how it is read, and when what was rendered of it is out of date."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial

from django.core.cache import cache
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from market.models import Firm, Offering

VERSION_KEY = "firms:version"


def public_firms(*, now: datetime) -> QuerySet[Firm]:
    """Firms as the public list shows them, with what they offer; the latest admitted first."""
    offerings = Offering.objects.select_related("service").order_by("service__code")
    firms = Firm.objects.public().with_suspension(now=now).select_related("organisation", "current")
    return firms.prefetch_related(Prefetch("current__offerings", offerings)).order_by("-listed_at", "-id")


def version() -> str:
    """Changes with every public change of any firm; fragments of the list are kept under it."""
    known = cache.get(VERSION_KEY)
    if known is None:
        cache.add(VERSION_KEY, uuid.uuid4().hex, timeout=None)
        known = cache.get(VERSION_KEY)
    return str(known)


def changed() -> None:
    """Tell that the list reads differently from the end of this transaction on."""
    transaction.on_commit(partial(cache.set, VERSION_KEY, uuid.uuid4().hex, timeout=None))
