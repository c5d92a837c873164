"""The HTTP(S) binding of DID Resolution: ``GET /1.0/identifiers/{DID or DID URL}``.

The complete result is the answer, with status 200, 400, 404, 406, 410, 501 or 503; who accepts a DID document alone
(``application/did``, ``application/did+ld+json``, ``application/did+json``) gets the document, or the part of it that
the DID URL names. Query parameters of the request are resolution options.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jikin.dids.method import Options
from jikin.dids.resolution import Resolution, refused

_PATH = "/1.0/identifiers/"
_JSON = "application/json"
_RESULTS = {
    "application/did-resolution": "application/did-resolution",
    "application/did-url-dereferencing": "application/did-url-dereferencing",
    "application/ld+json": 'application/ld+json;profile="https://w3id.org/did-resolution"',
    _JSON: _JSON,
    "application/*": _JSON,
    "*/*": _JSON,
}
_DOCUMENTS = frozenset({"application/did", "application/did+ld+json", "application/did+json"})
_NO_STORE = {"cache-control": "no-store"}
_MAX_RANGES = 16


def router(resolve: Callable[[str, Options], Resolution], guard: Callable[[Request], object]) -> APIRouter:
    """Return the route; *resolve* answers for a DID or DID URL, *guard* lets a request pass or raises Problem."""
    routes = APIRouter(tags=["dids"], dependencies=[Depends(guard)])

    @routes.get(
        _PATH + "{identifier:path}",
        summary="Resolve a DID or dereference a DID URL",
        responses={
            400: {"description": "No DID, no key, or options that cannot be right"},
            404: {"description": "There is nothing of this name"},
            406: {"description": "A representation that is not made"},
            410: {"description": "The DID was given up"},
            501: {"description": "A DID method that is not supported"},
            503: {"description": "The chain does not answer"},
        },
    )
    def identifiers(request: Request, identifier: str) -> Response:
        text = _identifier(request, identifier)
        kind = wanted(request.headers.get("accept", "*/*"))
        if kind is None:
            answer = refused("representationNotSupported", "no such representation is made here", is_url=False)
            return JSONResponse(answer.body, answer.status, _NO_STORE)
        answer = resolve(text, dict(request.query_params))
        if kind in _DOCUMENTS and answer.content is not None:
            return JSONResponse(answer.content, answer.status, _NO_STORE, kind)
        return JSONResponse(answer.body, answer.status, _NO_STORE, _RESULTS.get(kind, _JSON))

    return routes


def _identifier(request: Request, decoded: str) -> str:
    """Return what was asked for, percent-decoded once.

    A client that writes the colons of a DID as they are does not mean one by ``%3A``: in ``did:web:host%3A8443`` that
    is a part of the DID itself.
    """
    raw = request.scope.get("raw_path")
    written = raw.decode("ascii", errors="replace").partition(_PATH)[2] if isinstance(raw, bytes) else ""
    if written.startswith("did:"):
        written = written.replace("%3A", "%253A").replace("%3a", "%253a")
    return unquote(written) or decoded


def wanted(accept: str) -> str | None:
    """Return the media type of the answer that *accept* prefers, None where there is none that is made here."""
    best, weight = None, 0.0
    for entry in accept.split(",")[:_MAX_RANGES]:
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = next((_quality(part[2:]) for part in parameters if part.startswith("q=")), 1.0)
        if quality > weight and (name in _RESULTS or name in _DOCUMENTS):
            best, weight = name, quality
    return best


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
