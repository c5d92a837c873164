"""The routes of a log and of a witness: c2sp.org/tlog-witness, and the newest checkpoint with its opening."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from jikin.anchoring.checkpoints import OpenedCheckpoint
from jikin.errors import CheckpointError
from jikin.web.problems import Problem
from jikin.witness.cosigning import Witness
from jikin.witness.state import State
from jikin.witness.wire import SIZE_TYPE, AddCheckpoint, OldSizeError

_TEXT = "text/plain; charset=utf-8"
_SHORT = {"cache-control": "public, max-age=5"}
# By c2sp.org/tlog-witness; what our own node does not show is refused like what is no continuation.
_STATUS: Mapping[str, int] = {
    "checkpoint.malformed": 400,
    "checkpoint.log-signature": 403,
    "checkpoint.origin": 404,
    "checkpoint.too-early": 503,
}
_REFUSED = 422


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def showing(state: State, key: Callable[[], str]) -> APIRouter:
    """Return the routes by which everybody reads the newest checkpoint and the key."""
    routes = APIRouter(tags=["checkpoints"])
    origin_hash = hashlib.sha256(state.log.origin.encode("utf-8")).hexdigest()

    @routes.get("/checkpoint", summary="The newest checkpoint: a signed note", response_class=PlainTextResponse)
    def checkpoint() -> Response:
        return Response(_published(state).note.to_bytes(), 200, _SHORT, _TEXT)

    @routes.get("/proof", summary="The newest checkpoint with its opening", response_class=PlainTextResponse)
    def proof() -> Response:
        return Response(_published(state).to_bytes(), 200, _SHORT, _TEXT)

    @routes.get("/key", summary="The verifier key: NAME+ID+BASE64", response_class=PlainTextResponse)
    def shown_key() -> Response:
        return Response(key() + "\n", 200, _SHORT, _TEXT)

    @routes.get("/{log}/checkpoint", summary="The newest checkpoint by its log", response_class=PlainTextResponse)
    def by_log(log: str) -> Response:
        if log != origin_hash:
            raise Problem(404, "checkpoint.origin", "no log of this name is known here")
        return checkpoint()

    return routes


def cosigning(witness: Witness) -> APIRouter:
    """Return the route by which the log asks for a cosignature."""
    routes = APIRouter(tags=["checkpoints"])

    @routes.post(
        "/add-checkpoint",
        summary="Cosign a checkpoint that continues the last one",
        response_class=PlainTextResponse,
        openapi_extra={
            "requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}},
        },
    )
    def add_checkpoint(body: Body) -> Response:
        try:
            line = witness.add_checkpoint(AddCheckpoint.parse(body))
        except OldSizeError as error:
            # Named as a header: as a media type it would get a charset, and the specification has none.
            return Response(f"{error.size}\n", 409, {"cache-control": "no-store", "content-type": SIZE_TYPE})
        except CheckpointError as error:
            raise Problem(_STATUS.get(error.code, _REFUSED), error.code, str(error), error.hint) from error
        return Response(str(line), 200, {"cache-control": "no-store"}, _TEXT)

    return routes


def _published(state: State) -> OpenedCheckpoint:
    if state.published is None:
        raise Problem(404, "checkpoint.not-found", "no checkpoint has been cosigned yet", "ask again in a minute")
    return state.published
