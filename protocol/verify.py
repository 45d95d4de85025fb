"""`python -m protocol.verify URL-or-FILE`: compute a round again from its public record, or a score from its file.

One line per check; which of the two it is, its content says.

Exit status 0 only if everything holds, 1 if something does not, 2 where the record cannot be read. What the stage of the
round keeps back is said to be kept back, and is no failure.
"""

import argparse
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from protocol import (
    draw,
    envelope,
    verify_auction,
    verify_experts,
    verify_follow,
    verify_log,
    verify_members,
    verify_score,
)
from protocol.canonical import read_timestamp, sha256_hex
from protocol.check import Check, was_eligible
from protocol.methods import METHODS
from protocol.methods.base import Bid, Choice, Method
from protocol.record import BadRecord, Draw, Entry, Lot, Record, read_record
from protocol.score_file import BadScore

TIMEOUT = 30
LARGEST = 64 * 1024 * 1024
FIRST = 1
"""The iteration that serves ranking and coefficient (PROTOCOL §3)."""


def verify(record: Record, *, log: str | None = None, custodian: str | None = None) -> list[Check]:
    """Every check that the record allows at its stage; with the keys of the log and the custodian where they are known."""
    log_checks = verify_log.checks(record, log=log, custodian=custodian)
    return [*_contents(record), *verify_members.checks(record), *verify_auction.checks(record), *log_checks]


def _contents(record: Record) -> list[Check]:
    if record.opened_at is None:
        nothing = not any(lot.entries or lot.draws for lot in record.lots) and not record.events
        return [
            Check(what="nothing is told before opening", holds=nothing and not _private(record)),
            Check(what="result", holds=None, detail="not opened"),
        ]
    if not _private(record):
        until = "it is decided" if record.status == "opened" else "the second announcement opens"
        detail = f"what was opened is kept back until {until}"
        return [Check(what="result", holds=None, detail=detail)]
    if len(_private(record)) < len(envelope.PARTIES):
        return [Check(what="both keys are revealed together", holds=False)]
    checks = [*_keys(record), *_terms(record)]
    for lot in record.lots:
        checks += [*_envelopes(record, lot), *_draws(record, lot), *_result(record, lot)]
    return [*checks, *_events(record)]


def _private(record: Record) -> list[str]:
    return [key for key in (record.platform_private, record.custodian_private) if key is not None]


def _keys(record: Record) -> Iterator[Check]:
    pairs = {
        "platform": (record.platform_private, record.platform_public),
        "custodian": (record.custodian_private, record.custodian_public),
    }
    for party, (private, public) in pairs.items():
        holds = private is not None and envelope.public_of(private) == public
        yield Check(what=f"the {party}'s revealed key belongs to the announced one", holds=holds)


def _envelopes(record: Record, lot: Lot) -> Iterator[Check]:
    for entry in lot.entries:
        digest = entry.envelope is not None and sha256_hex(entry.envelope) == entry.sha256
        yield Check(what=f"lot {lot.number} {entry.uscc} envelope has its digest", holds=digest)
        yield Check(what=f"lot {lot.number} {entry.uscc} opens to what is published", holds=_opens(record, lot, entry))


def _opens(record: Record, lot: Lot, entry: Entry) -> bool:
    whose: dict[str, Any] = {"round": record.round, "lot": lot.number, "uscc": entry.uscc}
    try:
        read = envelope.open_both(
            entry.envelope or b"",
            platform=record.platform_private or "",
            custodian=record.custodian_private or "",
            **whose,
        )
    except (envelope.CannotOpen, envelope.InvalidPlaintext):
        return entry.opened is False and entry.amount is None and entry.nonce is None
    said = (read.amount, read.days, read.nonce)
    return entry.opened is True and said == (entry.amount, entry.days, entry.nonce)


def _method(record: Record, lot: Lot) -> Method | None:
    """The method, unless it is not known here or could make nothing of the parameters."""
    method = METHODS.get(record.method)
    return None if method is None or method.check_parameters(record.terms(lot)) else method


def _terms(record: Record) -> Iterator[Check]:
    if method := METHODS.get(record.method):
        problems = [problem for lot in record.lots for problem in method.check_parameters(record.terms(lot))]
        wrong = ", ".join(f"{problem.field} {problem.code}" for problem in problems)
        yield Check(what=f"the parameters are those of {record.method}", holds=not problems, detail=wrong)
    for lot in record.lots:
        same = all((record.terms(lot).get(name) or None) == value for name, value in lot.limits.items())
        yield Check(what=f"lot {lot.number} limits are those of the parameters", holds=same)


