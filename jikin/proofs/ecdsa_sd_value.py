"""The ``proofValue`` of ecdsa-sd-2023: five components in CBOR behind a header (vc-di-ecdsa 1.0, section 3.5).

A base value goes from issuer to holder and holds all that is needed to show any part; a derived value goes to whoever
is shown one part. Each is read from one text only: deterministic CBOR (RFC 8949, 4.2.1) without tags, in base64url.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from itertools import pairwise, starmap
from typing import TypeAlias

import cbor2

from jikin.codec import multibase
from jikin.errors import ProofError
from jikin.proofs import p256
from jikin.proofs.data_integrity import proof_value
from jikin.proofs.selection import MAX_POINTER_CHARACTERS, MAX_POINTERS
from jikin.values import JsonObject, KeyType, PublicKey

MAX_SIGNATURES = 4096
"""Statements one document can have signed one by one: to verify so many takes about a quarter of a second."""

HMAC_KEY_BYTES = 32
_BASE, _DERIVED = b"\xd9\x5d\x00", b"\xd9\x5d\x01"
_P256_PUBLIC = b"\x80\x24"  # multicodec p256-pub as unsigned varint
_PUBLIC_KEY_BYTES = 35
_LABEL_BYTES = 32
# Two bytes of CBOR before a signature, three before a pointer, whose characters are four bytes at most. What a base
# value has in pointers a derived one has in labels.
_MAX_BYTES = 512 + MAX_SIGNATURES * (p256.SIGNATURE_BYTES + 2) + MAX_POINTERS * (4 * MAX_POINTER_CHARACTERS + 3)


@dataclass(frozen=True, slots=True)
class BaseValue:
    """What an issuer hands to the holder. *signatures* are over the N-Quads that are not mandatory, in their order.

    *hmac_key* (32 bytes) labels the blank nodes; who has it can find out the labels of what is not shown.
    """

    base_signature: bytes
    public_key: PublicKey
    hmac_key: bytes = field(repr=False)
    signatures: tuple[bytes, ...] = field(repr=False)
    mandatory_pointers: tuple[str, ...]

    def to_text(self) -> str:
        """Return the ``proofValue`` (section 3.5.2)."""
        public = multikey(self.public_key)
        return _text(_BASE, self.base_signature, public, self.hmac_key, self.signatures, self.mandatory_pointers)


@dataclass(frozen=True, slots=True)
class DerivedValue:
    """What a holder hands on. *signatures* are over the N-Quads shown that are not mandatory, in their order.

    *label_map* leads from the blank nodes of what is shown (``c14n0`` …) to the labels they were signed with,
    *mandatory_indexes* are those of the mandatory among the N-Quads shown.
    """

    base_signature: bytes
    public_key: PublicKey
    signatures: tuple[bytes, ...] = field(repr=False)
    label_map: dict[str, str] = field(repr=False)
    mandatory_indexes: tuple[int, ...]

    def to_text(self) -> str:
        """Return the ``proofValue`` (sections 3.5.5 and 3.5.7)."""
        labels = {int(name.removeprefix("c14n")): multibase.decode(label) for name, label in self.label_map.items()}
        public = multikey(self.public_key)
        return _text(_DERIVED, self.base_signature, public, self.signatures, labels, self.mandatory_indexes)


Value: TypeAlias = BaseValue | DerivedValue


def multikey(public: PublicKey) -> bytes:
    """Return a P-256 key as the base signature covers it: the bytes of its Multikey (section 3.6.5), 35 of them."""
    return _P256_PUBLIC + public.raw


def read(proof: JsonObject) -> Value:
    """Return what the ``proofValue`` of *proof* holds (sections 3.5.3 and 3.5.8).

    Raises ProofError (``proof.malformed``) for what is not exactly one of the two.
    """
    data = proof_value(proof, "u", _MAX_BYTES)
    header, body = data[: len(_BASE)], data[len(_BASE) :]
    if header not in (_BASE, _DERIVED):
        raise _refuse(f"begins with {header.hex()}; right would be {_BASE.hex()} (base) or {_DERIVED.hex()} (derived)")
    match _components(body):
        case [bytes(base), bytes(public), bytes(hmac_key), list(signatures), list(pointers)] if header == _BASE:
            _check_length("the HMAC key", hmac_key, HMAC_KEY_BYTES)
            return BaseValue(*_signed(base, public), hmac_key, _signatures(signatures), _pointers(pointers))
        case [bytes(base), bytes(public), list(signatures), dict(labels), list(indexes)] if header == _DERIVED:
            return DerivedValue(*_signed(base, public), _signatures(signatures), _labels(labels), _indexes(indexes))
    raise _refuse("has not the five components of its kind, in their order")


def _text(header: bytes, *components: object) -> str:
    return multibase.encode(header + cbor2.dumps(components, canonical=True), "u")


def _components(body: bytes) -> object:
    try:
        found: object = cbor2.loads(body, max_depth=2, allow_indefinite=False, allow_duplicate_keys=False)
        again = cbor2.dumps(found, canonical=True)
    except cbor2.CBORError as error:
        raise _refuse(f"is no CBOR of two levels: {str(error)[:200]}") from error
    if again != body:  # a tag, a longer form of a number, another order, or bytes after the end
        raise _refuse("is not in deterministic CBOR without tags")
    return found


def _signed(base: bytes, public: bytes) -> tuple[bytes, PublicKey]:
    _check_length("the base signature", base, p256.SIGNATURE_BYTES)
    _check_length("the public key", public, _PUBLIC_KEY_BYTES)
    if public[:2] != _P256_PUBLIC:
        raise _refuse(f"has a key of kind 0x{public[:2].hex()}; right would be P-256, 0x{_P256_PUBLIC.hex()}")
    return base, PublicKey(KeyType.P256, public[2:])


def _signatures(found: list[object]) -> tuple[bytes, ...]:
    if len(found) > MAX_SIGNATURES:
        raise _refuse(f"has {len(found)} signatures; at most {MAX_SIGNATURES} are read")
    return tuple(_check_length("a signature", signature, p256.SIGNATURE_BYTES) for signature in found)


def _pointers(found: list[object]) -> tuple[str, ...]:
    pointers = tuple(pointer for pointer in found if isinstance(pointer, str))
    if len(pointers) != len(found):
        raise _refuse("has a mandatory pointer that is no text")
    return pointers


def _labels(found: dict[object, object]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for number, (key, label) in enumerate(found.items()):  # deterministic CBOR has them in rising order
        if type(key) is not int or key != number:
            raise _refuse("has a label map whose keys are not 0, 1, 2 …")
        labels[f"c14n{number}"] = multibase.encode(_check_length("a label", label, _LABEL_BYTES), "u")
    if len(set(labels.values())) != len(labels):
        # Two nodes under one label: what was said of one thing could be shown as said of two.
        raise _refuse("gives two blank nodes one label")
    return labels


def _indexes(found: list[object]) -> tuple[int, ...]:
    indexes = tuple(index for index in found if type(index) is int and index >= 0)
    if len(indexes) != len(found) or any(starmap(operator.ge, pairwise(indexes))):
        raise _refuse("has mandatory indexes that are not numbers in rising order")
    return indexes


def _check_length(what: str, value: object, length: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != length:
        found = f"{len(value)} bytes" if isinstance(value, bytes) else type(value).__name__
        raise _refuse(f"has {found} for {what}; right would be {length} bytes")
    return value


def _refuse(message: str) -> ProofError:
    return ProofError(f"the proofValue {message}")
