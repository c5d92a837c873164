"""A credential as a query looks at it: its format, its types by short name and by IRI, whether a key is bound to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from jikin.codec import jsonld
from jikin.codec.contexts import Contexts
from jikin.credentials.structure import items
from jikin.errors import CanonicalizationError
from jikin.values import JsonObject

LDP_VC = "ldp_vc"
SD_JWT_VC = "dc+sd-jwt"
_RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A credential held or presented. *id* is the wallet's own; *types* are short names and expanded IRIs together.

    *bound*: it is made out to a key of the holder, who can prove it.
    """

    id: str
    format: str
    document: JsonObject = field(repr=False)
    types: frozenset[str]
    bound: bool

    @classmethod
    def of(cls, id: str, document: JsonObject, contexts: Contexts, *, bound: bool = True) -> Candidate:
        """Return *document* as a candidate; *contexts* are those its types may be defined by. Never raises for it.

        What has a ``vct`` and no ``@context`` is the claims of an SD-JWT VC, disclosures in their places.
        """
        vct = document.get("vct")
        if isinstance(vct, str) and "@context" not in document:
            return cls(id, SD_JWT_VC, document, frozenset({vct}), bound)
        return cls(id, LDP_VC, document, types_of(document, contexts), bound)


def types_of(document: JsonObject, contexts: Contexts) -> frozenset[str]:
    """Return the types that a credential states, as they stand and as IRIs; only as they stand without its contexts."""
    stated = frozenset(name for name in items(document.get("type")) if isinstance(name, str))
    return stated.union(*(_iris(document, name, contexts) for name in stated))


def _iris(document: JsonObject, name: str, contexts: Contexts) -> frozenset[str]:
    """Return the IRI that the document's contexts give the type *name*; none where they define it not."""
    alone: JsonObject = {"@context": document.get("@context", []), "type": [name]}
    try:
        quads = jsonld.to_quads(alone, contexts)
    except CanonicalizationError:
        return frozenset()
    return frozenset(quad.object[1:-1] for quad in quads if quad.predicate == _RDF_TYPE)
