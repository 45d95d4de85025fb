"""`python -m protocol.seal`: seal a bid as the browser does (PROTOCOL §2), for programs that bid through the API.

    python -m protocol.seal RECORD --uscc USCC [--lot 1] [--amount 48000.00] [--days 20] [--token TOKEN]
                            [--file PROPOSAL.pdf … --out FOLDER]

RECORD is the public record of the round, a file or an address. Prints what the API takes, as JSON, with the secrets that stay
with the firm beside it: `keep.token` is needed to replace or withdraw, `keep.nonce` is the firm's part of the draw.
Proposal files are encrypted into FOLDER, each under the SHA-256 of its ciphertext; `upload` names them: they are posted to
`/api/v1/rounds/<code>/files` as they are, before the envelope.
"""

import argparse
import base64
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from protocol import envelope
from protocol.canonical import sha256_hex
from protocol.envelope import File
from protocol.files import MOST_FILES, encrypt_file


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A sealed bid: what is sent, and what its firm keeps."""

    envelope: bytes
    token_sha256: str
    token: str
    nonce: str

    @property
    def sha256(self) -> str:
        return sha256_hex(self.envelope)


def token_hash(token: str) -> str:
    """What the platform learns of a token beforehand: the SHA-256 of its text."""
    return sha256_hex(token.encode("utf-8"))


def seal_bid(
    *,
    round: str,
    lot: str,
    uscc: str,
    platform: str,
    custodian: str,
    amount: Decimal | None = None,
    days: int | None = None,
    files: Sequence[File] = (),
    nonce: str | None = None,
) -> Sealed:
    """Seal a bid under both locks; `platform` and `custodian` are the public keys of the round.

    Raises envelope.InvalidPlaintext for a bid that nobody could read, ValueError for a key that is none.
    """
    nonce, token = nonce or secrets.token_hex(32), secrets.token_hex(32)
    whose: dict[str, Any] = {"round": round, "lot": lot, "uscc": uscc}
    said = envelope.plaintext(**whose, amount=amount, days=days, nonce=nonce, files=files)
    inner = envelope.seal(said, public=platform, party="platform", **whose)
    outer = envelope.seal(inner, public=custodian, party="custodian", **whose)
    return Sealed(envelope=outer, token=token, token_sha256=token_hash(token), nonce=nonce)


def main(arguments: Sequence[str]) -> int:
    """0: sealed; 1: it cannot be, in one sentence; 2: the command was not understood."""
    from protocol.verify import fetch

    given = _parser().parse_args(arguments)
    try:
        record = json.loads(fetch(given.record))
        uploads, files = _encrypted(given.file, given.out)
        sealed = seal_bid(
            round=str(record["round"]),
            lot=given.lot,
            uscc=given.uscc,
            platform=str(record["keys"]["platform"]["public"]),
            custodian=str(record["keys"]["custodian"]["public"]),
            amount=given.amount,
            days=given.days,
            files=files,
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        print(f"Nothing was sealed: {problem}", file=sys.stderr)
        return 1
    sent = {
        "lot": given.lot,
        "envelope": base64.b64encode(sealed.envelope).decode(),
        "token_sha256": sealed.token_sha256,
        **({"token": given.token} if given.token else {}),
    }
    kept = {"token": sealed.token, "nonce": sealed.nonce, "sha256": sealed.sha256}
    told = {"upload": [str(path) for path in uploads]} if uploads else {}
    print(json.dumps({"send": sent, "keep": kept, **told}, indent=1))
    return 0


def _encrypted(sources: Sequence[Path], folder: Path) -> tuple[list[Path], list[File]]:
    """Encrypt files into a folder. Raises OSError, and ValueError for too many or too large ones."""
    if len(sources) > MOST_FILES:
        raise ValueError(f"a proposal has at most {MOST_FILES} files")
    paths, files = [], []
    for source in sources:
        ciphertext, file = encrypt_file(source.read_bytes())
        path = folder / file.sha256
        path.write_bytes(ciphertext)
        paths.append(path)
        files.append(file)
    return paths, files


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m protocol.seal", description="Seal a bid under both locks of a round."
    )
    parser.add_argument("record", help="the round's public record: a file, or an address")
    parser.add_argument("--uscc", required=True, help="the firm")
    parser.add_argument("--lot", default="1")
    parser.add_argument("--amount", type=_amount, help="in yuan with two places; not in a method without prices")
    parser.add_argument("--days", type=int, help="promised working days")
    parser.add_argument("--token", help="the token of the envelope that this one replaces")
    parser.add_argument("--file", type=Path, action="append", default=[], help="a PDF of the proposal; several times")
    parser.add_argument("--out", type=Path, default=Path(), help="where encrypted files go; here unless it is given")
    return parser


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"not an amount: {text}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
