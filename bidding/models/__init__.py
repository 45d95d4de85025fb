from bidding.models.auction import Auction, Bidder, Offer, Pause
from bidding.models.custody import CustodianKey
from bidding.models.entries import Award, Draw, Entry
from bidding.models.history import HistoricalBid, HistoricalRound
from bidding.models.policy import Policy
from bidding.models.rounds import Lot, Round

__all__ = [
    "Auction",
    "Award",
    "Bidder",
    "CustodianKey",
    "Draw",
    "Entry",
    "HistoricalBid",
    "HistoricalRound",
    "Lot",
    "Offer",
    "Pause",
    "Policy",
    "Round",
]
