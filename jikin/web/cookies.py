"""Session cookies: HttpOnly, SameSite=Lax, Secure where the service is reached by https; named per service."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from jikin.web.frame import Frame

_MAX_TOKEN = 512


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie ``jikin-{service}-{name}`` that lives *max_age* seconds."""

    frame: Frame
    name: str
    max_age: int

    def set(self, response: Response, token: str) -> None:
        """Put *token* into the cookie."""
        response.set_cookie(
            self.frame.cookie_name(self.name),
            token,
            max_age=self.max_age,
            path="/",
            secure=self.frame.trusted_https,
            httponly=True,
            samesite="lax",
        )

    def get(self, request: Request) -> str | None:
        """Return the token, None where there is none."""
        token = request.cookies.get(self.frame.cookie_name(self.name), "")
        return token if 0 < len(token) <= _MAX_TOKEN else None

    def clear(self, response: Response) -> None:
        """Make the browser forget the cookie."""
        response.delete_cookie(
            self.frame.cookie_name(self.name),
            path="/",
            secure=self.frame.trusted_https,
            httponly=True,
            samesite="lax",
        )
