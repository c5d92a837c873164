"""Signatures over messages that the signer does not see (draft-irtf-cfrg-bbs-blind-signatures, section 4).

With the secret of pseudonyms as last message it is draft-irtf-cfrg-bbs-per-verifier-linkability, sections 5 and 6:
prover and signer each give a part of it, so nobody can ask for a signature over another's.
"""

from __future__ import annotations

from collections.abc import Sequence

from jikin.errors import ProofError
from jikin.proofs.bbs.curve import G1, G2, ORDER
from jikin.proofs.bbs.interface import Bases, Interface
from jikin.proofs.bbs.octets import Commitment, committed_in, decode_commitment, encode_commitment, number, octets
from jikin.proofs.bbs.prover import RandomScalars, random_scalars
from jikin.proofs.bbs.signing import KeyPair, domain_of, finish


def commit(
    interface: Interface[G1, G2],
    messages: Sequence[bytes],
    nym: int | None = None,
    random: RandomScalars = random_scalars,
) -> tuple[bytes, int]:
    """Return the commitment to *messages* with its proof, for the signer, and the blind, which the prover keeps.

    *nym* is the prover's part of the secret that pseudonyms come from. Raises ProofError for too many messages.
    """
    curve = interface.curve
    scalars = interface.messages_to_scalars(messages) + ([] if nym is None else [nym])
    bases = interface.commitment_bases(len(scalars))
    blind, *masks = random(len(scalars) + 2)
    point = curve.combine(bases.points, (blind, *scalars))
    challenge = _challenge(interface, bases, point, curve.combine(bases.points, masks))
    first, *others = [
        (mask + secret * challenge) % ORDER for mask, secret in zip(masks, (blind, *scalars), strict=True)
    ]
    return encode_commitment(curve, Commitment(point, first, tuple(others), challenge)), blind


def blind_sign(
    interface: Interface[G1, G2],
    key: KeyPair,
    header: bytes,
    messages: Sequence[bytes],
    commitment: bytes,
    *,
    nym_entropy: int | None = None,
) -> bytes:
    """Return the signature by *key* over *messages* and whatever *commitment* commits to, 80 bytes.

    *nym_entropy* is the signer's part of the secret that pseudonyms come from: fresh randomness, told to the prover.
    Raises ProofError (``proof.bbs``) for a commitment whose proof does not hold.
    """
    curve = interface.curve
    committed = committed_in(len(commitment))
    point = _checked(interface, commitment)
    bases = interface.bases(len(messages), committed)
    domain = domain_of(interface, key.public, bases, header)
    scalars = (1, domain, *interface.messages_to_scalars(messages), 1)
    points = (interface.base1, *bases.points[: len(messages) + 1], point)
    if nym_entropy is not None:
        if not committed:
            raise ProofError("the commitment has no secret for pseudonyms", code="proof.bbs")
        points, scalars = (*points, bases.points[-1]), (*scalars, nym_entropy)
    b = curve.combine(points, scalars)
    return finish(interface, key, interface.hash_to_scalar(octets(key.secret) + curve.encode1(b)), b)


def _checked(interface: Interface[G1, G2], data: bytes) -> G1:
    """Return the point of a commitment whose prover knows what is in it; raises ProofError."""
    curve = interface.curve
    read = decode_commitment(curve, data)
    bases = interface.commitment_bases(len(read.committed))
    mask = curve.combine((*bases.points, read.point), (read.blind, *read.committed, -read.challenge))
    if _challenge(interface, bases, read.point, mask) != read.challenge:
        raise ProofError("the proof of the commitment does not hold", code="proof.bbs")
    return read.point


def _challenge(interface: Interface[G1, G2], bases: Bases[G1], point: G1, mask: G1) -> int:
    encode = interface.curve.encode1
    return interface.hash_to_scalar(number(len(bases.points) - 1) + bases.encoded + encode(point) + encode(mask))
