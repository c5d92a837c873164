"""What happens around every request: an id, a limit on the body, security headers, a count and one log line."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection, Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jikin.web import headers, languages, logs
from jikin.web.frame import Frame
from jikin.web.metrics import Metrics
from jikin.web.problems import Problem

BODY_BYTES = 1 << 20
UPLOAD_BYTES = 20 << 20
UNROUTED = "none"
_YEAR = 365 * 24 * 3600


def route_of(scope: Scope) -> str:
    """Return the template of the route that answers, such as ``/n/{number}``; "none" where no route does."""
    effective = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(effective, "path_format", None) or getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else UNROUTED


class Around:
    """Request id, metrics and the log line."""

    def __init__(self, app: ASGIApp, service: str, metrics: Metrics) -> None:
        """Wrap *app*."""
        self._app = app
        self._service = service
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        begun = time.perf_counter()
        status = 500

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, tell)
        finally:
            seconds = time.perf_counter() - begun
            route = route_of(scope)
            self._metrics.answered(route, scope["method"], status, seconds)
            log = logs.logger()
            # A page asks for thirty slices of its fonts: nobody reads those lines.
            tell_line = log.debug if route.startswith("/static/") else log.info
            tell_line(
                "request",
                service=self._service,
                request_id=request_id,
                route=route,
                method=scope["method"],
                status=status,
                seconds=round(seconds, 4),
            )


class SecureHeaders:
    """Security headers on every answer; an answer that brings its own policy keeps it."""

    def __init__(self, app: ASGIApp, extra: Mapping[str, str], strict_transport: bool) -> None:
        """Wrap *app*; *extra* adds sources to the policy's directives."""
        self._app = app
        self._headers = {**headers.ALWAYS, headers.CSP: headers.policy(extra)}
        if strict_transport:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    answer.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, tell)


class LanguageCookie:
    """Keeps what ``?lang=`` asked for."""

    def __init__(self, app: ASGIApp, frame: Frame) -> None:
        """Wrap *app*."""
        self._app = app
        self._name = frame.cookie_name(languages.COOKIE)
        self._secure = "; Secure" if frame.trusted_https else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = languages.asked_language(Request(scope)) if scope["type"] == "http" else None
        if asked is None:
            await self._app(scope, receive, send)
            return
        cookie = f"{self._name}={asked}; Max-Age={_YEAR}; Path=/; HttpOnly; SameSite=Lax{self._secure}"

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, tell)


class BodyLimit:
    """Bodies of at most 1 MiB; 20 MiB for the routes that take uploads."""

    def __init__(self, app: ASGIApp, upload_paths: Collection[str]) -> None:
        """Wrap *app*; *upload_paths* are route templates."""
        self._app = app
        self._uploads: tuple[re.Pattern[str], ...] = tuple(compile_path(path)[0] for path in upload_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        uploads = any(pattern.match(scope["path"]) for pattern in self._uploads)
        # What surrounds the file in a multipart body must not make a file of the greatest size too large.
        limit = UPLOAD_BYTES + BODY_BYTES if uploads else BODY_BYTES
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        promised = int(length) if length.isdigit() and len(length) < 20 else 0
        got = 0

        async def limited() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if max(got, promised) > limit:
                raise Problem(
                    413,
                    "request.too-large",
                    f"the body has more than {limit} bytes",
                    "send less at once",
                    {"connection": "close"},
                )
            return message

        await self._app(scope, limited, send)
