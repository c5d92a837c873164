"""What an auditor has read: events and storage of the chain, the institution's public files, its books. All values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jikin.anchoring.chain import AnchorSlot, Block, OperatorRecord, RegistryPins, StatusEpoch, StatusHead
from jikin.anchoring.events import AnchoredEvent, OpenedEvent, OperatorEvent
from jikin.status.index import IndexPermutation
from jikin.status.publication import Publication
from jikin.values import Address, Did, Digest, IssuerId, ListId
from jikin.verification.auditing.books import Books


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """A status entry that a published number record names."""

    list_id: ListId
    index: int


@dataclass(frozen=True, slots=True)
class Published:
    """The institution's public files. What cannot be listed (files on the web) is None.

    *leaves*: root → leaves as published (None: there is no such file). *receipts*: root → (index, leaf) of each
    receipt. *entries*: those that number records name; *records* is how many records there are. *bits*: list →
    "revocation", "suspension" or "token" → the array in that form. *unreadable*: file name → why.
    """

    leaves: Mapping[Digest, bytes | None] = field(repr=False)
    receipts: Mapping[Digest, tuple[tuple[int, Digest], ...]] | None = field(repr=False)
    entries: tuple[PublishedEntry, ...] | None = field(repr=False)
    records: int | None
    notes: Mapping[ListId, Publication] = field(repr=False)
    bits: Mapping[ListId, Mapping[str, bytes]] = field(repr=False)
    unreadable: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IssuerEvidence:
    """One issuer's part of the registry, as the events tell it and as the storage does, and what came beside it.

    *slots*, *heads* and *operators* are answers of the storage about everything that events, files or books name.
    """

    did: Did
    anchored: tuple[AnchoredEvent, ...]
    opened: Mapping[ListId, OpenedEvent]
    epochs: Mapping[ListId, tuple[StatusEpoch, ...]]
    rights: tuple[OperatorEvent, ...]
    slots: Mapping[Digest, AnchorSlot | None]
    heads: Mapping[ListId, StatusHead | None]
    operators: Mapping[Address, OperatorRecord | None]
    published: Published | None = None
    books: Books | None = None
    permutations: Mapping[ListId, IndexPermutation] = field(default_factory=dict)

    @property
    def issuer_id(self) -> IssuerId:
        """Return the issuer's id in the registry."""
        return self.did.issuer_id


@dataclass(frozen=True, slots=True)
class AuditEvidence:
    """Everything that was read, as of *block*."""

    pins: RegistryPins
    block: Block
    issuers: tuple[IssuerEvidence, ...]
