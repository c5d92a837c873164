"""Doors to the web: one that asks, one that answers from folders, one that stays shut.

A verifier fetches what strangers' documents name. So only https is asked (http for hosts an operator allows), never an
address inside a private network, with caps on size, time and redirects: nobody may use a verifier to reach machines
that only the verifier can reach, or to keep it busy.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection

from jikin.dids.method import Fetch
from jikin.errors import FetchError

_Origin: TypeAlias = tuple[str, str, int]  # scheme, host, port

_PORTS = {"http": 80, "https": 443}
_NO_URL = re.compile(r"[\x00-\x20\x7f\\]")
_NO_NAME = re.compile(r"[/\\\x00-\x1f]")


class WebFetch:
    """Reads URLs over the network; safe to call from any thread, also from one that runs an event loop."""

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str] = (),
        timeout_seconds: float = 10.0,
        max_redirects: int = 3,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Set the limits.

        *allowed_hosts* ("localhost", "127.0.0.1:8101") may be asked over plain http and may have private addresses.
        *timeout_seconds* is for the whole answer, redirects included; redirects stay on their host. *tls* replaces the
        system's trusted authorities.
        """
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._timeout_seconds = timeout_seconds
        self._max_redirects = max_redirects
        self._tls = tls

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the body found at *url*, at most *max_bytes*.

        Raises FetchError: ``fetch.refused`` (scheme, host or redirect not allowed), ``fetch.private-address``,
        ``fetch.not-found`` (404, 410), ``fetch.status`` (another answer than 200), ``fetch.too-long``,
        ``fetch.timeout``, ``fetch.unreachable``.
        """
        if self._tls is None:
            self._tls = ssl.create_default_context()  # late: it reads every authority the system trusts
        # The guarded client is asynchronous; a thread of its own lets a caller inside an event loop use it too. Looking
        # up a name cannot be broken off: then the thread is left behind, not waited for.
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="web-fetch")
        try:
            return thread.submit(asyncio.run, self._read(url, max_bytes, self._tls)).result(self._timeout_seconds + 1)
        except TimeoutError as error:
            raise _failed(url, f"no answer within {self._timeout_seconds:g} seconds", "fetch.timeout") from error
        finally:
            thread.shutdown(wait=False)

    async def _read(self, url: str, max_bytes: int, tls: ssl.SSLContext) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._follow(url, max_bytes, tls)
        except TimeoutError as error:
            raise _failed(url, f"no whole answer within {self._timeout_seconds:g} seconds", "fetch.timeout") from error
        except SSRFProtectionError as error:
            raise _failed(url, "its address is in a private network", "fetch.private-address") from error
        except httpx.TimeoutException as error:
            raise _failed(url, "no answer in time", "fetch.timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise _failed(url, str(error)[:200] or type(error).__name__, "fetch.unreachable") from error

    async def _follow(self, url: str, max_bytes: int, tls: ssl.SSLContext) -> bytes:
        first = here = _split(url)
        for _ in range(self._max_redirects + 1):
            self._check(here, first)
            answer = await self._ask(here, max_bytes, tls)
            if isinstance(answer, bytes):
                return answer
            here = _joined(here, answer)
        raise _failed(url, f"more than {self._max_redirects} redirects", "fetch.refused")

    def _check(self, here: SplitResult, first: SplitResult) -> None:
        if here.scheme != "https" and not self._is_allowed(here):
            raise _failed(here.geturl(), "only https is asked", "fetch.refused")
        if _origin(here) != _origin(first):
            raise _failed(first.geturl(), f"it sends us on to another host, {here.hostname}", "fetch.refused")

    def _is_allowed(self, here: SplitResult) -> bool:
        _, host, port = _origin(here)
        return host in self._allowed or f"{host}:{port}" in self._allowed

    async def _ask(self, here: SplitResult, max_bytes: int, tls: ssl.SSLContext) -> bytes | str:
        """Return the body, or where the answer sends us on to."""
        headers = {"Accept": "application/json, */*;q=0.5", "Accept-Encoding": "identity"}
        client = httpx.AsyncClient(verify=tls, trust_env=False, timeout=self._timeout_seconds, headers=headers)
        async with client:
            if not self._is_allowed(here):
                httpx_ssrf_protection(client)
            async with client.stream("GET", here.geturl()) as response:
                if response.has_redirect_location:
                    return response.headers["location"]
                if response.status_code in (404, 410):
                    raise _failed(here.geturl(), "it is not there", "fetch.not-found")
                if response.status_code != 200:
                    raise _failed(here.geturl(), f"it answers {response.status_code}", "fetch.status")
                if response.headers.get("content-encoding", "identity") != "identity":
                    # Unpacking could make a gigabyte out of a kilobyte; we asked for none.
                    raise _failed(here.geturl(), "it answers with a packed body", "fetch.refused")
                return await _body(response, here.geturl(), max_bytes)


async def _body(response: httpx.Response, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise _failed(url, f"it answers with more than {max_bytes} bytes", "fetch.too-long")
    return bytes(body)


class NoFetch:
    """A door that stays shut: for verification without a network."""

    def get(self, url: str, *, max_bytes: int) -> bytes:  # noqa: ARG002  # the door's shape
        """Raise FetchError (``fetch.offline``), always."""
        raise _failed(url, "the network is not used", "fetch.offline")


class Mirrors:
    """Answers for URL prefixes from local folders (an offline mirror of an issuer's public files)."""

    def __init__(self, folders: Mapping[str, Path], otherwise: Fetch | None = None) -> None:
        """Take the *folders* by URL prefix (``https://exam.example/``); *otherwise* is asked for all other URLs.

        Raises FetchError for a prefix that is no URL. Without *otherwise* nobody is asked.
        """
        self._folders: dict[tuple[_Origin, tuple[str, ...]], Path] = {}
        for prefix, folder in folders.items():
            parts = _split(prefix)
            self._folders[(_origin(parts), tuple(filter(None, parts.path.split("/"))))] = folder
        self._otherwise: Fetch = otherwise if otherwise is not None else NoFetch()

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the file that mirrors *url*, or what the other door answers.

        The longest prefix counts. Raises FetchError: ``fetch.not-found``, ``fetch.too-long``, ``fetch.refused`` for a
        path that would leave the folder (dots, encoded slashes, links that lead out).
        """
        parts = _split(url)
        origin, segments = _origin(parts), tuple(parts.path.split("/")[1:])
        fitting = [prefix for place, prefix in self._folders if place == origin and segments[: len(prefix)] == prefix]
        if not fitting:
            return self._otherwise.get(url, max_bytes=max_bytes)
        prefix = max(fitting, key=len)
        names = [unquote(segment) for segment in segments[len(prefix) :]]
        return _file(self._folders[(origin, prefix)], names, url, max_bytes)


def _file(folder: Path, names: list[str], url: str, max_bytes: int) -> bytes:
    for name in names:
        # Checked after decoding, and decoded once: %2e%2e and %2F are dots and slashes as well.
        if name in ("", ".", "..") or _NO_NAME.search(name):
            raise _failed(url, "its path would leave the mirror", "fetch.refused")
    try:
        root = folder.resolve(strict=True)
        file = root.joinpath(*names).resolve(strict=True)
        if not file.is_relative_to(root):  # a link that leads out
            raise _failed(url, "its path would leave the mirror", "fetch.refused")
        with file.open("rb") as opened:
            body = opened.read(max_bytes + 1)
    except OSError as error:
        raise _failed(url, "the mirror has no such file", "fetch.not-found") from error
    if len(body) > max_bytes:
        raise _failed(url, f"the mirrored file has more than {max_bytes} bytes", "fetch.too-long")
    return body


def _split(url: str) -> SplitResult:
    """Return the parts of an absolute URL; raises FetchError (``fetch.refused``) for what is none we would ask."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or _NO_URL.search(url):
        raise _failed(url, "it is no http or https URL", "fetch.refused")
    if parts.username is not None or parts.password is not None:
        raise FetchError("a URL with a user name or password is not read", code="fetch.refused")
    return parts


def _joined(here: SplitResult, location: str) -> SplitResult:
    try:
        return _split(urljoin(here.geturl(), location))
    except ValueError as error:
        raise _failed(here.geturl(), "it sends us on to what is no URL", "fetch.refused") from error


def _origin(parts: SplitResult) -> _Origin:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _failed(url: str, why: str, code: str) -> FetchError:
    # Names, passwords and what follows ? or # may be secrets.
    shown = re.sub(r"//[^/]*@", "//", url.partition("?")[0].partition("#")[0])
    return FetchError(f"{shown[:200]!r} cannot be read: {why}", code=code)
