"""How a document becomes the bytes that are hashed, and which ``@context`` its proof is read in: RDF or canonical JSON.

W3C Data Integrity EdDSA Cryptosuites 1.0, sections 3.2 (RDFC) and 3.3 (JCS); the ECDSA suites do the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from jikin.codec import jcs, jsonld, rdfc
from jikin.codec.contexts import Contexts
from jikin.errors import ProofError
from jikin.proofs.scheme import HashName
from jikin.values import Json, JsonObject


class Transformation(Protocol):
    """What of a suite is about the document and not about the key."""

    @property
    def defines_terms(self) -> bool:
        """Say whether a document with an undefined term has no canonical form: then its terms are covered."""

    def canonical(self, document: JsonObject, hash_name: HashName) -> bytes:
        """Return the bytes of *document* that are hashed; raises CanonicalizationError."""

    def new_configuration(self, unsecured: JsonObject, options: JsonObject) -> JsonObject:
        """Return the configuration of a new proof with these *options*, its ``@context`` set as it is hashed."""

    def configurations(self, unsecured: JsonObject, options: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Return the document and the configuration to hash for an existing proof with these *options*.

        Raises ProofError (``proof.context``) when the proof was made for another ``@context``.
        """

    def published(self, configuration: JsonObject) -> JsonObject:
        """Return what of a new proof's *configuration* goes into the proof."""


class Rdf:
    """Canonical RDF: the signature covers what the document says, not how its JSON is laid out."""

    defines_terms = True

    def __init__(self, contexts: Contexts) -> None:
        """Take the *contexts* that documents may name."""
        self._contexts = contexts

    def canonical(self, document: JsonObject, hash_name: HashName) -> bytes:
        """Return the canonical N-Quads of *document* (RDFC-1.0 with *hash_name*) in UTF-8."""
        return rdfc.canonicalize(jsonld.to_quads(document, self._contexts), hash_name=hash_name).encode("utf-8")

    def new_configuration(self, unsecured: JsonObject, options: JsonObject) -> JsonObject:
        """Return *options* with the document's ``@context``, in which they are read (section 3.2.5, step 5)."""
        return {**options, "@context": unsecured["@context"]} if "@context" in unsecured else options

    def configurations(self, unsecured: JsonObject, options: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Return the document as it is, and *options* with its ``@context``.

        A proof with another ``@context`` of its own is refused: it would be replaced before hashing, so what it says
        would not be signed.
        """
        if "@context" in options and options["@context"] != unsecured.get("@context"):
            raise ProofError("the proof has a @context of its own, which is not signed", code="proof.context")
        return unsecured, self.new_configuration(unsecured, options)

    def published(self, configuration: JsonObject) -> JsonObject:
        """Return the configuration without the ``@context``, which is the document's."""
        return _without_context(configuration)


class CanonicalJson:
    """Canonical JSON (RFC 8785): the signature covers the JSON value, member by member; contexts are not read."""

    defines_terms = False

    def __init__(self, *, context_in_proof: bool = True) -> None:
        """Say where a reader finds the ``@context`` that is hashed with the options.

        True: in the proof, which carries the document's (EdDSA and ECDSA, section 3.3.1, step 2); a proof without one
        was hashed without one. False: a new proof carries none, and a proof without one was hashed with the document's
        (Quantum-Safe Cryptosuites, "Proof Configuration"). A proof that carries one is read alike by both.
        """
        self._context_in_proof = context_in_proof

    def canonical(self, document: JsonObject, hash_name: HashName) -> bytes:  # noqa: ARG002 -- the same for every hash
        """Return the canonical JSON of *document*."""
        return jcs.canonicalize(document)

    def new_configuration(self, unsecured: JsonObject, options: JsonObject) -> JsonObject:
        """Return *options* with the document's ``@context``, where it has one."""
        return {"@context": unsecured["@context"], **options} if "@context" in unsecured else options

    def configurations(self, unsecured: JsonObject, options: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Return the document with the proof's ``@context``, and *options* as they are (section 3.3.2, step 4).

        Whoever adds a second proof may have appended contexts: the proof's must be the first of the document's.
        """
        if "@context" not in options:
            return unsecured, options if self._context_in_proof else self.new_configuration(unsecured, options)
        signed, present = _entries(options["@context"]), _entries(unsecured.get("@context"))
        if not signed or present[: len(signed)] != signed:
            raise ProofError("the document's @context does not begin with the proof's", code="proof.context")
        return {**unsecured, "@context": options["@context"]}, options

    def published(self, configuration: JsonObject) -> JsonObject:
        """Return the configuration, with its ``@context`` only where readers look for it there."""
        return configuration if self._context_in_proof else _without_context(configuration)


def _without_context(configuration: JsonObject) -> JsonObject:
    return {name: value for name, value in configuration.items() if name != "@context"}


def _entries(context: Json) -> list[Json]:
    if context is None:
        return []
    return list(context) if isinstance(context, Sequence) and not isinstance(context, str) else [context]
