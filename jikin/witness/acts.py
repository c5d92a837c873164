"""What happened at the registry, block by block, read from the events through one's own node.

Each block is named by its hash and its parent's, so that a reorganisation between two questions shows (CHAIN 5.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jikin.anchoring.chain import Block
from jikin.anchoring.evm_abi import senseless
from jikin.anchoring.evm_rpc import Node, Refusal, digest, entries, members, octets, quantity
from jikin.errors import ChainUnavailableError
from jikin.values import Address, Digest, IssuerId, Json, sha256

Value: TypeAlias = int | str
UNKNOWN_EVENT = "unknown"
_LONGEST = 32  # bytes of a member that stand as they are; of longer ones their digest does


@dataclass(frozen=True, slots=True)
class Place:
    """A block and its *parent*'s hash."""

    block: Block
    parent: Digest


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the registry: its name (UNKNOWN_EVENT for one this program does not know) and its *members*.

    Members are texts (0x and hexadecimal for bytes) or numbers. *issuer*: whose it is, None for the registry's own.
    """

    number: int
    hash: Digest
    position: int
    transaction: Digest
    event: str
    issuer: IssuerId | None
    members: Mapping[str, Value]


def place(node: Node, which: int | str) -> Place:
    """Return the block with a number or tag; raises ChainUnavailableError (``chain.block-missing``: there is none)."""
    tag = hex(which) if isinstance(which, int) else which
    answer = node.rpc.call("eth_getBlockByNumber", tag, False)
    if answer is None:
        raise ChainUnavailableError(f"the node does not have block {which}", code="chain.block-missing")
    found = members(answer)
    block = Block(quantity(found.get("number")), digest(found.get("hash")), quantity(found.get("timestamp")))
    if isinstance(which, int) and block.number != which:
        raise senseless(f"asked was for block {which}, and block {block.number} came")
    return Place(block, digest(found.get("parentHash")))


def happened_in(node: Node, block: Block) -> tuple[Happened, ...]:
    """Return what happened in exactly this block; ChainUnavailableError also when the node no longer has it."""
    found = tuple(_happened(node, {"blockHash": block.hash.hex()}))
    if any(each.hash != block.hash for each in found):
        raise senseless(f"events of another block than {block.number}")
    return found


def happened_between(node: Node, first: int, last: int) -> tuple[Happened, ...]:
    """Return what happened in the blocks *first* … *last*, which are deep enough not to change."""
    found = tuple(_happened(node, {"fromBlock": hex(first), "toBlock": hex(last)}))
    if any(not first <= each.number <= last for each in found):
        raise senseless(f"events that were not asked for, outside of blocks {first} to {last}")
    return found


def _happened(node: Node, where: Mapping[str, Json]) -> Iterator[Happened]:
    # All events of the contract, whatever they are called: one that is not known here is no reason to look away.
    answer = node.rpc.ask("eth_getLogs", {"address": str(node.pins.registry), **where})
    if isinstance(answer, Refusal):
        raise ChainUnavailableError(f"the node refused the events: {answer.message[:200]}", code="chain.refused")
    logs = [members(entry) for entry in entries(answer)]
    for log in sorted(logs, key=lambda log: (quantity(log.get("blockNumber")), quantity(log.get("logIndex")))):
        topics = tuple(digest(topic) for topic in entries(log.get("topics", ())))
        event, said = _read(node, topics, octets(log.get("data")))
        issuer = said.get("issuerId")
        yield Happened(
            number=quantity(log.get("blockNumber")),
            hash=digest(log.get("blockHash")),
            position=quantity(log.get("logIndex")),
            transaction=digest(log.get("transactionHash")),
            event=event,
            issuer=IssuerId.from_hex(issuer) if isinstance(issuer, str) else None,
            members=said,
        )


def _read(node: Node, topics: Sequence[Digest], data: bytes) -> tuple[str, dict[str, Value]]:
    name = None if not topics else node.interface.event_named(topics[0])
    if name is None:
        said: dict[str, Value] = {f"topic{place}": topic.hex() for place, topic in enumerate(topics)}
        return UNKNOWN_EVENT, {**said, "data": _shown(data)}
    record = node.interface.event(name, topics, data)
    return name, {member: _shown(value) for member, value in record.items()}


def _shown(value: object) -> Value:
    if isinstance(value, int | str):
        return value
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex() if len(value) <= _LONGEST else f"sha-256 0x{sha256(value).hex()}"
    raise senseless(f"a member of a kind that no event has: {type(value).__name__}")
