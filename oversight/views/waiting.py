"""What waits for an organisation in leads and inquiries: the fragment that its desk's first page loads."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Kind
from accounts.rules import ActingRequest, acting_as
from core import clock
from oversight.models import Alert, Inquiry
from oversight.views.alerts import readable as alerts_of
from oversight.views.inquiries import readable as inquiries_of

Status = Inquiry.Status
Row = tuple[str | Promise, int, str]


@require_safe
@acting_as(*Kind)
@never_cache
def part(request: ActingRequest) -> HttpResponse:
    """Nothing at all where nothing waits."""
    rows = _of_regulator(request) if request.organisation.kind == Kind.REGULATOR else _of_party(request)
    return render(request, "oversight/waiting_part.html", {"waiting": [row for row in rows if row[1]]})


def _of_party(request: ActingRequest) -> list[Row]:
    now, mine = clock.now(), inquiries_of(request)
    may_appeal = mine.filter(status=Status.DECIDED, appealed_at=None, appeal_until__gt=now)
    return [
        (
            _("核查告知等贵方陈述申辩"),
            mine.filter(status=Status.NOTICED, state_until__gt=now).count(),
            "oversight:inquiries",
        ),
        (_("核查决定可以申诉"), may_appeal.count(), "oversight:inquiries"),
    ]


def _of_regulator(request: ActingRequest) -> list[Row]:
    now, mine = clock.now(), inquiries_of(request)
    decide = mine.filter(status=Status.HEARD) | mine.filter(status=Status.NOTICED, state_until__lte=now)
    fresh = alerts_of(request).standing().filter(status=Alert.Status.NEW)
    return [
        (_("线索等待分流"), fresh.count(), "oversight:alerts"),
        (_("核查等待决定"), decide.count(), "oversight:inquiries"),
        (_("对核查决定的申诉等待处理"), mine.filter(status=Status.APPEALED).count(), "oversight:inquiries"),
    ]
