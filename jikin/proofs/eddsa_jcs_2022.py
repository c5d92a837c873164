"""eddsa-jcs-2022: Ed25519 over canonical JSON (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from jikin.codec import jcs
from jikin.errors import ProofError
from jikin.proofs.data_integrity import EddsaSuite
from jikin.values import Json, JsonObject


class EddsaJcs2022(EddsaSuite):
    """The signature covers the JSON value, member by member; contexts are not read."""

    @property
    def name(self) -> str:
        """Return ``eddsa-jcs-2022``."""
        return "eddsa-jcs-2022"

    def canonical(self, document: JsonObject) -> bytes:
        """Return the canonical JSON of *document* (RFC 8785)."""
        return jcs.canonicalize(document)

    def new_configuration(self, unsecured: JsonObject, options: JsonObject) -> JsonObject:
        """Return *options* with the document's ``@context``, which stays in the proof (section 3.3.1, step 2)."""
        return {"@context": unsecured["@context"], **options} if "@context" in unsecured else options

    def configurations(self, unsecured: JsonObject, options: JsonObject) -> tuple[JsonObject, JsonObject]:
        """Return the document with the proof's ``@context``, and *options* as they are (section 3.3.2, step 4).

        Whoever adds a second proof may have appended contexts: the proof's must be the first of the document's.
        """
        if "@context" not in options:
            return unsecured, options
        signed, present = _entries(options["@context"]), _entries(unsecured.get("@context"))
        if not signed or present[: len(signed)] != signed:
            raise ProofError("the document's @context does not begin with the proof's", code="proof.context")
        return {**unsecured, "@context": options["@context"]}, options


def _entries(context: Json) -> list[Json]:
    if context is None:
        return []
    return list(context) if isinstance(context, Sequence) and not isinstance(context, str) else [context]
