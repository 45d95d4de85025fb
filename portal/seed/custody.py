"""The demonstration's custodian: the very program that runs beside it later, on the same state, without the network between."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings
from django.db import transaction

from bidding.domain import custody, stock
from bidding.models import CustodianKey
from core import clock
from core.errors import DomainError
from ledger.domain import keys, sequencer, witness
from ledger.models import Checkpoint, QueuedEntry
from protocol import tiles
from protocol.custodian.__main__ import initialise
from protocol.custodian.agent import Custodian
from protocol.custodian.platform import Rejected
from protocol.custodian.state import FILE, State

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
    """A function that lets the sequencer and the custodian do what is due at the moment at which the clock stands.

    Both work on copies of their files, which are put in place at the end: what is built around it may be taken back whole.
    The keys that no round has used are forgotten, since their randomness was chosen; the custodian makes others.
    """
    make_custodian(settings.CUSTODIAN_STATE)
    folder = Path(mkdtemp(dir=settings.CUSTODIAN_STATE))
    kept, log = folder / "custodian", folder / "ledger"
    try:
        _copy(settings.CUSTODIAN_STATE / FILE, kept / FILE)
        _copy(settings.LEDGER_STATE / "checkpoint", log / "checkpoint")
        state = State(kept)
        custodian = Custodian(state, SameMachine(), now=clock.now, entropy=entropy)

        def attend() -> None:
            sequencer.sequence(log)
            custodian.step()

        yield attend
        attend()
        state.forget_stock()
        CustodianKey.objects.filter(round=None).delete()
        state.close()
    except BaseException:
        shutil.rmtree(folder)
        raise
    transaction.on_commit(partial(_put_in_place, folder))


def _put_in_place(folder: Path) -> None:
    _copy(folder / "custodian" / FILE, settings.CUSTODIAN_STATE / FILE)
    _copy(folder / "ledger" / "checkpoint", settings.LEDGER_STATE / "checkpoint")
    shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(source, target)


def make_custodian(folder: Path) -> str:
    """Make the custodian of an embedded installation, whose verifier key the settings then find in its folder; give the key."""
    state = State(folder)
    try:
        vkey = initialise(state, name=NAME)
    finally:
        state.close()
    (folder / "vkey").write_text(f"{vkey}\n", encoding="utf-8")
    return vkey
