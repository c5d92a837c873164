"""did:web: the DID names a web page that holds the document (W3C CCG, did:web method)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias
from urllib.parse import unquote

from jikin.codec import strict_json
from jikin.dids import document as documents
from jikin.dids.method import DidDocument, Fetch
from jikin.errors import DidError, JsonError
from jikin.values import Did

MAX_DOCUMENT_BYTES = 64 * 1024
LocalScheme: TypeAlias = Literal["http", "https"]
_LOCAL = frozenset({"localhost", "127.0.0.1"})
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_NUMBERS = re.compile(r"[0-9.]*")
_SEGMENT = re.compile(r"[^\x00-\x20\x7f\ufffd/\\?#%]+")


class DidWeb:
    """The method ``web``; https only, but for this very machine when *local* says so."""

    def __init__(self, *, local: LocalScheme | None = None) -> None:
        """*local*: how did:web:localhost and did:web:127.0.0.1 are read; without it they are refused."""
        self._local = local

    @property
    def name(self) -> str:
        """Return ``web``."""
        return "web"

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:
        """Return the document found at the URL of *did*, at most 64 KiB.

        Raises DidError (``did.invalid``, ``did.document`` and those of the document), FetchError when nobody answered.
        """
        data = fetch.get(self.url(did), max_bytes=MAX_DOCUMENT_BYTES)
        try:
            value = strict_json.parse(data, max_bytes=MAX_DOCUMENT_BYTES)
        except JsonError as error:
            raise DidError(f"the document of {did} cannot be read: {error}", code="did.document") from error
        if not isinstance(value, Mapping):
            raise DidError(f"the document of {did} is no JSON object", code="did.document")
        return documents.read(did, value)

    def url(self, did: Did) -> str:
        """Return where the document of *did* lies; raises DidError (``did.invalid``).

        did:web:host → https://host/.well-known/did.json; did:web:host%3A8443:a:b → https://host:8443/a/b/did.json.
        """
        if did.method != "web":
            raise _invalid(did, "it is not of the method web")
        authority, *segments = did.identifier.split(":")
        host, colon, port = re.sub("%3A", ":", authority, flags=re.IGNORECASE).partition(":")
        host = host.lower()
        scheme = self._scheme(did, host)
        if colon and not (port.isascii() and port.isdigit() and not port.startswith("0") and int(port[:6]) < 65536):
            raise _invalid(did, "its port is no number between 1 and 65535")
        for segment in segments:
            # What decodes to a slash or to dots would point at another page than the DID seems to.
            decoded = unquote(segment, errors="replace")
            if decoded in (".", "..") or not _SEGMENT.fullmatch(decoded):
                raise _invalid(did, f"{segment[:40]!r} is no part of a path")
        path = "/".join(segments) if segments else ".well-known"
        return f"{scheme}://{host}{colon}{port}/{path}/did.json"

    def _scheme(self, did: Did, host: str) -> str:
        if host in _LOCAL:
            if self._local is None:
                raise _invalid(did, f"{host} is this machine, which only a trial set-up may ask")
            return self._local
        if not _HOST.fullmatch(host) or _NUMBERS.fullmatch(host):
            raise _invalid(did, "its host is no domain name")
        return "https"


def _invalid(did: Did, why: str) -> DidError:
    return DidError(f"{did.text[:120]!r} cannot be a did:web: {why}", code="did.invalid")
