"""What a cryptosuite is (W3C Data Integrity 1.0), and the list of suites a program is put together with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jikin.errors import EnvelopeError, ProofError, UnknownSuiteError
from jikin.proofs.envelope import EnvelopeFormat, Opened
from jikin.values import DidUrl, JsonObject, KeyType, PublicKey, SignedStatement, Signer

DATA_INTEGRITY = "DataIntegrityProof"
_JWS_DOTS = 2


@dataclass(frozen=True, slots=True)
class ProofOptions:
    """What a new proof says beside the signature; *created* is a Unix second, None leaves it out.

    *previous_proof*: ids of the proofs it signs along (Data Integrity 1.0, section 2.1.2). *mandatory_pointers* (JSON
    Pointers of what a holder cannot leave out) are for the suites that disclose selectively; others refuse them.
    """

    verification_method: DidUrl
    created: int | None
    purpose: str = "assertionMethod"
    challenge: str | None = None
    domain: str | None = None
    expires: int | None = None
    id: str | None = None
    previous_proof: tuple[str, ...] = ()
    mandatory_pointers: tuple[str, ...] = ()


class Suite(Protocol):
    """A cryptosuite. Documents go in and come out as parsed JSON; nothing is fetched."""

    @property
    def name(self) -> str:
        """Return the cryptosuite's name, for example ``eddsa-rdfc-2022``."""

    @property
    def proof_type(self) -> str:
        """Return the ``type`` of its proofs: ``DataIntegrityProof``, or the suite's own name for older suites."""

    @property
    def key_types(self) -> frozenset[KeyType]:
        """Return the kinds of key it signs and verifies with."""

    @property
    def defines_terms(self) -> bool:
        """Say whether a document with an undefined term has no canonical form in it: then its terms are covered."""

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


@runtime_checkable
class SelectiveStatement(Protocol):
    """The statement of a suite that discloses selectively; *base*: it is the issuer's own, for the holder alone."""

    @property
    def base(self) -> bool:
        """Say whether the proof is the issuer's own, from which a holder derives what is shown."""


def is_base(statement: SignedStatement) -> bool:
    """Say whether *statement* is that of a base proof: whoever gets it can show whatever they like of it."""
    return isinstance(statement, SelectiveStatement) and statement.base


@runtime_checkable
class SelectiveSuite(Suite, Protocol):
    """A suite whose holder chooses what is shown: ``sign`` makes a base proof, ``derive`` what a verifier gets."""

    def derive(self, document: JsonObject, pointers: Sequence[str], options: Mapping[str, bytes]) -> JsonObject:
        """Return what *document* (with its base proof) shows by the JSON *pointers*, with a derived proof.

        What the issuer made mandatory is always shown. *options*: what a suite needs besides, by name (for example a
        ``presentation_header``). Raises ProofError (``proof.selection`` for a pointer that leads nowhere or for nothing
        to show, ``proof.base`` for a proof that is no base proof), CanonicalizationError.
        """


class Verifier(Protocol):
    """What judging needs of a cryptosuite and of an envelope format alike."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def defines_terms(self) -> bool:
        """Say whether what it signs has only defined terms."""

    def verify(self, statement: SignedStatement, key: PublicKey) -> bool:
        """Say whether the signature of *statement* is by *key*."""


class Suites:
    """The cryptosuites and envelope formats a program was put together with, by name."""

    def __init__(self, suites: Iterable[Suite], envelopes: Iterable[EnvelopeFormat] = ()) -> None:
        """Take the parts in the open; two of one name are refused with ValueError."""
        self._by_name: dict[str, Suite] = {}
        self._envelopes: dict[str, EnvelopeFormat] = {}
        for suite in suites:
            self._check_new(suite.name)
            self._by_name[suite.name] = suite
        for envelope in envelopes:
            self._check_new(envelope.name)
            self._envelopes[envelope.name] = envelope

    def _check_new(self, name: str) -> None:
        if name in self._by_name or name in self._envelopes:
            raise ValueError(f"two suites are called {name!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the cryptosuites, in the order given."""
        return tuple(self._by_name)

    @property
    def envelopes(self) -> tuple[EnvelopeFormat, ...]:
        """Return the envelope formats, in the order given."""
        return tuple(self._envelopes.values())

    def of(self, proof: JsonObject) -> Suite:
        """Return the suite of *proof*, by its ``cryptosuite``, else by its ``type``.

        Raises UnknownSuiteError; ProofError for a proof that names no suite.
        """
        kind = proof.get("type")
        name = proof.get("cryptosuite") if kind == DATA_INTEGRITY else kind
        if not isinstance(name, str):
            raise ProofError("the proof names no cryptosuite")
        suite = self._by_name.get(name)
        if suite is None or suite.proof_type != kind:
            raise UnknownSuiteError(name[:80], self.names)
        return suite

    def open(self, data: bytes) -> Opened:
        """Return the envelope *data* taken apart by the first format that recognises it.

        Raises EnvelopeError: ``envelope.unknown`` for a JWS or COSE message that none recognises,
        ``envelope.malformed`` for what is nothing of the kind, else what that format found wrong.
        """
        for envelope in self._envelopes.values():
            if envelope.recognizes(data):
                return envelope.open(data)
        if data.isascii() and (data.count(b".") < _JWS_DOTS or data.split() != [data]):
            raise EnvelopeError("this text is neither a credential nor an envelope of one")
        known = ", ".join(self._envelopes) or "none"
        raise EnvelopeError(f"this is no envelope of a known format ({known})", code="envelope.unknown")

    def named(self, name: str) -> Suite:
        """Return the cryptosuite called *name*; raises UnknownSuiteError."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownSuiteError(name, self.names) from None

    def selective(self, name: str) -> SelectiveSuite:
        """Return the suite called *name* if its holder can choose what is shown; raises UnknownSuiteError."""
        suite = self._by_name.get(name)
        if not isinstance(suite, SelectiveSuite):
            raise UnknownSuiteError(name, self.selective_names)
        return suite

    @property
    def selective_names(self) -> tuple[str, ...]:
        """Return the names of the suites whose holder can choose what is shown."""
        return tuple(name for name, suite in self._by_name.items() if isinstance(suite, SelectiveSuite))

    def verifier(self, name: str) -> Verifier:
        """Return the cryptosuite or envelope format called *name*; raises UnknownSuiteError."""
        return self._envelopes[name] if name in self._envelopes else self.named(name)
