"""What the in-memory registry remembers: every value with the block that wrote it, so that old views stay true."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from jikin.anchoring.chain import AnchorSlot, AuditHead, KeyWindow, OperatorRecord, StatusEpoch, StatusHead, Successor
from jikin.anchoring.events import RegistryEvent
from jikin.values import Address, Digest, IssuerId, KeyId, ListId

K = TypeVar("K")
V = TypeVar("V")


class _Journal(Generic[K, V]):
    """Versions per key, oldest first, and the order in which they came: taking back costs what was written."""

    def __init__(self) -> None:
        """Start empty."""
        self._versions: dict[K, list[tuple[int, V]]] = {}
        self._order: list[tuple[int, K]] = []

    def _add(self, key: K, block: int, value: V) -> None:
        self._versions.setdefault(key, []).append((block, value))
        self._order.append((block, key))

    def forget_after(self, block: int) -> None:
        """Drop whatever was written after *block*."""
        while self._order and self._order[-1][0] > block:
            self._versions[self._order.pop()[1]].pop()


class Table(_Journal[K, V]):
    """A mapping whose values are written per block and read as of a block."""

    def write(self, key: K, block: int, value: V) -> None:
        """Keep *value* from *block* on; blocks never fall."""
        self._add(key, block, value)

    def read(self, key: K, block: int) -> V | None:
        """Return the value as of *block*, None if there was none."""
        versions = self._versions.get(key, [])
        at = bisect_right(versions, block, key=lambda version: version[0])
        return versions[at - 1][1] if at else None


class Log(_Journal[K, V]):
    """Values appended per key, each in its block."""

    def append(self, key: K, block: int, value: V) -> None:
        """Append *value* in *block*; blocks never fall."""
        self._add(key, block, value)

    def until(self, key: K, block: int) -> tuple[V, ...]:
        """Return what was appended up to and in *block*."""
        return tuple(value for at, value in self._versions.get(key, []) if at <= block)


@dataclass(frozen=True, slots=True)
class IssuerState:
    """The contract's ``Issuer``; the bytes of both profiles stand here, where the contract has its events."""

    owner: Address
    valid_from: int
    valid_until: int
    effective_from: int
    anchors_all_since: int = 0
    anchors_all: bool = False
    invalid_since: int = 0
    invalidated: bool = False
    sealed: bool = False
    pending_owner: Address | None = None
    proposed: bytes | None = None
    proposed_hash: Digest | None = None
    proposed_at: int = 0
    profile: bytes | None = None
    profile_hash: Digest | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The contract's storage and the events that views read."""

    issuers: Table[IssuerId, IssuerState] = field(default_factory=Table)
    operators: Table[tuple[IssuerId, Address], OperatorRecord] = field(default_factory=Table)
    keys: Table[tuple[IssuerId, KeyId], KeyWindow] = field(default_factory=Table)
    anchors: Table[tuple[IssuerId, Digest], AnchorSlot] = field(default_factory=Table)
    lists: Table[tuple[IssuerId, ListId], StatusHead] = field(default_factory=Table)
    openings: Table[tuple[IssuerId, ListId], Digest] = field(default_factory=Table)  # index key hash
    epochs: Log[tuple[IssuerId, ListId], StatusEpoch] = field(default_factory=Log)
    audits: Table[IssuerId, AuditHead] = field(default_factory=Table)
    registrations: Log[None, str] = field(default_factory=Log)  # DIDs as registered
    successor: Table[None, Successor] = field(default_factory=Table)  # of address 0: none is named
    events: Log[None, RegistryEvent] = field(default_factory=Log)  # what an auditor reads

    def forget_after(self, block: int) -> None:
        """Go back to the state as of *block*."""
        for part in (self.issuers, self.operators, self.keys, self.anchors, self.lists, self.openings, self.audits):
            part.forget_after(block)
        self.epochs.forget_after(block)
        self.registrations.forget_after(block)
        self.successor.forget_after(block)
        self.events.forget_after(block)
