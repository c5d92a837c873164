"""The remote signer as a web application: who asks, is it fresh, may this key sign that, and the signature."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from jikin.codec import strict_json
from jikin.errors import CodecError, ProofError, UnavailableError
from jikin.proofs.signers.remote_protocol import (
    CLOCKS_APART_SECONDS,
    HEADER,
    MAX_MESSAGE_BYTES,
    Question,
    answer_header,
)
from jikin.signer.keys import Held
from jikin.signer.settings import Settings
from jikin.values import JsonObject
from jikin.web import logs
from jikin.web.app import create
from jikin.web.frame import Frame
from jikin.web.texts import Texts

_HERE = Path(__file__).parent
_MAX_BODY = MAX_MESSAGE_BYTES * 2
_MAX_NONCES = 100_000


@dataclass(slots=True)
class Nonces:
    """The nonces of the last two minutes: a question that was overheard is not answered again."""

    clock: Callable[[], int]
    _seen: dict[bytes, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fresh(self, question: Question) -> bool:
        """Say whether *question* is of now and was never asked before; from now on it was."""
        now = self.clock()
        if abs(now - question.time) > CLOCKS_APART_SECONDS:
            return False
        with self._lock:
            # Kept until its own time is too old to be asked again.
            self._seen = {nonce: until for nonce, until in self._seen.items() if until >= now}
            if question.nonce in self._seen or len(self._seen) >= _MAX_NONCES:
                return False
            self._seen[question.nonce] = question.time + CLOCKS_APART_SECONDS
            return True


def application(settings: Settings, clock: Callable[[], int]) -> FastAPI:
    """Return the application with every key open; raises SettingsError, SignerUnavailableError for one that is not."""
    keys = {setting.name: Held.open(setting, settings) for setting in settings.keys}
    frame = Frame(
        name="signer",
        base_url=f"http://localhost:{settings.port}",
        texts=Texts.load(_HERE / "texts"),
        templates=_HERE / "texts",
        clock=clock,
        trusted_https=False,
    )
    return create(frame, (_router(keys, settings.token, Nonces(clock)),), ready=lambda: {"keys": True})


def _router(keys: Mapping[str, Held], token: str, nonces: Nonces) -> APIRouter:
    routes = APIRouter(tags=["signer"])

    async def question(request: Request) -> tuple[Question | None, bytes]:
        """Return who asked what, None for somebody who does not know the token or says it again."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _MAX_BODY:
                return None, b""
        header, path = request.headers.get(HEADER, ""), request.url.path
        try:
            read = Question.read(header, token, method=request.method, path=path, body=body)
        except ProofError:
            return None, body
        return (read, body) if nonces.fresh(read) else (None, body)

    @routes.api_route("/keys/{name}", methods=["GET", "POST"], summary="The public half of a key, or a signature")
    async def key(request: Request, name: str) -> Response:
        asked, body = await question(request)
        if asked is None:
            # Nothing is proven to somebody who proves nothing.
            return _problem(401, "signer.token", "the request does not prove that it knows the token")
        status, document = await run_in_threadpool(_answer, keys.get(name), request.method, body)
        response = _json(status, document)
        response.headers[HEADER] = answer_header(token, asked.nonce, status, bytes(response.body))
        logs.logger().info("asked", step=name if name in keys else "unknown", status=status)
        return response

    return routes


def _answer(held: Held | None, method: str, body: bytes) -> tuple[int, JsonObject]:
    if held is None:
        return 404, _refusal("signer.no-key", "there is no such key")
    if method == "GET":
        return 200, held.public()
    try:
        document = strict_json.parse(body, max_bytes=_MAX_BODY)
        purpose, message = _asked(document)
        signature = held.sign(purpose, message)
    except CodecError as error:
        return 400, _refusal("request.body", f"the body cannot be read: {error}")
    except ProofError as error:
        return 403, _refusal(error.code, str(error))
    except UnavailableError as error:
        return 503, _refusal(error.code, str(error))
    return 200, {"signature": base64.urlsafe_b64encode(signature).rstrip(b"=").decode("ascii")}


def _asked(document: object) -> tuple[str, bytes]:
    if not isinstance(document, Mapping) or set(document) != {"purpose", "message"}:
        raise CodecError("right would be an object with purpose and message")
    purpose, text = document["purpose"], document["message"]
    if not isinstance(purpose, str) or not isinstance(text, str):
        raise CodecError("purpose and message are texts")
    try:
        return purpose, base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise CodecError("message is base64url") from error


def _refusal(code: str, detail: str) -> JsonObject:
    return {"code": code, "detail": detail}


def _problem(status: int, code: str, detail: str) -> Response:
    return _json(status, _refusal(code, detail))


def _json(status: int, document: JsonObject) -> Response:
    media = "application/json" if status == 200 else "application/problem+json"
    return Response(json.dumps(document).encode("utf-8"), status, media_type=media)
