"""The registry's events as the node hands them out, in ranges of blocks that every node takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jikin.anchoring.evm_abi import senseless
from jikin.anchoring.evm_rpc import Node, Refusal, digest, entries, members, octets, quantity
from jikin.errors import ChainUnavailableError
from jikin.values import Digest, Json

RANGE_BLOCKS = 5_000
UNKNOWN_TIME = -1


@dataclass(frozen=True, slots=True)
class Log:
    """One log; *time* is that of its block where the node says so, else UNKNOWN_TIME."""

    block: int
    time: int
    position: int
    topics: tuple[Digest, ...]
    data: bytes


def logs(node: Node, topics: Sequence[Json], first: int, last: int) -> list[Log]:
    """Return the registry's logs with *topics* in the blocks *first* … *last*, in the order they happened.

    Raises ChainUnavailableError, with code `chain.refused` when the node does not want to answer for such a range.
    """
    wanted: Json = {
        "address": str(node.pins.registry),
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "topics": list(topics),
    }
    answer = node.rpc.ask("eth_getLogs", wanted)
    if isinstance(answer, Refusal):
        raise ChainUnavailableError(
            f"the node refused the events of blocks {first} to {last}: {answer.message[:200]}", code="chain.refused"
        )
    found = [_log(entry) for entry in entries(answer)]
    if any(not first <= log.block <= last or not log.topics for log in found):
        raise senseless(f"events that were not asked for, outside of blocks {first} to {last}")
    return sorted(found, key=lambda log: (log.block, log.position))


def logs_forwards(node: Node, topics: Sequence[Json], first: int, last: int) -> Iterator[Log]:
    """Yield the logs of the blocks *first* … *last*, range by range."""
    span = RANGE_BLOCKS
    while first <= last:
        try:
            found = logs(node, topics, first, min(last, first + span - 1))
        except ChainUnavailableError as error:
            span = _smaller(span, error)
            continue
        yield from found
        first += span


def logs_before(node: Node, topics: Sequence[Json], last: int, span: int) -> tuple[list[Log], int, int]:
    """Return the logs of up to *span* blocks ending with *last*, the first block read, and the span that was taken."""
    while True:
        first = max(node.pins.deploy_block, last - span + 1)
        try:
            return logs(node, topics, first, last), first, span
        except ChainUnavailableError as error:
            span = _smaller(span, error)


def _smaller(span: int, error: ChainUnavailableError) -> int:
    """Return half the span after a refusal: nodes limit ranges, each in its own way. At one block the error stands."""
    if error.code != "chain.refused" or span == 1:
        raise error
    return span // 2


def _log(value: Json) -> Log:
    found = members(value)
    said_time = found.get("blockTimestamp")
    return Log(
        block=quantity(found.get("blockNumber")),
        time=quantity(said_time) if said_time is not None else UNKNOWN_TIME,
        position=quantity(found.get("logIndex")),
        topics=tuple(digest(topic) for topic in entries(found.get("topics", ()))),
        data=octets(found.get("data")),
    )