def _bids(record: Record, lot: Lot) -> list[Bid]:
    offers = {offer.uscc: offer.amount for offer in lot.offers if offer.uscc}  # the last of each firm
    return [
        Bid(
            uscc=entry.uscc,
            amount=offers.get(entry.uscc) if record.method == "auction" else entry.amount,
            opened=bool(entry.opened),
            eligible=was_eligible(entry.reason),
            credit=entry.credit,
            marks=tuple(each.mark for each in lot.marks if each.uscc == entry.uscc),
        )
        for entry in lot.entries
    ]


def _draws(record: Record, lot: Lot) -> Iterator[Check]:
    method = _method(record, lot)
    wanted = method.draws(bids=_bids(record, lot), parameters=record.terms(lot)) if method else {}
    if method and lot.result is not None:
        first = [each.purpose for each in lot.draws if each.iteration == FIRST]
        holds = set(wanted) <= set(first) and len(set(first)) == len(first)
        yield Check(what=f"lot {lot.number} has every draw that {record.method} needs", holds=holds)
    for each in lot.draws:
        if each.purpose == verify_experts.EXPERTS:
            yield from _draw(record, lot, each, name=f"lot {lot.number} draw {each.iteration} {each.purpose}")
            continue
        name = f"lot {lot.number} draw {each.iteration} {each.purpose}"
        labels = draw.in_lot(wanted.get(each.purpose, ()), lot=lot.number, lots=len(record.lots))
        yield from _draw(record, lot, each, name=name)
        yield Check(what=f"{name} has every label", holds=_has_labels(each, labels))


def _draw(record: Record, lot: Lot, each: Draw, *, name: str) -> Iterator[Check]:
    told = {entry.uscc: (entry.nonce if entry.opened else entry.sha256) or "" for entry in lot.entries}
    belongs = draw.code_belongs(
        each.one_time_code, iteration=each.iteration, committed=record.commitment, n=record.chain_length
    )
    yield Check(what=f"{name} code belongs to the commitment", holds=belongs)
    random = _or_none(lambda: draw.randomness(told, sources=record.sources))
    yield Check(what=f"{name} randomness is everybody's", holds=random == each.randomness)
    order = _or_none(lambda: draw.order(code=each.one_time_code, randomness=each.randomness, labels=each.labels))
    yield Check(what=f"{name} order", holds=order == list(each.order))


def _has_labels(each: Draw, labels: Sequence[str]) -> bool | None:
    """Iteration 1 is over all labels, a later one over those that are left."""
    if not labels:
        return None
    return list(each.labels) == list(labels) if each.iteration == FIRST else set(each.labels) <= set(labels)


def _or_none(compute: Callable[[], object]) -> object:
    """What is malformed agrees with nothing."""
    try:
        return compute()
    except ValueError:
        return None


def _result(record: Record, lot: Lot) -> Iterator[Check]:
    method = _method(record, lot)
    if method is None or lot.result is None:
        yield Check(what=f"lot {lot.number} result", holds=None, detail="not decided, or by a method not known here")
        return
    try:
        result = method.decide(
            bids=_bids(record, lot),
            orders=_orders(record, lot),
            parameters=record.terms(lot),
            minimum=record.minimum,
            choice=_choice(lot.result) if method.picked else None,
        )
    except ValueError as error:
        yield Check(what=f"lot {lot.number} result", holds=False, detail=str(error))
        return
    if method.marked and result.failed is None:
        yield from verify_experts.checks(record, lot, valid=result.ranking)
        if verify_experts.failed_for_experts(lot):
            return
    computed = result.as_record()
    for name in ("winner", "amount", "reference", "ranking", "failed"):
        agrees = computed[name] == lot.result.get(name)
        yield Check(what=f"lot {lot.number} {name}", holds=agrees, detail=_short(computed[name]))
    valid = {entry.uscc for entry in lot.entries if entry.valid}
    yield Check(what=f"lot {lot.number} who is valid", holds=valid == set(result.ranking) or result.failed is not None)
    if result.scores or any(entry.scores for entry in lot.entries):
        agrees = all(entry.scores == result.scores.get(entry.uscc, {}) for entry in lot.entries)
        yield Check(what=f"lot {lot.number} scores", holds=agrees)
    yield from verify_follow.checks(record, lot, method=method, result=result, bids=_bids(record, lot))


