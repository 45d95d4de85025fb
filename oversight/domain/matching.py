"""The same party under several names: matched by itself where it is certain, suggested where it is not, confirmed, undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import WRITERS, Kind, Membership
from core import clock
from core.errors import NotAllowed, WrongState
from ledger import domain as ledger
from oversight import naming
from oversight.domain.holding import hold
from oversight.models import Match, NodeKind, Party, PartyName

Status = Match.Status
COMMON = 20
"""A name that more parties than this have in common says too little to compare them all."""


def look_for(parties: Collection[int]) -> list[Match]:
    """Compare parties with all that have a name in common; merge what is certain, suggest the rest. Call it again freely."""
    with transaction.atomic():
        hold()
        pairs = _candidates(parties)
        described = _described({pk for pair in pairs for pk in pair})
        known = {
            frozenset(pair)
            for pair in Match.objects.filter(keeper__in=described, duplicate__in=described).values_list(
                "keeper_id", "duplicate_id"
            )
        }
        made: list[Match] = []
        certain: list[Match] = []
        now = clock.now()
        for one, other in sorted(pairs):
            verdict = naming.compare(described[one], described[other])
            if frozenset((one, other)) in known or not verdict.worth_asking:
                continue
            match = Match(score=verdict.score, evidence=list(verdict.evidence), made_at=now)
            match.keeper_id, match.duplicate_id = _keeper_first(one, other)
            (certain if verdict.certain else made).append(match)
        Match.objects.bulk_create(made, ignore_conflicts=True)
        for match in certain:
            unite([(match.duplicate_id, match.keeper_id)], evidence=match.evidence, score=match.score)
    return made + certain


def _candidates(parties: Collection[int]) -> set[tuple[int, int]]:
    """Pairs of organisations with the same name but for place and legal form."""
    own = PartyName.objects.filter(party__in=parties, party__merged_into=None).values("core")
    rows = PartyName.objects.filter(core__in=own, party__merged_into=None).exclude(party__kind=NodeKind.PERSON)
    sharing: dict[str, set[int]] = defaultdict(set)
    for core, party in rows.values_list("core", "party_id"):
        sharing[core].add(party)
    wanted = set(parties)
    return {
        (min(one, other), max(one, other))
        for group in sharing.values()
        if len(group) <= COMMON
        for one in group & wanted
        for other in group - {one}
    }


def _described(parties: Collection[int]) -> dict[int, naming.Described]:
    names: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    for party, name, former in PartyName.objects.filter(party__in=parties).values_list("party_id", "name", "is_former"):
        names[party].append((name, former))
    return {
        row.pk: naming.Described(
            names=tuple(name for name, former in names[row.pk] if not former),
            former=tuple(name for name, former in names[row.pk] if former),
            uscc=row.uscc,
            address=row.place_hash and bytes(row.place_hash),
            representative=row.representative_hash and bytes(row.representative_hash),
            phone=row.phone_hash and bytes(row.phone_hash),
        )
        for row in Party.objects.filter(pk__in=parties)
    }


def _keeper_first(one: int, other: int) -> tuple[int, int]:
    """Keeper and duplicate: who belongs to this marketplace stays, then who has a code, then who came first."""
    rows = {row.pk: row for row in Party.objects.filter(pk__in=[one, other])}
    keeper = min((one, other), key=lambda pk: (rows[pk].organisation_id is None, rows[pk].uscc is None, pk))
    return keeper, other if keeper == one else one


def unite(pairs: Iterable[tuple[int, int]], *, evidence: Sequence[str], score: int = 100) -> None:
    """Let the first of each pair be the second from now on, as certain. Nothing happens where it is already."""
    for duplicate, keeper in dict.fromkeys(pairs):
        with transaction.atomic():
            hold()
            kept, doubled = _locked(keeper, duplicate)
            if kept.pk == doubled.pk or kept.merged_into_id == doubled.pk or not _may_be_one(kept, doubled):
                continue
            now = clock.now()
            Match.objects.update_or_create(
                keeper=kept,
                duplicate=doubled,
                defaults={
                    "status": Status.CERTAIN, "score": score, "evidence": list(evidence), "made_at": now, "decided_at": now,
                },
            )  # fmt: skip
            _merge(doubled, kept)


def confirm(*, match_id: int, by: Membership) -> Match:
    """A person says that two are the same. Unchanged if it was said before.

    Raises NotAllowed for anybody but a regulator, WrongState where either is meanwhile another's or they have different codes.
    """
    with transaction.atomic():
        hold()
        match = _decided(match_id, by, Status.SUGGESTED, Status.UNDONE, target=Status.CONFIRMED)
        if match.status == Status.CONFIRMED:
            kept, doubled = _locked(match.keeper_id, match.duplicate_id)
            if doubled.merged_into_id == kept.pk:
                return match
            if kept.merged_into_id or doubled.merged_into_id or not _may_be_one(kept, doubled):
                raise WrongState(_("这两个主体已另有归属，或代码不同，不能合并。"))
            _merge(doubled, kept)
            _log(match)
    return match


def reject(*, match_id: int, by: Membership) -> Match:
    """A person says that two are not the same; it is not suggested again. Raises NotAllowed, WrongState."""
    with transaction.atomic():
        hold()
        before = Match.objects.filter(pk=match_id).values_list("status", flat=True).first()
        match = _decided(match_id, by, Status.SUGGESTED, Status.UNDONE, target=Status.REJECTED)
        if before != Status.REJECTED:
            _log(match)
    return match


def undo(*, match_id: int, by: Membership) -> Match:
    """Take two apart that were put together; every relation is again its own party's. Raises NotAllowed, WrongState."""
    with transaction.atomic():
        hold()
        before = Match.objects.filter(pk=match_id).values_list("status", flat=True).first()
        match = _decided(match_id, by, *Match.IN_FORCE, target=Status.UNDONE)
        if before != Status.UNDONE:
            _kept, doubled = _locked(match.keeper_id, match.duplicate_id)
            _split(doubled)
            _log(match)
    return match


