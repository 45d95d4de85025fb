"""What the custodian must never lose, in one SQLite file: written and synced before anything of it is published."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from protocol.canonical import timestamp
from protocol.tree import Frontier

FILE = "custodian.db"
JOURNAL_KEPT = 10_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS key (
    public TEXT PRIMARY KEY, private TEXT NOT NULL, secret TEXT NOT NULL, commitment TEXT NOT NULL, n INTEGER NOT NULL,
    registered INTEGER NOT NULL DEFAULT 0, round TEXT UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS round (
    code TEXT PRIMARY KEY, public TEXT NOT NULL UNIQUE REFERENCES key, closes_at TEXT NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS round_waiting ON round (code) WHERE closed AND NOT ended;
CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, kw_only=True)
class HeldKey:
    """A key pair with the secret of its draw, all in hex."""

    public: str
    private: str
    secret: str
    commitment: str
    n: int


@dataclass(frozen=True, kw_only=True)
class HeldRound:
    """A round that uses one of our keys. `asked` counts further codes that the log asks for, `released` all that were taken."""

    code: str
    public: str
    closes_at: str
    asked: int
    released: int
    why: str


class State:
    """One custodian's file. Only one process uses it at a time."""

    def __init__(self, folder: Path, *, fresh: bool = True) -> None:
        """Open it; with `fresh` an empty one is made where there is none. Its owner alone can read it.

        Raises OSError, sqlite3.Error, ValueError where there is none and none is to be made.
        """
        self.path = folder / FILE
        if not fresh and not self.path.exists():
            raise ValueError(f"there is no custodian in {folder}; make one with `init`, or name the folder that it has")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.touch(mode=0o600)
        self._db = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, synced to the disk at the end."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", [name, value]
        )

    # The tree as far as it was cosigned.

    def frontier(self) -> Frontier:
        hashes = (self.fact("frontier") or "").split()
        return Frontier(int(self.fact("size") or 0), [bytes.fromhex(each) for each in hashes])

    def set_frontier(self, frontier: Frontier) -> None:
        self.set_fact("size", str(frontier.size))
        self.set_fact("frontier", " ".join(each.hex() for each in frontier.hashes))

    # Keys.

    def add_keys(self, keys: list[HeldKey]) -> None:
        self._db.executemany(
            "INSERT INTO key (public, private, secret, commitment, n) VALUES (?, ?, ?, ?, ?)",
            [(key.public, key.private, key.secret, key.commitment, key.n) for key in keys],
        )

    def unregistered(self) -> list[HeldKey]:
        return [_key(row) for row in self._db.execute(f"{_KEYS} WHERE NOT registered ORDER BY rowid")]

    def mark_registered(self, keys: list[HeldKey]) -> None:
        self._db.executemany("UPDATE key SET registered = 1 WHERE public = ?", [(key.public,) for key in keys])

    def key(self, public: str) -> HeldKey | None:
        row = self._db.execute(f"{_KEYS} WHERE public = ?", [public]).fetchone()
        return None if row is None else _key(row)

    def has_keys(self) -> bool:
        return self._db.execute("SELECT 1 FROM key LIMIT 1").fetchone() is not None

    def count_stock(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM key WHERE round IS NULL").fetchone()[0])

    def forget_stock(self) -> None:
        """Delete every key that no round uses."""
        self._db.execute("DELETE FROM key WHERE round IS NULL")

    # Rounds.

    def take(self, *, code: str, public: str, closes_at: str) -> bool:
        """Note that a round uses a key of ours; False where the key or the round is another's already."""
        taken = self._db.execute(
            "UPDATE key SET round = ? WHERE public = ? AND round IS NULL AND NOT EXISTS (SELECT 1 FROM round WHERE code = ?)",
            [code, public, code],
        )
        if taken.rowcount:
            self._db.execute("INSERT INTO round (code, public, closes_at) VALUES (?, ?, ?)", [code, public, closes_at])
        return bool(taken.rowcount)

    def move_deadline(self, code: str, closes_at: str) -> None:
        """An addendum moves a deadline later, never earlier."""
        self._db.execute(
            "UPDATE round SET closes_at = max(closes_at, ?) WHERE code = ? AND NOT closed", [closes_at, code]
        )

    def close_round(self, code: str) -> None:
        self._db.execute("UPDATE round SET closed = 1 WHERE code = ?", [code])

    def end_round(self, code: str) -> None:
        """A round that has ended: nothing more of it is released, and what was never released is forgotten for good."""
        self._db.execute("UPDATE round SET ended = 1 WHERE code = ?", [code])
        self._db.execute(
            "UPDATE key SET private = '', secret = '' WHERE round = ? "
            "AND EXISTS (SELECT 1 FROM round WHERE code = ? AND released = 0)",
            [code, code],
        )

    def ask(self, code: str) -> None:
        self._db.execute("UPDATE round SET asked = asked + 1 WHERE code = ?", [code])

    def waiting(self) -> list[HeldRound]:
        """Closed rounds that have not been given all that they ask for."""
        return [
            _round(row)
            for row in self._db.execute(f"{_ROUNDS} WHERE closed AND NOT ended AND released < asked + 1 ORDER BY code")
        ]

    def open_rounds(self) -> list[HeldRound]:
        return [_round(row) for row in self._db.execute(f"{_ROUNDS} WHERE NOT closed AND NOT ended ORDER BY code")]

    def mark_released(self, code: str, count: int) -> None:
        self._db.execute("UPDATE round SET released = ?, why = '' WHERE code = ?", [count, code])

    def refuse(self, code: str, why: str) -> bool:
        """Note why a round gets nothing; False where that was known."""
        return bool(self._db.execute("UPDATE round SET why = ? WHERE code = ? AND why <> ?", [why, code, why]).rowcount)

    # What it did, for its operator.

    def note(self, what: str, *, at: datetime) -> None:
        self._db.execute("INSERT INTO journal (at, what) VALUES (?, ?)", [timestamp(at), what])
        self._db.execute("DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?", [JOURNAL_KEPT])

    def journal(self, last: int) -> list[tuple[str, str]]:
        rows = self._db.execute("SELECT at, what FROM journal ORDER BY id DESC LIMIT ?", [last]).fetchall()
        return [(str(at), str(what)) for at, what in reversed(rows)]

    def back_up(self, target: Path) -> None:
        """A whole copy while it runs, or none. Raises OSError, sqlite3.Error; FileExistsError rather than write over a file."""
        target.touch(mode=0o600, exist_ok=False)
        try:
            with closing(sqlite3.connect(target)) as copy:
                self._db.backup(copy)
        except BaseException:
            target.unlink()
            raise


_KEYS = "SELECT public, private, secret, commitment, n FROM key"
_ROUNDS = "SELECT code, public, closes_at, asked, released, why FROM round"


def _key(row: tuple[str, str, str, str, int]) -> HeldKey:
    public, private, secret, commitment, n = row
    return HeldKey(public=public, private=private, secret=secret, commitment=commitment, n=n)


def _round(row: tuple[str, str, str, int, int, str]) -> HeldRound:
    code, public, closes_at, asked, released, why = row
    return HeldRound(code=code, public=public, closes_at=closes_at, asked=asked, released=released, why=why)
