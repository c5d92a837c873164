"""Proofs that show some of the signed messages (draft-irtf-cfrg-bbs-signatures, sections 3.5.3, 3.5.4 and 3.7).

With pseudonyms: draft-irtf-cfrg-bbs-per-verifier-linkability, section 7. Two proofs of one signature have nothing in
common but what they show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jikin.errors import ProofError
from jikin.proofs.bbs.curve import G1, G2, ORDER
from jikin.proofs.bbs.interface import Api, Bases, Interface
from jikin.proofs.bbs.octets import (
    Proof,
    check_indexes,
    counted,
    decode_proof,
    decode_signature,
    encode_proof,
    number,
    octets,
)
from jikin.proofs.bbs.prover import Prover, RandomScalars, random_scalars
from jikin.proofs.bbs.signing import Signed, domain_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A proof, and the pseudonym (a point, 48 bytes) under which it was made, None without."""

    proof: bytes
    pseudonym: bytes | None = None


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """A pseudonym (a point, 48 bytes), and the text it was made for: the same holder has another one elsewhere."""

    point: bytes
    domain: bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """A proof with what it is said to show: *header*, and the messages *disclosed* by their indexes.

    *own* is how many messages the signer of a blind signature signed besides the committed ones, None for a plain one.
    """

    proof: bytes
    header: bytes
    presentation_header: bytes
    disclosed: Mapping[int, bytes] = field(repr=False)
    own: int | None = None
    pseudonym: Pseudonym | None = None


def prove(
    interface: Interface[G1, G2],
    public: bytes,
    signed: Signed,
    presentation_header: bytes,
    disclosed: Sequence[int],
    *,
    prover: Prover | None = None,
    nym_domain: bytes | None = None,
    random: RandomScalars = random_scalars,
) -> Shown:
    """Return a proof of *signed* that shows the messages at the indexes *disclosed*.

    *prover* holds what a blind signature was committed to; all of it stays hidden. A pseudonym is made for
    *nym_domain*. Whether the signature fits is not looked at. Raises ProofError (``proof.bbs``).
    """
    curve = interface.curve
    for nym in (prover is not None and prover.nym is not None, nym_domain is not None):
        _check_api(interface, blind=prover is not None, nym=nym)
    check_indexes(disclosed, len(signed.messages))
    bases = interface.bases(len(signed.messages), None if prover is None else prover.count)
    scalars = [*interface.messages_to_scalars(signed.messages), *(prover.scalars(interface) if prover else ())]
    hidden = _others(disclosed, len(scalars))
    read = decode_signature(curve, signed.signature)
    r1, r2, mask_e, mask_r1, mask_r3, *masks = random(5 + len(hidden))

    domain = domain_of(interface, public, bases, signed.header)
    b = curve.combine((interface.base1, *bases.points), (1, domain, *scalars))
    d = curve.combine((b,), (r2,))
    a_bar = curve.combine((read.a,), (r1 * r2,))
    b_bar = curve.combine((d, a_bar), (r1, -read.e))
    t1 = curve.combine((a_bar, d), (mask_e, mask_r1))
    t2 = curve.combine((d, *(bases.points[1 + index] for index in hidden)), (mask_r3, *masks))
    points = [curve.encode1(point) for point in (a_bar, b_bar, d, t1, t2)]
    # The secret of pseudonyms is the last message, and never disclosed.
    nyms = [] if nym_domain is None else _nyms(interface, nym_domain, scalars[-1], masks[-1])
    shown = {index: scalars[index] for index in disclosed}
    challenge = _challenge(interface, shown, points + nyms, domain, presentation_header)
    answers = (
        (mask_e + read.e * challenge) % ORDER,
        (mask_r1 - r1 * challenge) % ORDER,
        (mask_r3 - pow(r2, -1, ORDER) * challenge) % ORDER,
    )
    others = tuple((mask + scalars[index] * challenge) % ORDER for mask, index in zip(masks, hidden, strict=True))
    proof = encode_proof(curve, Proof(a_bar, b_bar, d, *answers, others, challenge))
    return Shown(proof, nyms[0] if nyms else None)