def _decided(match_id: int, by: Membership, *before: str, target: str) -> Match:
    if by.organisation.kind != Kind.REGULATOR or by.role not in WRITERS:
        raise NotAllowed
    match = Match.objects.select_for_update(of=["self"]).get(pk=match_id)
    if match.status == target:
        return match
    if match.status not in before:
        raise WrongState
    match.status, match.decided_at, match.decided_by = target, clock.now(), by
    match.save()
    return match


def _locked(keeper: int, duplicate: int) -> tuple[Party, Party]:
    rows = {row.pk: row for row in Party.objects.select_for_update().filter(pk__in=[keeper, duplicate]).order_by("pk")}
    return rows[keeper], rows[duplicate]


def _may_be_one(one: Party, other: Party) -> bool:
    """Different codes, or two organisations of this marketplace, are never one."""
    for name in ("uscc", "id_hash", "organisation_id"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and mine != theirs:
            return False
    return (one.kind == NodeKind.PERSON) == (other.kind == NodeKind.PERSON)


def _merge(duplicate: Party, keeper: Party) -> None:
    """Everything under the duplicate is now directly under the keeper, so that a node has one step to what it is."""
    root = keeper.merged_into_id or keeper.pk
    Party.objects.filter(Q(pk=duplicate.pk) | Q(merged_into=duplicate)).update(merged_into=root)
    _carry(root)


def _split(duplicate: Party) -> None:
    """Give the duplicate back what was its own, and what matches in force have put under it."""
    root = duplicate.merged_into_id
    below, waiting = {duplicate.pk}, [duplicate.pk]
    for pk in waiting:
        for other in Match.objects.filter(keeper=pk, status__in=Match.IN_FORCE).values_list("duplicate_id", flat=True):
            if other not in below:
                below.add(other)
                waiting.append(other)
    Party.objects.filter(pk=duplicate.pk).update(merged_into=None)
    Party.objects.filter(pk__in=below - {duplicate.pk}).update(merged_into=duplicate.pk)
    _carry(duplicate.pk)
    if root:
        _carry(root)


_ENDS = """
UPDATE oversight_relation r SET from_party_id = COALESCE(f.merged_into_id, f.id), to_party_id = COALESCE(t.merged_into_id, t.id),
    changed_at = %(now)s
FROM oversight_party f, oversight_party t
WHERE f.id = r.from_stated_id AND t.id = r.to_stated_id
    AND (r.from_stated_id = ANY(%(ids)s) OR r.to_stated_id = ANY(%(ids)s))
    AND (r.from_party_id, r.to_party_id) IS DISTINCT FROM (COALESCE(f.merged_into_id, f.id), COALESCE(t.merged_into_id, t.id))
"""


def _carry(root: int) -> None:
    """Let every relation of a party, and of what is merged into it, end where the parties now are."""
    ids = [root, *Party.objects.filter(merged_into=root).values_list("pk", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ENDS, {"ids": ids, "now": clock.now()})


def _log(match: Match) -> None:
    """By numbers alone: names, also of organisations that may be sole traders, stay inside."""
    data = {"keeper": match.keeper_id, "duplicate": match.duplicate_id, "status": match.status}
    ledger.append("affiliation.match", f"match/{match.pk}", data, at=clock.now())


_PEOPLE = """
WITH roles AS (
    SELECT from_party_id AS person, to_party_id AS firm FROM oversight_relation
        WHERE kind IN ('represents', 'officer', 'practitioner')
    UNION SELECT to_party_id, from_party_id FROM oversight_relation WHERE kind = 'employs'
), rare AS (
    SELECT name_hash FROM oversight_party WHERE name_hash IS NOT NULL AND merged_into_id IS NULL
    GROUP BY name_hash HAVING count(*) BETWEEN 2 AND %(rare)s
), named AS (
    SELECT p.id, p.name_hash, p.id_hash FROM oversight_party p JOIN rare USING (name_hash) WHERE p.merged_into_id IS NULL
)
SELECT DISTINCT a.id, b.id, ra.firm = rb.firm
FROM named a JOIN named b ON b.name_hash = a.name_hash AND b.id <> a.id
JOIN roles ra ON ra.person = a.id JOIN roles rb ON rb.person = b.id
LEFT JOIN oversight_party ea ON ea.id = ra.firm LEFT JOIN oversight_party eb ON eb.id = rb.firm
WHERE a.id_hash IS NULL AND (b.id_hash IS NOT NULL OR b.id > a.id)
    AND (ra.firm = rb.firm OR (ea.kind = 'department') <> (eb.kind = 'department'))
"""
RARE = 4
"""A name that more people have than this is no reason to ask."""
SAME_FIRM, SAME_PERSON_NAME = 70, 40


def look_for_people() -> int:
    """Suggest that two people of one name are one: in the same firm, or one in a department and one at a firm.

    A name never decides (homonyms): it is only ever asked. Gives how many suggestions are new.
    """
    with transaction.atomic():
        hold()
        with connection.cursor() as cursor:
            cursor.execute(_PEOPLE, {"rare": RARE})
            pairs = {(one, other): bool(same) for one, other, same in sorted(cursor.fetchall())}
        known = set(
            Match.objects.filter(duplicate__in=[one for one, _other in pairs]).values_list("duplicate", "keeper")
        )
        now = clock.now()
        made = [
            Match(
                duplicate_id=one,
                keeper_id=other,
                score=SAME_FIRM if same else SAME_PERSON_NAME,
                evidence=["person_name", *(["firm"] if same else [])],
                made_at=now,
            )
            for (one, other), same in pairs.items()
            if (one, other) not in known
        ]
        Match.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)
