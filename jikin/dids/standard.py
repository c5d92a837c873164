"""The DID methods of a standard installation: a new one is one file and one line here."""

from __future__ import annotations

from jikin.dids.jwk import DidJwk
from jikin.dids.key import DidKey
from jikin.dids.method import DidMethods
from jikin.dids.web import DidWeb, LocalScheme


def standard_methods(*, local: LocalScheme | None = None) -> DidMethods:
    """Return the methods; *local* says how did:web:localhost is read (trial set-ups and tests), None: not at all."""
    return DidMethods(
        (
            DidKey(),
            DidJwk(),
            DidWeb(local=local),
        )
    )
