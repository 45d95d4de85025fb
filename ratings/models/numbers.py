"""What the numbers in the rows of lines mean; `ratings.columns` has the same by the names of the timeline."""

from __future__ import annotations

from django.db import models

from ratings.columns import KINDS, OUTCOMES, PARTIES, USED1, USED2
from ratings.timeline import Outcome
from ratings.words import KINDS as KIND_WORDS
from ratings.words import PARTIES as PARTY_WORDS

KIND_CHOICES = [(number, KIND_WORDS[kind][0]) for kind, number in KINDS.items()]
PARTY_CHOICES = [(number, PARTY_WORDS[party]) for party, number in PARTIES.items()]
KIND_OF = {number: kind for kind, number in KINDS.items()}
PARTY_OF = {number: party for party, number in PARTIES.items()}
OUTCOME_OF = {number: outcome for outcome, number in OUTCOMES.items()}
RUNNING = OUTCOMES[Outcome.RUNNING]


class CountsFor(models.IntegerChoices):
    """Into which sum of the joint score the time of a segment goes."""

    NOTHING = 0
    USED1 = USED1, "used₁"
    USED2 = USED2, "used₂"
