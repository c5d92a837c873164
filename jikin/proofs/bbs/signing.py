"""Keys and signatures (draft-irtf-cfrg-bbs-signatures, sections 3.4, 3.5.1, 3.5.2, 3.6.1 and 3.6.2)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from jikin.errors import ProofError, ValueRefusedError
from jikin.proofs.bbs.curve import G1, G2, ORDER, Curve
from jikin.proofs.bbs.interface import Api, Bases, Ciphersuite, Interface, scalar_of
from jikin.proofs.bbs.octets import (
    Signature,
    counted,
    decode_signature,
    encode_signature,
    number,
    octets,
)
from jikin.proofs.bbs.prover import Prover

_MATERIAL_BYTES = range(32, 1 << 16)
_MAX_INFO_BYTES = (1 << 16) - 1


def secret_key(suite: Ciphersuite, material: bytes, info: bytes = b"", dst: bytes | None = None) -> int:
    """Return the secret key made of *material*, at least 32 unpredictable bytes, for the use *info* (section 3.4.1).

    Raises ValueRefusedError for material or info of another length.
    """
    if len(material) not in _MATERIAL_BYTES or len(info) > _MAX_INFO_BYTES:
        raise ValueRefusedError("key material is 32 to 65,535 bytes, key info at most 65,535")
    tag = suite.id + Api.PLAIN.value + b"KEYGEN_DST_" if dst is None else dst
    secret = scalar_of(suite, material + len(info).to_bytes(2, "big") + info, tag)
    if not secret:
        raise ValueRefusedError("this key material makes no key")
    return secret


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A secret key and its public key, 96 bytes; never shows the secret."""

    secret: int = field(repr=False)
    public: bytes

    @classmethod
    def of(cls, curve: Curve[G1, G2], secret: int) -> KeyPair:
        """Return *secret* with its public key (SkToPk, section 3.4.2)."""
        return cls(secret, curve.encode2(curve.multiply2(curve.base2, secret)))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature (80 bytes) with what it is said to be over; the *header* is always shown with the messages."""

    signature: bytes
    header: bytes
    messages: Sequence[bytes] = field(repr=False)


def domain_of(interface: Interface[G1, G2], public: bytes, bases: Bases[G1], header: bytes) -> int:
    """Return the scalar that binds a signature to its key, generators and header (calculate_domain, section 4.2.3)."""
    count = number(len(bases.points) - 1)
    return interface.hash_to_scalar(public + count + bases.encoded + interface.id + counted(header))


def sign(interface: Interface[G1, G2], key: KeyPair, header: bytes, messages: Sequence[bytes]) -> bytes:
    """Return the signature by *key* over *messages* and *header*, 80 bytes.

    Raises ProofError for more than 2,048 messages.
    """
    bases = interface.bases(len(messages))
    scalars = interface.messages_to_scalars(messages)
    domain = domain_of(interface, key.public, bases, header)
    e = interface.hash_to_scalar(b"".join(map(octets, (key.secret, *scalars, domain))))
    return finish(interface, key, e, interface.curve.combine((interface.base1, *bases.points), (1, domain, *scalars)))


def finish(interface: Interface[G1, G2], key: KeyPair, e: int, b: G1) -> bytes:
    """Return the signature whose scalar is *e* over the messages combined in *b*: A = B * 1 / (SK + e)."""
    if not e or not (key.secret + e) % ORDER or interface.curve.is_identity(b):
        raise ProofError("these messages cannot be signed with this key", code="proof.bbs")
    a = interface.curve.combine((b,), (pow(key.secret + e, -1, ORDER),))
    return encode_signature(interface.curve, Signature(a, e))


def verify(interface: Interface[G1, G2], public: bytes, signed: Signed, prover: Prover | None = None) -> bool:
    """Say whether the signature of *signed* is by *public*; whatever is malformed is False.

    For a blind signature *prover* holds what it was committed to.
    """
    curve = interface.curve
    try:
        read = decode_signature(curve, signed.signature)
        key = curve.decode2(public)
        bases = interface.bases(len(signed.messages), None if prover is None else prover.count)
        scalars = [*interface.messages_to_scalars(signed.messages), *(prover.scalars(interface) if prover else ())]
    except ProofError:
        return False
    domain = domain_of(interface, public, bases, signed.header)
    # e(A, W + BP2 * e) = e(B, BP2) with the scalar moved into G1, where it costs a third.
    rest = curve.combine((read.a, interface.base1, *bases.points), (read.e, -1, -domain, *(-one for one in scalars)))
    return curve.pairings_cancel(((read.a, key), (rest, curve.base2)))


def verify_all(interface: Interface[G1, G2], public: bytes, signed: Iterable[Signed]) -> bool:
    """Say whether all *signed* are by *public*, for the price of one check and some multiplications.

    The checks are added up, each times 128 random bits of its own: a false one among them is found but with a chance of
    2^-128. Which it is, ``verify`` tells. Nothing signed at all is True.
    """
    curve = interface.curve
    points: list[G1] = []
    weights: list[int] = []
    weighted: list[int] = []
    total = 0
    sums: list[int] = []  # for each generator
    try:
        key = curve.decode2(public)
        for one in signed:
            read = decode_signature(curve, one.signature)
            domain = domain_of(interface, public, interface.bases(len(one.messages)), one.header)
            weight = secrets.randbits(128) | 1 << 128  # never zero
            scalars = (domain, *interface.messages_to_scalars(one.messages))
            sums = [(old + weight * new) % ORDER for old, new in zip_longest(sums, scalars, fillvalue=0)]
            total += weight
            points.append(read.a)
            weights.append(weight)
            weighted.append(weight * read.e)
    except ProofError:
        return False
    if not points:
        return True
    bases = interface.bases(len(sums) - 1).points
    left = curve.combine(points, weights)
    right = curve.combine((*points, interface.base1, *bases), (*weighted, -total, *(-one for one in sums)))
    return curve.pairings_cancel(((left, key), (right, curve.base2)))
