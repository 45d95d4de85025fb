"""Every code that the protocol may give has words for people."""

from __future__ import annotations

from bidding.domain.reasons import TEXTS
from bidding.domain.rounds import OFFERED
from bidding.forms.wizard import MethodForm
from bidding.wording import METHOD_NAMES, METHOD_SENTENCES, TAKES_AMOUNT
from protocol.auction import REFUSALS
from protocol.methods import METHODS
from protocol.methods.base import REASONS, TOO_FEW


def test_every_method_has_a_name_and_a_sentence():
    assert set(METHOD_NAMES) == set(METHOD_SENTENCES) == set(METHODS) >= set(OFFERED)


def test_every_reason_has_a_sentence():
    assert {*REASONS, *REFUSALS, TOO_FEW} <= set(TEXTS)


def test_who_seals_a_price():
    assert {"lowest", "mean", "lowest_draw", "scored", "proposal"} == TAKES_AMOUNT


def test_the_wizard_offers_what_it_can_ask_for():
    assert {code for code, _ in MethodForm().fields["method"].choices} == set(OFFERED)
