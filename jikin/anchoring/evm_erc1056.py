"""An ERC-1056 registry on an EVM chain, read through one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jikin.anchoring.chain import Block
from jikin.anchoring.erc1056 import AttributeChanged, Change, DelegateChanged, OwnerChanged
from jikin.anchoring.evm_abi import Interface, senseless
from jikin.anchoring.evm_nodes import connect
from jikin.anchoring.evm_rpc import Refusal, digest, entries, members, octets, quantity
from jikin.errors import ChainUnavailableError, RegistryMismatchError, ValueRefusedError
from jikin.values import Address, ChainId, Json, JsonObject, keccak256

_WORD = 32
_EVENTS: Mapping[str, Sequence[tuple[str, str, bool]]] = {
    "DIDOwnerChanged": (
        ("identity", "address", True),
        ("owner", "address", False),
        ("previousChange", "uint256", False),
    ),
    "DIDDelegateChanged": (
        ("identity", "address", True),
        ("delegateType", "bytes32", False),
        ("delegate", "address", False),
        ("validTo", "uint256", False),
        ("previousChange", "uint256", False),
    ),
    "DIDAttributeChanged": (
        ("identity", "address", True),
        ("name", "bytes32", False),
        ("value", "bytes", False),
        ("validTo", "uint256", False),
        ("previousChange", "uint256", False),
    ),
}


class EvmErc1056:
    """The registry at *address* behind the node at *url* (several: joined by ``;``). *seconds* bound every question."""

    def __init__(self, url: str, address: Address, *, seconds: float = 10.0) -> None:
        """Remember where to ask; nothing is asked yet. Raises SettingsError when *url* is no http(s) URL."""
        self._rpc = connect(url, seconds, watched=(address,))
        self._address = address
        self._interface = Interface([_described(name) for name in _EVENTS])
        self._chain: ChainId | None = None

    @property
    def chain(self) -> ChainId:
        """Return which chain the node serves; asked once."""
        if self._chain is None:
            number = self._rpc.chain_id()
            try:
                self._chain = ChainId(number)
            except ValueRefusedError as error:
                raise senseless(f"{number} is no chain") from error
        return self._chain

    def block(self, number: int | None = None) -> Block:
        """Return the block *number*, None: the newest."""
        found = self._rpc.block("latest" if number is None else number)
        if number is not None and found.number != number:
            raise senseless(f"block {found.number} for block {number}")
        return found

    def owner(self, identity: Address, at: Block) -> Address:
        """Return the owner of *identity* as of the block *at*."""
        word = self._word("identityOwner(address)", identity, at)
        if any(word[:12]):
            raise senseless("identityOwner is no address")
        return Address(word[12:])

    def changed(self, identity: Address, at: Block) -> int:
        """Return the number of the block of the last change of *identity* as of the block *at*, 0: there was none."""
        return int.from_bytes(self._word("changed(address)", identity, at), "big")

    def changes(self, identity: Address, number: int) -> tuple[Change, ...]:
        """Return the changes of *identity* in the block *number*, in the order they happened.

        They are asked for by the block's hash, so that a reorganisation cannot mix two histories.
        """
        block = self.block(number)
        wanted: Json = {
            "address": str(self._address),
            "blockHash": block.hash.hex(),
            "topics": [[self._interface.topic(name).hex() for name in _EVENTS], "0x" + _word_of(identity).hex()],
        }
        answer = self._rpc.ask("eth_getLogs", wanted)
        if isinstance(answer, Refusal):
            raise ChainUnavailableError(
                f"the node refused the events of block {number}: {answer.message[:200]}", code="chain.refused"
            )
        logs = sorted((members(entry) for entry in entries(answer)), key=lambda log: quantity(log.get("logIndex")))
        return tuple(self._change(log, identity, block) for log in logs)

    def _word(self, signature: str, identity: Address, at: Block) -> bytes:
        data = keccak256(signature.encode("ascii"))[:4] + _word_of(identity)
        request = {"to": str(self._address), "data": "0x" + data.hex()}
        answer = self._rpc.ask("eth_call", request, {"blockHash": at.hash.hex()})
        if isinstance(answer, Refusal):
            raise ChainUnavailableError(
                f"the node cannot say anything as of block {at.number}: {answer.message[:200]}", code="chain.refused"
            )
        word = octets(answer)
        if not word:
            raise RegistryMismatchError(
                f"there is no ERC-1056 registry at {self._address} on {self.chain}", code="registry.mismatch.code"
            )
        if len(word) != _WORD:
            raise senseless(f"{signature} answered {len(word)} bytes")
        return word

    def _change(self, log: JsonObject, identity: Address, block: Block) -> Change:
        topics = tuple(digest(topic) for topic in entries(log.get("topics")))
        kinds = [name for name in _EVENTS if topics and topics[0] == self._interface.topic(name)]
        asked = str(log.get("address")).lower() == str(self._address) and digest(log.get("blockHash")) == block.hash
        if not kinds or not asked:
            raise senseless(f"an event that was not asked for in block {block.number}")
        event = self._interface.event(kinds[0], topics, octets(log.get("data")))
        if event.address("identity") != identity:
            raise senseless(f"an event of another identity in block {block.number}")
        previous = event.number("previousChange")
        if kinds[0] == "DIDOwnerChanged":
            return OwnerChanged(block, event.address("owner"), previous)
        valid_to = event.number("validTo")
        if kinds[0] == "DIDDelegateChanged":
            return DelegateChanged(block, event.octets("delegateType"), event.address("delegate"), valid_to, previous)
        return AttributeChanged(block, event.octets("name"), event.octets("value"), valid_to, previous)


def _word_of(address: Address) -> bytes:
    return bytes(_WORD - len(address.raw)) + address.raw


def _described(event: str) -> JsonObject:
    inputs: list[Json] = [{"name": name, "type": kind, "indexed": indexed} for name, kind, indexed in _EVENTS[event]]
    return {"type": "event", "name": event, "inputs": inputs}
