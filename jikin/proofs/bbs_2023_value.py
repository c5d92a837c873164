"""The ``proofValue`` of bbs-2023: its components in CBOR behind a header that names the feature (vc-di-bbs, 3.3).

A base value goes from issuer to holder and holds all that is needed to show any part; a derived value goes to whoever
is shown one part. Each is read from one text only: deterministic CBOR (RFC 8949, 4.2.1), in base64url.

Of the pseudonyms the specification's text and its published vectors differ. Written is what the vectors have: the
headers 08 and 09 whether or not a holder's secret is bound too, and no ``nym_domain``, which the verifier chose and so
knows. Read are both, the text's headers 06 and 07 and its eight components as well.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise, starmap
from typing import TypeAlias

import cbor2

from jikin.codec import multibase
from jikin.errors import ProofError
from jikin.proofs.bbs.curve import G1_BYTES, G2_BYTES, ORDER, SCALAR_BYTES
from jikin.proofs.bbs.interface import MAX_MESSAGES
from jikin.proofs.bbs.octets import PROOF_FLOOR_BYTES, SIGNATURE_BYTES, hidden_in
from jikin.proofs.data_integrity import proof_value
from jikin.proofs.selection import MAX_POINTER_CHARACTERS, MAX_POINTERS
from jikin.values import JsonObject

HMAC_KEY_BYTES = 32
HEADER_BYTES = 64  # proof hash, mandatory hash
MAX_PRESENTATION_HEADER_BYTES = 4096
MAX_NYM_DOMAIN_BYTES = 1024
_MAX_STATEMENTS = 20_000  # N-Quads and blank nodes of one document
_TAG = b"\xd9\x5d"
_MAX_BYTES = (
    *(PROOF_FLOOR_BYTES, 2 * MAX_MESSAGES * SCALAR_BYTES, MAX_PRESENTATION_HEADER_BYTES, MAX_NYM_DOMAIN_BYTES, 512),
    *(11 * _MAX_STATEMENTS, MAX_POINTERS * (4 * MAX_POINTER_CHARACTERS + 3)),
)


class Feature(Enum):
    """What a signature is bound to besides the document; the value is the last byte of a new base proof's header."""

    BASELINE = 2
    HOLDER_BINDING = 4
    PSEUDONYM = 8


_FEATURES = {2: Feature.BASELINE, 4: Feature.HOLDER_BINDING, 6: Feature.PSEUDONYM, 8: Feature.PSEUDONYM}


@dataclass(frozen=True, slots=True)
class BaseValue:
    """What an issuer hands to the holder.

    *header* is what is shown with every part: proof hash and mandatory hash. *hmac_key* (32 bytes) shuffled the labels
    of blank nodes; who has it can find out those of what is not shown. *nym_entropy* is the issuer's part of the secret
    that pseudonyms come from, None for other features.
    """

    feature: Feature
    signature: bytes
    header: bytes
    public_key: bytes
    hmac_key: bytes = field(repr=False)
    mandatory_pointers: tuple[str, ...]
    nym_entropy: int | None = field(default=None, repr=False)

    def to_text(self) -> str:
        """Return the ``proofValue`` (section 3.3.1)."""
        components = (self.signature, self.header, self.public_key, self.hmac_key, self.mandatory_pointers)
        more = () if self.nym_entropy is None else (self.nym_entropy,)
        return _text(self.feature.value, *components, *more)


@dataclass(frozen=True, slots=True)
class DerivedValue:
    """What a holder hands on.

    *label_map* leads from the blank nodes of what is shown (``c14n0`` …) to the labels they were signed with.
    *mandatory_indexes* are those of the mandatory among the N-Quads shown, *selective_indexes* those of the others
    among all that were signed and not mandatory, *messages* how many these were (None in the baseline).
    """

    feature: Feature
    proof: bytes
    label_map: dict[str, str] = field(repr=False)
    mandatory_indexes: tuple[int, ...]
    selective_indexes: tuple[int, ...]
    presentation_header: bytes
    messages: int | None = None
    pseudonym: bytes | None = None
    nym_domain: bytes | None = None

    def to_text(self) -> str:
        """Return the ``proofValue`` (section 3.3.6), without ``nym_domain``."""
        labels = {int(name[len("c14n") :]): int(label[len("b") :]) for name, label in self.label_map.items()}
        components = (self.proof, labels, self.mandatory_indexes, self.selective_indexes, self.presentation_header)
        more = tuple(one for one in (self.pseudonym, self.messages) if one is not None)
        return _text(self.feature.value + 1, *components, *more)


Value: TypeAlias = BaseValue | DerivedValue


def read(proof: JsonObject) -> Value:
    """Return what the ``proofValue`` of *proof* holds (sections 3.3.2 and 3.3.7).

    Raises ProofError (``proof.malformed``) for what is not exactly one of the two; ``proof.bbs`` for a proof of a
    length that none has.
    """
    data = proof_value(proof, "u", sum(_MAX_BYTES))
    if data[:2] != _TAG or len(data) < 4 or data[2] & ~1 not in _FEATURES:
        raise _refuse(f"begins with {data[:3].hex()}; right would be d95d02 to d95d09")
    feature, components = _FEATURES[data[2] & ~1], _components(data[3:])
    return _derived(feature, components) if data[2] & 1 else _base(feature, components)


