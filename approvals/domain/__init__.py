"""What may be done with cases, and what is read of them."""

from approvals.domain.materials import attach
from approvals.domain.queries import TimelineEvent, events_of

__all__ = ["TimelineEvent", "attach", "events_of"]
