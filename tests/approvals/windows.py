"""An application through the one window."""

from __future__ import annotations

from uuid import uuid4

from approvals.domain import windows
from approvals.models import Application
from tests import market_place as market


def filed(where: market.Place) -> Application:
    """An application of the place's owner for the place's item, for a project of its own."""
    return windows.file_application(
        key=uuid4(),
        project_code=market.need(where).project.code,
        wanted=[windows.Wanted(item=where.item)],
        filed_in=where.district,
        lead=None,
        files=[],
        by=where.owner,
    )
