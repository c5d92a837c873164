"""What a DID method is, and the DID document as far as Jikin reads it (W3C DID 1.0, section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from jikin.errors import DidError
from jikin.values import Did, DidUrl, JsonObject, PublicKey


@dataclass(frozen=True, slots=True)
class VerificationMethod:
    """A key in a DID document: its id, who controls it, the key, and the relationships that name it."""

    id: DidUrl
    controller: Did
    public_key: PublicKey
    relationships: frozenset[str]  # "assertionMethod", "authentication" …


@dataclass(frozen=True, slots=True)
class DidDocument:
    """A resolved DID document: the methods Jikin can use, and the document as it was read."""

    id: Did
    methods: tuple[VerificationMethod, ...]
    document: JsonObject = field(repr=False)

    def method(self, id: DidUrl) -> VerificationMethod | None:
        """Return the verification method *id*, None if the document has none that Jikin can use."""
        return next((method for method in self.methods if method.id == id), None)


class Fetch(Protocol):
    """The door to the web: bytes by URL, with limits on size, time and redirects."""

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """Return the body found at *url*; raises FetchError when there is no answer, or not one within the limits."""


class DidMethod(Protocol):
    """A DID method: one file and one line."""

    @property
    def name(self) -> str:
        """Return the method name, for example ``web``."""

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:
        """Return the DID document; raises DidError for a DID that cannot be, FetchError when nobody answered."""


class DidMethods:
    """The DID methods a program was put together with, by name."""

    def __init__(self, methods: Iterable[DidMethod]) -> None:
        """Take the methods in the open; two of one name are refused with ValueError."""
        self._by_name: dict[str, DidMethod] = {}
        for method in methods:
            if self._by_name.setdefault(method.name, method) is not method:
                raise ValueError(f"two DID methods are called {method.name!r}")

    def resolve(self, did: Did, fetch: Fetch) -> DidDocument:
        """Return the DID document of *did*; raises DidError (also for an unknown method), FetchError."""
        method = self._by_name.get(did.method)
        if method is None:
            raise DidError(
                f"DID method {did.method!r} is not known; this installation knows {', '.join(self._by_name)}",
                code="did.method-not-supported",
            )
        return method.resolve(did, fetch)
