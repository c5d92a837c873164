"""Resolving a DID and dereferencing a DID URL, as a resolver answers (W3C DID Resolution; DID 1.0, section 7).

Pure but for what the DID methods ask: no web framework here. What was written is never raised, it is answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from jikin.dids.document import RELATIONSHIPS
from jikin.dids.method import DidDocument, DidMethods, Fetch, Options
from jikin.errors import DidError, FetchError, JikinError, ValueRefusedError
from jikin.values import DidUrl, Json, JsonObject

MEDIA_TYPE = "application/did+ld+json"
_CONTEXT = "https://w3id.org/did-resolution/v1"
_URI_LIST = "text/uri-list"
_MAX_PARAMETERS = 16
# DID 1.0, section 3.2, with the characters of RFC 3986, section 3.3.
_CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_REST = re.compile(
    rf"(?P<path>(?:/{_CHARACTER}*)*)(?:\?(?P<query>(?:{_CHARACTER}|[/?])*))?(?:#(?P<fragment>(?:{_CHARACTER}|[/?])*))?"
)
_ERRORS: Mapping[str, str] = {
    "did.method-not-supported": "methodNotSupported",
    "did.pkh.namespace": "methodNotSupported",
    "did.ethr.history": "featureNotSupported",
    "did.invalid-public-key": "invalidPublicKey",
    "did.invalid-public-key-length": "invalidPublicKeyLength",
    "did.invalid-public-key-type": "invalidPublicKeyType",
    "did.unsupported-public-key-type": "unsupportedPublicKeyType",
    "did.document": "invalidDidDocument",
    "did.document-id": "invalidDidDocument",
    "did.duplicate-method": "invalidDidDocument",
    "did.options": "invalidOptions",
    "did.version-not-found": "notFound",
}
_STATUS: Mapping[str, int] = {
    "notFound": 404,
    "representationNotSupported": 406,
    "methodNotSupported": 501,
    "featureNotSupported": 501,
    "internalError": 503,
}
_DEACTIVATED = 410


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer: its HTTP status and its body, the complete result.

    *content* is what a caller gets who asked for the resource alone, None where there is no such: the DID document, or
    what the DID URL names in it.
    """

    status: int
    body: JsonObject = field(repr=False)
    content: JsonObject | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A DID URL taken apart."""

    url: DidUrl
    path: str
    fragment: str
    options: Options
    is_url: bool


def resolve(text: str, methods: DidMethods, fetch: Fetch, options: Options | None = None) -> Resolution:
    """Return what the DID or DID URL *text* leads to; never raises for what it says.

    *options* are resolution options, and parameters that did not fit into the DID URL; its own count more. A DID gives
    its document and ``didResolutionMetadata``; a DID URL besides ``contentStream``, ``contentMetadata`` and
    ``dereferencingMetadata`` (also under the names that these have in other editions of the specification). A DID that
    was given up is 410, with its document. A chain that does not answer is 503, ``internalError``.
    """
    try:
        asked = _read(text, options or {})
    except ValueRefusedError as error:
        is_url = any(sign in text for sign in "/?#")
        return refused("invalidDidUrl" if is_url else "invalidDid", str(error), is_url=is_url)
    try:
        document = methods.resolve(asked.url.did, fetch, asked.options)
    except JikinError as error:
        return refused(_error_of(error), str(error), is_url=asked.is_url, code=error.code)
    status = _DEACTIVATED if document.metadata.get("deactivated") is True else 200
    body: dict[str, Json] = {
        "@context": _CONTEXT,
        "didDocument": document.document,
        "didDocumentMetadata": document.metadata,
        "didResolutionMetadata": {"contentType": MEDIA_TYPE},
    }
    if not asked.is_url:
        return Resolution(status, body, document.document)
    found, media_type = _dereferenced(asked, document)
    if found is None:
        return refused("notFound", f"the document of {asked.url.did} has nothing called {text[:200]!r}", is_url=True)
    body |= {
        "contentStream": found,
        "content": found,
        "contentMetadata": document.metadata,
        **_under_all_names({"contentType": media_type}),
    }
    return Resolution(status, body, found if isinstance(found, Mapping) else None)


def refused(error: str, message: str, *, is_url: bool, code: str | None = None) -> Resolution:
    """Return the answer that is a refusal: *error* is the specification's name, *code* ours."""
    metadata: dict[str, Json] = {"error": error, "message": message[:300]}
    if code is not None:
        metadata["code"] = code
    body: dict[str, Json] = {
        "@context": _CONTEXT,
        "didDocument": None,
        "didDocumentMetadata": {},
        "didResolutionMetadata": metadata,
        **(_under_all_names(metadata) if is_url else {}),
    }
    return Resolution(_STATUS.get(error, 400), body)


