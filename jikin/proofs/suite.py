"""What a cryptosuite is (W3C Data Integrity 1.0), and the list of suites a program is put together with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from jikin.errors import UnknownSuiteError
from jikin.values import DidUrl, JsonObject, KeyType, PublicKey, SignedStatement, Signer


@dataclass(frozen=True, slots=True)
class ProofOptions:
    """What a new proof says beside the signature; *created* is a Unix second, None leaves it out."""

    verification_method: DidUrl
    created: int | None
    purpose: str = "assertionMethod"
    challenge: str | None = None
    domain: str | None = None
    expires: int | None = None


class Suite(Protocol):
    """A cryptosuite. Documents go in and come out as parsed JSON; nothing is fetched."""

    @property
    def name(self) -> str:
        """Return the cryptosuite's name, for example ``eddsa-rdfc-2022``."""

    @property
    def key_types(self) -> frozenset[KeyType]:
        """Return the kinds of key it signs and verifies with."""

    def create_proof(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> JsonObject:
        """Return the proof object for *unsecured* (a document without ``proof``).

        Raises CanonicalizationError for documents without canonical form, ProofError for a signer of the wrong kind.
        """

    def sign(self, unsecured: JsonObject, options: ProofOptions, signer: Signer) -> tuple[JsonObject, SignedStatement]:
        """Return the proof object and what it states: as ``create_proof``, then ``statement``, for the price of one."""

    def statement(self, unsecured: JsonObject, proof: JsonObject) -> SignedStatement:
        """Return what *proof* signs and its signature, without judging the signature.

        Raises CanonicalizationError, ProofError for a malformed proof.
        """

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*; a key of the wrong kind is False."""


class Suites:
    """The suites a program was put together with, by name."""

    def __init__(self, suites: Iterable[Suite]) -> None:
        """Take the suites in the open; two of one name are refused with ValueError."""
        self._by_name: dict[str, Suite] = {}
        for suite in suites:
            if self._by_name.setdefault(suite.name, suite) is not suite:
                raise ValueError(f"two suites are called {suite.name!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names, in the order given."""
        return tuple(self._by_name)

    def named(self, name: str) -> Suite:
        """Return the suite called *name*; raises UnknownSuiteError."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownSuiteError(name, self.names) from None
