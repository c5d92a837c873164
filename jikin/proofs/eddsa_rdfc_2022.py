"""eddsa-rdfc-2022: Ed25519 over canonical RDF (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2)."""

from __future__ import annotations

from jikin.codec import jsonld, rdfc
from jikin.codec.contexts import Contexts
from jikin.errors import ProofError
from jikin.proofs.data_integrity import EddsaSuite
from jikin.values import JsonObject


class EddsaRdfc2022(EddsaSuite):
    """The default suite: the signature covers what the document says, not how its JSON is laid out."""

    def __init__(self, contexts: Contexts) -> None:
        """Take the *contexts* that documents may name."""
        self._contexts = contexts

    @property
    def name(self) -> str:
        """Return ``eddsa-rdfc-2022``."""
        return "eddsa-rdfc-2022"

    def canonical(self, document: JsonObject) -> bytes:
        """Return the canonical N-Quads of *document* (RDFC-1.0 with SHA-256) in UTF-8."""
        return rdfc.canonicalize(jsonld.to_quads(document, self._contexts)).encode("utf-8")

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
        return {name: value for name, value in configuration.items() if name != "@context"}
