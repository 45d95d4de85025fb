"""What the one clock keeps, and what people say of firms and decide about them."""

from ratings.models.deductions import Deduction, DeductionEvent, DeductionFile
from ratings.models.evaluations import Burst, Dimension, Dispute, Evaluation, EvaluationReply, Side
from ratings.models.reminders import Reminder
from ratings.models.rules import ConductPolicy, DeductionRule, Deed, EvaluationPolicy

__all__ = [
    "Burst",
    "ConductPolicy",
    "Deduction",
    "DeductionEvent",
    "DeductionFile",
    "DeductionRule",
    "Deed",
    "Dimension",
    "Dispute",
    "Evaluation",
    "EvaluationPolicy",
    "EvaluationReply",
    "Reminder",
    "Side",
]
