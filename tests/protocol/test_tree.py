"""Roots and proofs of the log's tree against RFC 6962's own vectors, against a plain recursion, and against tampering."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import tiles, tree
from protocol.entries import leaf_hash

# The inputs and roots of the reference implementation of RFC 6962.
INPUTS = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]  # fmt: skip


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4)) for number in range(count)]


def plain_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + plain_root(hashes[:split]) + plain_root(hashes[split:])).digest()


def node_of(hashes: list[bytes]) -> tree.Node:
    return lambda level, number: plain_root(hashes[number << level : (number + 1) << level])


def tiled(hashes: list[bytes]) -> tree.Node:
    """The nodes by way of tiles, as a server has them."""
    held: dict[tiles.Tile, bytes] = {}
    level, row = 0, hashes
    while row:
        for number in range(0, len(row), 256):
            held[level, number // 256] = b"".join(row[number : number + 256])
        row = [tiles.tile_root(held[level, number]) for number in range(len(row) // 256)]
        level += 1
    return tiles.nodes_from(lambda level, number: held[level, number])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size):
    hashes = [leaf_hash(each) for each in INPUTS[:size]]
    assert tree.root_of(size, node_of(hashes)).hex() == ROOTS[size - 1]
    frontier = tree.Frontier()
    for leaf in hashes:
        frontier.append(leaf)
    assert frontier.root().hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert tree.root_of(0, node_of([])) == tree.Frontier().root() == hashlib.sha256(b"").digest()


@given(st.integers(1, 600), st.data())
def test_every_inclusion_proof_holds_and_no_other_leaf_has_it(size, data):
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion_proof(index, size, tiled(hashes)), plain_root(hashes)
    given = {"leaf": hashes[index], "index": index, "size": size, "proof": proof, "root": root}
    assert tree.verify_inclusion(**given)
    assert not tree.verify_inclusion(**{**given, "leaf": leaf_hash(b"other")})
    assert not tree.verify_inclusion(**{**given, "proof": [*proof, root]})
    assert not tree.verify_inclusion(**{**given, "root": leaf_hash(b"other")})
    if proof:
        assert not tree.verify_inclusion(**{**given, "proof": proof[:-1]})
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        assert not tree.verify_inclusion(**{**given, "index": other})


@given(st.integers(0, 600), st.integers(0, 600), st.data())
def test_every_consistency_proof_holds_and_no_changed_past_has_one(one, other, data):
    old, new = sorted((one, other))
    hashes = leaves(new)
    proof = tree.consistency_proof(old, new, tiled(hashes) if hashes else node_of([]))
    given = {
        "old": old,
        "new": new,
        "old_root": plain_root(hashes[:old]),
        "new_root": plain_root(hashes),
        "proof": proof,
    }
    assert tree.verify_consistency(**given)
    if old > 0:
        changed = list(hashes[:old])
        changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"changed")
        assert not tree.verify_consistency(**{**given, "old_root": plain_root(changed)})
    assert not tree.verify_consistency(**{**given, "proof": [*proof, plain_root(hashes)]})


def test_proofs_beyond_the_tree_are_refused():
    with pytest.raises(ValueError, match="no leaf 3"):
        tree.inclusion_proof(3, 3, node_of(leaves(3)))
    with pytest.raises(ValueError, match="does not begin"):
        tree.consistency_proof(4, 3, node_of(leaves(3)))
    assert not tree.verify_consistency(old=4, new=3, old_root=b"", new_root=b"", proof=[])


@pytest.mark.parametrize(
    ("number", "written"), [(0, "000"), (7, "007"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")]
)
def test_tiles_have_the_addresses_of_c2sp(number, written):
    assert tiles.number_path(number) == written
    assert tiles.read_number(written) == number


@pytest.mark.parametrize("path", ["", "1", "0001", "x000/001", "x001", "001/002", "abc", "x001/x234/0670"])
def test_other_addresses_are_none(path):
    with pytest.raises(ValueError, match="not the number"):
        tiles.read_number(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_are_read_as_they_were_written(entries):
    written = tiles.bundle(entries)
    assert list(tiles.read_bundle(written)) == entries
    if written:
        with pytest.raises(ValueError, match="ends within"):
            list(tiles.read_bundle(written + b"\x00"))


def test_a_proof_asks_for_few_tiles_however_large_the_log():
    asked = tiles.needed(lambda node: tree.inclusion_proof(123_456, 10_000_001, node))
    assert len(asked) <= 7
