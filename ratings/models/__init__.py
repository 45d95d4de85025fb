"""What the one clock and the scores keep."""

from ratings.models.case_rows import CaseOfLine, CaseRow
from ratings.models.line_events import LineEvents
from ratings.models.line_rows import LineRow
from ratings.models.policy import ScorePolicy
from ratings.models.reminders import Reminder
from ratings.models.scores import DepartmentHabit, DepartmentScore, FirmScore, ScoreMark, ScoreNorm
from ratings.models.segment_rows import SegmentRow
from ratings.models.stale import StaleMark

__all__ = [
    "CaseOfLine", "CaseRow", "DepartmentHabit", "DepartmentScore", "FirmScore", "LineEvents", "LineRow", "Reminder",
    "ScoreMark", "ScoreNorm", "ScorePolicy", "SegmentRow", "StaleMark",
]  # fmt: skip
