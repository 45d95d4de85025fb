"""Monthly bulletins (通报): made on the first working day of the next month, published by the service centre or by time."""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import Kind, Membership
from core import clock, worktime
from core.workdays import LOCAL
from ledger import domain as ledger
from protocol import canonical
from protocol.scores.exact import later
from ratings.bulletin_paper import print_bulletin
from ratings.domain.access import demand_kind, public_words
from ratings.domain.bulletin_figures import anything_before, figures_of
from ratings.models import Bulletin

logger = logging.getLogger(__name__)
MADE_AT = time(6, 0)
"""In the morning, after the night's computation."""
FOREWORD_DAYS = 1
"""Working days after the making that the service centre has for a foreword."""


def settle_bulletins(*, now: datetime | None = None) -> int:
    """Make the bulletin that is due, publish those whose time has come; give how many steps were taken."""
    at = now or clock.now()
    taken = int(make_due(now=at) is not None)
    for pk in list(Bulletin.objects.to_publish(now=at).values_list("pk", flat=True)):
        try:
            publish(bulletin_id=pk)
            taken += 1
        except Exception:  # one that cannot be printed stops no other
            logger.exception("bulletin %s could not be published", pk)
    return taken


def make_due(*, now: datetime) -> Bulletin | None:
    """Take the figures of the month that is over, on this month's first working day or later; None for nothing to do."""
    today = timezone.localdate(now)
    this = today.replace(day=1)
    month = later(this, -1)
    if now < datetime.combine(first_working_day(this), MADE_AT, tzinfo=LOCAL):
        return None
    if Bulletin.objects.filter(month=month).exists() or not anything_before(month):
        return None
    with transaction.atomic():
        publishes_at = worktime.add_working_days(now, FOREWORD_DAYS)
        given = {"content": figures_of(month, now=now), "made_at": now, "publishes_at": publishes_at}
        made, is_new = Bulletin.objects.get_or_create(month=month, defaults=given)
    return made if is_new else None


def first_working_day(month: date) -> date:
    """The first day of a month on which work is done."""
    day = month
    while not worktime.is_working(day):
        day += timedelta(days=1)
    return day


def publish(*, bulletin_id: int, foreword: str = "", by: Membership | None = None) -> Bulletin:
    """Make a bulletin public, as it is or with a foreword; returns one that is public already as it was.

    Raises NotAllowed for whoever is not the service centre, DomainError for a foreword that may not be public.
    """
    if by is not None:
        demand_kind(by, (Kind.OPERATOR,))
    said = public_words(foreword, required=False, code="foreword")
    with transaction.atomic():
        found = Bulletin.objects.select_for_update().get(pk=bulletin_id)
        if found.published_at is not None:
            return found
        found.foreword, found.published_at = said, clock.now()
        found.published_by = by.user if by is not None else None
        found.digest = canonical.sha256_hex(found.file)
        paper = print_bulletin(found)
        found.pdf.save(f"{found.code}.pdf", ContentFile(paper), save=False)
        found.save()
        ledger.append(
            "bulletin.published",
            found.subject,
            {"sha256": found.digest, "pdf_sha256": canonical.sha256_hex(paper)},
            at=found.published_at,
        )
    return found
