"""did:ethr: which chain is asked, what cannot be a DID of this method, and nodes that do not tell the truth."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from jikin.anchoring.chain import Block
from jikin.anchoring.erc1056 import Change
from jikin.dids import document as documents
from jikin.dids.ethr import NOBODY, DidEthr
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import ChainUnavailableError, DidError
from jikin.testing.erc1056 import MemoryErc1056
from jikin.values import Address, ChainId, Did
from jikin.verification.assembly import assemble, methods_of
from jikin.verification.plan import SourcePlan
from tests.codes import code_of
from tests.erc1056_bench import STRANGER, Bench, MemoryBench, account, did_of
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "did-ethr"


class Lying:
    """A registry whose node changes what it says."""

    def __init__(self, honest: MemoryErc1056, lie: str) -> None:
        self.honest = honest
        self.lie = lie

    @property
    def chain(self) -> ChainId:
        return self.honest.chain

    def block(self, number: int | None = None) -> Block:
        found = self.honest.block(number)
        return replace(found, time=1 << 60) if self.lie == "a time beyond all calendars" else found

    def owner(self, identity: Address, at: Block) -> Address:
        return NOBODY if self.lie == "another owner" else self.honest.owner(identity, at)

    def changed(self, identity: Address, at: Block) -> int:
        if self.lie == "a block to come":
            return at.number + 1
        return 0 if self.lie == "nothing ever changed" else self.honest.changed(identity, at)

    def changes(self, identity: Address, number: int) -> tuple[Change, ...]:
        found = self.honest.changes(identity, number)
        if self.lie == "the change left out":
            return ()
        if self.lie == "a change that leads nowhere":
            return tuple(replace(change, previous_change=number) for change in found)
        if self.lie == "a change of a time to come":
            return tuple(replace(one, block=replace(one.block, time=one.block.time + 1000)) for one in found)
        if self.lie == "a change of another block":
            return tuple(replace(one, block=replace(one.block, number=number + 1)) for one in found)
        if self.lie == "a change made up":
            return (*found, replace(found[-1], previous_change=number - 1))
        return found


@pytest.mark.parametrize(
    "lie",
    [
        "another owner",
        "a block to come",
        "nothing ever changed",
        "the change left out",
        "a change that leads nowhere",
        "a change made up",
        "a change of a time to come",
        "a change of another block",
        "a time beyond all calendars",
    ],
)
def test_a_node_that_lies_is_no_source(lie: str) -> None:
    bench = MemoryBench()
    bench.add_delegate(STRANGER, "veriKey", NOBODY)
    bench.change_owner(STRANGER, Address(b"\x01" * 20))
    method = DidEthr([Lying(bench.memory, lie)])
    with pytest.raises(ChainUnavailableError) as refused:
        method.resolve(did_of(STRANGER), NoFetch())
    assert refused.value.code == "chain.senseless"


def test_a_chain_that_does_not_answer_is_no_verdict(bench: Bench) -> None:
    method = DidEthr([bench.unreachable()])
    with pytest.raises(ChainUnavailableError):
        method.resolve(did_of(bench.account(1)), NoFetch())


@pytest.mark.chain
def test_an_address_without_registry_is_named(hardhat: Any) -> None:
    from jikin.anchoring.evm_erc1056 import EvmErc1056

    method = DidEthr([EvmErc1056(hardhat.url, STRANGER)])
    assert code_of(method.resolve, did_of(STRANGER), NoFetch()) == "registry.mismatch.code"


@pytest.mark.chain
def test_a_plan_with_endpoint_and_registry_resolves(hardhat: Any, erc1056: Address) -> None:
    found = methods_of(SourcePlan(rpc_url=hardhat.url, ethr_registry=str(erc1056)))
    assert found.resolve(did_of(STRANGER), NoFetch()).methods[0].public_key == account(STRANGER)
    shut = methods_of(SourcePlan(rpc_url=hardhat.url, ethr_registry=str(erc1056), offline=True))
    assert code_of(shut.resolve, did_of(STRANGER), NoFetch()) == "did.method-not-supported"


PLANS = {
    "without endpoint": (SourcePlan(ethr_registry=str(STRANGER)), "settings.chain"),
    "with an address that is none": (
        SourcePlan(rpc_url="http://127.0.0.1:9", ethr_registry="0x12"),
        "settings.value",
    ),
    "with an endpoint that is none": (SourcePlan(rpc_url="ftp://a", ethr_registry=str(STRANGER)), "settings.chain-url"),
}


@pytest.mark.parametrize(("plan", "code"), PLANS.values(), ids=PLANS.keys())
def test_a_plan_that_cannot_be_is_refused_at_once(plan: SourcePlan, code: str) -> None:
    assert code_of(methods_of, plan) == code


def test_an_endpoint_for_dids_alone_needs_no_pinned_registry() -> None:
    plan = SourcePlan(rpc_url="http://127.0.0.1:9", ethr_registry=str(STRANGER))
    assert assemble(plan).registry is None
    assert code_of(assemble, SourcePlan(rpc_url="http://127.0.0.1:9")) == "settings.chain"


def test_nothing_of_a_chain_is_loaded_before_it_is_asked() -> None:
    program = (
        "import sys\n"
        "from jikin.dids.standard import standard_methods\n"
        "standard_methods()\n"
        "print(sorted({'eth_account', 'coincurve', 'py_arkworks_bls12381', 'eth_abi'} & sys.modules.keys()))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"


NETWORKS = {
    "did:ethr:0x0102030405060708090a0b0c0d0e0f1011121314": 1,
    "did:ethr:mainnet:0x0102030405060708090a0b0c0d0e0f1011121314": 1,
    "did:ethr:0x1:0x0102030405060708090A0B0C0D0E0F1011121314": 1,
    "did:ethr:0x0001:0x0102030405060708090a0b0c0d0e0f1011121314": 1,
    "did:ethr:sepolia:0x0102030405060708090a0b0c0d0e0f1011121314": 11155111,
    "did:ethr:0xaa36a7:0x0102030405060708090a0b0c0d0e0f1011121314": 11155111,
}


@pytest.mark.parametrize(("text", "number"), NETWORKS.items())
def test_the_network_is_the_one_of_the_did(text: str, number: int) -> None:
    registries = [MemoryErc1056(ChainId(each), lambda: 1_780_000_000) for each in (1, 11155111)]
    found = DidEthr(registries).resolve(Did(text), NoFetch())
    shown = found.document["verificationMethod"][0]["blockchainAccountId"]  # type: ignore[index]
    assert str(shown).startswith(f"eip155:{number}:0x")
    assert found.id == Did(text)


@pytest.mark.parametrize("network", ["0x7a69", "sepolia", "nowhere", "polygon:test", ""])
def test_a_network_without_registry_is_not_supported_and_named(network: str) -> None:
    did = Did(f"did:ethr:{network}{':' if network else ''}{STRANGER}")
    with pytest.raises(DidError) as refused:
        standard_methods().resolve(did, NoFetch())
    assert refused.value.code == "did.method-not-supported"
    assert (network or "mainnet") in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "did:ethr:0x",
        "did:ethr:0x01",
        "did:ethr:0102030405060708090a0b0c0d0e0f1011121314",
        "did:ethr:0x0102030405060708090a0b0c0d0e0f101112131g",
        "did:ethr:0x05" + "01" * 32,
        "did:ethr:0x02" + "ff" * 32,
        "did:ethr:0x0102030405060708090a0b0c0d0e0f1011121314:0x1",
    ],
)
def test_what_is_neither_address_nor_key_is_refused(text: str) -> None:
    assert code_of(DidEthr([MemoryBench().registry]).resolve, Did(text), NoFetch()) == "did.invalid"


def test_the_published_document_of_a_key_is_the_one_that_follows() -> None:
    published = json.loads((VECTORS / "did-pk.jsonld").read_bytes())
    did = Did(published["id"])
    found = DidEthr([MemoryErc1056(ChainId(1), lambda: 1_780_000_000)]).resolve(did, NoFetch())
    for member in ("id", "verificationMethod", "authentication", "assertionMethod"):
        assert found.document[member] == published[member]
    assert found.methods == documents.read(did, published).methods


def test_the_issuer_of_the_published_credential_has_the_method_that_it_names() -> None:
    proof = json.loads((VECTORS / "vc.jsonld").read_bytes())["proof"]
    did = Did(proof["verificationMethod"].partition("#")[0])
    found = DidEthr([MemoryErc1056(ChainId(1), lambda: 1_780_000_000)]).resolve(did, NoFetch())
    controller = found.methods[0]
    assert str(controller.id) == proof["verificationMethod"]
    assert proof["proofPurpose"] in controller.relationships
