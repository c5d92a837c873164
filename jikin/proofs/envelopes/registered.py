"""The registered claims of a token (RFC 7519, section 4.1), and that they say what the credential says.

W3C Securing Verifiable Credentials using JOSE and COSE 1.0, section 3.1.3; Open Badges 3.0, section 8.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from jikin.credentials.structure import is_url, items
from jikin.errors import EnvelopeError, ValueRefusedError
from jikin.proofs.envelope import Content
from jikin.values import Json, JsonObject, parse_instant

NAMES = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "nonce"})
"""Claims that speak of the token; as members of a credential they would have no meaning."""

_MAX_INSTANT = 253_402_300_800  # the year 10000
_PRESENTATIONS = frozenset({"VerifiablePresentation", "EnvelopedVerifiablePresentation"})


@dataclass(frozen=True, slots=True)
class Registered:
    """What of the registered claims is stated; instants are Unix seconds."""

    issuer: str | None
    subject: str | None
    id: str | None
    issued_at: int | None
    not_before: int | None
    expires: int | None

    @classmethod
    def of(cls, claims: JsonObject) -> Registered:
        """Return those of *claims*.

        Raises EnvelopeError: ``envelope.issuer`` for an ``iss`` that is no URL, ``envelope.claims`` for another claim
        that cannot be right.
        """
        issued_at, not_before, expires = (_instant(claims, name) for name in ("iat", "nbf", "exp"))
        return cls(_issuer(claims), _text(claims, "sub"), _text(claims, "jti"), issued_at, not_before, expires)

    def check_agreement(self, document: JsonObject, content: Content) -> None:
        """Return if the claims say what *document* says wherever both speak of the same thing.

        ``iss`` is the issuer (of a presentation the holder), ``sub`` a subject, ``jti`` the id, ``nbf`` the beginning.
        ``exp`` ends the signature and not the document. Raises EnvelopeError, ``envelope.issuer``, ``envelope.claims``.
        """
        credential = content == "credential"
        named = identifier(document.get("issuer" if credential else "holder"))
        if None not in (self.issuer, named) and self.issuer != named:
            role = "issuer" if credential else "holder"
            raise EnvelopeError(f"iss is not the {role} that the document names", code="envelope.issuer")
        if None not in (self.id, identifier(document)) and self.id != identifier(document):
            raise _refused("jti is not the id of the document")
        if not credential:
            return
        subjects = {identifier(one) for one in items(document.get("credentialSubject"))} - {None}
        if self.subject is not None and subjects and self.subject not in subjects:
            raise _refused("sub is not the id of a subject of the credential")
        self.check_time("nbf", self.not_before, document, ("validFrom", "issuanceDate"))

    @staticmethod
    def check_time(claim: str, stated: int | None, document: JsonObject, members: tuple[str, ...]) -> None:
        """Return if *stated*, the value of *claim*, is the instant of the *members* of *document* that there are.

        A second of difference is allowed: fractions are rounded either way.
        """
        for member in members:
            text = document.get(member)
            if stated is None or not isinstance(text, str):
                continue
            try:
                instant = parse_instant(text)
            except ValueRefusedError:
                continue  # the model says what is wrong with it
            if abs(instant - stated) > 1:
                raise _refused(f"{claim} is not the {member} of the document")


def identifier(value: Json) -> str | None:
    """Return the id of what may be a URL or an object with an ``id``; None where there is none."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else None


def content_of(document: JsonObject) -> Content:
    """Return what *document* is by its ``type``: a presentation, else a credential."""
    return "presentation" if _PRESENTATIONS & _types(document) else "credential"


def unquoted(claims: JsonObject) -> JsonObject:
    """Return *claims* with ``iss`` and ``sub`` out of the quotation marks that issuers of VC-JWT 1.1 leave around them.

    Seen in the field: a JSON text that was put into JSON once more. Whoever judges tells it beside the answer.
    """
    found = {name: value for name, value in claims.items() if name in ("iss", "sub") and isinstance(value, str)}
    bare = {name: value[1:-1] for name, value in found.items() if len(value) > 2 and value[0] == value[-1] == '"'}
    return {**claims, **bare}


def is_w3c(document: JsonObject) -> bool:
    """Say whether *document* is meant to be a verifiable credential or presentation, by its ``type``."""
    return bool((_PRESENTATIONS | {"VerifiableCredential"}) & _types(document))


def without_claims(claims: JsonObject) -> JsonObject:
    """Return *claims* without the registered ones: the document that they speak of."""
    return {name: value for name, value in claims.items() if name not in NAMES}


def _types(document: JsonObject) -> frozenset[str]:
    return frozenset(one for one in items(document.get("type")) if isinstance(one, str))


def _issuer(claims: JsonObject) -> str | None:
    issuer = claims.get("iss")
    if issuer is None:
        return None
    if isinstance(issuer, str) and issuer[:1] == issuer[-1:] == '"':
        # seen in the field: a JSON text that was put into JSON once more
        raise EnvelopeError("iss is a text in quotation marks; right would be the URL alone", code="envelope.issuer")
    if not is_url(issuer):
        raise EnvelopeError(f"iss is a URL, got {str(issuer)[:60]!r}", code="envelope.issuer")
    return str(issuer)


def _text(claims: JsonObject, name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise _refused(f"{name} is a text")
    return value


def _instant(claims: JsonObject, name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        try:
            return parse_instant(value)  # no NumericDate, but written by some and clear
        except ValueRefusedError as error:
            raise _refused(f"{name}: {error}") from error
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_INSTANT:
        raise _refused(f"{name} is a Unix second, got {str(value)[:40]!r}")
    return math.floor(value)


def _refused(message: str) -> EnvelopeError:
    return EnvelopeError(message, code="envelope.claims")
