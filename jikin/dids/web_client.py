"""One guarded HTTP exchange: no private addresses, no packed bodies, caps on size and time.

What a stranger's document or message names is asked through here, so that nobody can use a verifier, wallet or issuer
to reach machines that only it can reach, or keep it busy.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar
from urllib.parse import SplitResult, urlsplit

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection

from jikin.dids.authorities import system_authorities
from jikin.errors import FetchError

T = TypeVar("T")
Origin: TypeAlias = tuple[str, str, int]  # scheme, host, port

_PORTS = {"http": 80, "https": 443}
_NO_URL = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """The answer to one request: *headers* by lower-case name; *redirect* is where it sends us on to."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    redirect: str | None = None


class WebClient:
    """Asks one URL at a time; safe to call from any thread, also from one that runs an event loop."""

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str] = (),
        timeout_seconds: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Set the limits.

        *allowed_hosts* ("localhost", "127.0.0.1:8101") may be asked over plain http and may have private addresses.
        *tls* replaces the system's trusted authorities.
        """
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._timeout_seconds = timeout_seconds
        self._tls = tls

    def ask(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, max_bytes: int) -> WebAnswer:
        """Return the answer to one request, of every status but a redirect; at most *max_bytes* of body.

        Raises FetchError: ``fetch.refused`` (scheme, redirect, packed body), ``fetch.private-address``,
        ``fetch.too-long``, ``fetch.timeout``, ``fetch.unreachable``.
        """

        async def once() -> WebAnswer:
            here = split(url)
            self.check_scheme(here)
            answer = await self.exchange(method, here, headers=headers, body=body, max_bytes=max_bytes)
            if answer.redirect is not None:
                raise failed(url, "it sends us on to another address, which is not followed", "fetch.refused")
            return answer

        return self.run(url, once)

    def run(self, url: str, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """Return what *work* returns, made of calls of ``exchange`` about *url*, within the time allowed in all.

        Raises FetchError for everything that can go wrong on the network.
        """
        # The guarded client is asynchronous; a thread of its own lets a caller inside an event loop use it too. Looking
        # up a name cannot be broken off: then the thread is left behind, not waited for.
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="web-fetch")
        try:
            return thread.submit(asyncio.run, self._limited(url, work)).result(self._timeout_seconds + 1)
        except TimeoutError as error:
            raise failed(url, f"no answer within {self._timeout_seconds:g} seconds", "fetch.timeout") from error
        finally:
            thread.shutdown(wait=False)

    async def _limited(self, url: str, work: Callable[[], Coroutine[object, object, T]]) -> T:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await work()
        except TimeoutError as error:
            raise failed(url, f"no whole answer within {self._timeout_seconds:g} seconds", "fetch.timeout") from error
        except SSRFProtectionError as error:
            raise failed(url, "its address is in a private network", "fetch.private-address") from error
        except httpx.TimeoutException as error:
            raise failed(url, "no answer in time", "fetch.timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise failed(url, str(error)[:200] or type(error).__name__, "fetch.unreachable") from error

    def check_scheme(self, here: SplitResult) -> None:
        """Return if *here* may be asked by its scheme; raises FetchError (``fetch.refused``)."""
        if here.scheme != "https" and not self._is_allowed(here):
            raise failed(here.geturl(), "only https is asked", "fetch.refused")

    def _is_allowed(self, here: SplitResult) -> bool:
        _, host, port = origin(here)
        return host in self._allowed or f"{host}:{port}" in self._allowed

    async def exchange(
        self,
        method: str,
        here: SplitResult,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        max_bytes: int,
        read: Collection[int] | None = None,
    ) -> WebAnswer:
        """Return the answer to one request; its body is read for the statuses *read* (None: all but redirects)."""
        asking = {**headers, "accept-encoding": "identity"}
        tls = self._tls or system_authorities()
        client = httpx.AsyncClient(verify=tls, trust_env=False, timeout=self._timeout_seconds, headers=asking)
        async with client:
            if not self._is_allowed(here):
                httpx_ssrf_protection(client)
            async with client.stream(method, here.geturl(), content=body or None) as response:
                known = {name.lower(): value for name, value in response.headers.items()}
                if response.has_redirect_location:
                    return WebAnswer(response.status_code, known, b"", response.headers["location"])
                if read is not None and response.status_code not in read:
                    return WebAnswer(response.status_code, known, b"")
                if known.get("content-encoding", "identity") != "identity":
                    # Unpacking could make a gigabyte out of a kilobyte; we asked for none.
                    raise failed(here.geturl(), "it answers with a packed body", "fetch.refused")
                content = await _body(response, here.geturl(), max_bytes)
                return WebAnswer(response.status_code, known, content)


async def _body(response: httpx.Response, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise failed(url, f"it answers with more than {max_bytes} bytes", "fetch.too-long")
    return bytes(body)


def split(url: str) -> SplitResult:
    """Return the parts of an absolute URL; raises FetchError (``fetch.refused``) for what is none we would ask."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or _NO_URL.search(url):
        raise failed(url, "it is no http or https URL", "fetch.refused")
    if parts.username is not None or parts.password is not None:
        raise FetchError("a URL with a user name or password is not read", code="fetch.refused")
    return parts


def origin(parts: SplitResult) -> Origin:
    """Return scheme, host and port of a URL."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def failed(url: str, why: str, code: str) -> FetchError:
    """Return the FetchError that says why *url* cannot be read."""
    # Names, passwords and what follows ? or # may be secrets.
    shown = re.sub(r"//[^/]*@", "//", url.partition("?")[0].partition("#")[0])
    return FetchError(f"{shown[:200]!r} cannot be read: {why}", code=code)
