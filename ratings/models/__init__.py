"""What the one clock and the scores keep, and what people say of firms and decide about them."""

from ratings.models.bulletins import Bulletin
from ratings.models.case_rows import CaseOfLine, CaseRow
from ratings.models.deductions import Deduction, DeductionEvent, DeductionFile
from ratings.models.evaluations import Burst, Dimension, Dispute, Evaluation, EvaluationReply, Side
from ratings.models.line_events import LineEvents
from ratings.models.line_rows import LineRow
from ratings.models.policy import ScorePolicy
from ratings.models.reminders import Reminder
from ratings.models.rules import ConductPolicy, DeductionRule, Deed, EvaluationPolicy
from ratings.models.scores import DepartmentHabit, DepartmentScore, DistrictScore, FirmScore, ScoreMark, ScoreNorm
from ratings.models.segment_rows import SegmentRow
from ratings.models.spent import TimeSpent
from ratings.models.stale import StaleMark
from ratings.models.standings import FirmStanding
from ratings.models.trials import PolicyTrial

__all__ = [
    "Bulletin",
    "Burst",
    "CaseOfLine",
    "CaseRow",
    "ConductPolicy",
    "Deduction",
    "DeductionEvent",
    "DeductionFile",
    "DeductionRule",
    "Deed",
    "DepartmentHabit",
    "DepartmentScore",
    "Dimension",
    "Dispute",
    "DistrictScore",
    "Evaluation",
    "EvaluationPolicy",
    "EvaluationReply",
    "FirmScore",
    "FirmStanding",
    "LineEvents",
    "LineRow",
    "PolicyTrial",
    "Reminder",
    "ScoreMark",
    "ScoreNorm",
    "ScorePolicy",
    "SegmentRow",
    "Side",
    "StaleMark",
    "TimeSpent",
]
