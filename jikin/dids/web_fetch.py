"""Doors to the web: one that asks, one that answers from folders, one that stays shut.

A verifier fetches what strangers' documents name. So only https is asked (http for hosts an operator allows), never an
address inside a private network, with caps on size, time and redirects: nobody may use a verifier to reach machines
that only the verifier can reach, or to keep it busy.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin

from jikin.dids.method import Fetch
from jikin.dids.web_client import Origin, WebClient, failed, origin, split

_NO_NAME = re.compile(r"[/\\\x00-\x1f]")
_HEADERS = {"accept": "application/json, */*;q=0.5"}


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
        self._client = WebClient(allowed_hosts=allowed_hosts, timeout_seconds=timeout_seconds, tls=tls)
        self._max_redirects = max_redirects

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the body found at *url*, at most *max_bytes*.

        Raises FetchError: ``fetch.refused`` (scheme, host or redirect not allowed), ``fetch.private-address``,
        ``fetch.not-found`` (404, 410), ``fetch.status`` (another answer than 200), ``fetch.too-long``,
        ``fetch.timeout``, ``fetch.unreachable``.
        """
        return self._client.run(url, lambda: self._follow(url, max_bytes))

    async def _follow(self, url: str, max_bytes: int) -> bytes:
        first = here = split(url)
        for _ in range(self._max_redirects + 1):
            self._check(here, first)
            answer = await self._ask(here, max_bytes)
            if isinstance(answer, bytes):
                return answer
            here = _joined(here, answer)
        raise failed(url, f"more than {self._max_redirects} redirects", "fetch.refused")

    def _check(self, here: SplitResult, first: SplitResult) -> None:
        self._client.check_scheme(here)
        if origin(here) != origin(first):
            raise failed(first.geturl(), f"it sends us on to another host, {here.hostname}", "fetch.refused")

    async def _ask(self, here: SplitResult, max_bytes: int) -> bytes | str:
        """Return the body, or where the answer sends us on to."""
        answer = await self._client.exchange("GET", here, headers=_HEADERS, max_bytes=max_bytes, read={200})
        if answer.redirect is not None:
            return answer.redirect
        if answer.status in (404, 410):
            raise failed(here.geturl(), "it is not there", "fetch.not-found")
        if answer.status != 200:
            raise failed(here.geturl(), f"it answers {answer.status}", "fetch.status")
        return answer.body


class NoFetch:
    """A door that stays shut: for verification without a network."""

    def get(self, url: str, *, max_bytes: int) -> bytes:  # noqa: ARG002  # the door's shape
        """Raise FetchError (``fetch.offline``), always."""
        raise failed(url, "the network is not used", "fetch.offline")


class Mirrors:
    """Answers for URL prefixes from local folders (an offline mirror of an issuer's public files)."""

    def __init__(self, folders: Mapping[str, Path], otherwise: Fetch | None = None) -> None:
        """Take the *folders* by URL prefix (``https://exam.example/``); *otherwise* is asked for all other URLs.

        Raises FetchError for a prefix that is no URL. Without *otherwise* nobody is asked.
        """
        self._folders: dict[tuple[Origin, tuple[str, ...]], Path] = {}
        for prefix, folder in folders.items():
            parts = split(prefix)
            self._folders[(origin(parts), tuple(filter(None, parts.path.split("/"))))] = folder
        self._otherwise: Fetch = otherwise if otherwise is not None else NoFetch()

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the file that mirrors *url*, or what the other door answers.

        The longest prefix counts. Raises FetchError: ``fetch.not-found``, ``fetch.too-long``, ``fetch.refused`` for a
        path that would leave the folder (dots, encoded slashes, links that lead out).
        """
        parts = split(url)
        asked, segments = origin(parts), tuple(parts.path.split("/")[1:])
        fitting = [prefix for place, prefix in self._folders if place == asked and segments[: len(prefix)] == prefix]
        if not fitting:
            return self._otherwise.get(url, max_bytes=max_bytes)
        prefix = max(fitting, key=len)
        names = [unquote(segment) for segment in segments[len(prefix) :]]
        return _file(self._folders[(asked, prefix)], names, url, max_bytes)


def _file(folder: Path, names: list[str], url: str, max_bytes: int) -> bytes:
    for name in names:
        # Checked after decoding, and decoded once: %2e%2e and %2F are dots and slashes as well.
        if name in ("", ".", "..") or _NO_NAME.search(name):
            raise failed(url, "its path would leave the mirror", "fetch.refused")
    try:
        root = folder.resolve(strict=True)
        file = root.joinpath(*names).resolve(strict=True)
        if not file.is_relative_to(root):  # a link that leads out
            raise failed(url, "its path would leave the mirror", "fetch.refused")
        with file.open("rb") as opened:
            body = opened.read(max_bytes + 1)
    except OSError as error:
        raise failed(url, "the mirror has no such file", "fetch.not-found") from error
    if len(body) > max_bytes:
        raise failed(url, f"the mirrored file has more than {max_bytes} bytes", "fetch.too-long")
    return body


def _joined(here: SplitResult, location: str) -> SplitResult:
    try:
        return split(urljoin(here.geturl(), location))
    except ValueError as error:
        raise failed(here.geturl(), "it sends us on to what is no URL", "fetch.refused") from error
