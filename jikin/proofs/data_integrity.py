"""The steps that Data Integrity cryptosuites share (W3C Data Integrity 1.0, section 4; the suites' section 3).

A suite names its parts: how a document becomes bytes (``transformation``) and by which keys it is signed (``scheme``).
All else (reading the proof options strictly, joining the hashes, encoding the signature) is here once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from jikin.codec import multibase
from jikin.errors import MultibaseError, ProofError, ValueRefusedError
from jikin.proofs.scheme import Scheme
from jikin.proofs.suite import DATA_INTEGRITY as TYPE
from jikin.proofs.suite import ProofOptions
from jikin.proofs.transformation import Transformation
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
)

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
Header: TypeAlias = Literal["z", "u"]


class DataIntegritySuite:
    """A cryptosuite put together: a transformation of the document, and the schemes whose keys it takes.

    A proof does not name the kind of its key; where there are several schemes the length of the signature tells, and
    with it the hash (W3C Data Integrity ECDSA 1.0, section 3.2: SHA-384 with P-384).
    """

    def __init__(
        self,
        name: str,
        transformation: Transformation,
        schemes: Sequence[Scheme],
        *,
        header: Header = "z",
        proof_type: str = TYPE,
    ) -> None:
        """Take the parts; *header* is the multibase alphabet of ``proofValue``.

        *proof_type* is the ``type`` of its proofs: for suites older than Data Integrity 1.0 their own *name*.
        """
        self._name = name
        self.proof_type = proof_type
        self.transformation = transformation
        self._schemes = tuple(schemes)
        self._header: Header = header

    @property
    def name(self) -> str:
        """Return the cryptosuite's name."""
        return self._name

    @property
    def key_types(self) -> frozenset[KeyType]:
        """Return the kinds of key it takes."""
        return frozenset(scheme.key_type for scheme in self._schemes)

    @property
    def defines_terms(self) -> bool:
        """Say whether a document with an undefined term has no canonical form: then its terms are covered."""
        return self.transformation.defines_terms

    def create_proof(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> JsonObject:
        """Return the proof object for *unsecured*, signed by *signer*.

        Raises CanonicalizationError for documents without canonical form, ProofError for a signer of the wrong kind.
        """
        return self.sign(unsecured, options, signer)[0]

    def sign(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> tuple[JsonObject, SignedStatement]:
        """Return the proof object for *unsecured* and what it states; raises as ``create_proof`` does."""
        kind = signer.public_key.type
        scheme = next((one for one in self._schemes if one.key_type is kind), None)
        if scheme is None:
            known = ", ".join(one.key_type.value for one in self._schemes)
            raise ProofError(f"{self.name} signs with {known} keys, got one of kind {kind.value}")
        if options.mandatory_pointers:
            raise ProofError(f"{self.name} shows a document whole: it knows no mandatory pointers")
        stated = members(self.name, options, proof_type=self.proof_type)
        configuration = self.transformation.new_configuration(unsecured, stated)
        signed = self._hash_data(unsecured, configuration, scheme)
        signature = signer.sign(signed)
        if len(signature) != scheme.signature_bytes:
            raise ProofError(f"the signer returned {len(signature)} bytes instead of {scheme.signature_bytes}")
        value = multibase.encode(signature, self._header)
        proof = {**self.transformation.published(configuration), "proofValue": value}
        return proof, SignedStatement(Form.DATA_INTEGRITY, self.name, signed, signature)

    def statement(self, unsecured: JsonObject, proof: JsonObject) -> SignedStatement:
        """Return what *proof* signs (configuration hash, document hash; 64 or 96 bytes) and its raw signature.

        The signature is not judged. Raises CanonicalizationError, ProofError for a malformed proof.
        """
        check(proof, self.name, proof_type=self.proof_type)
        lengths = [scheme.signature_bytes for scheme in self._schemes]
        signature = proof_value(proof, self._header, max(lengths))
        scheme = next((one for one in self._schemes if one.signature_bytes == len(signature)), None)
        if scheme is None:
            right = " or ".join(map(str, lengths))
            raise ProofError(f"a signature of {self.name} is {right} bytes, proofValue holds {len(signature)}")
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        document, configuration = self.transformation.configurations(unsecured, options)
        signed = self._hash_data(document, configuration, scheme)
        return SignedStatement(Form.DATA_INTEGRITY, self.name, signed, signature)

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; another suite's statement or kind of key is False."""
        if statement.form is not Form.DATA_INTEGRITY or statement.algorithm != self.name:
            return False
        scheme = next((one for one in self._schemes if one.key_type is key.type), None)
        return scheme is not None and scheme.verify(key, statement.signed, statement.signature)

    def _hash_data(self, document: JsonObject, configuration: JsonObject, scheme: Scheme) -> bytes:
        """Join the two hashes (section 3.2.4, 3.3.4): the configuration's first, then the document's."""
        canonical = self.transformation.canonical
        return b"".join(scheme.digest(canonical(part, scheme.hash)) for part in (configuration, document))


def members(name: str, options: ProofOptions, *, proof_type: str = TYPE) -> JsonObject:
    """Return the options of a new proof of the suite *name* as its members, in the order of the specification.

    A *proof_type* of its own says which suite it is: then there is no ``cryptosuite``.
    """
    members: dict[str, Json] = {"type": proof_type}
    if proof_type == TYPE:
        members["cryptosuite"] = name
    if options.id is not None:
        members["id"] = options.id
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
    if options.previous_proof:
        one = len(options.previous_proof) == 1
        members["previousProof"] = options.previous_proof[0] if one else list(options.previous_proof)
    return members


def check(proof: JsonObject, name: str, *, proof_type: str = TYPE) -> None:
    """Return if the options of *proof* are those of a proof of the suite *name* (Data Integrity 1.0, section 2.1).

    A proof with a *proof_type* of its own has no ``cryptosuite``.
    Raises ProofError (``proof.malformed``), naming the member and what would be right.
    """
    if not isinstance(proof, Mapping):
        raise ProofError(f"a proof is an object, got {type(proof).__name__}")
    if proof.get("type") != proof_type:
        raise _refuse("type", proof, repr(proof_type))
    if proof.get("cryptosuite") != (name if proof_type == TYPE else None):
        raise _refuse("cryptosuite", proof, repr(name) if proof_type == TYPE else "none")
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


def proof_value(proof: JsonObject, header: Header, max_bytes: int) -> bytes:
    """Return the bytes of ``proofValue`` in the alphabet *header*; a text of more than *max_bytes* is not decoded.

    Raises ProofError (``proof.malformed``).
    """
    value = proof.get("proofValue")
    # Base58 takes 1.366 characters a byte, base64url 1.334, and the header is one more.
    if not isinstance(value, str) or not value.startswith(header) or len(value) > max_bytes * 1.37 + 2:
        raise ProofError(f"proofValue is a multibase text with the header {header} of at most {max_bytes} bytes")
    try:
        return multibase.decode(value)
    except MultibaseError as error:
        raise ProofError(f"proofValue: {error}") from error
