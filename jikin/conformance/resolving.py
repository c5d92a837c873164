"""DID resolution and dereferencing as an HTTP answer (W3C DID Resolution; DID 1.0, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jikin.dids.method import DidMethods, Fetch
from jikin.errors import DidError, FetchError, ValueRefusedError
from jikin.values import DidUrl, Json, JsonObject

_MEDIA_TYPE = "application/did+ld+json"
_ERRORS: Mapping[str, str] = {
    "did.method-not-supported": "methodNotSupported",
    "did.invalid-public-key-length": "invalidPublicKeyLength",
    "did.unsupported-public-key-type": "unsupportedPublicKeyType",
    "did.invalid-public-key-type": "invalidPublicKeyType",
    "fetch.not-found": "notFound",
}
_MISSING = frozenset({"notFound"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer: its HTTP status and its body."""

    status: int
    body: JsonObject


def resolve(text: str, methods: DidMethods, fetch: Fetch) -> Resolution:
    """Return what the DID or DID URL *text* leads to; never raises for what it says.

    A DID gives its document, a DID URL with a fragment the verification method besides, as ``contentStream``.
    """
    try:
        url = DidUrl(text)
    except ValueRefusedError as error:
        is_url = any(sign in text for sign in "/?#")
        return _refused("invalidDidUrl" if is_url else "invalidDid", str(error))
    try:
        document = methods.resolve(url.did, fetch)
    except DidError as error:
        return _refused(_ERRORS.get(error.code, "invalidDid"), str(error))
    except FetchError as error:
        return _refused(_ERRORS.get(error.code, "notFound"), str(error))
    body: dict[str, Json] = {
        "didDocument": document.document,
        "didDocumentMetadata": {},
        "didResolutionMetadata": {"contentType": _MEDIA_TYPE},
    }
    if url.text != url.did.text:
        found = _dereferenced(url, document.document)
        if found is None:
            return _refused("notFound", f"the document of {url.did} has nothing called {url.text[:200]!r}")
        body |= {
            "contentStream": found,
            "contentMetadata": {},
            "dereferencingMetadata": {"contentType": _MEDIA_TYPE},
        }
    return Resolution(200, body)


def _dereferenced(url: DidUrl, document: JsonObject) -> JsonObject | None:
    """Return the verification method or service that *url* names."""
    names = {url.text, f"#{url.fragment}"} if url.fragment else {url.text}
    for member in ("verificationMethod", "service", "assertionMethod", "authentication", "keyAgreement"):
        entries = document.get(member)
        for entry in entries if isinstance(entries, list | tuple) else ():
            if isinstance(entry, Mapping) and entry.get("id") in names:
                return entry
    return None


def _refused(error: str, message: str) -> Resolution:
    metadata: dict[str, Json] = {"error": error, "message": message[:300]}
    body: dict[str, Json] = {
        "didDocument": None,
        "didDocumentMetadata": {},
        "didResolutionMetadata": metadata,
        "dereferencingMetadata": metadata,
    }
    return Resolution(404 if error in _MISSING else 400, body)
