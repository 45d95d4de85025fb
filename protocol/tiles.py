"""Tiles of the log (C2SP tlog-tiles): addresses, bundles of entries, and the tree's nodes read from hash tiles.

A hash tile of level L holds up to 256 hashes of the tree's level 8·L; a full one never changes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from protocol.canonical import sha256
from protocol.tree import NODE_PREFIX, Node

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH = 32
MAX_LEVEL = 7
"""Tiles of level 7 would begin at 2^56 entries."""
_NUMBER = re.compile(r"(x[0-9]{3}/)*[0-9]{3}")

Tile = tuple[int, int]
"""Level and number."""


def number_path(number: int) -> str:
    """A tile's number as it stands in addresses: `x001/x234/067`."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def read_number(path: str) -> int:
    """The number that `number_path` wrote. Raises ValueError for any other form."""
    if not _NUMBER.fullmatch(path):
        raise ValueError(f"not the number of a tile: {path!r}")
    number = int(path.replace("x", "").replace("/", ""))
    if number_path(number) != path:
        raise ValueError(f"not the number of a tile: {path!r}")
    return number


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """The address of a tile below `…/tile/`: level 0, 1, … or `entries`; a width below 256 names a partial one."""
    return f"{level}/{number_path(number)}" + ("" if width == WIDTH else f".p/{width}")


def width_of(level: int, number: int, size: int) -> int:
    """How many hashes a tile holds in the tree of `size` entries: 0 to 256. `entries` are as level 0."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - number * WIDTH))


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as they are served together: each after its length in two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def read_bundle(data: bytes) -> Iterator[bytes]:
    """The entries of a bundle. Raises ValueError where it ends too early."""
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2])
        at += 2
        if at + length > len(data) or at > len(data):
            raise ValueError("the bundle ends within an entry")
        yield data[at : at + length]
        at += length


def tile_of(level: int, number: int) -> Tile:
    """The tile from which a node of the tree is computed."""
    return level // HEIGHT, (number << level % HEIGHT) >> HEIGHT


def nodes_from(tile: Callable[[int, int], bytes]) -> Node:
    """The tree's nodes, given the hashes of tiles. Raises ValueError for what a tile does not reach."""

    def node(level: int, number: int) -> bytes:
        above = level % HEIGHT
        at, first = tile_of(level, number), (number << above) % WIDTH
        hashes = tile(*at)
        if len(hashes) < (first + (1 << above)) * HASH:
            raise ValueError(f"tile {tile_path(*at)} holds only {len(hashes) // HASH} hashes")
        if len(hashes) == WIDTH * HASH:
            return _levels(hashes)[above][(first >> above) * HASH : ((first >> above) + 1) * HASH]
        hashes = hashes[first * HASH : (first + (1 << above)) * HASH]
        for _ in range(above):
            hashes = _pairs(hashes)
        return hashes

    return node


def tile_root(hashes: bytes) -> bytes:
    """The root of a full tile: the hash that stands for it one level up."""
    for _ in range(HEIGHT):
        hashes = _pairs(hashes)
    return hashes


def needed(compute: Callable[[Node], object]) -> set[Tile]:
    """The tiles that a computation on nodes will ask for, so that they can be fetched at once."""
    asked: set[Tile] = set()

    def note(level: int, number: int) -> bytes:
        asked.add(tile_of(level, number))
        return bytes(HASH)

    compute(note)
    return asked


@lru_cache(maxsize=2048)
def _levels(hashes: bytes) -> tuple[bytes, ...]:
    """All levels within a full tile, 16 kB: whoever asks for one proof of it soon asks for another."""
    found = [hashes]
    for _ in range(HEIGHT):
        found.append(_pairs(found[-1]))
    return tuple(found)


def _pairs(hashes: bytes) -> bytes:
    return b"".join(sha256(NODE_PREFIX + hashes[at : at + 2 * HASH]) for at in range(0, len(hashes), 2 * HASH))
