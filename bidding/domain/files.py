"""Proposal files: ciphertexts kept until opening, and then read by whoever judges the proposals (PROTOCOL §2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.files import File as StoredFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bidding.domain.eligibility import reasons_against
from bidding.domain.entries import KeptOut, taking_entries
from bidding.models import Entry, Lot, ProposalFile, Round
from core import uploads
from core.errors import Conflict, DomainError
from market.models import Firm
from protocol import envelope
from protocol.canonical import is_hex
from protocol.files import IV_OCTETS, LARGEST_CIPHERTEXT, MOST_FILES, TAG_OCTETS, decrypt_file
from protocol.methods import METHODS

MOST_UPLOADS = 25
"""Ciphertexts that a firm may upload for a round: those of what it has replaced cannot be told from the others."""
TAKES_FILES = frozenset(code for code, method in METHODS.items() if method.proposals)
PDF = "application/pdf"


class Unreadable(DomainError):
    """A file that the envelope names cannot be shown; the bid stays as valid as it is."""

    code = "file"


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """A file that an envelope names: its number in the proposal, from 1, and its size; None where it was never uploaded."""

    number: int
    size: int | None


def keep_file(*, round_id: int, firm: Firm, content: Any, sha256: str, size: int) -> ProposalFile:
    """Keep a ciphertext, whose SHA-256 the caller has computed; the same again changes nothing.

    Raises NotDue at or after the deadline, KeptOut with the reasons, Conflict beyond the uploads allowed, DomainError for a
    method without proposals and for what cannot be a ciphertext.
    """
    if not IV_OCTETS + TAG_OCTETS < size <= LARGEST_CIPHERTEXT or not is_hex(sha256, octets=32):
        raise DomainError(_("文件须在 1 字节至 20 MB 之间，加密后上传。"), code="size")
    name = ""
    try:
        with transaction.atomic():
            round_, now = taking_entries(round_id)
            if round_.method not in TAKES_FILES:
                raise DomainError(_("这种选取方式不收方案文件。"), code="method")
            if reasons := reasons_against(firm=firm, round_=round_, at=now):
                raise KeptOut(reasons)
            own = ProposalFile.objects.filter(round=round_, firm=firm)
            if known := own.filter(sha256=sha256).first():
                return known
            if own.count() >= MOST_UPLOADS:
                raise Conflict(_("本次比选上传的文件过多，不能再上传。"))
            name = default_storage.save(f"proposals/{round_.code}/{sha256}", StoredFile(content))
            return ProposalFile.objects.create(round=round_, firm=firm, sha256=sha256, size=size, file=name, at=now)
    except IntegrityError:  # sent twice at one moment
        default_storage.delete(name)
        return ProposalFile.objects.get(round_id=round_id, firm=firm, sha256=sha256)


def forget_unnamed(round_: Round, entries: Iterable[Entry]) -> None:
    """Delete the ciphertexts that no opened envelope of their firm names: nobody has the keys of what was replaced."""
    named = {(entry.firm_id, file.sha256) for entry in entries if entry.opened for file in files_of(entry, round_)}
    kept = ProposalFile.objects.filter(round=round_)
    _forget([each for each in kept if (each.firm_id, each.sha256) not in named])


def forget_all(round_: Round) -> None:
    """Delete every ciphertext of a round that ends unopened."""
    _forget(list(ProposalFile.objects.filter(round=round_)))


def _forget(rows: Collection[ProposalFile]) -> None:
    for row in rows:
        transaction.on_commit(partial(default_storage.delete, str(row.file.name)))
    ProposalFile.objects.filter(pk__in=[row.pk for row in rows]).delete()


def files_of(entry: Entry, round_: Round) -> tuple[envelope.File, ...]:
    """Keys and hashes of an opened entry's files, read from its envelope anew: they are kept nowhere else."""
    whose: dict[str, Any] = {"round": round_.code, "lot": entry.lot.number, "uscc": entry.firm.uscc}
    try:
        read = envelope.open_both(
            bytes(entry.envelope or b""), platform=round_.platform_private, custodian=round_.custodian_private, **whose
        )
    except (envelope.CannotOpen, envelope.InvalidPlaintext, ValueError):
        return ()
    return read.files[:MOST_FILES]


def named_files(round_: Round, entries: Iterable[Entry]) -> dict[int, list[NamedFile]]:
    """What there is to read of these entries, by their primary keys."""
    sizes = {
        (each.firm_id, each.sha256): each.size for each in ProposalFile.objects.filter(round=round_).only(
            "firm_id", "sha256", "size"
        )
    }  # fmt: skip
    return {
        entry.pk: [
            NamedFile(number=number, size=sizes.get((entry.firm_id, file.sha256)))
            for number, file in enumerate(files_of(entry, round_), start=1)
        ]
        for entry in entries
    }


def number_of_winner(lot: Lot) -> int | None:
    """The number under which the winner's proposal was judged."""
    winner = lot.winner.uscc if lot.winner is not None else None
    return lot.short_list.index(winner) + 1 if winner in lot.short_list else None


def files_of_winners(round_: Round) -> list[tuple[Lot, int, list[NamedFile]]]:
    """What the winners of a decided round have proposed, by lot, with the number of the proposal; for its owner."""
    if round_.method not in TAKES_FILES or round_.status == Round.Status.OPENED or round_.evaluated_at is None:
        return []
    found = []
    for lot in round_.lots.select_related("winner__organisation").order_by("number"):
        number = number_of_winner(lot)
        entry = lot.entries.live().select_related("firm__organisation", "lot").filter(firm=lot.winner_id).first()
        if number is not None and entry is not None:
            found.append((lot, number, named_files(round_, [entry])[entry.pk]))
    return found


def read_file(round_: Round, entry: Entry, number: int) -> bytes:
    """The PDF with this number of an opened entry.

    Raises ProposalFile.DoesNotExist where the envelope names no such file, Unreadable with the reason where it cannot be shown.
    """
    named = files_of(entry, round_)
    if not 1 <= number <= len(named):
        raise ProposalFile.DoesNotExist
    file = named[number - 1]
    kept = ProposalFile.objects.filter(round=round_, firm=entry.firm_id, sha256=file.sha256).first()
    if kept is None:
        raise Unreadable(_("这个文件没有上传到平台，读不到。"))
    try:
        with kept.file.open("rb") as stored:
            content = decrypt_file(stored.read(), file)
    except (OSError, envelope.CannotOpen) as gone:
        raise Unreadable(_("这个文件不能用密封件里的钥匙打开。")) from gone
    if uploads.content_type(content[:16]) != PDF or not uploads.is_whole(content, PDF):
        raise Unreadable(_("这个文件的内容不是完整的 PDF。"))
    if any(mark in content for mark in uploads.ACTIVE):
        raise Unreadable(_("这个 PDF 含有脚本或附件，没有打开。"))
    return content
