"""The VC API for holders (W3C CCG): what is shown of a credential with a base proof, with an API token.

    POST /credentials/derive   {"verifiableCredential": …, "options": {"selectivePointers": […]}}   → 201

Nothing is taken out of the vault or put into it: what comes in is what is derived from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from jikin.proofs import deriving
from jikin.web.bodies import JsonBody, described_json
from jikin.web.problems import Problem
from wallet.http.api import Holder
from wallet.http.opened import TheWallet

_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["verifiableCredential"],
    "properties": {
        "verifiableCredential": {"type": "object", "description": "with a base proof (ecdsa-sd-2023, bbs-2023)"},
        "options": {
            "type": "object",
            "properties": {
                "selectivePointers": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "JSON Pointers of what is shown beside what the issuer made mandatory",
                }
            },
        },
    },
}

router = APIRouter(tags=["vc-api"])


@router.post(
    "/credentials/derive",
    status_code=201,
    summary="Derive what is shown from a credential with a base proof",
    openapi_extra=described_json(_SCHEMA),
)
def derive(wallet: TheWallet, _vault: Holder, body: JsonBody) -> JSONResponse:
    """Return the derived credential; raises ProofError, CredentialError, CanonicalizationError, answered with 400."""
    credential, options = body["verifiableCredential"], body.get("options", {})
    if not isinstance(credential, Mapping) or not isinstance(options, Mapping):
        raise Problem(400, "request.invalid", "verifiableCredential and options are objects")
    pointers = deriving.pointers_of(options, "selectivePointers")
    return JSONResponse(
        dict(deriving.derive(credential, pointers, wallet.sources.suites)), 201, {"cache-control": "no-store"}
    )
