from oversight.models.alerts import Alert
from oversight.models.inquiries import Abstention, FrozenEvidence, Inquiry, InquiryEvent, InquiryFile, Outcome
from oversight.models.meetings import Meeting, Network
from oversight.models.papers import PaperMarks
from oversight.models.parties import Confidence, Form, Match, NodeKind, Party, PartyName, Record, Source
from oversight.models.relations import Kind, Relation, Statement
from oversight.models.ties import Effect, RuleException, RuleParameter, Scan, Tie

__all__ = [
    "Abstention",
    "Alert",
    "Confidence",
    "Effect",
    "Form",
    "FrozenEvidence",
    "Inquiry",
    "InquiryEvent",
    "InquiryFile",
    "Kind",
    "Match",
    "Meeting",
    "Network",
    "NodeKind",
    "Outcome",
    "PaperMarks",
    "Party",
    "PartyName",
    "Record",
    "Relation",
    "RuleException",
    "RuleParameter",
    "Scan",
    "Source",
    "Statement",
    "Tie",
]
