"""What the one clock keeps."""

from ratings.models.reminders import Reminder

__all__ = ["Reminder"]
