"""The public log: what rooms write into it (`queue`), and how it is put in order, signed and proved."""

from ledger.domain.queue import (
    OutsideTransaction,
    append,
    append_all,
    append_sealed,
    blinded,
    cosigned_with,
    lasting_party,
    party,
    published,
    unblinded,
    unblinded_all,
    unsealed,
    written,
    written_blind,
    written_sealed,
)

__all__ = [
    "OutsideTransaction",
    "append",
    "append_all",
    "append_sealed",
    "blinded",
    "cosigned_with",
    "lasting_party",
    "party",
    "published",
    "unblinded",
    "unblinded_all",
    "unsealed",
    "written",
    "written_blind",
    "written_sealed",
]
