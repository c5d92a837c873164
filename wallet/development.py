"""The development token: it opens a holder called dev, made when it is first seen. For trials on one machine."""

from __future__ import annotations

from pathlib import Path

from jikin.errors import SettingsError, WalletError
from jikin.web import tokens
from wallet import accounts
from wallet.app import Wallet

_SERVICE = "wallet"
_NAME = "dev"
_TRIES = 20


def prepare(wallet: Wallet, file: Path) -> None:
    """See to it that the wallet's token in *file* opens a vault that may receive; raises SettingsError.

    The token is the holder's passphrase too, so that the same vault can be opened on pages. A vault that was made for
    an older token stays; the new one is then called dev-2, and so on.
    """
    token = tokens.read_dev_tokens(file).get(_SERVICE)
    if token is None:
        raise SettingsError(f"{file} has no token for the {_SERVICE}", code="settings.value")
    try:
        accounts.open_by_token(wallet, token).close()
    except WalletError:
        _make(wallet, token)


def _make(wallet: Wallet, token: str) -> None:
    name, code = _first_free(wallet, token)
    session = accounts.open_by_passphrase(wallet, name, token)
    with accounts.open_by_token(wallet, session) as opened:
        accounts.confirm_recovery(wallet, opened, code)
        accounts.new_token(wallet, opened, token)
    accounts.close(wallet, session)


def _first_free(wallet: Wallet, token: str) -> tuple[str, str]:
    for number in range(1, _TRIES + 1):
        name = _NAME if number == 1 else f"{_NAME}-{number}"
        try:
            return name, accounts.create(wallet, name, token)[1]
        except WalletError as error:
            if error.code != "wallet.name-taken":
                raise
    raise SettingsError(
        f"there are {_TRIES} development vaults already, and the token opens none",
        code="settings.value",
        hint="begin with a fresh data folder, or use the token from before",
    )
