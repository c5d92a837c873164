"""BLS12-381 by arkworks (Rust), the implementation that programs run with."""

from __future__ import annotations

from collections.abc import Sequence

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from jikin.proofs.bbs.curve import G1_BYTES, G2_BYTES, ORDER, SCALAR_BYTES, no_point


class ArkworksCurve:
    """The curve by arkworks; points are its objects."""

    def __init__(self) -> None:
        """Make the base point once."""
        self._base2 = G2Point()
        self._identity1 = G1Point.identity()

    @property
    def base2(self) -> G2Point:
        """Return the base point of G2."""
        return self._base2

    def add(self, one: G1Point, other: G1Point) -> G1Point:
        """Return the sum of two points of G1."""
        return one + other

    def combine(self, points: Sequence[G1Point], scalars: Sequence[int]) -> G1Point:
        """Return the sum of each point times its scalar; raises ValueError where their numbers differ."""
        if len(points) != len(scalars):  # the library would silently leave out what has no partner
            raise ValueError(f"{len(points)} points and {len(scalars)} scalars")
        return G1Point.multiexp_unchecked(list(points), [_scalar(one) for one in scalars])

    def multiply2(self, point: G2Point, scalar: int) -> G2Point:
        """Return a point of G2 times *scalar*."""
        return point * _scalar(scalar)

    def is_identity(self, point: G1Point) -> bool:
        """Say whether *point* is the identity of G1."""
        return point == self._identity1

    def map1(self, element: int) -> G1Point:
        """Return the point that an element of the field is mapped to."""
        return G1Point.map_from_fp_be(element.to_bytes(G1_BYTES, "big"))

    def map2(self, element: tuple[int, int]) -> G2Point:
        """Return the point of G2 that an element of the extension field is mapped to."""
        real, imaginary = (part.to_bytes(G1_BYTES, "big") for part in element)
        return G2Point.map_from_fp2_be(real + imaginary)

    def add2(self, one: G2Point, other: G2Point) -> G2Point:
        """Return the sum of two points of G2."""
        return one + other

    def encode1(self, point: G1Point) -> bytes:
        """Return the compressed point, 48 bytes."""
        return point.to_compressed_bytes()

    def encode2(self, point: G2Point) -> bytes:
        """Return the compressed point, 96 bytes."""
        return point.to_compressed_bytes()

    def decode1(self, data: bytes) -> G1Point:
        """Return the point of a compressed encoding; raises ProofError (``proof.bbs``)."""
        if len(data) != G1_BYTES or _says_identity(data):
            raise no_point("G1")
        try:
            return G1Point.from_compressed_bytes(data)  # with the checks of curve and subgroup
        except ValueError as error:
            raise no_point("G1") from error

    def decode2(self, data: bytes) -> G2Point:
        """Return the point of G2 of a compressed encoding; raises ProofError (``proof.bbs``)."""
        if len(data) != G2_BYTES or _says_identity(data):
            raise no_point("G2")
        try:
            return G2Point.from_compressed_bytes(data)
        except ValueError as error:
            raise no_point("G2") from error

    def pairings_cancel(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
        """Say whether the product of the pairings is the identity of GT."""
        return GT.pairing_check([one for one, _ in pairs], [two for _, two in pairs])


def _says_identity(data: bytes) -> bool:
    # The library reads whatever follows this flag as the identity, so that it would have many encodings.
    return bool(data[0] & 0x40)


def _scalar(number: int) -> Scalar:
    return Scalar.from_be_bytes((number % ORDER).to_bytes(SCALAR_BYTES, "big"))


ARKWORKS = ArkworksCurve()
