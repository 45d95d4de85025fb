"""The custodian of the tests: the real program with one key for all of them, on a state of each test's own."""

from __future__ import annotations

from django.conf import settings

from bidding.models import CustodianKey
from core import clock
from ledger.domain import sequencer
from portal.seed.custody import SameMachine
from protocol.canonical import timestamp
from protocol.custodian.agent import Custodian
from protocol.custodian.state import State
from protocol.note import Signer

NAME, SEED = "custodian.test", b"\x2a" * 32
CUSTODIAN = Signer(NAME, SEED)


def state() -> State:
    opened = State(settings.CUSTODIAN_STATE)
    with opened.transaction():
        opened.set_fact("name", NAME)
        opened.set_fact("seed", SEED.hex())
    return opened


def attend(*, deadlines_passed: bool = False) -> None:
    """The sequencer and the custodian do what is due; with `deadlines_passed` the custodian's clock is past all of them."""
    sequencer.sequence(settings.LEDGER_STATE)
    held = state()
    try:
        custodian = Custodian(held, SameMachine(), now=clock.now)
        custodian.step()
        if deadlines_passed:
            held._db.execute("UPDATE round SET closes_at = ?", [timestamp(clock.now())])
            custodian.step()
    finally:
        held.close()


def fill_stock() -> None:
    """Keys for the rounds that a test announces."""
    if not CustodianKey.objects.filter(round=None).exists():
        attend()