def verify_proof(interface: Interface[G1, G2], public: bytes, presented: Presented) -> bool:
    """Say whether *presented* proves a signature by *public* over what it shows; whatever is malformed is False."""
    curve, disclosed, pseudonym = interface.curve, presented.disclosed, presented.pseudonym
    try:
        _check_api(interface, blind=presented.own is not None, nym=pseudonym is not None)
        read = decode_proof(curve, presented.proof)
        key = curve.decode2(public)
        total = len(read.hidden) + len(disclosed)
        check_indexes(tuple(disclosed), total if presented.own is None else presented.own)
        bases = _bases(interface, total, presented.own)
        nym = None if pseudonym is None else curve.decode1(pseudonym.point)
    except ProofError:
        return False
    shown = dict(zip(disclosed, interface.messages_to_scalars(tuple(disclosed.values())), strict=True))
    hidden = _others(disclosed, total)
    domain = domain_of(interface, public, bases, presented.header)
    c = read.challenge
    t1 = curve.combine((read.b_bar, read.a_bar, read.d), (c, read.e, read.r1))
    known = dict(zip(hidden, read.hidden, strict=True)) | {index: scalar * c for index, scalar in shown.items()}
    t2 = curve.combine(
        (interface.base1, read.d, *bases.points), (c, read.r3, domain * c, *(known[index] for index in range(total)))
    )
    points = [curve.encode1(point) for point in (read.a_bar, read.b_bar, read.d, t1, t2)]
    if pseudonym is not None and nym is not None:
        origin = interface.hash_to_g1(pseudonym.domain)
        mask = curve.combine((origin, nym), (read.hidden[-1], -c))
        points += [curve.encode1(point) for point in (nym, origin, mask)]
    if _challenge(interface, shown, points, domain, presented.presentation_header) != c:
        return False
    return curve.pairings_cancel(((read.a_bar, key), (read.b_bar, interface.minus_base2)))


def _nyms(interface: Interface[G1, G2], domain: bytes, secret: int, mask: int) -> list[bytes]:
    """Return the pseudonym for *domain*, the point it comes from, and its masked copy (NymProofInit, section 7.1)."""
    origin = interface.hash_to_g1(domain)
    nym, masked = (interface.curve.combine((origin,), (scalar,)) for scalar in (secret, mask))
    return [interface.curve.encode1(point) for point in (nym, origin, masked)]


def _check_api(interface: Interface[G1, G2], *, blind: bool, nym: bool) -> None:
    """Refuse what the interface is not for: its id is hashed, so that no proof of one kind passes as another."""
    if (blind, nym) != (interface.api is not Api.PLAIN, interface.api is Api.PSEUDONYM):
        raise ProofError(
            "a plain signature is proven alone, a blind one with what was committed to, a pseudonym for a domain",
            code="proof.bbs",
        )


def _bases(interface: Interface[G1, G2], total: int, own: int | None) -> Bases[G1]:
    if own is None:
        return interface.bases(total)
    committed = total - own - 1  # the blind is signed between the signer's messages and the committed ones
    if committed < (interface.api is Api.PSEUDONYM):
        raise ProofError(f"the proof is over {total} messages, {own} of them the signer's", code="proof.bbs")
    return interface.bases(own, committed)


def _others(indexes: Sequence[int] | Mapping[int, object], count: int) -> list[int]:
    named = set(indexes)
    return [index for index in range(count) if index not in named]


def _challenge(
    interface: Interface[G1, G2],
    shown: Mapping[int, int],
    points: Sequence[bytes],
    domain: int,
    presentation_header: bytes,
) -> int:
    """Return the challenge over what is shown and all points (ProofChallengeCalculate, section 3.7.4)."""
    messages = b"".join(number(index) + octets(scalar) for index, scalar in shown.items())
    data = number(len(shown)) + messages + b"".join(points) + octets(domain) + counted(presentation_header)
    return interface.hash_to_scalar(data)
