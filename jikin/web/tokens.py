"""Bearer tokens of machines (RFC 6750): read from the header, kept as digests, allowed by scopes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from jikin.errors import SettingsError

_MAX_TOKEN = 4096
EVERY = "*"


def bearer(request: Request) -> str | None:
    """Return the token of ``Authorization: Bearer …``, None where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not 0 < len(token) <= _MAX_TOKEN or not token.isascii():
        return None
    return token


def new_token() -> str:
    """Return a new token: 32 random bytes as base64url."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class TokenDigest:
    """SHA-256 of a token: what a service keeps, since it can be compared and not used."""

    raw: bytes = field(repr=False)

    @classmethod
    def of(cls, token: str) -> TokenDigest:
        """Return the digest of *token*."""
        return cls(hashlib.sha256(token.encode()).digest())

    def matches(self, token: str) -> bool:
        """Tell whether this is the digest of *token*, in constant time."""
        return hmac.compare_digest(self.raw, TokenDigest.of(token).raw)


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a token may do: names such as ``offers``; ``*`` is every scope."""

    names: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Scopes:
        """Return the scopes of a text with spaces between them (RFC 6749, 3.3)."""
        return cls(frozenset(text.split()))

    def allow(self, scope: str) -> bool:
        """Tell whether *scope* is among them."""
        return scope in self.names or EVERY in self.names

    def __str__(self) -> str:
        """Return them as RFC 6749 writes them."""
        return " ".join(sorted(self.names))


def read_dev_tokens(path: Path) -> Mapping[str, str]:
    """Return service → token of a file that ``jikin up --dev-tokens`` wrote; raises SettingsError."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"the file of development tokens {path} cannot be read: {type(error).__name__}") from error
    if not isinstance(found, dict) or not all(isinstance(token, str) and token for token in found.values()):
        raise SettingsError(f"{path} has to be an object with one token per service")
    return found
