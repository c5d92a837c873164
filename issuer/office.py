"""The office as one value: what every verb may need, put together once by ``app.build``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import TracebackType
from typing import Protocol
from zoneinfo import ZoneInfo

from issuer.csv_file import Limits
from issuer.keyring import KeyRing
from issuer.publishing import PublicFolder, Seal, folder_name
from issuer.sending import Outbox, Pace
from issuer.settings import Settings
from issuer.store import institutions
from issuer.store import keys as key_rows
from issuer.store.database import Database
from issuer.store.institutions import Institution
from issuer.store.keys import Key
from jikin.anchoring.accounts import ChainAccount
from jikin.anchoring.chain import Registry, RegistryWriter
from jikin.anchoring.events import EventSource
from jikin.anchoring.statements import context_hash
from jikin.codec.contexts import Contexts
from jikin.credentials.profile import Profile
from jikin.credentials.types import CredentialTypes
from jikin.dids.method import DidMethods
from jikin.errors import OfficeError
from jikin.proofs.suite import Suites
from jikin.values import Address, DidUrl, Digest

# What the keys of an institution are for. The accreditor's belongs to no institution.
ASSERTION = "assertion"
POST_QUANTUM = "assertion-post-quantum"  # beside the first, for types with a second suite
ACCREDITOR = "accreditor"
OWNER = "owner"
ANCHORING = "anchoring"
STATUS = "status"
JOINT = "joint"  # anchoring and status in one; only where an institution has chosen that
AUDIT = "audit"


class OfficeRegistry(Registry, EventSource, Protocol):
    """The registry as the office reads it: state, and every event."""


class Chain(Protocol):
    """The chain as the office uses it: one registry to read, a writer for each of its own accounts."""

    @property
    def registry(self) -> OfficeRegistry:
        """Return the registry."""

    def writer(self, account: Address, unlock: Callable[[], ChainAccount]) -> RegistryWriter:
        """Return the writer of *account*; *unlock* opens its key file, where a private key is needed."""

    def balance_wei(self, account: Address) -> int | None:
        """Return what *account* has to pay fees with, None on a chain without fees; raises ChainUnavailableError."""

    def is_contract(self, account: Address) -> bool:
        """Say whether *account* is a contract, such as one that several persons sign for; raises as ``balance_wei``."""


@dataclass(frozen=True, slots=True)
class Office(AbstractContextManager["Office"]):
    """Everything put together. Close it, or use it as a context manager."""

    settings: Settings
    database: Database
    chain: Chain
    keys: KeyRing
    types: CredentialTypes
    contexts: Contexts
    suites: Suites
    methods: DidMethods
    clock: Callable[[], int]
    sleep: Callable[[float], None] = field(repr=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.database.close()

    @property
    def pace(self) -> Pace:
        """Return how patiently the chain is asked."""
        chosen = self.settings
        return Pace(
            chosen.confirmations,
            chosen.poll_seconds,
            chosen.chain_wait_seconds,
            self.clock,
            self.sleep,
            raise_seconds=chosen.fee_raise_seconds,
            unseen_seconds=chosen.unseen_seconds,
        )

    @property
    def limits(self) -> Limits:
        """Return how much of a file is taken in."""
        return Limits(self.settings.csv_max_bytes, self.settings.csv_max_line_bytes, self.settings.csv_max_rows)

    @property
    def today(self) -> date:
        """Return the office's calendar day."""
        return datetime.fromtimestamp(self.clock(), ZoneInfo(self.settings.timezone)).date()

    def institution(self, name: str | None = None) -> Institution:
        """Return the institution *name* (DID, domain or number code), or the only one; raises OfficeError."""
        with self.database.read() as connection:
            return institutions.named(connection, name)

    def profile(self, institution: Institution) -> Profile:
        """Return the institution's public profile."""
        return Profile.parse(institution.profile)

    def context(self, institution: Institution) -> Digest:
        """Return *ctx*, which ties hashes to this issuer, registry and chain (STATEMENTS 1)."""
        pins = self.chain.registry.pins
        return context_hash(pins.chain, pins.registry, institution.issuer_id)

    def key(self, institution: Institution | None, purpose: str) -> Key:
        """Return the key in use for *purpose*; raises OfficeError when there is none."""
        with self.database.read() as connection:
            found = key_rows.find(connection, None if institution is None else institution.id, purpose)
        if found is None:
            whose = "the accreditor" if institution is None else institution.domain
            raise OfficeError(
                f"{whose} has no key for {purpose} here",
                code="office.no-key",
                hint="`jikin admin deploy` makes the accreditor's, `jikin admin institution create` the others, "
                "`jikin admin key rotate` another signing key",
            )
        return found

    def outbox(self, institution: Institution | None, purpose: str, *, confirmations: int | None = None) -> Outbox:
        """Return what sends with the account kept for *purpose*."""
        key = self.key(institution, purpose)
        writer = self.chain.writer(Address.parse(key.public), lambda: self.keys.account(key.reference))
        pace = self.pace if confirmations is None else replace(self.pace, confirmations=confirmations)
        return Outbox(self.database, self.chain.registry, writer, pace)

    def seal(self, institution: Institution, suite: str, purpose: str = ASSERTION) -> Seal:
        """Return what signs for the institution with the suite of that name and the key for *purpose*.

        Raises UnknownSuiteError, OfficeError.
        """
        key = self.key(institution, purpose)
        chosen = self.suites.named(suite)
        return Seal(self.keys.signer(key.reference), DidUrl(f"{institution.did}#{key.public}"), chosen)

    def public(self, institution: Institution) -> PublicFolder:
        """Return the folder of the institution's public files."""
        return PublicFolder(self.settings.path(self.settings.public) / folder_name(institution.domain))
