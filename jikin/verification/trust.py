"""Extra trust for tests and pilots: which keys may speak for an issuer beside those its own DID vouches for.

A file of the trust folder is ``{"issuers": {issuer id: [keys]}}``; an empty list means whatever the issuer's own DID
document says. A key is a DID, a verification method, or the URI of a JWK thumbprint (RFC 9278): by that one is known
whose key comes along in a JWT's own header, as a did:jwk is, which many texts spell.

Every ``*.pem`` beside them holds X.509 roots: their certificates say whose keys sign envelopes that bring ``x5c``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from cryptography import x509

from jikin.codec import jwk
from jikin.dids import jwk as did_jwk
from jikin.errors import CodecError, DidError, SettingsError, ValueRefusedError
from jikin.values import Did, Json

Trust: TypeAlias = Mapping[str, tuple[str, ...]]
Roots: TypeAlias = tuple[x509.Certificate, ...]

_MAX_PEM = 1 << 22


def parse(value: Json) -> Trust:
    """Return the entries of one parsed file; raises SettingsError (``trust``)."""
    issuers = value.get("issuers") if isinstance(value, Mapping) else None
    if not isinstance(issuers, Mapping) or (isinstance(value, Mapping) and set(value) != {"issuers"}):
        raise SettingsError('a trust file is {"issuers": {issuer: [key, …]}}', code="trust")
    return {issuer: _keys(issuer, keys) for issuer, keys in issuers.items()}


def parse_roots(data: bytes) -> Roots:
    """Return the certificates of a PEM file, one or several; raises SettingsError (``trust``) for what holds none."""
    try:
        found = tuple(x509.load_pem_x509_certificates(data if len(data) <= _MAX_PEM else b""))
        for root in found:
            _ = (root.subject, root.issuer, root.not_valid_before_utc, root.not_valid_after_utc)
    except (ValueError, x509.InvalidVersion) as error:
        raise SettingsError("it holds something that is no certificate in PEM", code="trust") from error
    return found


def merged(entries: Iterable[Trust]) -> Trust:
    """Return all *entries* together; the keys of an issuer that stands in several files are joined."""
    joined: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        for issuer, keys in entry.items():
            joined[issuer] = tuple(dict.fromkeys((*joined.get(issuer, ()), *keys)))
    return joined


def _keys(issuer: str, keys: Json) -> tuple[str, ...]:
    if isinstance(keys, str) or not isinstance(keys, Sequence):
        raise SettingsError(f"the keys of {issuer[:80]!r} are a list of texts", code="trust")
    found = tuple(key for key in keys if isinstance(key, str) and key.startswith(("did:", jwk.THUMBPRINT)))
    if len(found) != len(keys):
        right = f"a DID or a verification method (did:…), or a thumbprint ({jwk.THUMBPRINT}…)"
        raise SettingsError(f"a key of {issuer[:80]!r} is {right}", code="trust")
    return tuple(dict.fromkeys((*found, *filter(None, map(_thumbprint, found)))))


def _thumbprint(key: str) -> str | None:
    """Return the thumbprint of a did:jwk, so that an entry means the key however a credential spells it."""
    if not key.startswith("did:jwk:"):
        return None
    try:
        return jwk.thumbprint(did_jwk.key_of(Did(key.partition("#")[0])))
    except (DidError, CodecError, ValueRefusedError):
        return None  # no key: nothing will ever be signed with it
