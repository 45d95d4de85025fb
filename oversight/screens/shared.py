"""CL4: firms that share what competitors do not share: a network, a client in it, a device, a document's author,
number or wording, a contact, a practitioner, an address, a shareholder.

Common authors, typographic traces, addresses and phone numbers of bids are red flags of OECD, "Guidelines for Fighting
Bid Rigging in Public Procurement" (2009), and of World Bank, "Fraud and Corruption Awareness Handbook" (2009). Given
are marks alone: whatever is compared has been hashed before, and a mark says nothing by itself. What many firms share
(an office tower, a mobile network, an agent) tells little: a mark that k firms share counts 1 / (k − 1), and one that
more than `MOST` share counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from oversight.screens.bids import Floats, Ints

STRENGTH: Mapping[str, float] = {
    "document": 0.9, "wording": 0.8, "author": 0.7, "device": 0.9, "network": 0.4, "client": 0.5, "contact": 0.8,
    "practitioner": 0.8, "officer": 0.8, "shareholder": 0.7, "phone": 0.8, "address": 0.5,
}  # fmt: skip
"""How much one shared mark of a kind says, where just two firms share it. A client is what a program calls itself, in one
network: half of a city may use that program, so it is far from a device."""
MOST = 12


@dataclass(frozen=True, eq=False)
class Shared:
    """Pairs of firms that share marks: a score, and how many marks of each kind."""

    low: Ints
    high: Ints
    score: Floats
    counts: list[dict[str, int]]


def shared(firm: Ints, kind: list[str], mark: Ints) -> Shared:
    """Compare marks, given as columns: whose, of what kind, and the hash as a number. Marks of different kinds never
    match.
    """
    weights: dict[tuple[int, int], list[tuple[str, float]]] = {}
    kinds = np.array(kind, dtype=object)
    for each in sorted(set(kind)):
        if each not in STRENGTH:
            raise ValueError(f"no such kind of mark: {each}")
        own = kinds == each
        for firms in _sharing(firm[own], mark[own]):
            says = STRENGTH[each] / (len(firms) - 1)
            for place, low in enumerate(firms):
                for high in firms[place + 1 :]:
                    weights.setdefault((low, high), []).append((each, says))
    pairs = sorted(weights)
    return Shared(
        low=np.array([low for low, _high in pairs], np.int64),
        high=np.array([high for _low, high in pairs], np.int64),
        score=np.array([1 - np.prod([1 - says for _kind, says in weights[pair]]) for pair in pairs], float),
        counts=[_counted([each for each, _says in weights[pair]]) for pair in pairs],
    )


def _sharing(firm: Ints, mark: Ints) -> list[list[int]]:
    """The firms of every mark that two to `MOST` share."""
    pairs = np.unique(np.stack([mark, firm], axis=1), axis=0) if len(firm) else np.zeros((0, 2), np.int64)
    _marks, start, count = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    return [
        pairs[begin : begin + size, 1].tolist()
        for begin, size in zip(start.tolist(), count.tolist(), strict=True)
        if 2 <= size <= MOST
    ]


def _counted(kinds: list[str]) -> dict[str, int]:
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
