"""Handing an answer over to whoever asked: posted once, to the request's own address, and where to go on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from jikin.errors import JikinError, WalletError
from jikin.openid4vc.door import Answer
from jikin.openid4vc.members import check_url
from jikin.values import Json
from jikin.verification.plan import LOOPBACK_HOSTS
from wallet import activity, asking, records
from wallet.app import Wallet
from wallet.records import Record
from wallet.requests import Request, RequestState
from wallet.sessions import OpenVault
from wallet.values import Presented

_ASKER = "whoever asks"
_OUT_OF_ORDER = 500
_MAX_REDIRECT = 2048


def post(wallet: Wallet, open: OpenVault, record: Record, request: Request) -> Presented:
    """Post the answer that is written down and return where the browser goes on; raises WalletError.

    The number of tries is written before each: after a kill it is known that the answer may have arrived.
    """
    tried = replace(request, posts=request.posts + 1)
    record = _write(wallet, open, record, tried)
    with asking.reaching(_ASKER):
        answer = wallet.door.post_form(request.request.response_uri, dict(request.form or {}))
    if answer.status >= _OUT_OF_ORDER or answer.status == 429:
        raise WalletError(
            f"{_ASKER} is out of order at the moment ({answer.status})",
            code=asking.UNREACHABLE,
            hint="try again in a minute: the same answer is sent once more",
        )
    if 200 <= answer.status < 300:
        _write(wallet, open, record, tried.ended(RequestState.SENT), {"confirmed": True})
        return Presented(_redirect(wallet, answer))
    if tried.posts > 1:
        # It may have been taken the first time, and this is the refusal of a second copy.
        _write(wallet, open, record, tried.ended(RequestState.SENT), {"confirmed": False})
        raise WalletError(
            f"{_ASKER} did not take the answer a second time ({answer.status}); it may have arrived before",
            code="wallet.answer-unconfirmed",
            hint="ask them whether they have it",
        )
    _write(wallet, open, record, tried.ended(RequestState.REFUSED), {"status": answer.status})
    raise WalletError(
        f"{_ASKER} did not take the answer ({answer.status})",
        code="wallet.answer-refused",
        hint="ask for a new request where this one came from",
    )


def tell_declined(wallet: Wallet, request: Request) -> Presented:
    """Post that the holder declined; that nobody listens changes nothing."""
    try:
        with asking.reaching(_ASKER):
            answer = wallet.door.post_form(request.request.response_uri, request.request.refusal())
    except JikinError as error:
        wallet.tell("decline", error)
        return Presented(None)
    return Presented(_redirect(wallet, answer) if 200 <= answer.status < 300 else None)


def party(request: Request) -> str:
    """Return how the log names whoever asks: the name only where somebody vouches for it, and where the answer goes."""
    name, host = request.asker.name["ko"], request.asker.host
    return host if name == host else f"{name} ({host})"


def _write(
    wallet: Wallet, open: OpenVault, record: Record, request: Request, outcome: Mapping[str, Json] | None = None
) -> Record:
    """Write the request as it is now, and its *outcome* into the line of the log that tells of it."""
    with records.changing(wallet.database, open) as change:
        change.replace(record, request.to_json())
        if outcome is not None and request.line is not None:
            act = activity.REFUSED if request.state is RequestState.REFUSED else activity.PRESENTED
            activity.amend(change, request.line, act, {**outcome, "trust": request.asker.trust.value})
    return replace(record, version=record.version + 1, value=request.to_json())


def _redirect(wallet: Wallet, answer: Answer) -> str | None:
    """Return where the browser goes on; nowhere for an address that a browser should not be sent to by a stranger."""
    if not answer.media_type.endswith("json"):
        return None
    try:
        said = answer.json()
    except JikinError:
        return None
    address = said.get("redirect_uri") if isinstance(said, Mapping) else None
    if not isinstance(address, str) or len(address) > _MAX_REDIRECT:
        return None
    try:
        check_url(address.partition("#")[0])
    except ValueError:
        return None
    parts = urlsplit(address)
    local = wallet.is_local and parts.hostname in LOOPBACK_HOSTS
    return address if parts.scheme == "https" or local else None
