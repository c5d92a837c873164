"""Every event of the registry from a node, from its deployment up to one block; nothing is held against anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jikin.anchoring.acts import Rights
from jikin.anchoring.chain import Block, StatusEpoch
from jikin.anchoring.events import AnchoredEvent, EpochEvent, OpenedEvent, OperatorEvent, RegistryEvent
from jikin.anchoring.evm_abi import Record
from jikin.anchoring.evm_logs import UNKNOWN_TIME, Log, logs_forwards
from jikin.anchoring.evm_rpc import Node, Refusal, Rpc, octets
from jikin.errors import ChainUnavailableError
from jikin.values import Address, Digest, IssuerId, ListId


def read_events(node: Node, block: Block) -> tuple[RegistryEvent, ...]:
    """Return the events up to and in *block*, oldest first; raises ChainUnavailableError.

    Whether *block* still belongs to the chain is asked last: the logs are asked for by number.
    """
    kinds = {node.interface.topic(name): (name, read) for name, read in _KINDS.items()}
    reader = _Reader(node.rpc)
    wanted = [topic.hex() for topic in kinds]
    found = []
    for log in logs_forwards(node, [list(wanted)], node.pins.deploy_block, block.number):
        name, read = kinds[log.topics[0]]
        found.append(read(reader, log, node.interface.event(name, log.topics, log.data)))
    if node.rpc.block(block.number).hash != block.hash:
        raise ChainUnavailableError(
            f"block {block.number} was replaced while its events were read", code="chain.reorganised"
        )
    return tuple(found)


def deploy_block(rpc: Rpc, address: Address, newest: Block) -> int:
    """Return the first block in which the contract at *address* has code; 0 where the node keeps no old states.

    Raises ChainUnavailableError. Code does not go away again, so halving finds it in a few dozen questions.
    """
    low, high = 0, newest.number
    while low < high:
        middle = (low + high) // 2
        answer = rpc.ask("eth_getCode", str(address), hex(middle))
        if isinstance(answer, Refusal):
            return 0
        low, high = (low, middle) if octets(answer) else (middle + 1, high)
    return low


@dataclass(slots=True)
class _Reader:
    """The node, and the times of blocks whose logs did not state one."""

    rpc: Rpc
    times: dict[int, int] = field(default_factory=dict)

    def time(self, log: Log) -> int:
        if log.time != UNKNOWN_TIME:
            return log.time
        if log.block not in self.times:
            self.times[log.block] = self.rpc.block(log.block).time
        return self.times[log.block]


def _issuer(found: Record) -> IssuerId:
    return IssuerId(found.octets("issuerId"))


def _anchored(reader: _Reader, log: Log, found: Record) -> AnchoredEvent:
    return AnchoredEvent(
        issuer_id=_issuer(found),
        root=Digest(found.octets("root")),
        tree_size=found.number("treeSize"),
        sequence=found.number("sequence"),
        kind=found.number("kind"),
        operator=found.address("operator"),
        time=reader.time(log),
        block=log.block,
    )


def _opened(_reader: _Reader, log: Log, found: Record) -> OpenedEvent:
    return OpenedEvent(
        issuer_id=_issuer(found),
        list_id=ListId(found.octets("listId")),
        entries=found.number("entries"),
        index_key_hash=found.digest("indexKeyHash"),
        head=found.digest("head"),
        operator=found.address("operator"),
        block=log.block,
    )


def _published(reader: _Reader, log: Log, found: Record) -> EpochEvent:
    epoch = StatusEpoch(
        epoch=found.number("epoch"),
        previous_block=found.number("previousBlock"),
        status_root=found.digest("statusRoot"),
        operator=found.address("operator"),
        rights=Rights(found.number("rights")),
        changes=found.octets("changes"),
        time=reader.time(log),
        block=log.block,
    )
    return EpochEvent(_issuer(found), ListId(found.octets("listId")), epoch)


def _operator(_reader: _Reader, log: Log, found: Record) -> OperatorEvent:
    return OperatorEvent(
        issuer_id=_issuer(found),
        account=found.address("account"),
        valid_until=found.number("validUntil"),
        rights=Rights(found.number("rights")),
        block=log.block,
    )


_KINDS: Mapping[str, Callable[[_Reader, Log, Record], RegistryEvent]] = {
    "Anchored": _anchored,
    "StatusListOpened": _opened,
    "StatusPublished": _published,
    "OperatorSet": _operator,
}
