"""Random scalars that are not random: the procedure by which published BBS proofs were made, so they can be made again.

"Mocked random scalars" of draft-irtf-cfrg-bbs-signatures, section 8.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from jikin.proofs.bbs.curve import ORDER
from jikin.proofs.bbs.interface import EXPAND_BYTES, Ciphersuite
from jikin.proofs.bbs.prover import RandomScalars


def mocked(suite: Ciphersuite, seed: bytes, dst: bytes) -> RandomScalars:
    """Return what expands *seed* under *dst* to as many scalars as are asked for, the same every time."""

    def scalars(count: int) -> list[int]:
        stream = suite.expand(seed, dst, EXPAND_BYTES * count)
        parts = (stream[start : start + EXPAND_BYTES] for start in range(0, len(stream), EXPAND_BYTES))
        return [int.from_bytes(part, "big") % ORDER for part in parts]

    return scalars


def given(values: Sequence[int]) -> RandomScalars:
    """Return what hands out *values*, whose number must be the one asked for."""

    def scalars(count: int) -> Sequence[int]:
        assert count == len(values)
        return values

    return scalars
