"""Who the verifier is: its DID document."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from verifier.http.counter import Counter


def router(counter: Counter) -> APIRouter:
    """Return the route of the DID document."""
    routes = APIRouter(tags=["identity"])

    @routes.get("/.well-known/did.json", summary="The verifier's DID document")
    def document() -> Response:
        return JSONResponse(
            counter.opened.keys.document(),
            headers={"cache-control": "public, max-age=300"},
            media_type="application/did+json",
        )

    return routes
