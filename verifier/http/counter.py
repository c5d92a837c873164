"""What every handler needs: the open desk, who a browser is, who may use the machine interface, how often."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from jikin.web import languages
from jikin.web.cookies import SessionCookie
from jikin.web.frame import Frame
from jikin.web.limiting import Limiter
from jikin.web.pages import Pages
from jikin.web.problems import Problem
from jikin.web.tokens import TokenDigest, bearer
from verifier.opening import OpenDesk
from verifier.words import Say, saying

_IDENTIFIERS = "120/minute"
NO_TRACE: Mapping[str, str] = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}
"""Headers of pages that show a number or a name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one network may try: names behind numbers, requests made, forgeries reported, files uploaded.

    *identifiers*: how often one machine token may have a DID resolved, which may ask a stranger's host.
    """

    second_factor: Limiter
    number: Limiter
    requests: Limiter
    reports: Limiter
    uploads: Limiter
    identifiers: Limiter = field(default_factory=lambda: Limiter(_IDENTIFIERS))


def standard_limits() -> Limits:
    """Return the limits of a service for everybody."""
    return Limits(
        second_factor=Limiter("100/hour"),
        number=Limiter("5/hour;20/day"),
        requests=Limiter("60/hour;300/day"),
        reports=Limiter("10/hour;40/day"),
        uploads=Limiter("600/hour"),
    )


@dataclass(frozen=True, slots=True)
class Counter:
    """The desk as handlers use it."""

    opened: OpenDesk
    frame: Frame
    asker: SessionCookie
    token: TokenDigest | None
    limits: Limits

    def language(self, request: Request) -> str:
        """Return the language of *request*."""
        return languages.language_of(request)

    def say(self, request: Request) -> Say:
        """Return the texts in the language of *request*."""
        return saying(self.frame.texts, self.language(request))

    def pages(self, request: Request) -> Pages:
        """Return what renders pages."""
        pages: Pages = request.app.state.pages
        return pages

    def page(
        self,
        request: Request,
        template: str,
        here: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """Return the page *template*; *here* is the entry of the menu that it belongs to."""
        say = self.say(request)
        entries = (("/", "check"), ("/requests/new", "ask"), ("/report", "report"))
        nav = [(address, say(f"nav.{name}"), name == here) for address, name in entries]
        return self.pages(request).render(
            request, template, status=status, headers=headers, csp=None, csp_without=frozenset(), nav=nav, **values
        )

    def machine(self, request: Request) -> bytes:
        """Return the digest of the machine token of *request*; raises Problem 401 where it has none that is known."""
        token = bearer(request)
        if token is None or self.token is None or not self.token.matches(token):
            raise Problem(
                401,
                "request.token",
                "this needs a token of the verifier" if token is None else "this token is not known here",
                "send Authorization: Bearer TOKEN",
                {"www-authenticate": 'Bearer realm="jikin-verifier"'},
            )
        return hashlib.sha256(b"token:" + token.encode()).digest()

    def owner(self, request: Request) -> bytes | None:
        """Return the digest by which requests of this browser, or of this machine token, are kept; None: of nobody."""
        if bearer(request) is not None:
            return self.machine(request)
        session = self.asker.get(request)
        return None if session is None else owner_of(session)


def new_session() -> str:
    """Return the token of a new browser session."""
    return secrets.token_urlsafe(32)


def owner_of(session: str) -> bytes:
    """Return the digest by which a browser session is kept."""
    return hashlib.sha256(b"session:" + session.encode()).digest()


def network_of(request: Request) -> str:
    """Return the network that *request* comes from, /24 or /64: people behind one address count as one."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))
