"""What a DID method is, and the DID document as far as Jikin reads it (W3C DID 1.0, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from jikin.errors import DidError
from jikin.values import Did, DidUrl, JsonObject, PublicKey

Options: TypeAlias = Mapping[str, str]
"""What is asked for besides the DID: parameters of its DID URL and resolution options, by their names."""

VERSIONS = frozenset({"versionId", "versionTime"})
"""The options that ask for a document of the past (W3C DID 1.0, section 3.2.1)."""


@dataclass(frozen=True, slots=True)
class VerificationMethod:
    """A key in a DID document: its id, who controls it, the key, and the relationships that name it."""

    id: DidUrl
    controller: Did
    public_key: PublicKey
    relationships: frozenset[str]  # "assertionMethod", "authentication" …


@dataclass(frozen=True, slots=True)
class DidDocument:
    """A resolved DID document: the methods Jikin can use, and the document as it was read.

    *metadata* is what its method says about it: ``versionId``, ``deactivated`` … (W3C DID 1.0, 7.1.3).
    """

    id: Did
    methods: tuple[VerificationMethod, ...]
    document: JsonObject = field(repr=False)
    metadata: JsonObject = field(default_factory=dict, repr=False)

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


@runtime_checkable
class DidMethodWithOptions(DidMethod, Protocol):
    """A DID method whose document also depends on options."""

    @property
    def options(self) -> frozenset[str]:
        """Return the names of the options that it knows."""

    def resolve_with(self, did: Did, fetch: Fetch, options: Options) -> DidDocument:
        """Return the DID document as *options* want it; raises DidError, FetchError."""


class DidMethods:
    """The DID methods a program was put together with, by name."""

    def __init__(self, methods: Iterable[DidMethod]) -> None:
        """Take the methods in the open; two of one name are refused with ValueError."""
        self._by_name: dict[str, DidMethod] = {}
        for method in methods:
            if self._by_name.setdefault(method.name, method) is not method:
                raise ValueError(f"two DID methods are called {method.name!r}")

    def resolve(self, did: Did, fetch: Fetch, options: Options | None = None) -> DidDocument:
        """Return the DID document of *did*; raises DidError (also for an unknown method), FetchError.

        Options that the method does not know are passed over, but not one that asks for a version: the newest document
        would be the wrong answer (``did.options``).
        """
        method = self._by_name.get(did.method)
        if method is None:
            raise DidError(
                f"DID method {did.method!r} is not known; this installation knows {', '.join(self._by_name)}",
                code="did.method-not-supported",
            )
        known = method.options if isinstance(method, DidMethodWithOptions) else frozenset[str]()
        if asked := sorted((options or {}).keys() & VERSIONS - known):
            raise DidError(
                f"a did:{did.method} has no versions: {', '.join(asked)} cannot be asked", code="did.options"
            )
        if options and isinstance(method, DidMethodWithOptions):
            return method.resolve_with(did, fetch, options)
        return method.resolve(did, fetch)
