"""How much of a text stands in another: the part of CL4 that compares what competitors have written.

Broder, "On the resemblance and containment of documents" (1997): a text is the set of its shingles, `SHINGLE` letters
in a row, and a sample of that set, the `SKETCH` smallest keyed hashes, is enough to estimate how much two sets
have in common. Letters alone count: layout, punctuation, figures and width say nothing. A shingle that three competitors
or more have written comes from what all have read, the announcement or a standard, and is left out.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from itertools import combinations

import numpy as np

from oversight.screens.bids import Ints

SHINGLE = 12
SKETCH = 512
LEAST = 1_000
"""Shingles that a text must have to be compared: a short one is a form."""
ALIKE = 0.3
"""From this resemblance on two texts are of one hand, or one was the other's model."""
FEW = 50
"""Shingles of a sample that must be left when those of everybody are gone."""


def sketch(text: str, *, key: bytes) -> list[int]:
    """The smallest hashes of a text's shingles in rising order, by a key of at most 64 octets; none of a text that is too short.

    Sketches can be compared where their keys are the same.
    """
    letters = "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalpha())
    shingles = {letters[start : start + SHINGLE] for start in range(len(letters) - SHINGLE + 1)}
    if len(shingles) < LEAST:
        return []
    hashes = (blake2b(each.encode(), digest_size=8, key=key).digest() for each in shingles)
    return sorted(int.from_bytes(each, "big", signed=True) for each in hashes)[:SKETCH]


def resemblance(one: Ints, other: Ints) -> float:
    """The share of what two texts have together that both have, from samples of the same range of hashes; 0 of nothing."""
    together = len(np.union1d(one, other))
    return len(np.intersect1d(one, other)) / together if together else 0.0


def alike(sketches: Sequence[Sequence[int]]) -> list[tuple[int, int, float]]:
    """Which of a round's texts are alike, one sketch a firm: pairs of places with their resemblance, `ALIKE` or more.

    Two samples are compared as far as both reach.
    """
    written = Counter(each for sketch in sketches for each in sketch)
    own = [np.array([each for each in sketch if written[each] <= 2], np.int64) for sketch in sketches]
    found = []
    for low, high in combinations(range(len(own)), 2):
        if min(len(own[low]), len(own[high])) < FEW:
            continue
        reach = min(sketches[low][-1], sketches[high][-1])
        of = resemblance(own[low][own[low] <= reach], own[high][own[high] <= reach])
        if of >= ALIKE:
            found.append((low, high, of))
    return found
