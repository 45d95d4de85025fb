"""The Merkle tree of the log (RFC 6962, RFC 9162): roots and proofs, computed and checked.

A tree is known by its nodes: `node(level, number)` gives the hash of the perfect subtree over the leaves from
`number << level` to `(number + 1) << level`. Where the nodes come from (a list, tiles of a server) is the caller's matter.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence

from protocol.canonical import sha256

NODE_PREFIX = b"\x01"
EMPTY_ROOT = sha256(b"")

Node = Callable[[int, int], bytes]


def node_hash(left: bytes, right: bytes) -> bytes:
    """An inner node: `SHA-256(0x01 ‖ left ‖ right)`."""
    return sha256(NODE_PREFIX + left + right)


def root_of(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves; of none it is the hash of nothing."""
    return _root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of a leaf in the tree of `size` leaves, from the leaf up. Raises ValueError beyond the tree."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    return _path(index, 0, size, node)


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree of `old` leaves is the beginning of the tree of `new`; empty where nothing is to be shown.

    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old in (0, new):
        return []
    return _subproof(old, 0, new, node, whole=True)


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf hash stands at `index` of the tree with this size and root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            result = node_hash(sibling, result)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and old_root == (EMPTY_ROOT if old == 0 else new_root)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    of_old = of_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            of_old, of_new = node_hash(sibling, of_old), node_hash(sibling, of_new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            of_new = node_hash(of_new, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == new_root


def multiproof(indexes: Iterable[int], size: int, node: Node) -> list[bytes]:
    """What else it takes to compute the root from several leaves at once: roots of the subtrees without any of them.

    They stand in the order in which `root_from` asks for them, from left to right. Raises ValueError beyond the tree.
    """
    wanted = sorted(set(indexes))
    if wanted and not (wanted[0] >= 0 and wanted[-1] < size):
        raise ValueError(f"a tree of {size} has no such leaves")
    found: list[bytes] = []

    def other(begin: int, end: int) -> bytes:
        found.append(_root(begin, end, node))
        return found[-1]

    if size:
        _multi(0, size, wanted, other, lambda _index: EMPTY_ROOT)
    return found


def root_from(leaves: Mapping[int, bytes], size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root of a tree of `size` that has these leaf hashes at their indexes; None where the proof does not fit them."""
    rest = list(reversed(proof))
    if size < 1 or any(not 0 <= index < size for index in leaves):
        return None
    try:
        root = _multi(0, size, sorted(leaves), lambda _begin, _end: rest.pop(), leaves.__getitem__)
    except IndexError:
        return None
    return None if rest else root


class Frontier:
    """All that must be kept of a tree to go on appending: the roots of its perfect subtrees, the largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count() or size < 0:
            raise ValueError(f"a tree of {size} has {size.bit_count()} perfect subtrees, not {len(self.hashes)}")

    def append(self, leaf: bytes) -> None:
        """Put one more leaf hash at the end."""
        carried, size = leaf, self.size
        while size & 1:
            carried, size = node_hash(self.hashes.pop(), carried), size >> 1
        self.hashes.append(carried)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.hashes:
            return EMPTY_ROOT
        result = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            result = node_hash(left, result)
        return result

    def copy(self) -> "Frontier":
        return Frontier(self.size, self.hashes)


def _half(count: int) -> int:
    """The largest power of two below `count`, at which a tree of more than one leaf is split."""
    return 1 << (count - 1).bit_length() - 1


def _root(begin: int, end: int, node: Node) -> bytes:
    count = end - begin
    if not count & (count - 1):
        level = count.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + _half(count)
    return node_hash(_root(begin, middle, node), _root(middle, end, node))


def _path(index: int, begin: int, end: int, node: Node) -> list[bytes]:
    if end - begin == 1:
        return []
    middle = begin + _half(end - begin)
    if index < middle:
        return [*_path(index, begin, middle, node), _root(middle, end, node)]
    return [*_path(index, middle, end, node), _root(begin, middle, node)]


def _subproof(old: int, begin: int, end: int, node: Node, *, whole: bool) -> list[bytes]:
    if old == end:
        return [] if whole else [_root(begin, end, node)]
    middle = begin + _half(end - begin)
    if old <= middle:
        return [*_subproof(old, begin, middle, node, whole=whole), _root(middle, end, node)]
    return [*_subproof(old, middle, end, node, whole=False), _root(begin, middle, node)]


def _multi(
    begin: int, end: int, wanted: Sequence[int], other: Callable[[int, int], bytes], leaf: Callable[[int], bytes]
) -> bytes:
    """The root over `begin` to `end`: from `leaf` where a wanted one stands, from `other` where none does."""
    if not wanted:
        return other(begin, end)
    if end - begin == 1:
        return leaf(begin)
    middle = begin + _half(end - begin)
    split = bisect_left(wanted, middle)
    left = _multi(begin, middle, wanted[:split], other, leaf)
    return node_hash(left, _multi(middle, end, wanted[split:], other, leaf))
