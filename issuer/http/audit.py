"""The log of acts for auditors: how it stands, and proofs that need no trust in this service.

GET /audit-log                       → how many acts, the registry's head, what is wrong
GET /audit-log/acts/{seq}            → the act, its salt and path
GET /audit-log/growth?from=&to=      → that the later log only added to the earlier
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import JSONResponse

from issuer import audit_log
from issuer.http.common import OfficeHere
from issuer.http.places import InstitutionHere, at_every_site
from issuer.http.tokens import access_to
from issuer.tokens import Access, Scope
from jikin.anchoring.merkle import MAX_LEAVES

_NO_STORE = {"cache-control": "no-store"}
router = APIRouter()
MayAudit = Annotated[Access, Depends(access_to(Scope.AUDIT))]
Size = Annotated[int, Query(ge=1, le=MAX_LEAVES)]


@at_every_site(router, "/audit-log", methods=("GET",), summary="How the log of acts stands against the registry")
def standing(office: OfficeHere, institution: InstitutionHere, _access: MayAudit) -> Response:
    """Return the number of acts, the registry's newest head, and what is wrong."""
    return JSONResponse(audit_log.to_json(audit_log.examine(office, institution)), headers=_NO_STORE)


@at_every_site(router, "/audit-log/acts/{seq}", methods=("GET",), summary="An act, proven under the registry's head")
def act(office: OfficeHere, institution: InstitutionHere, _access: MayAudit, seq: int) -> Response:
    """Return the act with its salt and its path to the registry's newest head."""
    return JSONResponse(audit_log.prove(office, institution, seq).to_json(), headers=_NO_STORE)


@at_every_site(router, "/audit-log/growth", methods=("GET",), summary="That a later log only added to an earlier one")
def growth(
    office: OfficeHere,
    institution: InstitutionHere,
    _access: MayAudit,
    first: Annotated[Size, Query(alias="from")],
    second: Annotated[Size | None, Query(alias="to")] = None,
) -> Response:
    """Return the proof of consistency; the earlier root is the one that the auditor has kept."""
    return JSONResponse(audit_log.growth(office, institution, first, second).to_json(), headers=_NO_STORE)
