"""The door through which a wallet speaks to issuers and verifiers: three verbs, no redirects, nothing private.

Who writes an offer or a request chooses whom the wallet asks. So the door asks https only (http for hosts an operator
allows), never an address inside a private network, follows no redirect and reads no more than it was told to.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from jikin.codec import strict_json
from jikin.dids.web_client import WebClient
from jikin.errors import JsonError
from jikin.openid4vc.errors import refusal
from jikin.values import Json, JsonObject

MAX_ANSWER_BYTES = 1 << 20
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the HTTP *status*, *headers* by lower-case name, the *body* as it was sent."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """Return the media type without parameters, in lower case; empty where none was said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Json:
        """Return the body as JSON; raises ProtocolError (``openid.answer``) for what is none, or beyond the limits."""
        try:
            return strict_json.parse(self.body)
        except JsonError as error:
            raise refusal("answer", f"the answer ({self.status}) is no JSON: {error}") from error

    def text(self) -> str:
        """Return the body as text; raises ProtocolError (``openid.answer``) for what is not UTF-8."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise refusal("answer", f"the answer ({self.status}) is no text in UTF-8") from error


class Door(Protocol):
    """Whom to ask. Every verb raises FetchError when nobody answered, or the address may not be asked."""

    def get(self, url: str, accept: str = _JSON, max_bytes: int = MAX_ANSWER_BYTES) -> Answer:
        """Return the answer to GET *url*."""

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to POST *url* with *fields* as a form."""

    def post_json(self, url: str, body: JsonObject, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to POST *url* with *body* as JSON."""


class WebDoor:
    """The door to the network; safe to use from any thread, also from one that runs an event loop."""

    def __init__(
        self,
        allowed_hosts: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
        *,
        timeout_seconds: float = 10.0,
    ) -> None:
        """Set the limits.

        *allowed_hosts* ("localhost", "127.0.0.1:8101") may be asked over plain http and may have private addresses.
        *tls* replaces the system's trusted authorities. *timeout_seconds* is for one whole answer.
        """
        self._client = WebClient(allowed_hosts=allowed_hosts, timeout_seconds=timeout_seconds, tls=tls)

    def get(self, url: str, accept: str = _JSON, max_bytes: int = MAX_ANSWER_BYTES) -> Answer:
        """Return the answer to GET *url*, at most *max_bytes*.

        Raises FetchError: ``fetch.refused`` (scheme, redirect, packed body), ``fetch.private-address``,
        ``fetch.too-long``, ``fetch.timeout``, ``fetch.unreachable``. Every status but a redirect is an answer.
        """
        return self._ask("GET", url, {"accept": accept}, b"", max_bytes)

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to POST *url* with *fields* as a form; raises as ``get`` does."""
        body = urlencode(fields).encode("ascii")
        return self._ask("POST", url, {"accept": _JSON, **_lower(headers), "content-type": _FORM}, body)

    def post_json(self, url: str, body: JsonObject, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to POST *url* with *body* as JSON; raises as ``get`` does."""
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        return self._ask("POST", url, {"accept": _JSON, **_lower(headers), "content-type": _JSON}, data)

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, max_bytes: int = MAX_ANSWER_BYTES
    ) -> Answer:
        answer = self._client.ask(method, url, headers=headers, body=body, max_bytes=max_bytes)
        return Answer(answer.status, answer.headers, answer.body)


def _lower(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}
