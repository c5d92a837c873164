"""Making a wallet and opening it: by passphrase, by passkey, by recovery code."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from jikin.codec import strict_json
from jikin.errors import CodecError, JikinError, WalletError
from jikin.values import JsonObject
from jikin.web.bodies import FormBody, described_form
from jikin.web.cookies import SessionCookie
from jikin.web.origin import same_origin
from wallet import accounts
from wallet.http.layout import Fault, fault_named, fault_of, say_of, show
from wallet.http.opened import PRIVATE, TheWallet, is_open, next_page, see, session_cookie, signed_in

router = APIRouter(tags=["pages"])
_OURS = [Depends(same_origin)]
_CHALLENGE_SECONDS = 300
_THROTTLED = "wallet.sign-in.throttled"

SIGN_IN_FAULTS: Mapping[str, str] = {
    "wallet.sign-in": "fault.sign-in",
    "wallet.sign-in.throttled": "fault.throttled",
    "wallet.passkey": "fault.passkey",
    "wallet.passkey-no-prf": "fault.passkey-no-prf",
    "passkey.refused": "fault.passkey",
}
_SIGN_UP_FAULTS: Mapping[str, str] = {
    "wallet.name-taken": "fault.name-taken",
    "wallet.name": "fault.name-bad",
    "wallet.passphrase": "fault.passphrase-weak",
}


@router.get("/sign-up", summary="Form for a new wallet")
def sign_up_page(request: Request) -> Response:
    """Return the form that makes a wallet."""
    return see("/") if is_open(request) else _sign_up(request, "", None)


@router.post(
    "/sign-up",
    summary="Make a wallet and show its recovery code once",
    dependencies=_OURS,
    openapi_extra=described_form("name", "passphrase", "repeat"),
)
def sign_up(request: Request, wallet: TheWallet, form: FormBody) -> Response:
    """Make the wallet and open it; the page that answers is the only one that ever shows the recovery code."""
    name, passphrase = form.get("name", "").strip(), form.get("passphrase", "")
    fault = _sign_up_fault(request, name, passphrase, form.get("repeat", ""))
    if fault is None:
        try:
            _, code = accounts.create(wallet, name, passphrase)
            token = accounts.open_by_passphrase(wallet, name, passphrase)
        except WalletError as error:
            fault = fault_of(error, say_of(request), _SIGN_UP_FAULTS)
        else:
            page = show(request, "recovery_code.html", None, code=code, name=name, made=wallet.clock(), first=True)
            return signed_in(request, wallet, token, page)
    return _sign_up(request, name, fault)


def _sign_up(request: Request, name: str, fault: Fault | None) -> Response:
    status = 200 if fault is None else 400
    return show(request, "sign_up.html", None, status=status, fault=fault, name=name, least=accounts.MIN_PASSPHRASE)


def _sign_up_fault(request: Request, name: str, passphrase: str, repeat: str) -> Fault | None:
    say = say_of(request)
    if not name:
        return fault_named(say, "fault.name-needed", "wallet.name")
    if len(passphrase) < accounts.MIN_PASSPHRASE:
        return fault_named(say, "fault.passphrase-weak", "wallet.passphrase")
    if passphrase != repeat:
        return fault_named(say, "fault.passphrases-differ", "wallet.passphrase-repeat")
    return None


@router.get("/sign-in", summary="Ways to open the wallet")
def sign_in_page(request: Request) -> Response:
    """Return the page that opens a wallet, and goes on to ``?next=``."""
    onward = next_page(request.query_params.get("next"))
    return see(onward) if is_open(request) else _sign_in(request, onward)


@router.post(
    "/sign-in",
    summary="Open the wallet by its passphrase",
    dependencies=_OURS,
    openapi_extra=described_form("name", "passphrase", optional=("next",)),
)
def sign_in(request: Request, wallet: TheWallet, form: FormBody) -> Response:
    """Open the wallet and go on; one answer for an unknown name and a wrong passphrase."""
    name, onward = form.get("name", "").strip(), next_page(form.get("next"))
    try:
        token = accounts.open_by_passphrase(wallet, name, form.get("passphrase", ""))
    except WalletError as error:
        return _sign_in(request, onward, name=name, fault=fault_of(error, say_of(request), SIGN_IN_FAULTS))
    return signed_in(request, wallet, token, see(onward))


@router.get("/sign-in/recovery", summary="Form for the recovery code")
def recover_page(request: Request) -> Response:
    """Return the form that opens a wallet by its recovery code."""
    return show(request, "recover.html", None, name="")


@router.post(
    "/sign-in/recovery",
    summary="Open the wallet by its recovery code",
    dependencies=_OURS,
    openapi_extra=described_form("name", "code"),
)
def recover(request: Request, wallet: TheWallet, form: FormBody) -> Response:
    """Open the wallet and lead to a new passphrase."""
    name = form.get("name", "").strip()
    try:
        token = accounts.open_by_recovery(wallet, name, form.get("code", ""))
    except WalletError as error:
        texts = {**SIGN_IN_FAULTS, "wallet.sign-in": "fault.recovery"}
        fault = fault_of(error, say_of(request), texts)
        return show(request, "recover.html", None, status=_refused(error), fault=fault, name=name)
    return signed_in(request, wallet, token, see("/settings/passphrase?said=recovered#result"))


@router.post("/sign-in/passkey/options", summary="Options for navigator.credentials.get", dependencies=_OURS)
def passkey_options(request: Request, wallet: TheWallet) -> Response:
    """Return the options; the challenge waits in the server under the id in a cookie of five minutes."""
    asked = accounts.passkey_request(wallet)
    answer = JSONResponse(dict(asked.options), headers=PRIVATE)
    _challenge_cookie(request).set(answer, asked.challenge_id)
    return answer


@router.post(
    "/sign-in/passkey",
    summary="Open the wallet by a passkey",
    dependencies=_OURS,
    openapi_extra=described_form("response", optional=("prf", "next")),
)
def passkey(request: Request, wallet: TheWallet, form: FormBody) -> Response:
    """Open the wallet and go on."""
    onward = next_page(form.get("next"))
    try:
        token = accounts.open_by_passkey(
            wallet,
            _challenge_cookie(request).get(request) or "",
            passkey_response(form),
            form.get("prf") or None,
        )
    except JikinError as error:
        fault = fault_of(error, say_of(request), {**SIGN_IN_FAULTS, "wallet.sign-in": "fault.passkey"})
        return _sign_in(request, onward, fault=fault)
    answer = signed_in(request, wallet, token, see(onward))
    _challenge_cookie(request).clear(answer)
    return answer


def passkey_response(form: Mapping[str, str]) -> JsonObject:
    """Return what the browser's passkey answered; raises WalletError (``wallet.passkey``) for what is no answer."""
    try:
        value = strict_json.parse(form.get("response", "").encode(), max_bytes=64 << 10, max_depth=16)
    except CodecError as error:
        raise WalletError("the passkey's answer cannot be read", code="wallet.passkey") from error
    if not isinstance(value, Mapping):
        raise WalletError("the passkey's answer is no object", code="wallet.passkey")
    return value


@router.post("/sign-out", summary="Close the wallet in this browser", dependencies=_OURS)
def sign_out(request: Request, wallet: TheWallet) -> Response:
    """End the session; ending none is no error."""
    token = session_cookie(request).get(request)
    if token is not None:
        accounts.close(wallet, token)
    answer = see("/?said=signed-out#result")
    session_cookie(request).clear(answer)
    return answer


def _sign_in(request: Request, onward: str, *, name: str = "", fault: Fault | None = None) -> Response:
    status = 200 if fault is None else 429 if fault.code == _THROTTLED else 400
    back = "" if onward == "/" else f"?next={quote(onward, safe='')}"
    return show(request, "sign_in.html", None, status=status, fault=fault, name=name, onward=onward, query=back)


def _refused(error: WalletError) -> int:
    return 429 if error.code == _THROTTLED else 400


def _challenge_cookie(request: Request) -> SessionCookie:
    return SessionCookie(session_cookie(request).frame, "challenge", _CHALLENGE_SECONDS)
