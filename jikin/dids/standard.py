"""The DID methods of a standard installation: a new one is one file and one line here."""

from __future__ import annotations

from jikin.dids.key import DidKey
from jikin.dids.method import DidMethods
from jikin.dids.web import DidWeb


def standard_methods(*, local_http: bool = False) -> DidMethods:
    """Return the methods; *local_http* lets did:web:localhost be read over plain http (trial set-ups and tests)."""
    return DidMethods(
        (
            DidKey(),
            DidWeb(local_http=local_http),
        )
    )
