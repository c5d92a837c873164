"""Transactions for officers and for programs: where each stands, under which hashes, for which fees.

GET /transactions?before={id}      GET /transactions/{id}      with a token for `transactions`
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from issuer import following
from issuer.http.common import Before, ConsoleRoute, OfficeHere, OfficerHere, RowId, show
from issuer.http.places import InstitutionsHere, at_every_site
from issuer.http.tokens import access_to
from issuer.store import institutions
from issuer.tokens import Access, Scope

router = APIRouter()
console_router = APIRouter(prefix="/admin", route_class=ConsoleRoute, include_in_schema=False)
MayFollow = Annotated[Access, Depends(access_to(Scope.TRANSACTIONS))]
_NO_STORE = {"cache-control": "no-store"}


@at_every_site(router, "/transactions", methods=("GET",), summary="Follow what the office sends to the chain")
def newest(office: OfficeHere, found: InstitutionsHere, _access: MayFollow, before: Before = None) -> Response:
    """Return the newest transactions, and where the page before them begins."""
    listed = following.listed(office, found, before)
    body = {"transactions": [following.to_json(one) for one in listed.entries], "before": listed.before}
    return JSONResponse(body, headers=_NO_STORE)


@at_every_site(router, "/transactions/{transaction_id}", methods=("GET",), summary="Follow one transaction")
def single(office: OfficeHere, found: InstitutionsHere, _access: MayFollow, transaction_id: RowId) -> Response:
    """Return a transaction with all its attempts."""
    return JSONResponse(following.to_json(following.one(office, found, transaction_id)), headers=_NO_STORE)


@console_router.get("/transactions")
def transactions(request: Request, office: OfficeHere, officer: OfficerHere, before: Before = None) -> Response:
    """Return the newest transactions of the officer's institution."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, officer.institution_id)
    listed = following.listed(office, [institution], before)
    return show(request, "admin-transactions.html", officer, "transactions", listed=listed, act_of=following.act_of)


@console_router.get("/transactions/{transaction_id}")
def transaction(request: Request, office: OfficeHere, officer: OfficerHere, transaction_id: RowId) -> Response:
    """Return a transaction: its state, what that means, and every attempt."""
    with office.database.read() as connection:
        institution = institutions.by_id(connection, officer.institution_id)
    stored = following.one(office, [institution], transaction_id)
    return show(request, "admin-transaction.html", officer, "transactions", stored=stored, act=following.act_of(stored))
