"""Is it the registry that is meant? What a node shows, held against the pins; each difference has a code of its own."""

from __future__ import annotations

from collections.abc import Sequence

from jikin.anchoring.chain import Block, RegistryPins
from jikin.anchoring.evm_rpc import Refusal, Rpc, entries, members, octets
from jikin.errors import RegistryMismatchError
from jikin.values import Address, Digest, Json, keccak256


def check_beginning(rpc: Rpc, pins: RegistryPins) -> None:
    """Compare block 0; raises RegistryMismatchError, ``registry.mismatch.chain`` or ``registry.mismatch.genesis``.

    A development chain that was started anew keeps its number, and often the contract's address with the same code:
    that everything is absent there revokes nothing.
    """
    found = rpc.block(0).hash
    if found == pins.genesis:
        return
    check_number(rpc, pins)
    raise RegistryMismatchError(
        f"block 0 of this chain is {found}, expected {pins.genesis}: another chain answers, or a development chain was "
        "started anew and has forgotten everything",
        code="registry.mismatch.genesis",
        hint="ask the pinned chain, or deploy the registry anew and pin it",
    )


def check_number(rpc: Rpc, pins: RegistryPins) -> None:
    """Compare the chain's number; raises RegistryMismatchError ``registry.mismatch.chain``."""
    found = rpc.chain_id()
    if found != pins.chain.number:
        raise RegistryMismatchError(
            f"the node serves chain eip155:{found}, expected {pins.chain}",
            code="registry.mismatch.chain",
            hint="set rpc_url to a node of the pinned chain",
        )


def check_chain_and_code(rpc: Rpc, pins: RegistryPins, newest: Block) -> None:
    """Compare number and code; raises RegistryMismatchError, also ``registry.mismatch.address`` and ``….code``."""
    check_number(rpc, pins)
    code = rpc.code(pins.registry, newest)
    if not code:
        raise RegistryMismatchError(
            f"there is no contract at {pins.registry} on {pins.chain}; its code should hash to {pins.code_hash}",
            code="registry.mismatch.address",
            hint="compare the address in registry.json with the one that the accreditor published",
        )
    code_hash = Digest(keccak256(code))
    if code_hash != pins.code_hash:
        raise RegistryMismatchError(
            f"the code at {pins.registry} hashes to {code_hash}, expected {pins.code_hash}",
            code="registry.mismatch.code",
            hint="another contract stands there: compare registry.json with what the accreditor published",
        )


def check_deployment(rpc: Rpc, pins: RegistryPins) -> None:
    """Compare the block of the deployment; raises RegistryMismatchError ``registry.mismatch.deploy-block``.

    Events are read from that block on: pinned too late, the oldest institutions would be missing without a word. The
    constructor leaves events; before them there must be no code, or, where the node has forgotten so old a state, they
    must stand in the transaction that created the contract.
    """
    number = pins.deploy_block
    wanted: Json = {"address": str(pins.registry), "fromBlock": hex(number), "toBlock": hex(number)}
    logs = entries(rpc.call("eth_getLogs", wanted))
    if not logs:
        raise _other_block(pins, f"block {number} has no event of {pins.registry}")
    before = rpc.ask("eth_getCode", str(pins.registry), hex(number - 1)) if number else "0x"
    known = _created_by(rpc, logs) if isinstance(before, Refusal) else None
    if not isinstance(before, Refusal) and octets(before):
        raise _other_block(pins, f"{pins.registry} was there before block {number}")
    if known is not None and known != pins.registry:
        raise _other_block(pins, f"block {number} created {known}, not {pins.registry}")


def _created_by(rpc: Rpc, logs: Sequence[Json]) -> Address | None:
    """Return the contract that the transaction of the oldest event created, None for one that created none itself."""
    receipt = members(rpc.call("eth_getTransactionReceipt", members(logs[0]).get("transactionHash")))
    created = receipt.get("contractAddress")
    return None if created is None else Address(octets(created))


def _other_block(pins: RegistryPins, found: str) -> RegistryMismatchError:
    return RegistryMismatchError(
        f"{found}: it was not deployed in the block that is pinned as deployBlock ({pins.deploy_block})",
        code="registry.mismatch.deploy-block",
        hint="compare deployBlock in registry.json with the block of the contract's creation",
    )
