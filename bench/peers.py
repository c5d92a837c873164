"""What published contracts of others cost for the same things, measured on the chain and in the run of ours.

Their bytecode is what their own packages publish, compiled by themselves: Ethereum Attestation Service (EAS) and the
document store of TradeTrust, which follows OpenAttestation's. Like ours, every number is whole-transaction gas of the
second and later use, with identifiers in which no byte is zero.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from eth_abi.abi import encode
from web3 import Web3
from web3.contract import Contract

ROOT = Path(__file__).resolve().parent.parent
EAS = "@ethereum-attestation-service/eas-contracts"
DOCUMENT_STORE = "@tradetrust-tt/document-store"
SCHEMA = "bytes32 credential"  # one word: the least that says what was attested
NOTHING, NOBODY = bytes(32), "0x" + "00" * 20

Measured: TypeAlias = dict[str, int]

# ratio → (our number, divisor), (package, function): below 1 ours takes less. Of many changes each one is compared.
RATIOS: Mapping[str, tuple[tuple[str, int], tuple[str, str]]] = {
    "anchor / EAS timestamp": (("anchor", 1), (EAS, "timestamp")),
    "anchor / EAS attest": (("anchor", 1), (EAS, "attest")),
    "anchor / TradeTrust issue": (("anchor", 1), (DOCUMENT_STORE, "issue")),
    "publishStatus of 1 / EAS revokeOffchain": (("publishStatus/1", 1), (EAS, "revokeOffchain")),
    "publishStatus of 1 / EAS revoke": (("publishStatus/1", 1), (EAS, "revoke")),
    "publishStatus of 1 / TradeTrust revoke": (("publishStatus/1", 1), (DOCUMENT_STORE, "revoke")),
    "publishStatus of 100, each / EAS revokeOffchain": (("publishStatus/100", 100), (EAS, "revokeOffchain")),
    "publishStatus of 100, each / TradeTrust revoke": (("publishStatus/100", 100), (DOCUMENT_STORE, "revoke")),
    "publishStatus of 10000, each / EAS revokeOffchain": (("publishStatus/10000", 10_000), (EAS, "revokeOffchain")),
    "publishStatusBySig of 1 / EAS revokeByDelegation": (("publishStatusBySig", 1), (EAS, "revokeByDelegation")),
}


class Sending(Protocol):
    """A chain on which calls are mined one by one."""

    web3: Web3

    def send(self, call: Any, sender: str) -> Any:
        """Mine *call* and return its receipt."""


def versions() -> dict[str, str]:
    """Return package → version of the contracts that are measured."""
    return {
        name: json.loads((_package(name) / "package.json").read_text("utf-8"))["version"]
        for name in (EAS, DOCUMENT_STORE)
    }


def measure(
    chain: Sending, sender: str, sign: Callable[[bytes], bytes], some32: Callable[..., bytes]
) -> dict[str, Measured]:
    """Return package → function → gas; *sender*, whose signatures *sign* makes over digests, does everything."""
    return {EAS: _eas(chain, sender, sign, some32), DOCUMENT_STORE: _document_store(chain, sender, some32)}


def ratios(ours: Measured, theirs: Mapping[str, Measured]) -> dict[str, float]:
    """Return each ratio, to three places."""
    return {
        name: round(ours[mine] / divisor / theirs[package][function], 3)
        for name, ((mine, divisor), (package, function)) in RATIOS.items()
    }


def _package(name: str) -> Path:
    return ROOT / "node_modules" / name


def _deploy(chain: Sending, sender: str, abi: Any, bytecode: str, *arguments: Any) -> Contract:
    factory: type[Contract] = chain.web3.eth.contract(abi=abi, bytecode=bytecode)
    address = chain.send(factory.constructor(*arguments), sender)["contractAddress"]
    return chain.web3.eth.contract(address=address, abi=abi)


def _eas(chain: Sending, sender: str, sign: Callable[[bytes], bytes], some32: Callable[..., bytes]) -> Measured:
    def artifact(name: str) -> Any:
        path = _package(EAS) / "artifacts" / "contracts" / f"{name}.sol" / f"{name}.json"
        return json.loads(path.read_text("utf-8"))

    schemas, service = artifact("SchemaRegistry"), artifact("EAS")
    registry = _deploy(chain, sender, schemas["abi"], schemas["bytecode"])
    eas = _deploy(chain, sender, service["abi"], service["bytecode"], registry.address)
    registered = chain.send(registry.functions.register(SCHEMA, NOBODY, True), sender)
    schema = bytes(registered["logs"][0]["topics"][1])

    def attested(number: int) -> Any:
        data = (sender, 0, True, NOTHING, some32("attested", number), 0)
        return chain.send(eas.functions.attest((schema, data)), sender)

    def uid(receipt: Any) -> bytes:
        return bytes(receipt["logs"][0]["data"])

    def delegated(number: int) -> Any:
        attestation, deadline = uid(attested(1000 + number)), 2**40 - 1
        members = (
            eas.functions.getRevokeTypeHash().call(),
            sender,
            schema,
            attestation,
            0,
            eas.functions.getNonce(sender).call(),
            deadline,
        )
        struct = Web3.keccak(
            encode(["bytes32", "address", "bytes32", "bytes32", "uint256", "uint256", "uint64"], members)
        )
        signature = sign(bytes(Web3.keccak(b"\x19\x01" + eas.functions.getDomainSeparator().call() + struct)))
        parts = (signature[64], signature[:32], signature[32:64])
        return chain.send(eas.functions.revokeByDelegation((schema, (attestation, 0), parts, sender, deadline)), sender)

    return {
        "timestamp": _later(lambda n: chain.send(eas.functions.timestamp(some32("stamped", n)), sender)),
        "revokeOffchain": _later(lambda n: chain.send(eas.functions.revokeOffchain(some32("revoked", n)), sender)),
        "attest": _later(attested),
        "revoke": _later(lambda n: chain.send(eas.functions.revoke((schema, (uid(attested(500 + n)), 0))), sender)),
        "revokeByDelegation": _later(delegated),
    }


def _document_store(chain: Sending, sender: str, some32: Callable[..., bytes]) -> Measured:
    path = _package(DOCUMENT_STORE) / "dist" / "contracts" / "factories" / "DocumentStore__factory.js"
    found = re.search(r'_bytecode = "(0x[0-9a-f]+)"', path.read_text("utf-8"))
    if found is None:
        raise SystemExit(f"gas: {path.relative_to(ROOT)} has no bytecode")
    abi = [
        _function("constructor", ("string", "address")),
        _function("issue", ("bytes32",)),
        _function("revoke", ("bytes32",)),
    ]
    store = _deploy(chain, sender, abi, found[1], "Hanbit Skills Institute", sender)
    return {
        "issue": _later(lambda number: chain.send(store.functions.issue(some32("document", number)), sender)),
        "revoke": _later(lambda number: chain.send(store.functions.revoke(some32("document", number)), sender)),
    }


def _function(name: str, types: tuple[str, ...]) -> dict[str, Any]:
    inputs = [{"name": f"a{place}", "type": kind} for place, kind in enumerate(types)]
    if name == "constructor":
        return {"type": "constructor", "inputs": inputs, "stateMutability": "nonpayable"}
    return {"type": "function", "name": name, "inputs": inputs, "outputs": [], "stateMutability": "nonpayable"}


def _later(use: Callable[[int], Any]) -> int:
    """Return the gas of the dearest of the second and third use."""
    return max([int(use(number)["gasUsed"]) for number in range(3)][1:])
