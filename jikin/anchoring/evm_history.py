"""What only the events know: who was registered, the bytes of a profile, and every epoch of a status list.

A list is read backwards from its head in ranges of blocks; the oldest event of a range names the block of the one
before it, so that empty stretches are jumped over. Nothing here is believed: a DID must hash to its issuer id, a
profile to what the storage says, and the epochs must lead, head by head, to the head in the storage.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import Block, StatusEpoch, StatusHead, StatusHistory
from jikin.anchoring.evm_abi import senseless
from jikin.anchoring.evm_logs import RANGE_BLOCKS, UNKNOWN_TIME, Log, logs, logs_before, logs_forwards
from jikin.anchoring.evm_rpc import Node, Rpc
from jikin.anchoring.statements import next_head, opening_head
from jikin.values import Digest, IssuerId, Json, ListId, keccak256, sha256


@dataclass(frozen=True, slots=True)
class KnownHistory:
    """A history that was read and checked up to *head*."""

    head: StatusHead
    history: StatusHistory


class Registrations:
    """The registered DIDs, read from the events once and after that only where the chain has grown."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._lock = threading.Lock()
        self._dids: tuple[str, ...] = ()
        self._until: Block | None = None

    def read(self, node: Node, block: Block) -> tuple[str, ...]:
        """Return the registered texts up to *block*, oldest first; raises ChainUnavailableError."""
        with self._lock:
            dids, until = self._dids, self._until
            if until is None or until.number > block.number or node.rpc.block(until.number).hash != until.hash:
                # Nothing read yet, an older view, or a reorganisation: what was read may not have happened.
                dids, first = (), node.pins.deploy_block
            else:
                first = until.number + 1
            topic = node.interface.topic("IssuerRegistered").hex()
            dids += tuple(_registered(node, log) for log in logs_forwards(node, [topic], first, block.number))
            self._dids, self._until = dids, block
            return dids


def _registered(node: Node, log: Log) -> str:
    event = node.interface.event("IssuerRegistered", log.topics, log.data)
    did = event.text("did")
    if keccak256(did.encode()) != event.octets("issuerId"):
        raise senseless(f"block {log.block} registers {did[:80]!r} under the id of another issuer")
    return did


def read_profile(node: Node, issuer_id: IssuerId, profile_hash: Digest, block: int) -> bytes:
    """Return the bytes of the profile that was proposed in *block*; raises ChainUnavailableError if they do not fit."""
    topics = [node.interface.topic("ProfileProposed").hex(), issuer_id.hex(), profile_hash.hex()]
    for log in logs(node, topics, block, block):
        profile = node.interface.event("ProfileProposed", log.topics, log.data).octets("profile")
        if sha256(profile) == profile_hash.raw:
            return profile
    raise senseless(f"block {block} has no profile {profile_hash}, though the registry approved it")


def read_history(
    node: Node, issuer_id: IssuerId, list_id: ListId, head: StatusHead, before: KnownHistory | None = None
) -> StatusHistory:
    """Return opening and epochs of a list up to *head*, oldest first; raises ChainUnavailableError.

    Of what was read *before* only the newer epochs are read, provided they lead from its head to this one: after a
    reorganisation they do not, and the whole list is read again.
    """
    if before is not None and before.head.epoch <= head.epoch:
        newer = _epochs_after(node, issuer_id, list_id, head, before.head.epoch)
        if newer is not None and _follow(before.head.head, newer) == head.head:
            return replace(before.history, epochs=before.history.epochs + newer)
    epochs: list[StatusEpoch] = []  # newest first
    for log in _backwards(node, issuer_id, list_id, head.block):
        if log.topics[0] == node.interface.topic("StatusListOpened"):
            opened = node.interface.event("StatusListOpened", log.topics, log.data)
            break
        epochs.append(_epoch(node, log))
    else:
        raise senseless(f"the events of list {list_id} do not reach back to its opening")
    history = StatusHistory(head.entries, opened.digest("indexKeyHash"), _with_times(node.rpc, epochs[::-1]))
    start = opening_head(
        chain=node.pins.chain,
        registry=node.pins.registry,
        issuer_id=issuer_id,
        list_id=list_id,
        entries=history.entries,
        index_key_hash=history.index_key_hash,
    )
    # A node that leaves an epoch out, or invents one, is caught here: the storage at the pinned block names the head.
    if (reached := _follow(start, history.epochs)) != head.head:
        raise senseless(f"the events of list {list_id} lead to head {reached}, the storage says {head.head}")
    return history


def _epochs_after(
    node: Node, issuer_id: IssuerId, list_id: ListId, head: StatusHead, known: int
) -> tuple[StatusEpoch, ...] | None:
    """Return the epochs after number *known* up to *head*, oldest first; None if the events do not number them so."""
    epochs: list[StatusEpoch] = []
    if head.epoch > known:
        for log in _backwards(node, issuer_id, list_id, head.block):
            if log.topics[0] != node.interface.topic("StatusPublished"):
                return None
            epochs.append(_epoch(node, log))
            if epochs[-1].epoch <= known + 1:
                break
    return _with_times(node.rpc, epochs[::-1])


def _backwards(node: Node, issuer_id: IssuerId, list_id: ListId, last: int) -> Iterator[Log]:
    """Yield the events of a list from block *last* downwards, newest first; empty stretches are jumped over."""
    published = node.interface.topic("StatusPublished")
    kinds: Json = [node.interface.topic("StatusListOpened").hex(), published.hex()]
    topics: list[Json] = [kinds, issuer_id.hex(), list_id.hex()]
    span = RANGE_BLOCKS
    while last >= node.pins.deploy_block:
        found, first, span = logs_before(node, topics, last, span)
        yield from reversed(found)
        last = first - 1
        if found and found[0].topics[0] == published:
            last = min(last, _epoch(node, found[0]).previous_block)


def _epoch(node: Node, log: Log) -> StatusEpoch:
    found = node.interface.event("StatusPublished", log.topics, log.data)
    return StatusEpoch(
        epoch=found.number("epoch"),
        previous_block=found.number("previousBlock"),
        status_root=found.digest("statusRoot"),
        operator=found.address("operator"),
        rights=Rights(found.number("rights")),
        changes=found.octets("changes"),
        time=log.time,
        block=log.block,
    )


def _with_times(rpc: Rpc, epochs: Sequence[StatusEpoch]) -> tuple[StatusEpoch, ...]:
    """Return *epochs* with the times that their logs did not state."""
    numbers = {epoch.block for epoch in epochs if epoch.time == UNKNOWN_TIME}
    times = {number: rpc.block(number).time for number in sorted(numbers)}
    return tuple(replace(epoch, time=times.get(epoch.block, epoch.time)) for epoch in epochs)


def _follow(head: Digest, epochs: Sequence[StatusEpoch]) -> Digest:
    """Return the head to which *epochs* lead from *head*."""
    for epoch in epochs:
        head = next_head(
            previous=head,
            epoch=epoch.epoch,
            status_root=epoch.status_root,
            operator=epoch.operator,
            rights=epoch.rights,
            changes=epoch.changes,
            time=epoch.time,
            block=epoch.block,
        )
    return head
