"""The routes of the VC API profile (INTERFACES 4): issue, status, DIDs; verifying is shared with the services."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jikin.conformance import issuing
from jikin.conformance.issuing import Issuer
from jikin.errors import StatusError, UnknownSuiteError
from jikin.status.bitstring import Purpose
from jikin.values import Json, JsonObject
from jikin.web.bodies import JsonBody, described_json
from jikin.web.problems import Problem

_CREDENTIAL_TYPE = "application/vc"
_PROXY_HEADERS = frozenset({"forwarded", "via", "x-real-ip"})
_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_OFF = frozenset({"0", "false"})


def guard(request: Request) -> None:
    """Let a request pass that was made on this machine; raises Problem 403 for one that was handed on.

    Anybody who reaches this port can have anything signed, so nobody may reach it from elsewhere: neither through a
    proxy nor through a name that leads here.
    """
    for name in request.headers:
        if name in _PROXY_HEADERS or name.startswith("x-forwarded-"):
            raise Problem(403, "request.proxied", f"the request was handed on by a proxy ({name})", _HINT)
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in _HOSTS and host not in _HOSTS:
        raise Problem(403, "request.host", "the request is for another host than this machine", _HINT)


_HINT = "the conformance profile signs for everybody who asks: ask it from the machine it runs on"


def router(issuer: Issuer) -> APIRouter:
    """Return the routes for *issuer*."""
    routes = APIRouter(tags=["vc-api"], dependencies=[Depends(guard)])
    _issue(routes, issuer)
    _status(routes, issuer)

    @routes.get("/dids", summary="The issuer's DIDs by kind of key")
    def dids() -> JSONResponse:
        return JSONResponse(issuer.keys.dids())

    return routes


def _issue(routes: APIRouter, issuer: Issuer) -> None:
    @routes.post(
        "/issuers/{profile}/credentials/issue",
        status_code=201,
        summary="Secure a credential",
        openapi_extra=described_json(
            {
                "type": "object",
                "required": ["credential"],
                "properties": {"credential": {"type": "object"}, "options": {"type": "object"}},
            }
        ),
    )
    def issue(profile: str, body: JsonBody) -> Response:
        try:
            chosen = issuing.profile_named(profile)
        except UnknownSuiteError as error:
            known = ", ".join(error.known)
            raise Problem(
                404, "issuer.profile", f"no profile is called {error.name!r}", f"there are {known}"
            ) from error
        return JSONResponse(issuer.issue(chosen, _object(body, "credential"), _options(body)), 201)

    @routes.post(
        "/credentials/derive",
        status_code=201,
        summary="Derive what is shown from a credential with a base proof",
        openapi_extra=described_json(
            {
                "type": "object",
                "required": ["verifiableCredential"],
                "properties": {"verifiableCredential": {"type": "object"}, "options": {"type": "object"}},
            }
        ),
    )
    def derive(body: JsonBody) -> Response:
        return JSONResponse(issuer.derive(body.get("verifiableCredential"), _options(body)), 201)


def _status(routes: APIRouter, issuer: Issuer) -> None:
    @routes.get("/status/{purpose}", summary="A status list")
    def listed(purpose: str) -> Response:
        found = next((one for one in Purpose if one.value == purpose), None)
        if found is None:
            raise Problem(404, "request.not-found", "there is no list of this purpose")
        return JSONResponse(issuer.status_list(found), 200, {"cache-control": "no-store"}, _CREDENTIAL_TYPE)

    @routes.post(
        "/credentials/status",
        summary="Set or clear a credential's status",
        openapi_extra=described_json(
            {
                "type": "object",
                "properties": {
                    "credentialId": {"type": "string"},
                    "credentialStatus": {},
                    "status": {"type": "boolean"},
                },
            }
        ),
    )
    def change(body: JsonBody) -> Response:
        stated = body.get("credentialStatus")
        entry = stated[0] if isinstance(stated, list) and stated else stated
        on = _on(body.get("status", entry.get("status", True) if isinstance(entry, Mapping) else True))
        issuer.lists.set(issuer.lists.place(body.get("credentialId"), entry), on=on)
        return JSONResponse({})


def _on(value: Json) -> bool:
    """Return what is to be set: a boolean, or "1" and "0" as older suites write it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _OFF | {"1", "true"}:
        return value.lower() not in _OFF
    raise StatusError("status is true or false", code="status.entry")


def _object(body: JsonObject, member: str) -> JsonObject:
    value = body.get(member)
    if not isinstance(value, Mapping):
        raise Problem(400, "request.invalid", f"{member} is missing, or no object", "send {" + f'"{member}": …' + "}")
    return value


def _options(body: JsonObject) -> JsonObject:
    options = body.get("options", {})
    if not isinstance(options, Mapping):
        raise Problem(400, "request.invalid", "options is no object")
    return options
