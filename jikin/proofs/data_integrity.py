"""The steps that Data Integrity cryptosuites share (W3C Data Integrity 1.0, section 4; the suites' section 3).

A suite names its parts: how a document becomes bytes, and how the proof's ``@context`` is set. All else (reading the
proof options strictly, hashing configuration and document, joining the hashes, encoding the signature) is here once.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from jikin.codec import multibase
from jikin.errors import MultibaseError, ProofError, ValueRefusedError
from jikin.proofs import ed25519
from jikin.proofs.suite import ProofOptions
from jikin.values import (
    Form,
    Json,
    JsonObject,
    KeyType,
    PublicKey,
    SignedStatement,
    Signer,
    format_instant,
    parse_instant,
    sha256,
)

TYPE = "DataIntegrityProof"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
# Base58 of 64 bytes has 64 to 88 characters, plus the header: a longer text is not even decoded.
_MAX_PROOF_VALUE = 89


class EddsaSuite(ABC):
    """What eddsa-rdfc-2022 and eddsa-jcs-2022 share: Ed25519, SHA-256, base58 (W3C Data Integrity EdDSA 1.0)."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the cryptosuite's name."""

    @property
    def key_types(self) -> frozenset[KeyType]:
        """Return the one kind of key it takes."""
        return frozenset({KeyType.ED25519})

    @abstractmethod
    def canonical(self, document: JsonObject) -> bytes:
        """Return the bytes of *document* that are hashed; raises CanonicalizationError."""

    @abstractmethod
    def new_configuration(self, unsecured: JsonObject, options: JsonObject) -> JsonObject:
        """Return the configuration of a new proof with these *options*, its ``@context`` set as the suite asks."""

    @abstractmethod
    def configurations(self, unsecured: JsonObject, options: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Return the document and the configuration to hash for an existing proof with these *options*.

        Raises ProofError (``proof.context``) when the proof was made for another ``@context``.
        """

    def published(self, configuration: JsonObject) -> JsonObject:
        """Return what of a new proof's *configuration* goes into the proof."""
        return configuration

    def create_proof(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> JsonObject:
        """Return the proof object for *unsecured*, signed by *signer*.

        Raises CanonicalizationError for documents without canonical form, ProofError for a signer of the wrong kind.
        """
        return self.sign(unsecured, options, signer)[0]

    def sign(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> tuple[JsonObject, SignedStatement]:
        """Return the proof object for *unsecured* and what it states; raises as ``create_proof`` does."""
        key = signer.public_key
        if key.type not in self.key_types:
            raise ProofError(f"{self.name} signs with Ed25519 keys, got one of kind {key.type.value}")
        configuration = self.new_configuration(unsecured, _members(self.name, options))
        signed = self._hash_data(unsecured, configuration)
        signature = signer.sign(signed)
        if len(signature) != ed25519.SIGNATURE_BYTES:
            raise ProofError(f"the signer returned {len(signature)} bytes instead of {ed25519.SIGNATURE_BYTES}")
        proof = {**self.published(configuration), "proofValue": multibase.encode(signature, "z")}
        return proof, SignedStatement(Form.DATA_INTEGRITY, self.name, signed, signature)

    def statement(self, unsecured: JsonObject, proof: JsonObject) -> SignedStatement:
        """Return what *proof* signs (64 bytes: configuration hash, document hash) and its signature (64 bytes).

        The signature is not judged. Raises CanonicalizationError, ProofError for a malformed proof.
        """
        check(proof, self.name)
        signature = _signature(proof.get("proofValue"))
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        document, configuration = self.configurations(unsecured, options)
        return SignedStatement(Form.DATA_INTEGRITY, self.name, self._hash_data(document, configuration), signature)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; another suite's statement or kind of key is False."""
        if statement.form is not Form.DATA_INTEGRITY or statement.algorithm != self.name:
            return False
        return ed25519.verify(key, statement.signed, statement.signature)

    def _hash_data(self, document: JsonObject, configuration: JsonObject) -> bytes:
        """Join the two hashes (section 3.2.4, 3.3.4): the configuration's first, then the document's."""
        return sha256(self.canonical(configuration)) + sha256(self.canonical(document))


def _members(name: str, options: ProofOptions) -> JsonObject:
    members: dict[str, Json] = {"type": TYPE, "cryptosuite": name}
    if options.created is not None:
        members["created"] = format_instant(options.created)
    if options.expires is not None:
        members["expires"] = format_instant(options.expires)
    members["verificationMethod"] = str(options.verification_method)
    members["proofPurpose"] = options.purpose
    if options.domain is not None:
        members["domain"] = options.domain
    if options.challenge is not None:
        members["challenge"] = options.challenge
    return members


def check(proof: JsonObject, name: str) -> None:
    """Return if the options of *proof* are those of a proof of the suite *name* (Data Integrity 1.0, section 2.1).

    Raises ProofError (``proof.malformed``), naming the member and what would be right.
    """
    if not isinstance(proof, Mapping):
        raise ProofError(f"a proof is an object, got {type(proof).__name__}")
    if proof.get("type") != TYPE:
        raise _refuse("type", proof, repr(TYPE))
    if proof.get("cryptosuite") != name:
        raise _refuse("cryptosuite", proof, repr(name))
    for member in ("verificationMethod", "id"):
        value = proof.get(member)
        if (member in proof or member != "id") and not (isinstance(value, str) and _URL.fullmatch(value)):
            raise _refuse(member, proof, "an absolute URL")
    if not _text(proof.get("proofPurpose")):
        raise _refuse("proofPurpose", proof, "a text such as 'assertionMethod'")
    for member in ("created", "expires"):
        if member in proof:
            _check_instant(member, proof)
    for member in ("challenge", "nonce"):
        if member in proof and not _text(proof[member]):
            raise _refuse(member, proof, "a text")
    for member in ("domain", "previousProof"):
        if member in proof and not (_text(proof[member]) or _texts(proof[member])):
            raise _refuse(member, proof, "a text, or an array of texts")


def _check_instant(member: str, proof: JsonObject) -> None:
    value = proof[member]
    try:
        parse_instant(value if isinstance(value, str) else "")
    except ValueRefusedError as error:
        raise _refuse(member, proof, "a date and time with time zone such as 2026-06-12T09:00:00Z") from error


def _text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _texts(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0 and all(map(_text, value))


def _refuse(member: str, proof: JsonObject, right: str) -> ProofError:
    found = repr(proof[member])[:80] if member in proof else "nothing"
    return ProofError(f"the proof's {member} is {found}; right would be {right}")


def _signature(value: Json) -> bytes:
    if not isinstance(value, str) or not value.startswith("z") or len(value) > _MAX_PROOF_VALUE:
        raise ProofError("proofValue is a multibase text in base58 (header z) of a 64-byte signature")
    try:
        signature = multibase.decode(value)
    except MultibaseError as error:
        raise ProofError(f"proofValue: {error}") from error
    if len(signature) != ed25519.SIGNATURE_BYTES:
        raise ProofError(f"an Ed25519 signature is {ed25519.SIGNATURE_BYTES} bytes, proofValue holds {len(signature)}")
    return signature
