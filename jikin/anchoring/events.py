"""What the registry's events say, unjudged: the raw material of an audit.

A view answers from the storage and refuses a node whose events do not fit to it. An auditor wants to see just that:
which event is missing, which one says something else. So here the events stand as they were handed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import RegistryPins, RegistryView, StatusEpoch
from jikin.values import Address, Digest, IssuerId, ListId


@dataclass(frozen=True, slots=True)
class AnchoredEvent:
    """``Anchored``: a batch was anchored; *sequence* counts the roots of *operator*, from 1 and without gaps."""

    issuer_id: IssuerId
    root: Digest
    tree_size: int
    sequence: int
    kind: int
    operator: Address
    time: int
    block: int


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """``StatusListOpened``: a list of *entries*, all valid; *head* is its head of epoch 0."""

    issuer_id: IssuerId
    list_id: ListId
    entries: int
    index_key_hash: Digest
    head: Digest
    operator: Address
    block: int


@dataclass(frozen=True, slots=True)
class EpochEvent:
    """``StatusPublished``, of which list."""

    issuer_id: IssuerId
    list_id: ListId
    epoch: StatusEpoch


@dataclass(frozen=True, slots=True)
class OperatorEvent:
    """``OperatorSet``: the rights of *account* from *block* on."""

    issuer_id: IssuerId
    account: Address
    valid_until: int
    rights: Rights
    block: int


RegistryEvent: TypeAlias = AnchoredEvent | OpenedEvent | EpochEvent | OperatorEvent


@dataclass(frozen=True, slots=True)
class EventLog:
    """A view and every event up to and in its block, in the order in which they happened."""

    view: RegistryView
    events: tuple[RegistryEvent, ...]


class EventSource(Protocol):
    """A registry whose events can be read whole."""

    @property
    def pins(self) -> RegistryPins:
        """Return which registry this is."""

    def event_log(self) -> EventLog:
        """Return the newest view and every event up to its block.

        Raises ChainUnavailableError, also when the block is gone by the end of the reading (a reorganisation), and
        RegistryMismatchError as ``Registry.view`` does.
        """
