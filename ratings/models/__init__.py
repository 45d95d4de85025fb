"""What the one clock and the scores keep."""

from ratings.models.policy import ScorePolicy
from ratings.models.reminders import Reminder

__all__ = ["Reminder", "ScorePolicy"]
