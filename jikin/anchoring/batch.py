"""What goes into one tree: leaves shuffled and filled up, so that place and number tell nothing (SECURITY 1.6).

Neighbours in a tree would otherwise show rank or class, and its size the volume of the day. Filler leaves have random
content and cannot be told from others.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from jikin.anchoring.acts import LeafKind
from jikin.anchoring.merkle import MAX_LEAVES
from jikin.anchoring.statements import SALT_BYTES, leaf
from jikin.errors import AnchorError
from jikin.values import Digest

MIN_LEAVES = 64
# The system's cryptographic source. Another one makes a batch repeatable and is for tests alone.
SYSTEM_RANDOM: random.Random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Batch:
    """The *leaves* of a tree in their final order, and at *indexes* the place of each leaf that was given."""

    leaves: tuple[Digest, ...]
    indexes: tuple[int, ...]


def new_salt(source: random.Random = SYSTEM_RANDOM) -> bytes:
    """Return a fresh salt for one leaf, 32 bytes; never derived, never used twice."""
    return source.randbytes(SALT_BYTES)


def filler(context: Digest, source: random.Random = SYSTEM_RANDOM) -> Digest:
    """Return a leaf of kind 2 under *context*: random salt, random digest, nothing kept."""
    return leaf(LeafKind.FILLER, context, new_salt(source), Digest(source.randbytes(32)))


def filled_size(count: int, least: int = MIN_LEAVES) -> int:
    """Return how many leaves a batch of *count* gets: the next power of two, at least *least*; raises AnchorError.

    A *least* of thousands hides how many there are: whoever sees the size learns no more than what was published.
    """
    if not 1 <= count <= MAX_LEAVES or least > MAX_LEAVES:
        raise AnchorError(f"a batch has 1 to {MAX_LEAVES:,} leaves, got {count:,}", code="anchor.batch-size")
    return 1 << (max(count, MIN_LEAVES, least) - 1).bit_length()


def fill(
    context: Digest, leaves: Sequence[Digest], *, least: int = MIN_LEAVES, source: random.Random = SYSTEM_RANDOM
) -> Batch:
    """Return *leaves* with fillers under the issuer's *context*, shuffled; raises AnchorError for none or too many."""
    size = filled_size(len(leaves), least)
    given = [*leaves, *(filler(context, source) for _ in range(size - len(leaves)))]
    order = list(range(size))  # order[place] = which of the given stands there
    source.shuffle(order)
    place_of = [0] * size
    for place, which in enumerate(order):
        place_of[which] = place
    return Batch(tuple(given[which] for which in order), tuple(place_of[: len(leaves)]))
