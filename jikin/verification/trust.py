"""Extra trust for tests and pilots: which keys may speak for an issuer beside those its own DID vouches for.

A file of the trust folder is ``{"issuers": {issuer id: [key DIDs or verification methods]}}``; an empty list means
whatever the issuer's own DID document says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from jikin.errors import SettingsError
from jikin.values import Json

Trust: TypeAlias = Mapping[str, tuple[str, ...]]


def parse(value: Json) -> Trust:
    """Return the entries of one parsed file; raises SettingsError (``trust``)."""
    issuers = value.get("issuers") if isinstance(value, Mapping) else None
    if not isinstance(issuers, Mapping) or (isinstance(value, Mapping) and set(value) != {"issuers"}):
        raise SettingsError('a trust file is {"issuers": {issuer: [key, …]}}', code="trust")
    return {issuer: _keys(issuer, keys) for issuer, keys in issuers.items()}


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
    found = tuple(key for key in keys if isinstance(key, str) and key.startswith("did:"))
    if len(found) != len(keys):
        raise SettingsError(f"a key of {issuer[:80]!r} is a DID or a verification method (did:…)", code="trust")
    return found