def _orders(record: Record, lot: Lot) -> dict[str, list[str]]:
    """The orders that iteration 1 gave. Raises ValueError for labels of another lot."""
    return {
        each.purpose: draw.out_of_lot(each.order, lot=lot.number, lots=len(record.lots))
        for each in lot.draws
        if each.iteration == FIRST
    }


def _choice(result: Mapping[str, Any]) -> Choice | None:
    """Whom the owner picked; nobody as long as there is no winner."""
    winner, reason, reasons = result.get("winner"), result.get("reason"), result.get("reasons")
    if winner is None:
        return None
    reasons = reasons if isinstance(reasons, dict) else {}
    return Choice(uscc=str(winner), reason=str(reason or ""), reasons={uscc: str(reasons[uscc]) for uscc in reasons})


def _short(value: object) -> str:
    return f"{len(value)} firms" if isinstance(value, list) else str(value)


def _events(record: Record) -> Iterator[Check]:
    """The sealed log: everything came before the deadline, and the last of each firm is the envelope that was opened."""
    last: dict[tuple[str, str], str] = {}
    in_time = True
    for told in record.events:
        event = told.get("event")
        if not isinstance(event, dict) or event.get("round") != record.round:
            yield Check(what="events are of this round", holds=False)
            return
        in_time = in_time and _before(event.get("at"), record)
        whose = (str(event.get("lot")), str(event.get("uscc")))
        if event.get("type") == "envelope.withdrawn":
            last.pop(whose, None)
        else:
            last[whose] = str(event.get("sha256"))
    opened = {(lot.number, entry.uscc): entry.sha256 for lot in record.lots for entry in lot.entries}
    yield Check(what="every event came before the deadline", holds=in_time)
    yield Check(what="the envelopes are those that were received last", holds=last == opened)


def _before(at: object, record: Record) -> bool:
    try:
        return read_timestamp(str(at)) < record.closes_at
    except ValueError:
        return False


def fetch(source: str) -> bytes:
    """The bytes of a file, or of an http(s) address. Raises OSError."""
    if source.startswith(("http://", "https://")):
        with urllib.request.urlopen(source, timeout=TIMEOUT) as answer:  # noqa: S310  the schemes are those above
            return bytes(answer.read(LARGEST))
    return Path(source).read_bytes()


def main(arguments: Sequence[str]) -> int:
    """Print one line per check. 0: all hold; 1: one does not; 2: there is nothing to check."""
    given = _parser().parse_args(arguments)
    try:
        content = fetch(given.record)
        if verify_score.is_score(content):
            return _score(content)
        record = read_record(content)
        checks = [*verify(record, log=given.log_key, custodian=given.custodian_key), *_live(record, given)]
    except OSError as error:
        print(f"{given.record} cannot be read: {error}", file=sys.stderr)
        return 2
    except BadRecord as bad:
        print(f"not a record of PROTOCOL §5: {bad}", file=sys.stderr)
        return 2
    for check in checks:
        print(check)
    if record.proof is not None and not (given.log_key and given.custodian_key):
        print("The keys were taken from the record; compare them with what you know, or give them:")
        print(f"  --log-key {record.proof.get('log')} --custodian-key {record.proof.get('custodian')}")
    failed = sum(check.holds is False for check in checks)
    print(f"{record.round} {record.status}: {len(checks)} checks, {failed} failed")
    return 1 if failed else 0


def _score(content: bytes) -> int:
    """Print the checks of a score file."""
    try:
        checks = verify_score.verify(content)
    except BadScore as bad:
        print(f"not a score file of PROTOCOL §6: {bad}", file=sys.stderr)
        return 2
    for check in checks:
        print(check)
    print(f"Taken as printed, because other firms' lines make it: {verify_score.TAKEN}")
    failed = sum(check.holds is False for check in checks)
    print(f"{verify_score.name_of(content)}: {len(checks)} checks, {failed} failed")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m protocol.verify",
        description="Compute a round again from its public record, or a score from its file.",
    )
    parser.add_argument("record", help="a file, or an address")
    parser.add_argument("--log", help="address of the log, …/ledger/; found by itself where RECORD is an address")
    parser.add_argument("--log-key", help="the log's verifier key, known by another way")
    parser.add_argument("--custodian-key", help="the custodian's key for cosignatures, known by another way")
    return parser


def _live(record: Record, given: argparse.Namespace) -> Iterator[Check]:
    base = given.log
    if base is None and given.record.startswith(("http://", "https://")):
        base = urljoin(given.record, "/ledger/")
    if base is not None:
        yield from verify_log.live(record, lambda path: fetch(urljoin(base.rstrip("/") + "/", path)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
