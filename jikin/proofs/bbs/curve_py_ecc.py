"""BLS12-381 by py_ecc (pure Python): a second implementation, for checking the first. About 500 times slower.

The library is not installed with ours; whoever wants this curve imports this module by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TypeAlias

from eth_typing import BLSSignature
from py_ecc.bls.g2_primitives import G2_to_signature, signature_to_G2, subgroup_check
from py_ecc.bls.hash_to_curve import clear_cofactor_G1, clear_cofactor_G2, map_to_curve_G1, map_to_curve_G2
from py_ecc.bls.point_compression import compress_G1, decompress_G1
from py_ecc.bls.typing import G1Compressed
from py_ecc.fields import optimized_bls12_381_FQ as Fq
from py_ecc.fields import optimized_bls12_381_FQ2 as Fq2
from py_ecc.fields import optimized_bls12_381_FQ12 as Fq12
from py_ecc.optimized_bls12_381.optimized_curve import G2, Z1, add, is_inf, multiply
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing
from py_ecc.typing import Optimized_Point3D

from jikin.proofs.bbs.curve import G1_BYTES, G2_BYTES, ORDER, no_point

_G1: TypeAlias = Optimized_Point3D[Fq]
_G2: TypeAlias = Optimized_Point3D[Fq2]


class PyEccCurve:
    """The curve by py_ecc; points are triples of projective coordinates."""

    @property
    def base2(self) -> _G2:
        """Return the base point of G2."""
        return G2

    def add(self, one: _G1, other: _G1) -> _G1:
        """Return the sum of two points of G1."""
        return add(one, other)

    def combine(self, points: Sequence[_G1], scalars: Sequence[int]) -> _G1:
        """Return the sum of each point times its scalar; raises ValueError where their numbers differ."""
        products = [multiply(point, scalar % ORDER) for point, scalar in zip(points, scalars, strict=True)]
        return reduce(add, products, Z1)

    def multiply2(self, point: _G2, scalar: int) -> _G2:
        """Return a point of G2 times *scalar*."""
        return multiply(point, scalar % ORDER)

    def is_identity(self, point: _G1) -> bool:
        """Say whether *point* is the identity of G1."""
        return is_inf(point)

    def map1(self, element: int) -> _G1:
        """Return the point that an element of the field is mapped to."""
        return clear_cofactor_G1(map_to_curve_G1(Fq(element)))

    def map2(self, element: tuple[int, int]) -> _G2:
        """Return the point of G2 that an element of the extension field is mapped to."""
        return clear_cofactor_G2(map_to_curve_G2(Fq2(element)))

    def add2(self, one: _G2, other: _G2) -> _G2:
        """Return the sum of two points of G2."""
        return add(one, other)

    def encode1(self, point: _G1) -> bytes:
        """Return the compressed point, 48 bytes."""
        return compress_G1(point).to_bytes(G1_BYTES, "big")

    def encode2(self, point: _G2) -> bytes:
        """Return the compressed point, 96 bytes."""
        return bytes(G2_to_signature(point))

    def decode1(self, data: bytes) -> _G1:
        """Return the point of a compressed encoding; raises ProofError (``proof.bbs``)."""
        if len(data) != G1_BYTES:
            raise no_point("G1")
        try:
            point = decompress_G1(G1Compressed(int.from_bytes(data, "big")))
        except ValueError as error:
            raise no_point("G1") from error
        if is_inf(point) or not subgroup_check(point):
            raise no_point("G1")
        return point

    def decode2(self, data: bytes) -> _G2:
        """Return the point of G2 of a compressed encoding; raises ProofError (``proof.bbs``)."""
        if len(data) != G2_BYTES:
            raise no_point("G2")
        try:
            point = signature_to_G2(BLSSignature(data))
        except ValueError as error:
            raise no_point("G2") from error
        if is_inf(point) or not subgroup_check(point):
            raise no_point("G2")
        return point

    def pairings_cancel(self, pairs: Sequence[tuple[_G1, _G2]]) -> bool:
        """Say whether the product of the pairings is the identity of GT."""
        product = Fq12.one()
        for one, two in pairs:
            product *= pairing(two, one, final_exponentiate=False)
        return final_exponentiate(product) == Fq12.one()
