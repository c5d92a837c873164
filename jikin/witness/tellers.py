"""Who is told by the watcher: a stream of lines, a webhook, a command."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from jikin.errors import SettingsError, UnavailableError
from jikin.witness.known import Known
from jikin.witness.watching import Teller

__all__ = ["Lines", "Program", "Teller", "Webhook", "known_from"]

_SECONDS = 30.0
_MAX_LIST = 64 << 20  # bytes; about half a million acts


@dataclass(frozen=True, slots=True)
class Lines:
    """Writes every alert as one line of JSON."""

    write: Callable[[str], None] = field(repr=False)

    def tell(self, said: str) -> None:
        """Write the alert."""
        self.write(said)


class Webhook:
    """Posts every alert as JSON to a URL, which may hold a secret and is never shown."""

    def __init__(self, url: str) -> None:
        """Remember the URL; raises SettingsError when it is none."""
        self._url = _http(url, "webhook")
        self._host = urlsplit(url).hostname

    def __repr__(self) -> str:
        return f"Webhook({self._host})"

    def tell(self, said: str) -> None:
        """Post the alert; raises UnavailableError unless it is answered with 2xx."""
        try:
            answer = httpx.post(
                self._url,
                content=said.encode("utf-8"),
                headers={"content-type": "application/json"},
                timeout=_SECONDS,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise UnavailableError(f"{self._host} does not take alerts: {type(error).__name__}") from error
        if not answer.is_success:
            raise UnavailableError(f"{self._host} answers an alert with {answer.status_code}")


@dataclass(frozen=True, slots=True)
class Program:
    """Runs a command, without a shell, and hands it the alert as JSON on its standard input."""

    words: Sequence[str]

    def tell(self, said: str) -> None:
        """Run the command; raises UnavailableError when it cannot be run, or ends with another code than 0."""
        try:
            ended = subprocess.run(
                list(self.words), input=said.encode("utf-8"), timeout=_SECONDS, stdout=subprocess.DEVNULL, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UnavailableError(f"{self.words[0]} cannot be run: {type(error).__name__}") from error
        if ended.returncode:
            raise UnavailableError(f"{self.words[0]} ended with {ended.returncode}")


def known_from(place: str) -> Callable[[], Known]:
    """Return what reads the owner's list anew from a file or an http(s) URL; raises SettingsError for another URL.

    Reading raises UnavailableError when the list is not there: no list is not an empty list.
    """
    if "://" not in place:
        return lambda: Known.parse(_file(Path(place)))
    url = _http(place, "known")
    return lambda: Known.parse(_fetched(url))


def _file(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError(f"the list of known acts {path.name} cannot be read: {error}", code=_NO_LIST) from error


def _fetched(url: str) -> str:
    host = urlsplit(url).hostname
    body = bytearray()
    try:
        with httpx.stream("GET", url, timeout=_SECONDS, trust_env=False) as answer:
            if answer.status_code != 200:
                raise UnavailableError(f"{host} answers {answer.status_code} for the known acts", code=_NO_LIST)
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _MAX_LIST:
                    raise UnavailableError(f"{host} answers more than {_MAX_LIST} bytes", code=_NO_LIST)
        return body.decode("utf-8")
    except (httpx.HTTPError, UnicodeDecodeError) as error:
        raise UnavailableError(
            f"{host} does not answer the known acts: {type(error).__name__}", code=_NO_LIST
        ) from error


def _http(url: str, setting: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{setting} is no http:// or https:// URL", code="settings.value")
    return url


_NO_LIST = "watch.known-unreachable"
