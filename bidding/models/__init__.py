from bidding.models.auction import Auction, Bidder, Offer, Pause
from bidding.models.consortia import Consortium, ConsortiumParty
from bidding.models.custody import CustodianKey
from bidding.models.entries import Award, Draw, Entry
from bidding.models.experts import Expert, ExpertConflict, ExpertEmployer, ExpertPool, Mark, Seat
from bidding.models.files import ProposalFile
from bidding.models.history import HistoricalBid, HistoricalRound
from bidding.models.objections import Objection, ObjectionFile
from bidding.models.policy import Policy
from bidding.models.questions import Question
from bidding.models.rounds import Lot, Round
from bidding.models.stops import Stop
from bidding.models.substitutions import Substitution
from bidding.models.traces import EntryTrace, TracePolicy

__all__ = [
    "Auction",
    "Award",
    "Bidder",
    "Consortium",
    "ConsortiumParty",
    "CustodianKey",
    "Draw",
    "Entry",
    "EntryTrace",
    "Expert",
    "ExpertConflict",
    "ExpertEmployer",
    "ExpertPool",
    "HistoricalBid",
    "HistoricalRound",
    "Lot",
    "Mark",
    "Objection",
    "ObjectionFile",
    "Offer",
    "Pause",
    "Policy",
    "ProposalFile",
    "Question",
    "Round",
    "Seat",
    "Stop",
    "Substitution",
    "TracePolicy",
]
