"""The demonstration's custodian: the very program that runs beside it later, on the same state, without the network between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from bidding.domain import custody, stock
from core import clock
from core.errors import DomainError
from ledger.domain import keys, sequencer, witness
from ledger.models import Checkpoint, QueuedEntry
from protocol import tiles
from protocol.custodian.__main__ import initialise
from protocol.custodian.agent import Custodian
from protocol.custodian.platform import Rejected
from protocol.custodian.state import State

NAME = "custodian.mingxuan.example"


class SameMachine:
    """The platform as the custodian sees it, by calling what its addresses call."""

    def log_key(self) -> str:
        return keys.log_signer().verifier.text

    def checkpoint(self) -> str:
        newest = Checkpoint.objects.order_by("-size").first()
        return newest.text if newest else ""

    def bundle(self, number: int, width: int) -> bytes:
        first = number * tiles.WIDTH
        held = QueuedEntry.objects.filter(index__gte=first, index__lt=first + width).order_by("index")
        return tiles.bundle(bytes(entry) for entry in held.values_list("entry", flat=True))

    def missing_keys(self) -> int:
        return stock.standing().missing

    def send(self, what: str, note: str) -> None:
        receive: dict[str, Callable[[str], object]] = {
            "cosignature": witness.cosign,
            "stock": stock.register_stock,
            "release": custody.receive_release,
        }
        try:
            receive[what](note)
        except DomainError as refused:
            raise Rejected(str(refused)) from refused


@contextmanager
def attendance(entropy: Callable[[int], bytes]) -> Iterator[Callable[[], None]]:
    """A function that lets the sequencer and the custodian do what is due at the moment at which the clock stands."""
    state = State(settings.CUSTODIAN_STATE)
    try:
        make_custodian(settings.CUSTODIAN_STATE)
        custodian = Custodian(state, SameMachine(), now=clock.now, entropy=entropy)

        def attend() -> None:
            sequencer.sequence(settings.LEDGER_STATE)
            custodian.step()

        yield attend
    finally:
        state.close()


def make_custodian(folder: Path) -> None:
    """Make the custodian of an embedded installation, whose key the settings then find in its folder."""
    state = State(folder)
    try:
        (folder / "vkey").write_text(initialise(state, name=NAME) + "\n", encoding="utf-8")
    finally:
        state.close()
