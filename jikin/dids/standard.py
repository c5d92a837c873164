"""The DID methods of a standard installation: a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Iterable

from jikin.anchoring.erc1056 import Erc1056
from jikin.dids.ethr import DidEthr
from jikin.dids.jwk import DidJwk
from jikin.dids.key import DidKey
from jikin.dids.method import DidMethods
from jikin.dids.pkh import DidPkh
from jikin.dids.web import DidWeb, LocalScheme


def standard_methods(*, local: LocalScheme | None = None, ethr: Iterable[Erc1056] = ()) -> DidMethods:
    """Return the methods.

    *local* says how did:web:localhost is read (trial set-ups and tests), None: not at all. *ethr* are the registries
    that did:ethr may ask, one for each chain; a DID on another chain is ``did.method-not-supported``.
    """
    return DidMethods(
        (
            DidKey(),
            DidJwk(),
            DidWeb(local=local),
            DidPkh(),
            DidEthr(ethr),
        )
    )
