"""For programs: verifying as the VC API has it, DIDs resolved, requests and their results as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jikin.dids.method import Options
from jikin.dids.resolution import Resolution, resolve
from jikin.errors import DeskError
from jikin.openid4vc.client import Prefix
from jikin.openid4vc.dcql import Query
from jikin.openid4vc.response import DIRECT_POST_JWT
from jikin.values import JsonObject
from jikin.web import identifiers, vc_api
from jikin.web.bodies import JsonBody, described_json
from jikin.web.problems import Problem
from jikin.web.vc_api import Judging
from verifier import requesting, results, templates
from verifier.http.counter import Counter
from verifier.opening import OpenDesk
from verifier.requesting import Wish

_MAX_PURPOSE = 200


def router(counter: Counter) -> APIRouter:
    """Return the routes for programs."""
    routes = APIRouter(tags=["requests"])
    opened = counter.opened

    @contextmanager
    def judging() -> Iterator[Judging]:
        with opened.sessions.session() as session:
            yield Judging(session, opened.desk.policy, opened.now)

    def machine_at_times(request: Request) -> None:
        if not counter.limits.identifiers.take(counter.machine(request).hex()):
            raise Problem(429, "request.throttled", "too many DIDs were resolved with this token")

    def resolved(text: str, options: Options) -> Resolution:
        sources = opened.desk.sources
        return resolve(text, sources.did_methods, sources.fetch, options)

    routes.include_router(vc_api.router(judging, counter.machine))
    routes.include_router(identifiers.router(resolved, machine_at_times))

    @routes.post(
        "/requests",
        status_code=201,
        summary="Ask a wallet for a certificate",
        openapi_extra=described_json(_SCHEMA),
    )
    def ask(request: Request, body: JsonBody) -> Response:
        owner = counter.machine(request)
        try:
            stored = requesting.create(opened, wish_of(opened, body), owner)
        except DeskError as error:
            raise Problem(400, error.code, str(error), error.hint) from error
        base = opened.settings.base_url
        answer: JsonObject = {
            "request": requesting.link(opened, stored),
            "id": stored.asked_as,
            "result": f"{base}/requests/{stored.asked_as}/result",
            "expires": stored.expires_at,
        }
        return JSONResponse(answer, 201, {"cache-control": "no-store"})

    @routes.get("/requests/{id}/result", summary="What was shown, for whoever asked")
    def result(request: Request, id: str) -> Response:
        stored = requesting.of_owner(opened, id, counter.owner(request))
        return JSONResponse(results.result_json(stored, opened.now), headers={"cache-control": "no-store"})

    return routes


_DEFAULT_TEMPLATE = "national-technical-qualification"  # what is asked for most, where a caller names nothing

_SCHEMA = {
    "type": "object",
    "properties": {
        "dcql_query": {"type": "object"},
        "template": {"type": "string"},
        "purpose": {"type": "string", "maxLength": _MAX_PURPOSE},
        "client_id_prefix": {"type": "string", "enum": [prefix.value for prefix in Prefix]},
        "response_mode": {"type": "string", "enum": list(requesting.MODES)},
    },
}


def wish_of(desk: OpenDesk, body: JsonObject) -> Wish:
    """Return what the JSON *body* asks for; raises Problem, ProtocolError (``openid.dcql``), DeskError."""
    purpose = _text(body, "purpose") or ""
    if len(purpose) > _MAX_PURPOSE:
        raise Problem(400, "request.purpose", f"purpose has at most {_MAX_PURPOSE} characters")
    template, query = _text(body, "template"), body.get("dcql_query")
    if template is not None and query is not None:
        raise Problem(400, "request.query", "a request has either dcql_query or template, not both")
    if template is None and query is None:
        template = _DEFAULT_TEMPLATE
    prefix = _text(body, "client_id_prefix") or Prefix.DECENTRALIZED_IDENTIFIER.value
    if prefix not in set(Prefix):
        raise Problem(
            400,
            "request.prefix",
            f"client_id_prefix {prefix[:40]!r} is not offered here; {', '.join(Prefix)} are",
        )
    asked = templates.named(desk.types, template).query(desk.contexts, purpose) if template else Query.parse(query)
    return Wish(
        query=asked,
        template=template,
        purpose=purpose,
        prefix=Prefix(prefix),
        response_mode=_text(body, "response_mode") or DIRECT_POST_JWT,
    )


def _text(body: JsonObject, name: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Problem(400, "request.invalid", f"{name} is a text")
    return value
