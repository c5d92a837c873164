"""The wallet for programs: offers and requests in, certificates out, with an API token (INTERFACES 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from jikin.errors import WalletError
from jikin.values import JsonObject
from jikin.web.bodies import JsonBody, described_json
from jikin.web.problems import Problem
from jikin.web.tokens import bearer
from wallet import accounts, holding, receiving, summaries
from wallet.http.opened import TheWallet
from wallet.sessions import OpenVault

router = APIRouter(prefix="/api", tags=["api"])
_MAX_TEXT = 1 << 16
_TEXT = {"type": "string"}
_NO_STORE = {"cache-control": "no-store"}


def holder(request: Request, wallet: TheWallet) -> Iterator[OpenVault]:
    """Open the vault of the token for one request; raises Problem 401 ``wallet.token``."""
    token = bearer(request)
    challenge = {"www-authenticate": 'Bearer realm="wallet"'}
    if token is None:
        raise Problem(
            401, "wallet.token", "this needs an API token", "send Authorization: Bearer TOKEN", headers=challenge
        )
    try:
        opened = accounts.open_by_token(wallet, token)
    except WalletError as error:
        if error.code != "wallet.signed-out":
            raise
        raise Problem(401, "wallet.token", "this token opens no vault", headers=challenge) from error
    with opened:
        yield opened


Holder = Annotated[OpenVault, Depends(holder)]


def _body(required: tuple[str, ...], **properties: Mapping[str, Any]) -> dict[str, Any]:
    return described_json({"type": "object", "required": list(required), "properties": properties})


@router.post(
    "/offers",
    summary="Receive what an offer brings",
    openapi_extra=_body(("credential_offer",), credential_offer=_TEXT, tx_code=_TEXT),
)
def receive(wallet: TheWallet, vault: Holder, body: JsonBody) -> JSONResponse:
    """Return 200 with what came, 202 with the offer's id when the issuer is still making it."""
    link, code = _text(body, "credential_offer"), _optional_text(body, "tx_code")
    return _came(summaries.received(wallet, vault, link, code))


@router.post("/offers/resume", summary="Go on with what has not come yet")
def resume(wallet: TheWallet, vault: Holder) -> JSONResponse:
    """Return 200 with what came, 202 when something is still to come."""
    return _came(summaries.came(wallet, vault, receiving.pick_up(wallet, vault)))


@router.post(
    "/requests",
    summary="Answer a request",
    openapi_extra=_body(
        ("request",),
        request=_TEXT,
        choose={"type": "object", "additionalProperties": _TEXT},
        decline={"type": "boolean"},
    ),
)
def present(wallet: TheWallet, vault: Holder, body: JsonBody) -> JSONResponse:
    """Show what is asked for and return what was shown to whom, 200.

    Without ``choose`` (query id → certificate id) only certificates in good standing are shown. Of a certificate in the
    format ``dc+sd-jwt`` what the request asks for is shown; ``claims`` says what that was, by query id.
    """
    link, choose, decline = _text(body, "request"), _choice(body), body.get("decline")
    if decline is not None and not isinstance(decline, bool):
        raise _invalid("decline is true or false")
    if decline:
        return _json(summaries.declined(wallet, vault, link))
    return _json(summaries.presented(wallet, vault, link, choose))


@router.get("/credentials", summary="The certificates in the vault")
def credentials(wallet: TheWallet, vault: Holder) -> JSONResponse:
    """Return every certificate with its standing as of the last check, the newest first."""
    return _json(summaries.listed(holding.held(wallet, vault)))


@router.get("/credentials/{id}", summary="One certificate")
def credential(wallet: TheWallet, vault: Holder, id: str) -> JSONResponse:
    """Return the certificate itself, its receipt, its report and what it says."""
    return _json(summaries.whole(wallet, holding.one(wallet, vault, id)))


@router.post("/credentials/check", summary="Check every certificate again")
def check(wallet: TheWallet, vault: Holder) -> JSONResponse:
    """Verify all as of now and return how they stand."""
    return _json(summaries.listed(holding.check_again(wallet, vault)))


def _came(found: JsonObject) -> JSONResponse:
    return _json(found, 202 if found["pending"] and not found["credentials"] else 200)


def _json(value: JsonObject, status: int = 200) -> JSONResponse:
    return JSONResponse(dict(value), status, _NO_STORE)


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        raise _invalid(f"{name} is a text of 1 to {_MAX_TEXT} characters")
    return value


def _optional_text(body: JsonObject, name: str) -> str | None:
    return None if body.get(name) is None else _text(body, name)


def _choice(body: JsonObject) -> Mapping[str, str] | None:
    value = body.get("choose")
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(held, str) for held in value.values()):
        raise _invalid("choose is an object: query id → certificate id")
    return {query: str(held) for query, held in value.items()}


def _invalid(why: str) -> Problem:
    return Problem(400, "request.invalid", why)
