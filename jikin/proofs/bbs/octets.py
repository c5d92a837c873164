"""Signatures, proofs and commitments as octets: read strictly, every point and scalar checked.

draft-irtf-cfrg-bbs-signatures, sections 4.2.4.2 to 4.2.4.6; draft-irtf-cfrg-bbs-blind-signatures, section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic

from jikin.errors import ProofError
from jikin.proofs.bbs.curve import G1, G1_BYTES, G2, ORDER, SCALAR_BYTES, Curve
from jikin.proofs.bbs.interface import MAX_MESSAGES

SIGNATURE_BYTES = G1_BYTES + SCALAR_BYTES
PROOF_FLOOR_BYTES = 3 * G1_BYTES + 4 * SCALAR_BYTES  # of a proof that hides no message
COMMITMENT_FLOOR_BYTES = G1_BYTES + 2 * SCALAR_BYTES  # of a commitment to no message


@dataclass(frozen=True, slots=True)
class Signature(Generic[G1]):
    """A signature: a point and a scalar."""

    a: G1
    e: int


@dataclass(frozen=True, slots=True)
class Proof(Generic[G1]):
    """A proof: three points, and the answers to the challenge; *hidden* has one for each message not disclosed."""

    a_bar: G1
    b_bar: G1
    d: G1
    e: int
    r1: int
    r3: int
    hidden: tuple[int, ...]
    challenge: int


@dataclass(frozen=True, slots=True)
class Commitment(Generic[G1]):
    """What a prover commits to, and its proof of knowing it: answers for the blind and for each *committed* message."""

    point: G1
    blind: int
    committed: tuple[int, ...]
    challenge: int


def octets(scalar: int) -> bytes:
    """Return *scalar* in 32 bytes."""
    return scalar.to_bytes(SCALAR_BYTES, "big")


def number(value: int) -> bytes:
    """Return a count or index in 8 bytes, as it is hashed (section 4.2.4.1)."""
    return value.to_bytes(8, "big")


def counted(data: bytes) -> bytes:
    """Return *data* behind its length in 8 bytes."""
    return number(len(data)) + data


def scalar(data: bytes) -> int:
    """Return the scalar of 32 bytes; raises ProofError (``proof.bbs``) for zero and for what is beyond the order."""
    value = int.from_bytes(data, "big")
    if len(data) != SCALAR_BYTES or not 0 < value < ORDER:
        raise ProofError(
            f"a scalar is {SCALAR_BYTES} bytes, not zero and below the order of BLS12-381", code="proof.bbs"
        )
    return value


def encode_signature(curve: Curve[G1, G2], signature: Signature[G1]) -> bytes:
    """Return *signature*, 80 bytes."""
    return curve.encode1(signature.a) + octets(signature.e)


def decode_signature(curve: Curve[G1, G2], data: bytes) -> Signature[G1]:
    """Return the signature of 80 bytes; raises ProofError (``proof.bbs``)."""
    if len(data) != SIGNATURE_BYTES:
        raise ProofError(f"a BBS signature is {SIGNATURE_BYTES} bytes, got {len(data)}", code="proof.bbs")
    return Signature(curve.decode1(data[:G1_BYTES]), scalar(data[G1_BYTES:]))


def hidden_in(proof_bytes: int) -> int:
    """Return how many messages a proof of so many bytes hides; raises ProofError for a length that no proof has."""
    count, rest = divmod(proof_bytes - PROOF_FLOOR_BYTES, SCALAR_BYTES)
    if count < 0 or rest or count > 2 * MAX_MESSAGES:
        raise ProofError(
            f"a BBS proof is {PROOF_FLOOR_BYTES} bytes and {SCALAR_BYTES} for each message not disclosed, "
            f"got {proof_bytes}",
            code="proof.bbs",
        )
    return count


def encode_proof(curve: Curve[G1, G2], proof: Proof[G1]) -> bytes:
    """Return *proof*, 272 bytes and 32 for each message not disclosed."""
    scalars = (proof.e, proof.r1, proof.r3, *proof.hidden, proof.challenge)
    return b"".join((*map(curve.encode1, (proof.a_bar, proof.b_bar, proof.d)), *map(octets, scalars)))


def decode_proof(curve: Curve[G1, G2], data: bytes) -> Proof[G1]:
    """Return the proof of *data*; raises ProofError (``proof.bbs``)."""
    hidden_in(len(data))
    split = 3 * G1_BYTES
    # The scalars first: they cost nothing, the points a square root and a subgroup check each.
    e, r1, r3, *hidden, challenge = _scalars(data[split:])
    a_bar, b_bar, d = (curve.decode1(part) for part in _parts(data[:split], G1_BYTES))
    return Proof(a_bar, b_bar, d, e, r1, r3, tuple(hidden), challenge)


def committed_in(commitment_bytes: int) -> int:
    """Return how many messages a commitment of so many bytes is to; raises ProofError."""
    count, rest = divmod(commitment_bytes - COMMITMENT_FLOOR_BYTES, SCALAR_BYTES)
    if count < 0 or rest or count > MAX_MESSAGES:
        raise ProofError(
            f"a commitment is {COMMITMENT_FLOOR_BYTES} bytes and {SCALAR_BYTES} for each message, "
            f"got {commitment_bytes}",
            code="proof.bbs",
        )
    return count


def encode_commitment(curve: Curve[G1, G2], commitment: Commitment[G1]) -> bytes:
    """Return *commitment* with its proof, 112 bytes and 32 for each message."""
    scalars = (commitment.blind, *commitment.committed, commitment.challenge)
    return curve.encode1(commitment.point) + b"".join(map(octets, scalars))


def decode_commitment(curve: Curve[G1, G2], data: bytes) -> Commitment[G1]:
    """Return the commitment of *data*; raises ProofError (``proof.bbs``)."""
    committed_in(len(data))
    blind, *committed, challenge = _scalars(data[G1_BYTES:])
    return Commitment(curve.decode1(data[:G1_BYTES]), blind, tuple(committed), challenge)


def _scalars(data: bytes) -> list[int]:
    return [scalar(part) for part in _parts(data, SCALAR_BYTES)]


def _parts(data: bytes, length: int) -> Iterable[bytes]:
    return (data[start : start + length] for start in range(0, len(data), length))


def check_indexes(indexes: Sequence[int], count: int) -> None:
    """Return if *indexes* rise and stay below *count*; raises ProofError (``proof.bbs``)."""
    if not all(one < other for one, other in zip((-1, *indexes), (*indexes, count), strict=True)):
        raise ProofError(f"indexes of disclosed messages rise, and stay below their count {count}", code="proof.bbs")
