"""The VC API for programs (W3C CCG): issuing by the office's ordinary steps, asking for changes of state.

    POST /issuers/{profile}/credentials/issue   {"credential": …, "options": {"record": …}}   → 201
    GET  /dids                                  → {"Ed25519": DID, …}: who signs here, by kind of key
    POST /credentials/status                    {"credentialId"|"credentialStatus", "status", "reason"}   → 202

Nothing is signed here and no state is changed: both are what the office decides about, by its own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from issuer import asking, commissioning, signing, submitting
from issuer.commissioning import PROFILES, Profile
from issuer.http.common import OfficeHere, RunnerHere
from issuer.http.places import InstitutionHere, InstitutionsHere, at_every_site
from issuer.http.tokens import access_to
from issuer.tokens import Access, Scope
from jikin.codec import multikey
from jikin.values import JsonObject
from jikin.web.bodies import JsonBody, described_json
from jikin.web.problems import Problem

_NO_STORE = {"cache-control": "no-store"}
_AGAIN_SECONDS = 2
_ISSUE: Mapping[str, Any] = {
    "type": "object",
    "required": ["credential"],
    "properties": {
        "credential": {"type": "object", "description": "of a type that the institution may issue, without proof"},
        "options": {
            "type": "object",
            "properties": {
                "record": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "description": "columns of the type that the credential does not show",
                }
            },
        },
    },
}
_STATUS: Mapping[str, Any] = {
    "type": "object",
    "required": ["reason"],
    "properties": {
        "credentialId": {"type": "string", "description": "the certificate's number"},
        "credentialStatus": {"description": "an entry as it stands in the certificate, or an array with one"},
        "status": {"type": "boolean", "default": True},
        "reason": {"type": "string", "description": "code of a reason, such as issued-in-error"},
    },
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 180},
    "description": "the same key gets the same certificate",
}

router = APIRouter()
MayIssue = Annotated[Access, Depends(access_to(Scope.ISSUE))]
MayAsk = Annotated[Access, Depends(access_to(Scope.STATUS))]


def profile_here(profile: str) -> Profile:
    """Return the profile of the path; raises Problem 404 that names the known ones."""
    if profile not in PROFILES:
        raise Problem(
            404, "issuer.profile", f"no profile is called {profile[:80]!r}", f"there are {', '.join(PROFILES)}"
        )
    return PROFILES[profile]


@at_every_site(
    router,
    "/issuers/{profile}/credentials/issue",
    methods=("POST",),
    summary="Issue a credential by the office's ordinary steps",
    status_code=201,
    openapi_extra={**described_json(_ISSUE), "parameters": [_KEY]},
    responses={503: {"description": "It is being issued; ask again with the same Idempotency-Key"}},
)
def issue(
    request: Request,
    office: OfficeHere,
    runner: RunnerHere,
    found: InstitutionsHere,
    _access: MayIssue,
    *,
    profile: Annotated[Profile, Depends(profile_here)],
    body: JsonBody,
) -> Response:
    """Return the certificate once it is anchored, verified and released."""
    credential, options = _object(body, "credential"), _object(body, "options", {})
    institution = submitting.issuer_of(credential, found)
    asked = submitting.read(office, institution, credential, options)
    batch = commissioning.commission(office, institution, profile, asked, request.headers.get("idempotency-key"))
    runner.nudge()
    made = commissioning.hand_out(office, profile, asked, batch)
    if made is None:
        raise Problem(
            503,
            "issue.pending",
            "the credential is accepted and being issued; it is handed out once it is anchored and verified",
            "send the same request again, with the same Idempotency-Key if there was one",
            {"retry-after": str(_AGAIN_SECONDS)},
        )
    return JSONResponse(made, 201, _NO_STORE)


@at_every_site(
    router,
    "/credentials/status",
    methods=("POST",),
    summary="Ask for a change of state, which two officers decide about",
    status_code=202,
    openapi_extra=described_json(_STATUS),
    responses={200: {"description": "It is in that state already"}, 403: {"description": "It cannot be asked for"}},
)
def change(office: OfficeHere, found: InstitutionsHere, access: MayAsk, body: JsonBody) -> Response:
    """Return where the change stands: written down, requested, approved, or done."""
    standing = asking.ask(office, found, asking.parse(body), access.token_id)
    return JSONResponse(asking.to_json(office, standing), 200 if standing.done else 202, _NO_STORE)


@at_every_site(router, "/dids", methods=("GET",), summary="Who signs here, by kind of key")
def dids(office: OfficeHere, institution: InstitutionHere, _access: MayIssue) -> Response:
    """Return the institution's DID under the name of each kind of key that it signs with."""
    kinds = [multikey.decode(key).type.value for key in signing.public_keys(office, institution)]
    return JSONResponse(dict.fromkeys(kinds, str(institution.did)), 200, _NO_STORE)


def _object(body: JsonObject, member: str, absent: JsonObject | None = None) -> JsonObject:
    value = body[member] if absent is None else body.get(member, absent)
    if not isinstance(value, Mapping):
        raise Problem(400, "request.invalid", f"{member} is no object", "send {" + f'"{member}": …' + "}")
    return value
