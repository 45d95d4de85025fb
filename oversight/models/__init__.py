from oversight.models.parties import Confidence, Form, Match, NodeKind, Party, PartyName, Record, Source
from oversight.models.relations import Kind, Relation, Statement
from oversight.models.ties import Effect, RuleException, RuleParameter, Scan, Tie

__all__ = [
    "Confidence",
    "Effect",
    "Form",
    "Kind",
    "Match",
    "NodeKind",
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
