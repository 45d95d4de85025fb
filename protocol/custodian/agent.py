"""What the custodian does, one step after the other; each may be killed at any point and is taken up again.

It follows the whole log itself: it reads every entry, computes the tree and cosigns a checkpoint only where its root is the
one it has computed on top of what it cosigned before. What it releases it decides from these entries and its own clock alone.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

from protocol import draw, envelope, tiles
from protocol.canonical import read_timestamp
from protocol.custodian.platform import Platform, Rejected, Unreachable
from protocol.custodian.state import HeldKey, HeldRound, State
from protocol.custody import MOST_KEYS, Release, StockedKey, release_note, stock_note
from protocol.entries import leaf_hash
from protocol.note import BadNote, Checkpoint, Signer, Verifier, signed
from protocol.tree import Frontier

HEARTBEAT_SECONDS = 30
"""So often an unchanged checkpoint is cosigned again, so that everybody sees that the custodian is there."""
ASKS_FOR_A_CODE = "draw.asked"
ENDS = frozenset({"round.failed", "round.cancelled", "round.void"})


class Distrusted(Exception):
    """The log is not what it was: it was forked, set back or has another key. Nothing is signed or released any more."""


class _Forked(Exception):
    """Takes back what was read of entries that are not those of the tree."""


def _now() -> datetime:
    return datetime.now(UTC)


class Custodian:
    """One custodian: its state, the platform it watches, its clock and where its randomness comes from."""

    def __init__(
        self,
        state: State,
        platform: Platform,
        *,
        now: Callable[[], datetime] = _now,
        entropy: Callable[[int], bytes] = os.urandom,
        tell: Callable[[str], None] = lambda what: None,
    ) -> None:
        self.state, self.platform, self.now, self.entropy, self.tell = state, platform, now, entropy, tell
        self._rejected: dict[str, str] = {}
        name, seed = state.fact("name"), state.fact("seed")
        if name is None or seed is None:
            raise ValueError("this folder has no custodian yet; make one with `init`")
        self.signer = Signer(name, bytes.fromhex(seed))

    def step(self) -> None:
        """Look at the log, cosign it, keep the stock full, release what is due.

        Raises Unreachable where the platform does not answer and Distrusted where it must not be trusted.
        """
        log = self._pinned()
        if reason := self.state.fact("distrust"):
            raise Distrusted(reason)
        self._witness(log)
        self._fill_stock(log.name)
        self._release_due(log.name)

    def _pinned(self) -> Verifier:
        """The log's key: the one given, or the first one seen."""
        offered = self.platform.log_key()
        pinned = self.state.fact("log")
        try:
            if pinned is None:
                pinned = Verifier.parse(offered).text
                self.state.set_fact("log", pinned)
                self._say(f"pinned the log's key {pinned}")
            if offered.strip() != pinned:
                raise Distrusted(f"the platform shows another key of the log: {offered.strip()}")
            return Verifier.parse(pinned)
        except BadNote as bad:
            raise Unreachable(f"the log's key cannot be read: {bad}") from bad

    # Witnessing.

    def _witness(self, log: Verifier) -> None:
        text = self.platform.checkpoint()
        if not text:
            return
        try:
            head = Checkpoint.verified(text, log=log)
        except BadNote as bad:
            raise Unreachable(f"the checkpoint cannot be used: {bad}") from bad
        frontier = self.state.frontier()
        if head.size < frontier.size:
            self._distrust(f"the log was set back: it had {frontier.size} entries and shows {head.size}", text)
        if head.size > frontier.size:
            frontier = self._follow(frontier, head, text)
        elif head.root != frontier.root():
            self._distrust(f"the log was forked: {head.size} entries with two roots", text)
        elif not self._is_due():
            return
        now = self.now()
        line = self.signer.cosign(head.text, time=int(now.timestamp()))
        try:
            self.platform.send("cosignature", signed(head.text, [line]))
        except Rejected as rejected:
            self._say_rejected("cosignature", f"the platform rejects our cosignatures: {rejected}")
            return
        self._rejected.pop("cosignature", None)
        self.state.set_fact("cosigned_at", str(now.timestamp()))

    def _is_due(self) -> bool:
        last = float(self.state.fact("cosigned_at") or 0)
        return not last <= self.now().timestamp() < last + HEARTBEAT_SECONDS

    def _follow(self, frontier: Frontier, head: Checkpoint, text: str) -> Frontier:
        """Read the entries up to a checkpoint; what they say counts only if they have its root."""
        grown = frontier.copy()
        try:
            with self.state.transaction():
                while grown.size < head.size:
                    number, first = divmod(grown.size, tiles.WIDTH)
                    for entry in self._bundle(number, min(tiles.WIDTH, head.size - number * tiles.WIDTH))[first:]:
                        grown.append(leaf_hash(entry))
                        self._read(entry)
                if grown.root() != head.root:
                    raise _Forked
                self.state.set_frontier(grown)
                self.state.set_fact("checkpoint", text)
        except _Forked:
            self._distrust(f"the {head.size} entries that the log shows do not give the root that it signed", text)
        return grown

    def _bundle(self, number: int, width: int) -> list[bytes]:
        try:
            entries = list(tiles.read_bundle(self.platform.bundle(number, width)))
        except (ValueError, Rejected) as bad:
            raise Unreachable(f"entries of the log cannot be read: {bad}") from bad
        if len(entries) != width:
            raise Unreachable(f"a bundle of {len(entries)} entries in the place of {width}")
        return entries

    def _read(self, entry: bytes) -> None:
        """Take from an entry what concerns a round with a key of ours."""
        read: Any = json.loads(entry)
        kind, subject, data = read.get("type"), str(read.get("subject", "")), read.get("data")
        if not subject.startswith("round/") or not isinstance(data, dict):
            return
        code = subject.removeprefix("round/")
        if kind == "round.announced":
            self._announced(code, data)
        elif kind == "round.addendum" and _is_time(str(data.get("closes_at"))):
            self.state.move_deadline(code, str(data["closes_at"]))
        elif kind == "round.closed":
            self.state.close_round(code)
        elif kind == ASKS_FOR_A_CODE:
            self.state.ask(code)
        elif kind in ENDS:
            self.state.end_round(code)

    def _announced(self, code: str, data: dict[str, Any]) -> None:
        public = (data.get("keys") or {}).get("custodian")
        key = self.state.key(str(public))
        if key is None:
            if public and self.state.has_keys():  # else it has only begun to read the log
                self._say(
                    f"{code} names a key that is not in this file: it will get nothing, and is void after its deadline"
                )
            return
        closes_at, committed = str(data.get("closes_at")), (data.get("commitment") or {}).get("value")
        if committed != key.commitment:
            self._say(f"{code} names a key of ours with another commitment; it will get nothing")
        elif not _is_time(closes_at):
            self._say(f"{code} has no readable deadline; it will get nothing")
        elif not self.state.take(code=code, public=key.public, closes_at=closes_at):
            self._say(f"{code} names a key that another round uses; it will get nothing")

    # The stock.

    def _fill_stock(self, origin: str) -> None:
        """Register keys ahead. They are in our file before anybody hears of them; what was not confirmed is sent again."""
        missing = self.platform.missing_keys()
        waiting = self.state.unregistered()
        if (fresh := min(missing, MOST_KEYS) - len(waiting)) > 0:
            with self.state.transaction():
                self.state.add_keys([self._new_key() for _ in range(fresh)])
            waiting = self.state.unregistered()
        if not waiting or missing <= 0:
            return
        batch = waiting[:MOST_KEYS]
        offered = [StockedKey(public=key.public, commitment=key.commitment, n=key.n) for key in batch]
        try:
            self.platform.send("stock", stock_note(offered, origin=origin, signer=self.signer))
        except Rejected as rejected:
            self._say_rejected("stock", f"the platform rejects our keys: {rejected}")
            return
        self._rejected.pop("stock", None)
        with self.state.transaction():
            self.state.mark_registered(batch)
            self._say(f"registered {len(batch)} keys")

    def _new_key(self) -> HeldKey:
        private, secret = self.entropy(32).hex(), self.entropy(32)
        public = envelope.public_of(private)
        return HeldKey(
            public=public, private=private, secret=secret.hex(), commitment=draw.commitment(secret), n=draw.CHAIN_LENGTH
        )

    # Releasing.

    def _release_due(self, origin: str) -> None:
        for round_ in self.state.waiting():
            if why := self._reason_against(round_):
                if self.state.refuse(round_.code, why):
                    self._say(f"{round_.code} gets nothing: {why}")
                continue
            self._release(round_, origin)

    def _reason_against(self, round_: HeldRound) -> str:
        """`round.closed` is in a checkpoint that we cosigned: `waiting` holds no other round. The clock is our own."""
        if self.now() < read_timestamp(round_.closes_at):
            return f"our clock has not reached its deadline {round_.closes_at}"
        return ""

    def _release(self, round_: HeldRound, origin: str) -> None:
        key = self.state.key(round_.public)
        assert key is not None
        count = min(round_.asked + 1, key.n - 1)
        secret = bytes.fromhex(key.secret)
        codes = tuple(draw.one_time_code(secret, iteration=number, n=key.n) for number in range(1, count + 1))
        note = release_note(
            Release(round=round_.code, private=key.private, codes=codes), origin=origin, signer=self.signer
        )
        try:
            self.platform.send("release", note)
        except Rejected as rejected:
            if self.state.refuse(round_.code, f"rejected: {rejected}"):
                self._say(f"the platform rejects what {round_.code} is given: {rejected}")
            return
        with self.state.transaction():
            self.state.mark_released(round_.code, round_.asked + 1)
            self._say(f"released to {round_.code}: its key and {count} of {key.n - 1} codes")

    # Trust.

    def _distrust(self, reason: str, evidence: str) -> NoReturn:
        with self.state.transaction():
            self.state.set_fact("distrust", reason)
            self.state.set_fact("evidence", evidence)
            self._say(f"nothing is signed or released any more: {reason}")
        raise Distrusted(reason)

    def _say(self, what: str) -> None:
        self.state.note(what, at=self.now())
        self.tell(what)

    def _say_rejected(self, subject: str, what: str) -> None:
        """Once, however often it is tried: what was done before must not be lost among repetitions."""
        if self._rejected.get(subject) != what:
            self._rejected[subject] = what
            self._say(what)


def _is_time(text: str) -> bool:
    try:
        read_timestamp(text)
    except ValueError:
        return False
    return True
