"""A ciphersuite with the interface it is used through: how messages become scalars, and which generators they get.

draft-irtf-cfrg-bbs-signatures, sections 2.3, 4.1, 4.2 and 7.2. Blind BBS and pseudonyms are interfaces of their own
(draft-irtf-cfrg-bbs-blind-signatures, draft-irtf-cfrg-bbs-per-verifier-linkability), so no proof passes under another.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Generic

from py_arkworks_bls12381 import G1Point, G2Point

from jikin.errors import ProofError
from jikin.proofs.bbs.curve import G1, G2, ORDER, Curve
from jikin.proofs.bbs.curve_arkworks import ARKWORKS
from jikin.proofs.bbs.hashing import Expand, expand_message_xmd, expand_message_xof, hash_to_g1

EXPAND_BYTES = 48  # bytes that become one scalar
# Four times what the largest credential of ours states; a generator costs a quarter of a millisecond, once.
MAX_MESSAGES = 2048


@dataclass(frozen=True, slots=True)
class Ciphersuite:
    """One of the two ciphersuites (section 7.2): *base1* is its fixed point P1, compressed."""

    id: bytes
    expand: Expand
    base1: bytes


SHA_256 = Ciphersuite(
    b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_",
    expand_message_xmd,
    bytes.fromhex("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9"),
)
SHAKE_256 = Ciphersuite(
    b"BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_",
    expand_message_xof,
    bytes.fromhex("8929dfbc7e6642c4ed9cba0856e493f8b9d7d5fcb0c31ef8fdcd34d50648a56c795e106e9eada6e0bda386b414150755"),
)


class Api(Enum):
    """The interfaces; the value is what its id adds to the ciphersuite's."""

    PLAIN = b"H2G_HM2S_"
    BLIND = b"BLIND_H2G_HM2S_"
    PSEUDONYM = b"H2G_HM2S_PSEUDONYM_"


@dataclass(frozen=True, slots=True)
class Bases(Generic[G1]):
    """The generators of one signature: Q1, then one point for each message; *encoded* are they, compressed, joined."""

    points: tuple[G1, ...]
    encoded: bytes


class Interface(Generic[G1, G2]):
    """A ciphersuite, an interface and a curve; keeps the generators it has made."""

    def __init__(self, suite: Ciphersuite, api: Api, curve: Curve[G1, G2]) -> None:
        """Put it together; no generator is made yet."""
        self.suite = suite
        self.api = api
        self.curve = curve
        self.id = suite.id + api.value
        self.base1 = curve.decode1(suite.base1)
        self.minus_base2 = curve.multiply2(curve.base2, -1)
        self._generators = _Generators(self, self.id)
        self._blind_generators = _Generators(self, b"BLIND_" + self.id)

    def hash_to_scalar(self, data: bytes, purpose: bytes = b"H2S_") -> int:
        """Return the scalar that *data* is hashed to under the interface's tag for *purpose* (section 4.2.2)."""
        return scalar_of(self.suite, data, self.id + purpose)

    def messages_to_scalars(self, messages: Sequence[bytes]) -> list[int]:
        """Return the scalars of *messages* (section 4.1.2)."""
        return [self.hash_to_scalar(message, b"MAP_MSG_TO_SCALAR_AS_HASH_") for message in messages]

    def hash_to_g1(self, data: bytes, purpose: bytes = b"") -> G1:
        """Return the point that *data* is hashed to under the interface's tag for *purpose*."""
        return hash_to_g1(self.curve, self.suite.expand, data, self.id + purpose)

    def bases(self, messages: int, committed: int | None = None) -> Bases[G1]:
        """Return the generators for so many *messages* of the signer.

        With *committed*, those for the prover's blind and so many messages that it committed to follow. Raises
        ProofError for more than 2,048 of either.
        """
        own = self._generators.first(messages + 1)
        if committed is None:
            return own
        blind = self._blind_generators.first(committed + 1)
        return Bases(own.points + blind.points, own.encoded + blind.encoded)

    def commitment_bases(self, committed: int) -> Bases[G1]:
        """Return the generators of a commitment to so many messages: Q2, then one for each."""
        return self._blind_generators.first(committed + 1)


class _Generators(Generic[G1, G2]):
    """create_generators (section 4.1.1): each needs the one before it, so a longer list begins with a shorter one."""

    def __init__(self, interface: Interface[G1, G2], id: bytes) -> None:
        self._interface = interface
        self._id = id
        self._points: list[G1] = []
        self._encoded: list[bytes] = []
        self._state = self._expand(id + b"MESSAGE_GENERATOR_SEED")
        self._lists: dict[int, Bases[G1]] = {}
        self._lock = threading.Lock()

    def first(self, count: int) -> Bases[G1]:
        """Return the first *count*; raises ProofError for more than are ever needed."""
        known = self._lists.get(count)
        if known is not None:
            return known
        if not 0 < count <= MAX_MESSAGES + 1:
            raise ProofError(f"a BBS signature is over 0 to {MAX_MESSAGES} messages, got {count - 1}", code="proof.bbs")
        with self._lock:
            while len(self._points) < count:
                self._append()
            made = Bases(tuple(self._points[:count]), b"".join(self._encoded[:count]))
            if len(self._lists) >= _MAX_LISTS:
                self._lists.clear()
            self._lists[count] = made
        return made

    def _append(self) -> None:
        self._state = self._expand(self._state + (len(self._points) + 1).to_bytes(8, "big"))
        suite, curve = self._interface.suite, self._interface.curve
        point = hash_to_g1(curve, suite.expand, self._state, self._id + b"SIG_GENERATOR_DST_")
        self._points.append(point)
        self._encoded.append(curve.encode1(point))

    def _expand(self, data: bytes) -> bytes:
        return self._interface.suite.expand(data, self._id + b"SIG_GENERATOR_SEED_", EXPAND_BYTES)


_MAX_LISTS = 64  # of different length that are kept


def scalar_of(suite: Ciphersuite, data: bytes, dst: bytes) -> int:
    """Return the scalar that *data* is hashed to under the whole tag *dst* (hash_to_scalar, section 4.2.2)."""
    return int.from_bytes(suite.expand(data, dst, EXPAND_BYTES), "big") % ORDER


@cache
def standard(api: Api, suite: Ciphersuite = SHA_256) -> Interface[G1Point, G2Point]:
    """Return the interface of *suite* on the curve that programs run with; the same one every time."""
    return Interface(suite, api, ARKWORKS)