def _base(feature: Feature, components: object) -> BaseValue:
    match feature, components:
        case Feature.PSEUDONYM, [*common, int(entropy)] if type(entropy) is int and 0 < entropy < ORDER:
            nym_entropy: int | None = entropy
        case ((Feature.BASELINE | Feature.HOLDER_BINDING), [*common]):
            nym_entropy = None
        case _:
            raise _refuse("has not the components of a base proof with its feature, in their order")
    match common:
        case [bytes(signature), bytes(header), bytes(public), bytes(hmac_key), list(pointers)]:
            _check_length("the signature", signature, SIGNATURE_BYTES)
            _check_length("the header", header, HEADER_BYTES)
            _check_length("the public key", public, G2_BYTES)
            _check_length("the HMAC key", hmac_key, HMAC_KEY_BYTES)
            return BaseValue(feature, signature, header, public, hmac_key, _pointers(pointers), nym_entropy)
    raise _refuse("has not the components of a base proof, in their order")


def _derived(feature: Feature, components: object) -> DerivedValue:
    messages: object = None
    pseudonym: object = None
    domain: object = None
    match feature, components:
        case Feature.BASELINE, [proof, labels, mandatory, selective, header]:
            pass
        case Feature.HOLDER_BINDING, [proof, labels, mandatory, selective, header, messages]:
            pass
        case Feature.PSEUDONYM, [proof, labels, mandatory, selective, header, pseudonym, messages]:
            pass
        case Feature.PSEUDONYM, [proof, labels, mandatory, selective, header, domain, pseudonym, messages]:
            pass
        case _:
            raise _refuse("has not the components of a derived proof with its feature, in their order")
    if not isinstance(proof, bytes):
        raise _refuse(f"has {type(proof).__name__} for the BBS proof")
    hidden_in(len(proof))
    return DerivedValue(
        feature,
        proof,
        _labels(labels),
        _indexes("mandatory", mandatory),
        _indexes("selective", selective),
        _bounded("presentation header", header, MAX_PRESENTATION_HEADER_BYTES),
        None if feature is Feature.BASELINE else _count(messages),
        None if feature is not Feature.PSEUDONYM else _check_length("the pseudonym", pseudonym, G1_BYTES),
        None if domain is None else _domain(domain),
    )


def _text(header: int, *components: object) -> str:
    return multibase.encode(_TAG + bytes([header]) + cbor2.dumps(components, canonical=True), "u")


def _components(body: bytes) -> object:
    try:
        found: object = cbor2.loads(body, max_depth=2, allow_indefinite=False, allow_duplicate_keys=False)
        again = cbor2.dumps(found, canonical=True)
    except cbor2.CBORError as error:
        raise _refuse(f"is no CBOR of two levels: {str(error)[:200]}") from error
    if again != body:  # a tag, a longer form of a number, another order, or bytes after the end
        raise _refuse("is not in deterministic CBOR")
    return found


def _pointers(found: list[object]) -> tuple[str, ...]:
    pointers = tuple(pointer for pointer in found if isinstance(pointer, str))
    if len(pointers) != len(found):
        raise _refuse("has a mandatory pointer that is no text")
    return pointers


def _labels(found: object) -> dict[str, str]:
    labels: dict[str, str] = {}
    if not isinstance(found, dict):
        raise _refuse(f"has {type(found).__name__} for the label map")
    for number, (key, label) in enumerate(found.items()):  # deterministic CBOR has them in rising order
        if type(key) is not int or key != number:
            raise _refuse("has a label map whose keys are not 0, 1, 2 …")
        labels[f"c14n{number}"] = f"b{_number('a label', label)}"
    if len(set(labels.values())) != len(labels):
        # Two nodes under one label: what was said of one thing could be shown as said of two.
        raise _refuse("gives two blank nodes one label")
    return labels


def _indexes(which: str, found: object) -> tuple[int, ...]:
    items = found if isinstance(found, list) else [found]
    indexes = tuple(_number(f"one of the {which} indexes", index) for index in items)
    if not isinstance(found, list) or any(starmap(operator.ge, pairwise(indexes))):
        raise _refuse(f"has {which} indexes that are not numbers in rising order")
    return indexes


def _count(found: object) -> int:
    count = _number("the number of messages", found)
    if count > MAX_MESSAGES:
        raise _refuse(f"speaks of {count} messages; at most {MAX_MESSAGES} are read")
    return count


def _number(what: str, found: object) -> int:
    if type(found) is not int or not 0 <= found < _MAX_STATEMENTS:
        raise _refuse(f"has {str(found)[:40]} for {what}; right would be a number below {_MAX_STATEMENTS}")
    return found


def _domain(found: object) -> bytes:
    data = found.encode("utf-8") if isinstance(found, str) else found
    return _bounded("nym_domain", data, MAX_NYM_DOMAIN_BYTES)


def _bounded(what: str, found: object, most: int) -> bytes:
    if not isinstance(found, bytes) or len(found) > most:
        raise _refuse(f"has no {what} of at most {most} bytes")
    return found


def _check_length(what: str, value: object, length: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != length:
        found = f"{len(value)} bytes" if isinstance(value, bytes) else type(value).__name__
        raise _refuse(f"has {found} for {what}; right would be {length} bytes")
    return value


def _refuse(message: str) -> ProofError:
    return ProofError(f"the proofValue {message}")
