"""What BBS asks of an implementation of the curve BLS12-381; points are the implementation's own, scalars are int.

Groups, pairing and encodings: draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1 and appendix C; RFC 9380, section
8.8. Two implementations stand behind this door, so that each can be checked against the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from jikin.errors import ProofError

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001  # r, of the groups G1, G2, GT
FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB  # p
G1_BYTES = 48  # a compressed point of G1
G2_BYTES = 96
SCALAR_BYTES = 32

G1 = TypeVar("G1")
G2 = TypeVar("G2")


class Curve(Protocol[G1, G2]):
    """BLS12-381. Every point handed out lies in its subgroup of prime order."""

    @property
    def base2(self) -> G2:
        """Return the base point of G2 (BP2)."""

    def add(self, one: G1, other: G1) -> G1:
        """Return the sum of two points of G1."""

    def combine(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        """Return the sum of each point times its scalar (any int, taken modulo the order); as many of each, or more.

        Raises ValueError where their numbers differ.
        """

    def multiply2(self, point: G2, scalar: int) -> G2:
        """Return a point of G2 times *scalar*."""

    def is_identity(self, point: G1) -> bool:
        """Say whether *point* is the identity of G1."""

    def map1(self, element: int) -> G1:
        """Return the point that an element of the field is mapped to, cofactor cleared (RFC 9380, section 6.6.3)."""

    def map2(self, element: tuple[int, int]) -> G2:
        """Return the point of G2 that an element (real, imaginary) of the extension field is mapped to."""

    def add2(self, one: G2, other: G2) -> G2:
        """Return the sum of two points of G2."""

    def encode1(self, point: G1) -> bytes:
        """Return the compressed point, 48 bytes."""

    def encode2(self, point: G2) -> bytes:
        """Return the compressed point, 96 bytes."""

    def decode1(self, data: bytes) -> G1:
        """Return the point of a compressed encoding: on the curve, in the subgroup, not the identity.

        Raises ProofError (``proof.bbs``); of a point there is one encoding.
        """

    def decode2(self, data: bytes) -> G2:
        """Return the point of G2 of a compressed encoding, checked as ``decode1`` does."""

    def pairings_cancel(self, pairs: Sequence[tuple[G1, G2]]) -> bool:
        """Say whether the product of the pairings of *pairs* is the identity of GT."""


def no_point(group: str) -> ProofError:
    """Return the error for bytes that are no point of *group*."""
    length = G1_BYTES if group == "G1" else G2_BYTES
    return ProofError(
        f"not a point of {group}: right would be {length} bytes, compressed, on the curve BLS12-381, in the subgroup "
        "and not the identity",
        code="proof.bbs",
    )
