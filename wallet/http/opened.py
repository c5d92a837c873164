"""Who has the wallet open: the session cookie of a request, and the way to the sign-in page for everybody else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from jikin.errors import WalletError
from jikin.web.cookies import SessionCookie
from jikin.web.frame import Frame
from jikin.web.pages import Pages
from wallet import accounts
from wallet.app import Wallet
from wallet.sessions import OpenVault, SessionToken

_SESSION, _MARK = "session", "mark"
_MARK_SECONDS = 400 * 86_400  # the longest that browsers keep a cookie
_MAX_NEXT = 8_000
PRIVATE = {"cache-control": "no-store"}


class SignedOutError(Exception):
    """Nobody has the wallet open in this browser."""


class HolderRoute(APIRoute):
    """A route for whoever has the wallet open; everybody else is led to the sign-in page and back."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the way to the sign-in page around it."""
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except SignedOutError:
                return RedirectResponse(sign_in_address(request), 303, PRIVATE)

        return shown


def the_wallet(request: Request) -> Wallet:
    """Return the wallet of this service."""
    return cast(Wallet, request.app.state.wallet)


def the_pages(request: Request) -> Pages:
    """Return what renders pages."""
    return cast(Pages, request.app.state.pages)


TheWallet = Annotated[Wallet, Depends(the_wallet)]
ThePages = Annotated[Pages, Depends(the_pages)]


def perhaps_opened(request: Request, wallet: TheWallet) -> Iterator[OpenVault | None]:
    """Open the vault of this browser's session for one request; the key is wiped at its end. None: nobody's."""
    token = session_cookie(request).get(request)
    if token is None:
        yield None
        return
    try:
        vault = accounts.open_by_token(wallet, token)
    except WalletError as error:
        if error.code != "wallet.signed-out":
            raise
        yield None
        return
    with vault:
        mark = mark_cookie(request).get(request)
        if mark is not None:
            accounts.check_watermark(wallet, vault, mark)
        yield vault


PerhapsOpened = Annotated[OpenVault | None, Depends(perhaps_opened)]


def opened(vault: PerhapsOpened) -> OpenVault:
    """Return the open vault; a stranger is led to the sign-in page (see ``HolderRoute``)."""
    if vault is None:
        raise SignedOutError
    return vault


Opened = Annotated[OpenVault, Depends(opened)]


def is_open(request: Request) -> bool:
    """Say whether this browser has the wallet open."""
    token = session_cookie(request).get(request)
    if token is None:
        return False
    try:
        accounts.open_by_token(the_wallet(request), token).close()
    except WalletError:
        return False
    return True


def session_cookie(request: Request) -> SessionCookie:
    """Return the cookie with the browser's half of an open vault; it ends with the browser or the session."""
    minutes = the_wallet(request).settings.session_minutes
    return SessionCookie(_frame(request), _SESSION, max_age=minutes * 60)


def mark_cookie(request: Request) -> SessionCookie:
    """Return the cookie by which the holder's device would notice that an older vault was put in place."""
    return SessionCookie(_frame(request), _MARK, max_age=_MARK_SECONDS)


def signed_in(request: Request, wallet: Wallet, token: SessionToken, response: Response) -> Response:
    """Return *response* with the cookies of a vault that was just opened."""
    session_cookie(request).set(response, token.text)
    with accounts.open_by_token(wallet, token.text) as vault:
        marked(request, wallet, vault, response)
    return response


def marked(request: Request, wallet: Wallet, vault: OpenVault, response: Response) -> Response:
    """Return *response* with a mark of the vault's present state, after something was put in or taken out."""
    mark_cookie(request).set(response, accounts.watermark(wallet, vault))
    return response


def see(path: str) -> RedirectResponse:
    """Return the answer to a form that was obeyed: look at *path*, and no reload repeats it."""
    return RedirectResponse(path, 303, PRIVATE)


def next_page(text: str | None) -> str:
    """Return where to go on: *text* when it is a path of this site, else the list."""
    if text is None or len(text) > _MAX_NEXT or not text.startswith("/") or text.startswith(("//", "/\\")):
        return "/"
    return text if text.isprintable() and "\\" not in text else "/"


def sign_in_address(request: Request) -> str:
    """Return the sign-in page, which leads back to what *request* asked to see."""
    if request.method != "GET" or request.url.path == "/":
        return "/sign-in"
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(wanted, safe='')}"


def _frame(request: Request) -> Frame:
    return cast(Frame, request.app.state.frame)
