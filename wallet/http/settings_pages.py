"""Settings: the ways to unlock the vault, the look, the export, closing the wallet."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from jikin.errors import JikinError, WalletError
from jikin.web.bodies import FormBody, described_form
from jikin.web.origin import same_origin
from wallet import accounts
from wallet.accounts import WayKind
from wallet.app import Wallet
from wallet.http.layout import SETTINGS, Fault, fault_named, fault_of, say_of, show
from wallet.http.opened import PRIVATE, HolderRoute, Opened, TheWallet, marked, see
from wallet.http.sign_in import SIGN_IN_FAULTS, passkey_response
from wallet.sessions import OpenVault

router = APIRouter(tags=["pages"], route_class=HolderRoute)
_OURS = [Depends(same_origin)]
_FAULTS: Mapping[str, str] = {
    **SIGN_IN_FAULTS,
    "wallet.passkey": "settings.passkey-failed",
    "passkey.refused": "settings.passkey-failed",
    "wallet.passphrase": "fault.passphrase-weak",
    "wallet.recovery-mistyped": "fault.recovery-mistyped",
    "wallet.one-way": "fault.last-way",
    "wallet.passkey-known": "fault.passkey-known",
    "wallet.passkey-limit": "fault.passkey-limit",
}


@router.get("/settings", summary="Settings of the wallet")
def settings(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the ways to unlock, the look, the export."""
    return _settings(request, wallet, vault)


def _settings(request: Request, wallet: Wallet, vault: OpenVault, fault: Fault | None = None) -> Response:
    ways = accounts.ways(wallet, vault)
    recovery = [way for way in ways if way.kind is WayKind.RECOVERY]
    return show(
        request,
        "settings.html",
        SETTINGS,
        status=200 if fault is None else 400,
        fault=fault,
        name=accounts.display_name(wallet, vault),
        passphrase=any(way.kind is WayKind.PASSPHRASE for way in ways),
        recovery_kept=any(way.confirmed for way in recovery),
        passkeys=[way for way in ways if way.kind is WayKind.PASSKEY],
        may_receive=accounts.may_receive(wallet, vault),
    )


@router.get("/settings/passphrase", summary="Form for another passphrase")
def passphrase_page(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the form."""
    return _passphrase(request, wallet, vault, None)


@router.post(
    "/settings/passphrase",
    summary="Set another passphrase",
    dependencies=_OURS,
    openapi_extra=described_form("passphrase", "repeat"),
)
def passphrase(request: Request, wallet: TheWallet, vault: Opened, form: FormBody) -> Response:
    """Set it; every other session of this wallet ends."""
    say, text = say_of(request), form.get("passphrase", "")
    fault = None
    if len(text) < accounts.MIN_PASSPHRASE:
        fault = fault_named(say, "fault.passphrase-weak", "wallet.passphrase")
    elif text != form.get("repeat", ""):
        fault = fault_named(say, "fault.passphrases-differ", "wallet.passphrase-repeat")
    else:
        try:
            accounts.change_passphrase(wallet, vault, text)
        except WalletError as error:
            fault = fault_of(error, say, _FAULTS)
    if fault is None:
        return see("/settings?said=passphrase#result")
    return _passphrase(request, wallet, vault, fault)


def _passphrase(request: Request, wallet: Wallet, vault: OpenVault, fault: Fault | None) -> Response:
    return show(
        request,
        "passphrase.html",
        SETTINGS,
        status=200 if fault is None else 400,
        fault=fault,
        name=accounts.display_name(wallet, vault),
        least=accounts.MIN_PASSPHRASE,
    )


@router.post("/settings/recovery-code", summary="Make a new recovery code and show it once", dependencies=_OURS)
def new_code(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the page with the new code; the old one is void."""
    code, name = accounts.new_recovery(wallet, vault), accounts.display_name(wallet, vault)
    return show(request, "recovery_code.html", None, code=code, name=name, made=wallet.clock(), first=False)


@router.get("/settings/recovery-code", summary="Form that proves that the recovery code was kept")
def kept_page(request: Request, wallet: TheWallet, vault: Opened) -> Response:
    """Return the form into which the code is typed."""
    return show(request, "recovery_kept.html", SETTINGS, may_receive=accounts.may_receive(wallet, vault))


@router.post(
    "/settings/recovery-code/kept",
    summary="Prove that the recovery code was kept",
    dependencies=_OURS,
    openapi_extra=described_form("code"),
)
def kept(request: Request, wallet: TheWallet, vault: Opened, form: FormBody) -> Response:
    """Note it: from now on the code counts as a way to unlock."""
    try:
        accounts.confirm_recovery(wallet, vault, form.get("code", ""))
    except WalletError as error:
        fault = fault_of(error, say_of(request), _FAULTS)
        may = accounts.may_receive(wallet, vault)
        return show(request, "recovery_kept.html", SETTINGS, status=400, fault=fault, may_receive=may)
    return see("/?said=code#result")


@router.post("/settings/passkey/options", summary="Options for navigator.credentials.create", dependencies=_OURS)
def passkey_options(wallet: TheWallet, vault: Opened) -> Response:
    """Return the options; the challenge waits in the server."""
    return JSONResponse(dict(accounts.passkey_creation(wallet, vault)), headers=PRIVATE)


@router.post(
    "/settings/passkey",
    summary="Add a passkey",
    dependencies=_OURS,
    openapi_extra=described_form("response", optional=("prf",)),
)
def add_passkey(request: Request, wallet: TheWallet, vault: Opened, form: FormBody) -> Response:
    """Add the passkey as a way to unlock."""
    try:
        accounts.add_passkey(wallet, vault, passkey_response(form), form.get("prf") or None)
    except JikinError as error:
        if error.code == "wallet.passkey-once-more":
            return show(request, "passkey_again.html", SETTINGS)
        return _settings(request, wallet, vault, fault_of(error, say_of(request), _FAULTS, "settings.passkey-failed"))
    return marked(request, wallet, vault, see("/settings?said=passkey#result"))


@router.post("/settings/passkey/again/options", summary="Options for using a new passkey once", dependencies=_OURS)
def passkey_again_options(wallet: TheWallet, vault: Opened) -> Response:
    """Return the options; some passkeys give what opens the vault only when they are used."""
    return JSONResponse(dict(accounts.passkey_second_step(wallet, vault)), headers=PRIVATE)


@router.post(
    "/settings/passkey/again",
    summary="Finish adding a passkey",
    dependencies=_OURS,
    openapi_extra=described_form("response", optional=("prf",)),
)
def finish_passkey(request: Request, wallet: TheWallet, vault: Opened, form: FormBody) -> Response:
    """Add the passkey that was just made and used."""
    try:
        accounts.finish_passkey(wallet, vault, passkey_response(form), form.get("prf") or None)
    except JikinError as error:
        return _settings(request, wallet, vault, fault_of(error, say_of(request), _FAULTS, "settings.passkey-failed"))
    return marked(request, wallet, vault, see("/settings?said=passkey#result"))


@router.post("/settings/ways/{way_id}/remove", summary="Remove a passkey", dependencies=_OURS)
def remove_way(request: Request, wallet: TheWallet, vault: Opened, way_id: str) -> Response:
    """Remove a way to unlock; the last but one stays."""
    try:
        accounts.remove_way(wallet, vault, way_id)
    except WalletError as error:
        return _settings(request, wallet, vault, fault_of(error, say_of(request), _FAULTS))
    return see("/settings?said=way#result")
