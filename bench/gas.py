"""Measure what every call of the registry costs and compare it with the bars; the command behind `make gas`.

    python bench/gas.py            measure, write bench/results/gas.json, print a table; exit 1 when a bar does not hold
    python bench/gas.py --check    measure and compare with the file too; exit 1 when a number differs, write nothing

What the contracts of others cost for the same is measured in the same run (`bench/peers.py`); in the file it stands
under "peers", by package and version, and what ours costs in parts of it under "ratios".

Gas is that of the whole transaction, for the second and later use of a function by the same issuer: the first one also
pays for storage that is still empty. Ids, roots and sizes are those that cost most: no byte of them is zero. The chain
runs on fixed times, block numbers and accounts, so that the numbers are the same on every machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import peers
from web3 import HTTPProvider, Web3
from web3.contract import Contract

from jikin.anchoring.acts import PublishStatus
from jikin.anchoring.chain import RegistryPins
from jikin.anchoring.devchain import HardhatNode
from jikin.anchoring.relayed import Signed, signed_digest
from jikin.values import Address, ChainId, Digest, IssuerId, ListId

ROOT = Path(__file__).resolve().parent.parent
ARTIFACT = ROOT / "jikin" / "_generated" / "registry.json"
RESULT = ROOT / "bench" / "results" / "gas.json"

# Whole-transaction gas that is not to be exceeded. publishStatus: by number of changes.
BARS: dict[str, int] = {
    "anchor": 56_000,
    "publishStatus/1": 42_500,
    "publishStatus/100": 100 * 500,
    "publishStatus/10000": 10_000 * 130,
    "publishStatusBySig": 52_000,
    "anchorAndPublish": 74_000,
    "publishAuditHead": 45_000,
    "proposeProfile": 55_000,
    "setOperator": 55_000,
    "addKey": 55_000,
    "retireKey": 55_000,
    "reportKeyCompromised": 55_000,
    "transferIssuerOwnership": 55_000,
    "acceptIssuerOwnership": 55_000,
}

FIRST_BLOCK = 100_000
FIRST_TIME = 4_102_444_800  # 2100-01-01: after any machine's clock, and the same number of bytes as today's times
BLOCK_SECONDS = 12
GAS_LIMIT = 16_000_000
LOG2_ENTRIES = 22
LARGEST_TREE = (1 << 22) - 1  # one more has a single byte that is not zero, and costs less
ALL_RIGHTS = 15
# A profile of usual length: two names, a domain, a number code, types and a logo.
PROFILE_BYTES = 450
MULTIKEY_CHARACTERS = 48  # Ed25519
FOREVER = 2**40 - 1

Measured: TypeAlias = dict[str, int]


def main() -> int:
    """Measure, print, write or compare; return the exit code."""
    parser = argparse.ArgumentParser(description="Gas of every call of the registry, and the bars it has to hold.")
    parser.add_argument(
        "--check", action="store_true", help="compare with bench/results/gas.json instead of writing it"
    )
    options = parser.parse_args()
    if not ARTIFACT.exists():
        print(
            f"gas: no {ARTIFACT.relative_to(ROOT)}; run `npx hardhat compile` and tools/build_registry.py",
            file=sys.stderr,
        )
        return 1
    with HardhatNode(ROOT) as node:
        measured, theirs = measure(node)
    broken = report(measured, theirs)
    document = nested(measured) | of_peers(measured, theirs)
    if options.check:
        return 1 if broken or differs(document) else 0
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 1 if broken else 0


def report(measured: Measured, theirs: dict[str, Measured]) -> list[str]:
    """Print the table and return the names whose bar does not hold."""
    broken = [name for name, bar in BARS.items() if measured[name] > bar]
    for name, gas in sorted(measured.items()):
        bar = BARS.get(name)
        said = "" if bar is None else f"  bar {bar:>9,}  {'BROKEN' if name in broken else 'holds'}"
        print(f"{name:<28}{gas:>10,}{said}")
    for package, numbers in theirs.items():
        print(f"\n{package} {peers.versions()[package]}")
        for name, gas in numbers.items():
            print(f"{name:<28}{gas:>10,}")
    print()
    for name, ratio in peers.ratios(measured, theirs).items():
        print(f"{name:<52}{ratio:>8}")
    return broken


def of_peers(measured: Measured, theirs: dict[str, Measured]) -> dict[str, Any]:
    """Return the members of the file that are about others."""
    versions = peers.versions()
    return {
        "peers": {package: {"version": versions[package], **numbers} for package, numbers in theirs.items()},
        "ratios": peers.ratios(measured, theirs),
    }


def nested(measured: Measured) -> dict[str, Any]:
    """Return the numbers as they stand in the file: `publishStatus/100` is `{"publishStatus": {"100": …}}`."""
    document: dict[str, Any] = {}
    for name, gas in measured.items():
        function, _, changes = name.partition("/")
        if changes:
            document.setdefault(function, {})[changes] = gas
        else:
            document[function] = gas
    return document


def differs(document: dict[str, Any]) -> bool:
    """Say whether the numbers differ from the written ones, and print which."""
    if not RESULT.exists():
        print(f"gas: no {RESULT.relative_to(ROOT)} to compare with", file=sys.stderr)
        return True
    written = json.loads(RESULT.read_text(encoding="utf-8"))
    for name in sorted(document.keys() | written.keys()):
        if document.get(name) != written.get(name):
            print(f"gas: {name} is {document.get(name)}, on record {written.get(name)}", file=sys.stderr)
    return bool(document != written)


def measure(node: HardhatNode) -> tuple[Measured, dict[str, Measured]]:
    """Return the gas of every call, and of those of others, measured on a fresh *node*."""
    bench = Bench(node)
    bench.administration()
    bench.anchoring()
    bench.status()
    bench.both()
    bench.signed()
    bench.ending()
    theirs = peers.measure(bench, bench.operator, lambda digest: bench.sign(bench.operator, Digest(digest)), some32)
    return bench.measured, theirs


def some32(*what: object) -> bytes:
    """Return 32 bytes that look random, have no zero among them, and are the same in every run."""
    digest = hashlib.sha256(repr(what).encode()).digest()
    return digest if all(digest) else some32(digest)


def some_changes(count: int, seed: int) -> bytes:
    """Return *count* packed changes all over the list, states 0 to 3 in turn (STATEMENTS 7)."""
    entries = 1 << LOG2_ENTRIES
    indexes: set[int] = set()
    for digest in (some32("index", seed, number) for number in range(2 * count)):
        if len(indexes) < count:
            indexes.add(int.from_bytes(digest[:4], "big") % entries)
    return b"".join((index * 4 + place % 4).to_bytes(3, "big") for place, index in enumerate(sorted(indexes), start=1))


@dataclass
class Bench:
    """A registry with one accredited issuer, and what its calls have cost so far."""

    node: HardhatNode
    measured: Measured = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Bring the chain to a fixed block and time, and deploy."""
        web3 = Web3(HTTPProvider(self.node.url))
        self.accreditor, self.owner, self.operator, self.other = (account.address for account in self.node.accounts[:4])
        self.times: Iterator[int] = iter(range(FIRST_TIME, FOREVER, BLOCK_SECONDS))
        self.node.request("evm_setIntervalMining", 0)
        block = web3.eth.block_number
        self.node.request("hardhat_mine", hex(FIRST_BLOCK - block))
        artifact = json.loads(ARTIFACT.read_text(encoding="utf-8"))
        self.web3 = web3
        factory: type[Contract] = web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self.send(factory.constructor(0, self.accreditor), self.accreditor)
        self.measured["deploy"] = receipt["gasUsed"]
        self.registry = web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, call: Any, sender: str) -> Any:
        """Mine *call* alone in a block at the next fixed time and return its receipt."""
        self.node.request("evm_setNextBlockTimestamp", next(self.times))
        fees = {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 0}
        transaction = call.transact({"from": sender, "gas": GAS_LIMIT, **fees})
        receipt = self.web3.eth.wait_for_transaction_receipt(transaction, timeout=60)
        if receipt["status"] != 1:
            raise SystemExit(f"gas: the call of block {receipt['blockNumber']} was refused")
        return receipt

    def sign(self, account: str, digest: Digest) -> bytes:
        """Return the signature of *account* over *digest*."""
        signer = next(each for each in self.node.accounts if each.address == account)
        return bytes(signer.unsafe_sign_hash(digest.raw).signature)

    def _use(self, function: str, arguments: tuple[Any, ...], sender: str, name: str | None = None) -> None:
        """Call; of all calls but the first, the one that takes most gas counts."""
        name = name or function
        gas: int = self.send(getattr(self.registry.functions, function)(*arguments), sender)["gasUsed"]
        if name in self.used:
            self.measured[name] = max(gas, self.measured.get(name, 0))
        self.used.add(name)

    def _head(self, issuer: bytes, list_id: bytes) -> bytes:
        head: bytes = self.registry.functions.statusHeads(issuer, [list_id]).call()[0][0]
        return head

    def administration(self) -> None:
        """Measure what accreditors and owners do; leaves the issuer `self.issuer` with an operator."""
        since = FIRST_TIME - 1000
        for number in range(3):
            did = f"did:web:issuer-{number}.example"
            issuer = self.web3.keccak(text=did)
            self._use("registerIssuer", (did, self.owner, since, FOREVER), self.accreditor)
            self._use("setAccreditation", (issuer, since, FOREVER - 1 - number), self.accreditor)
            self._use("setAnchorsAll", (issuer,), self.accreditor)
        for number in (1, 2):  # they stay out of what follows
            issuer = self.web3.keccak(text=f"did:web:issuer-{number}.example")
            self._use("invalidate", (issuer, FIRST_TIME - number), self.accreditor)
            self._use("invalidate", (issuer, FIRST_TIME - 10 - number), self.accreditor)
        self.issuer = self.web3.keccak(text="did:web:issuer-0.example")
        for number in range(3):
            profile = hashlib.shake_256(some32("profile", number)).hexdigest(PROFILE_BYTES // 2).encode()
            self._use("proposeProfile", (self.issuer, profile), self.owner)
            self._use("approveProfile", (self.issuer, hashlib.sha256(profile).digest()), self.accreditor)
            multikey = "z6Mk" + some32("key", number).hex()[: MULTIKEY_CHARACTERS - 4]
            key_id = hashlib.sha256(multikey.encode()).digest()
            self._use("addKey", (self.issuer, multikey), self.owner)
            self._use("retireKey", (self.issuer, key_id), self.owner)
            self._use("reportKeyCompromised", (self.issuer, key_id, FIRST_TIME - number), self.owner)
            # A new account each time: that costs more than a change of rights.
            account = self.node.accounts[number + 4].address
            self._use("setOperator", (self.issuer, account, FOREVER, ALL_RIGHTS), self.owner)
            self._use("transferIssuerOwnership", (self.issuer, self.other), self.owner)
            self._use("acceptIssuerOwnership", (self.issuer,), self.other)
            self.owner, self.other = self.other, self.owner
        self._use("setOperator", (self.issuer, self.operator, FOREVER, ALL_RIGHTS), self.owner)

    def anchoring(self) -> None:
        """Measure anchors of the smallest and the dearest batch, and heads of the audit log."""
        for number, size in enumerate((1, 1, LARGEST_TREE)):
            self._use("anchor", (self.issuer, some32("root", number), size, 1), self.operator)
            self._use("publishAuditHead", (self.issuer, 2**31 - 3 + number, some32("audit", number)), self.operator)

    def status(self) -> None:
        """Measure a list's opening and epochs of 1 to 40,000 changes."""
        for number in range(3):
            arguments = (self.issuer, some32("list", number), LOG2_ENTRIES, some32("permutation", number))
            self._use("openStatusList", arguments, self.operator)
        for number, count in enumerate((1, 1, 1, 100, 100, 10_000, 10_000, 40_000, 40_000)):
            self._publish(count, seed=number)

    def _publish(self, count: int, *, seed: int) -> None:
        list_id = some32("list", 0)
        head = self._head(self.issuer, list_id)
        arguments = (self.issuer, list_id, head, some32("status", seed), some_changes(count, seed))
        self._use("publishStatus", arguments, self.operator, name=f"publishStatus/{count}")

    def both(self) -> None:
        """Measure an anchor and one change in one transaction."""
        list_id = some32("list", 0)
        for number in range(100, 103):
            batch = (self.issuer, some32("root", number), LARGEST_TREE, 1)
            epoch = (list_id, self._head(self.issuer, list_id), some32("status", number), some_changes(1, number))
            self._use("anchorAndPublish", (*batch, *epoch), self.operator)

    def signed(self) -> None:
        """Measure an epoch of one change that is relayed, and one revocation that is taken back."""
        list_id = some32("list", 0)
        nothing = Digest(bytes(32))
        registry = Address.parse(self.registry.address)
        pins = RegistryPins(ChainId(self.web3.eth.chain_id), registry, nothing, nothing, 0)
        for number in range(200, 206):
            what, function, signer, sender = (
                (Signed.EPOCH, "publishStatusBySig", self.operator, self.other),
                (Signed.ANNULMENT, "annulStatus", self.owner, self.accreditor),
            )[number % 2]
            status = PublishStatus(
                IssuerId(self.issuer),
                ListId(list_id),
                Digest(self._head(self.issuer, list_id)),
                Digest(some32("status", number)),
                some_changes(1, number) if what is Signed.EPOCH else (0x123454).to_bytes(3, "big"),
            )
            epoch = (self.issuer, list_id, status.previous_head.raw, status.status_root.raw, status.changes)
            signature = self.sign(signer, signed_digest(pins, what, status, FOREVER))
            self._use(function, (*epoch, signer, signature, FOREVER), sender)

    def ending(self) -> None:
        """Measure the last acts: naming another registry (on one with a delay, where it can be done again), sealing."""
        artifact = json.loads(ARTIFACT.read_text(encoding="utf-8"))
        factory: type[Contract] = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        address = self.send(factory.constructor(86_400, self.accreditor), self.accreditor)["contractAddress"]
        here, self.registry = self.registry, self.web3.eth.contract(address=address, abi=artifact["abi"])
        for _ in range(3):
            self._use("setSuccessor", (here.address,), self.accreditor)
        self.registry = here
        self.send(here.functions.setSuccessor(address), self.accreditor)
        for number in range(3):
            self._use("sealAnchoring", (self.web3.keccak(text=f"did:web:issuer-{number}.example"),), self.other)


if __name__ == "__main__":
    sys.exit(main())
