"""JWS as JSON (RFC 7515, section 7.2) and JAdES on top of it: recognised, so that it is refused with the reason.

European Digital Credentials are signed so, with an unencoded payload (RFC 7797) and critical parameters of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from jikin.codec import strict_json
from jikin.errors import EnvelopeError, JsonError
from jikin.proofs.envelope import Opened
from jikin.values import JsonObject, PublicKey, SignedStatement

NAME = "jose+json"
_MAX_BYTES = 1 << 20


class JsonSerialization:
    """A JWS or SD-JWT as JSON, which is not read."""

    name = NAME
    defines_terms = False

    def recognizes(self, data: bytes) -> bool:
        """Say whether *data* is a JSON object with a payload and signatures."""
        if data.lstrip()[:1] != b"{":
            return False
        try:
            value = strict_json.parse(data, max_bytes=_MAX_BYTES)
        except JsonError:
            return False
        return isinstance(value, Mapping) and is_one(value)

    def open(self, data: bytes) -> Opened:  # noqa: ARG002 -- whatever it is
        """Refuse *data* with EnvelopeError, ``envelope.unsupported``."""
        refuse()

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:  # noqa: ARG002 -- nothing is ever opened
        """Return False."""
        return False


def is_one(document: JsonObject) -> bool:
    """Say whether *document* is a JWS as JSON, general or flattened."""
    signatures = document.get("signatures")
    general = isinstance(signatures, Sequence) and not isinstance(signatures, str)
    return isinstance(document.get("payload"), str) and (general or isinstance(document.get("signature"), str))


def refuse() -> NoReturn:
    """Raise EnvelopeError (``envelope.unsupported``) with what would be read instead."""
    raise EnvelopeError(
        "a JWS as JSON (JAdES among them) is not read here; compact JWS, SD-JWT and COSE are",
        code="envelope.unsupported",
        hint="ask the issuer for the compact form, or check the document with the issuer's own service",
    )
