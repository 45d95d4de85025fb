"""The sequencer: order, signatures, and what it refuses to sign."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, connections, transaction

from core import clock
from ledger import domain as ledger
from ledger.domain import keys, nodes, sequencer
from ledger.models import Checkpoint, QueuedEntry, Tile
from protocol import note as notes
from protocol import tiles, tree

pytestmark = pytest.mark.django_db


def append(count: int = 1, *, subject: str = "round/R202601010001") -> list[QueuedEntry]:
    with transaction.atomic():
        for number in range(count):
            ledger.append("test", subject, {"n": number}, at=clock.now())
        return list(QueuedEntry.objects.order_by("-pk")[:count])[::-1]


def signed() -> list[notes.Checkpoint]:
    verifier = keys.log_signer().verifier
    return [notes.Checkpoint.verified(each.note, log=verifier) for each in Checkpoint.objects.order_by("size")]


def test_entries_get_their_places_in_the_order_of_the_queue_and_are_signed(settings):
    rows = append(3)
    assert sequencer.sequence(settings.LEDGER_STATE) == 3
    placed = list(QueuedEntry.objects.order_by("id").values_list("index", flat=True))
    assert placed == [0, 1, 2]
    (head,) = signed()
    frontier = tree.Frontier()
    for row in rows:
        frontier.append(bytes(row.leaf))
    assert (head.size, head.root) == (3, frontier.root())


def test_nothing_new_is_nothing_to_sign(settings):
    assert sequencer.sequence(settings.LEDGER_STATE) == 0
    assert not Checkpoint.objects.exists()
    append()
    sequencer.sequence(settings.LEDGER_STATE)
    sequencer.sequence(settings.LEDGER_STATE)
    assert Checkpoint.objects.count() == 1


def test_batches_make_the_same_tree_as_one_at_a_time(settings):
    rows = append(700)
    for limit in (1, 255, 1, 300, 4096):
        sequencer.integrate(limit=limit)
        sequencer.sign_head(settings.LEDGER_STATE)
    frontier = tree.Frontier()
    roots = {}
    for row in rows:
        frontier.append(bytes(row.leaf))
        roots[frontier.size] = frontier.root()
    heads = signed()
    assert [head.size for head in heads] == [1, 256, 257, 557, 700]
    assert all(head.root == roots[head.size] for head in heads)
    assert sorted(Tile.objects.values_list("level", "number")) == [(0, 0), (0, 1), (0, 2), (1, 0)]
    for old, new in ((1, 256), (257, 700), (557, 700), (300, 650)):
        proof = nodes.consistency(old, new)
        given = {"old": old, "new": new, "old_root": roots[old], "new_root": roots[new], "proof": proof}
        assert tree.verify_consistency(**given)
    for index in (0, 255, 256, 511, 512, 699):
        proof = nodes.inclusion(index, 700)
        leaf = bytes(rows[index].leaf)
        assert tree.verify_inclusion(leaf=leaf, index=index, size=700, proof=proof, root=roots[700])


def test_the_seventy_thousandth_entry_stands_in_the_third_level():
    grown = sequencer._grown(0, [bytes([number % 251]) * 32 for number in range(70_000)])
    assert {level for level, _number in grown} == {0, 1, 2}
    assert len(grown[0, 273]) == (70_000 - 273 * 256) * tiles.HASH
    assert len(grown[2, 0]) == tiles.HASH


def test_integrated_entries_tiles_and_checkpoints_are_final(settings):
    append(2)
    sequencer.sequence(settings.LEDGER_STATE)
    for statement in (
        "UPDATE ledger_queuedentry SET subject = 'x'",
        "UPDATE ledger_queuedentry SET index = 7 WHERE index = 1",
        "DELETE FROM ledger_queuedentry",
        "TRUNCATE ledger_queuedentry CASCADE",
        r"UPDATE ledger_tile SET hashes = '\x00'",
        "UPDATE ledger_tile SET number = 5",
        "DELETE FROM ledger_tile",
        "TRUNCATE ledger_tile",
        "UPDATE ledger_checkpoint SET note = 'x'",
        "DELETE FROM ledger_checkpoint",
        "TRUNCATE ledger_checkpoint",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_set_back_is_not_signed(settings):
    append(3)
    sequencer.sequence(settings.LEDGER_STATE)
    _force("DELETE FROM ledger_checkpoint", "DELETE FROM ledger_tile", "UPDATE ledger_queuedentry SET index = NULL")
    with pytest.raises(sequencer.Refused, match="3 entries were signed, the database has 0"):
        sequencer.sign_head(settings.LEDGER_STATE)
    append(1)
    _force("DELETE FROM ledger_queuedentry WHERE id = (SELECT min(id) FROM ledger_queuedentry)")  # another past
    sequencer.integrate()
    with pytest.raises(sequencer.Refused, match="the first 3 entries are not those that were signed"):
        sequencer.sign_head(settings.LEDGER_STATE)
    assert not Checkpoint.objects.exists()


def test_a_lost_or_forged_file_of_the_last_checkpoint_stops_the_signing(settings):
    append()
    sequencer.sequence(settings.LEDGER_STATE)
    append()
    sequencer.integrate()
    file = settings.LEDGER_STATE / "checkpoint"
    kept = file.read_text()
    file.write_text(kept.replace("\n1\n", "\n2\n"))
    with pytest.raises(sequencer.Refused, match="cannot be trusted"):
        sequencer.sign_head(settings.LEDGER_STATE)
    file.unlink()
    with pytest.raises(sequencer.Refused, match="is missing"):
        sequencer.sign_head(settings.LEDGER_STATE)
    file.write_text(kept)
    sequencer.sign_head(settings.LEDGER_STATE)
    assert [head.size for head in signed()] == [1, 2]


def test_killed_after_any_step_nothing_is_lost_or_twice(settings):
    append(2)
    sequencer.integrate()  # killed before signing
    assert sequencer.sequence(settings.LEDGER_STATE) == 0
    assert [head.size for head in signed()] == [2]
    append(1)
    sequencer.integrate()
    with transaction.atomic():
        sequencer.sign_head(settings.LEDGER_STATE)
        transaction.set_rollback(True)  # killed between the file and the database
    assert [head.size for head in signed()] == [2]
    sequencer.sequence(settings.LEDGER_STATE)
    assert [head.size for head in signed()] == [2, 3]


@pytest.mark.django_db(transaction=True)
def test_sealed_events_are_told_in_the_order_of_the_log_not_of_the_queue(in_threads, settings):
    """Two firms enter at once: the first id's transaction commits when the log has gone on already."""
    from threading import Event

    taken, go = Event(), Event()

    def enter(n, before=lambda: None):
        with transaction.atomic():
            pk = ledger.append_sealed("round/R202601010001", {"n": n}, at=clock.now()).pk
            before()
        return pk

    def slow():
        return enter(1, before=lambda: (taken.set(), go.wait(20)))

    def quick():
        assert taken.wait(20)
        pk = enter(2)
        sequencer.sequence(settings.LEDGER_STATE)
        go.set()
        return pk

    early, late = in_threads(slow, quick)
    assert early < late
    sequencer.sequence(settings.LEDGER_STATE)
    told = ledger.unsealed("round/R202601010001")
    assert [(each["index"], each["event"]["n"]) for each in told] == [(0, 2), (1, 1)]


@pytest.mark.django_db(transaction=True)
def test_ids_that_become_visible_late_get_in_and_two_sequencers_do_no_harm(in_threads, settings):
    """The first id's transaction is still open while later ones are integrated."""
    from threading import Event

    taken, go = Event(), Event()

    def slow():
        with transaction.atomic():
            ledger.append("slow", "round/R202601010001", {}, at=clock.now())
            pk = QueuedEntry.objects.get(type="slow").pk
            taken.set()
            assert go.wait(20)
        return pk

    def quick():
        assert taken.wait(20)
        pk = append()[0].pk
        sequencer.sequence(settings.LEDGER_STATE)
        go.set()
        return pk

    early, late = in_threads(slow, quick)
    assert early < late
    results = in_threads(*[lambda: sequencer.integrate() for _number in range(4)])
    assert sorted(results) == [0, 0, 0, 1]
    sequencer.sign_head(settings.LEDGER_STATE)
    assert dict(QueuedEntry.objects.values_list("pk", "index")) == {late: 0, early: 1}
    assert [head.size for head in signed()] == [1, 2]


def _force(*statements: str) -> None:
    """What somebody could do who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")
    connections.close_all()