def _under_all_names(metadata: JsonObject) -> JsonObject:
    # The specification says dereferencingMetadata; the published test suite for did:key asks for the other.
    return {"dereferencingMetadata": metadata, "didDereferencingMetadata": metadata}


def _error_of(error: JikinError) -> str:
    """Return the specification's name for *error*; where nobody could be asked, the DID was not found by us."""
    if isinstance(error, DidError):
        return _ERRORS.get(error.code, "invalidDid")
    return "notFound" if isinstance(error, FetchError) else "internalError"


def _read(text: str, options: Options) -> _Asked:
    """Return *text* taken apart; raises ValueRefusedError."""
    url = DidUrl(text)
    rest = text.removeprefix(url.did.text)
    found = _REST.fullmatch(rest)
    if found is None:
        raise ValueRefusedError(f"not a DID URL: {text[:80]!r} has characters that must be percent-encoded")
    parameters = _parameters(text, found["query"] or "")
    merged = {**options, **parameters}
    is_url = bool(rest) or "service" in merged
    return _Asked(url, found["path"], found["fragment"] or "", merged, is_url)


def _parameters(text: str, query: str) -> dict[str, str]:
    """Return the parameters of a query; a plus sign stays one, as in a time zone."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    parameters = {unquote(name): unquote(value) for name, _, value in pairs}
    if len(parameters) != len(pairs) or len(pairs) > _MAX_PARAMETERS:
        raise ValueRefusedError(
            f"not a DID URL: {text[:80]!r} has a parameter twice, or more than {_MAX_PARAMETERS} of them"
        )
    return parameters


def _dereferenced(asked: _Asked, document: DidDocument) -> tuple[Json, str]:
    """Return what the DID URL names, and its media type; None if there is no such."""
    if "service" in asked.options and not asked.path:
        return _endpoint(asked, document.document), _URI_LIST
    if asked.path or asked.fragment:
        return _entry(asked, document.document), MEDIA_TYPE
    return document.document, MEDIA_TYPE


def _entry(asked: _Asked, document: JsonObject) -> JsonObject | None:
    """Return the verification method or service that the DID URL names."""
    relative = f"#{asked.fragment}" if asked.fragment else ""
    names = {f"{asked.url.did}{asked.path}{relative}"} | ({relative} if not asked.path else set())
    for member in ("verificationMethod", "service", *RELATIONSHIPS):
        for entry in _objects(document, member):
            if entry.get("id") in names:
                return entry
    return None


def _endpoint(asked: _Asked, document: JsonObject) -> str | None:
    """Return the URL of the service that the DID URL selects, with the reference relative to it (``relativeRef``)."""
    name = asked.options["service"]
    names = {f"#{name}", f"{asked.url.did}#{name}"}
    found = next((one for one in _objects(document, "service") if one.get("id") in names), {})
    endpoint = found.get("serviceEndpoint")
    if not isinstance(endpoint, str) or (asked.fragment and "#" in endpoint):
        return None
    try:
        joined = urljoin(endpoint, asked.options.get("relativeRef", ""))
        if urlsplit(joined)[:2] != urlsplit(endpoint)[:2]:
            return None  # a reference that leads to another host is not relative to the service
    except ValueError:
        return None
    return f"{joined}#{asked.fragment}" if asked.fragment else joined


def _objects(document: JsonObject, member: str) -> Sequence[JsonObject]:
    entries = document.get(member)
    listed = entries if isinstance(entries, Sequence) and not isinstance(entries, str) else ()
    return [entry for entry in listed if isinstance(entry, Mapping)]
