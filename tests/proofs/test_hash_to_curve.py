"""Hashing to BLS12-381 (RFC 9380) gives the published points on both curves, and the published uniform bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jikin.errors import ProofError
from jikin.proofs.bbs.curve import FIELD, Curve
from jikin.proofs.bbs.curve_arkworks import ARKWORKS
from jikin.proofs.bbs.curve_py_ecc import PyEccCurve
from jikin.proofs.bbs.hashing import Expand, expand_message_xmd, expand_message_xof, hash_to_g1, hash_to_g2
from tests.codes import code_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "hash-to-curve"
CURVES: dict[str, Curve[Any, Any]] = {"arkworks": ARKWORKS, "py_ecc": PyEccCurve()}
each_curve = pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES.keys())


def published(name: str) -> tuple[bytes, list[Any]]:
    data = json.loads((VECTORS / f"{name}.json").read_bytes())
    return data["dst"].encode(), data["cases"]


def compressed(x: Any, y: Any) -> bytes:
    """Return the compressed point of coordinates, in G2 pairs whose real part is given first and written last."""
    parts = b"".join(int(part, 16).to_bytes(48, "big") for part in reversed(x if isinstance(x[0], str) else x[0]))
    numbers = [int(part, 16) for part in reversed(y if isinstance(y[0], str) else y[0])]
    sign = next(number for number in numbers if number) > FIELD // 2
    return bytes([parts[0] | 0x80 | sign << 5]) + parts[1:]


@each_curve
def test_messages_are_hashed_to_the_published_points_of_g1(curve: Curve[Any, Any]) -> None:
    dst, cases = published("bls12381g1_xmd_sha256_sswu_ro")
    assert len(cases) == 5
    for message, x, y in cases:
        point = hash_to_g1(curve, expand_message_xmd, message.encode(), dst)
        assert curve.encode1(point) == compressed(x, y)
        assert curve.decode1(compressed(x, y)) is not None


@each_curve
def test_messages_are_hashed_to_the_published_points_of_g2(curve: Curve[Any, Any]) -> None:
    dst, cases = published("bls12381g2_xmd_sha256_sswu_ro")
    assert len(cases) == 5
    for message, x, y in cases:
        point = hash_to_g2(curve, expand_message_xmd, message.encode(), dst)
        assert curve.encode2(point) == compressed(x, y)


@each_curve
def test_another_tag_or_message_or_expander_is_another_point(curve: Curve[Any, Any]) -> None:
    dst, ((message, *_), *_) = published("bls12381g1_xmd_sha256_sswu_ro")
    variants = [
        (expand_message_xmd, message.encode(), dst),
        (expand_message_xmd, message.encode() + b"x", dst),
        (expand_message_xmd, message.encode(), dst + b"x"),
        (expand_message_xof, message.encode(), dst),
    ]
    assert len({curve.encode1(hash_to_g1(curve, *variant)) for variant in variants}) == 4


def test_messages_are_expanded_to_the_published_bytes_by_sha_256() -> None:
    dst, cases = published("expand_message_xmd_sha256")
    assert len(cases) == 10
    for message, length, (uniform,) in cases:
        assert expand_message_xmd(message.encode(), dst, length).hex() == uniform


# RFC 9380, appendix K.6.
SHAKE_256 = {
    "": "2ffc05c48ed32b95d72e807f6eab9f7530dd1c2f013914c8fed38c5ccc15ad76",
    "abc": "b39e493867e2767216792abce1f2676c197c0692aed061560ead251821808e07",
}


@pytest.mark.parametrize(("message", "uniform"), SHAKE_256.items())
def test_messages_are_expanded_to_the_published_bytes_by_shake_256(message: str, uniform: str) -> None:
    assert expand_message_xof(message.encode(), b"QUUX-V01-CS02-with-expander-SHAKE256", 32).hex() == uniform


LIMITS: dict[str, tuple[Expand, int]] = {
    "SHA-256": (expand_message_xmd, 255 * 32),
    "SHAKE-256": (expand_message_xof, 65535),
}


@pytest.mark.parametrize(("expand", "most"), LIMITS.values(), ids=LIMITS.keys())
def test_messages_are_expanded_up_to_the_limit_of_the_standard(expand: Expand, most: int) -> None:
    assert len(expand(b"m", b"tag", most)) == most
    for length in (0, -1, most + 1):
        with pytest.raises(ProofError) as refused:
            expand(b"m", b"tag", length)
        assert refused.value.code == "proof.bbs"
    assert code_of(expand, b"m", b"", 32) == "proof.bbs"


@pytest.mark.parametrize(("expand", "most"), LIMITS.values(), ids=LIMITS.keys())
def test_a_long_tag_is_hashed_first(expand: Expand, most: int) -> None:
    longest, longer = b"t" * 255, b"t" * 256
    assert len({expand(b"m", tag, 32) for tag in (longest, longer, longer + b"t")}) == 3
