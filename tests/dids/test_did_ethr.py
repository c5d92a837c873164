"""did:ethr: an account, and what an ERC-1056 registry says became of it, in memory and on a real chain."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from jikin.anchoring.chain import Block
from jikin.anchoring.erc1056 import AttributeChanged, Change, DelegateChanged, OwnerChanged
from jikin.codec import multibase, multikey
from jikin.dids import accounts, ethr
from jikin.dids import document as documents
from jikin.dids.ethr import MAX_CHANGES, NOBODY, DidEthr
from jikin.dids.ethr_document import Moment, Subject, build
from jikin.dids.method import DidDocument, VerificationMethod
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import ChainUnavailableError, DidError
from jikin.testing.erc1056 import MemoryErc1056
from jikin.values import Address, ChainId, Did, Digest, KeyType, PublicKey, format_instant
from jikin.verification.assembly import SourcePlan, assemble, methods_of
from tests.codes import code_of
from tests.erc1056_bench import CHAIN, YEAR, Bench, MemoryBench
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "did-ethr"
ED25519 = bytes(SigningKey(bytes(range(32))).verify_key)
SECP256K1 = PrivateKey(bytes(range(1, 33))).public_key
STRANGER = Address(bytes(range(20)))


def did_of(identity: Address) -> Did:
    return Did(f"did:ethr:0x7a69:{identity}")


def resolve(bench: Bench, identity: Address, **options: str) -> DidDocument:
    return DidEthr([bench.registry]).resolve_with(did_of(identity), NoFetch(), options)


def methods(document: DidDocument) -> dict[str, VerificationMethod]:
    return {method.id.fragment: method for method in document.methods}


def account(address: Address) -> PublicKey:
    return PublicKey(KeyType.ETHEREUM_ACCOUNT, address.raw)


# --- the identity and its owner ---


def test_an_account_that_was_never_changed_controls_itself(bench: Bench) -> None:
    identity = bench.account(1)
    found = resolve(bench, identity)
    (controller,) = found.methods
    assert controller.id.fragment == "controller"
    assert controller.public_key == account(identity)
    assert controller.relationships == {"authentication", "assertionMethod"}
    assert found.metadata == {}
    assert found.document["verificationMethod"][0]["blockchainAccountId"] == accounts.account_id(CHAIN, identity)  # type: ignore[index]
    assert documents.read(did_of(identity), found.document) == found


def test_a_new_owner_takes_the_place_of_the_old_one(bench: Bench) -> None:
    identity, owner, third = (bench.account(number) for number in (1, 2, 3))
    bench.change_owner(identity, owner)
    assert methods(resolve(bench, identity))["controller"].public_key == account(owner)
    bench.change_owner(identity, third, actor=owner)
    found = resolve(bench, identity)
    assert methods(found)["controller"].public_key == account(third)
    newest = bench.registry.block()
    assert int(str(found.metadata["versionId"])) <= newest.number


def test_an_identity_that_was_given_up_has_no_keys_for_good(bench: Bench) -> None:
    identity = bench.account(1)
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
    bench.change_owner(identity, NOBODY)
    found = resolve(bench, identity)
    assert found.methods == ()
    assert found.metadata["deactivated"] is True
    assert found.document["id"] == str(did_of(identity))
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)  # the contract lets it happen
    again = resolve(bench, identity)
    assert (again.methods, again.metadata) == ((), found.metadata)


def test_a_did_that_is_a_key_shows_it_while_the_key_is_the_owner() -> None:
    bench = MemoryBench()
    key = PublicKey(KeyType.SECP256K1, SECP256K1.format())
    identity = accounts.address_of_key(key)
    did = Did(f"did:ethr:0x7a69:0x{key.raw.hex()}")
    found = methods(DidEthr([bench.registry]).resolve(did, NoFetch()))
    assert {name: method.public_key for name, method in found.items()} == {
        "controller": account(identity),
        "controllerKey": key,
    }
    assert found["controllerKey"].relationships == {"authentication", "assertionMethod"}
    bench.change_owner(identity, STRANGER)
    changed = methods(DidEthr([bench.registry]).resolve(did, NoFetch()))
    assert {name: method.public_key for name, method in changed.items()} == {"controller": account(STRANGER)}


# --- delegates ---


def test_a_delegate_may_do_what_its_type_says_and_no_more(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate)
    bench.add_delegate(identity, "sigAuth", delegate)
    bench.add_delegate(identity, "other", delegate)
    found = methods(resolve(bench, identity))
    assert set(found) == {"controller", "delegate-1", "delegate-2"}
    assert found["delegate-1"].relationships == {"assertionMethod"}
    assert found["delegate-2"].relationships == {"authentication"}
    assert found["delegate-1"].public_key == found["delegate-2"].public_key == account(delegate)


def test_a_delegate_that_was_revoked_does_not_count_in_the_very_block_that_says_so(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate)
    bench.revoke_delegate(identity, "veriKey", delegate)
    found = resolve(bench, identity)
    assert set(methods(found)) == {"controller"}
    block = str(found.metadata["versionId"])
    assert set(methods(resolve(bench, identity, versionId=block))) == {"controller"}
    before = str(int(block) - 1)
    assert set(methods(resolve(bench, identity, versionId=before))) == {"controller", "delegate-1"}


def test_validity_ends_by_the_time_of_the_block(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate, validity=600)
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519, validity=1200)
    assert set(methods(resolve(bench, identity))) == {"controller", "delegate-1", "delegate-2"}
    bench.advance(660)
    assert set(methods(resolve(bench, identity))) == {"controller", "delegate-2"}
    bench.advance(660)
    assert set(methods(resolve(bench, identity))) == {"controller"}


def test_names_stay_when_others_go(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate)
    bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
    bench.set_attribute(identity, "did/svc/Files", b"https://files.example/")
    bench.revoke_delegate(identity, "veriKey", delegate)
    bench.add_delegate(identity, "veriKey", STRANGER)
    found = resolve(bench, identity)
    assert set(methods(found)) == {"controller", "delegate-2", "delegate-4"}
    bench.add_delegate(identity, "veriKey", delegate)
    assert set(methods(resolve(bench, identity))) == {"controller", "delegate-2", "delegate-4", "delegate-5"}


# --- attributes ---

KEYS: dict[str, tuple[str, bytes, dict[str, Any], PublicKey | None, str]] = {
    "Ed25519": (
        "did/pub/Ed25519/veriKey/base58",
        ED25519,
        {
            "type": "Ed25519VerificationKey2020",
            "publicKeyMultibase": multikey.encode(PublicKey(KeyType.ED25519, ED25519)),
        },
        PublicKey(KeyType.ED25519, ED25519),
        "assertionMethod",
    ),
    "secp256k1": (
        "did/pub/Secp256k1/sigAuth/hex",
        SECP256K1.format(),
        {"type": "EcdsaSecp256k1VerificationKey2019"},
        PublicKey(KeyType.SECP256K1, SECP256K1.format()),
        "authentication",
    ),
    "secp256k1, not compressed": (
        "did/pub/Secp256k1/veriKey",
        SECP256K1.format(compressed=False),
        {"type": "EcdsaSecp256k1VerificationKey2019"},
        PublicKey(KeyType.SECP256K1, SECP256K1.format()),
        "assertionMethod",
    ),
    "X25519": (
        "did/pub/X25519/enc/base64",
        bytes(range(32)),
        {
            "type": "X25519KeyAgreementKey2020",
            "publicKeyMultibase": multibase.encode(b"\xec\x01" + bytes(range(32))),
        },
        None,
        "keyAgreement",
    ),
    "Multikey": (
        "did/pub/Multikey/veriKey",
        b"\xe7\x01" + SECP256K1.format(),
        {"type": "Multikey", "publicKeyMultibase": multibase.encode(b"\xe7\x01" + SECP256K1.format())},
        PublicKey(KeyType.SECP256K1, SECP256K1.format()),
        "assertionMethod",
    ),
    "another, in hexadecimal": (
        "did/pub/Custom/veriKey",
        b"\x01\x02",
        {"type": "Custom", "publicKeyHex": "0102"},
        None,
        "assertionMethod",
    ),
    "another, in base64": (
        "did/pub/Custom/veriKey/base64",
        b"\x01\x02",
        {"type": "Custom", "publicKeyBase64": "AQI="},
        None,
        "assertionMethod",
    ),
    "another, in base58": (
        "did/pub/Custom/veriKey/base58",
        b"\x01\x02",
        {"type": "Custom", "publicKeyBase58": "5T"},
        None,
        "assertionMethod",
    ),
}


@pytest.mark.parametrize(("name", "value", "shown", "key", "role"), KEYS.values(), ids=KEYS.keys())
def test_a_key_is_shown_as_the_method_says(
    name: str, value: bytes, shown: dict[str, Any], key: PublicKey | None, role: str
) -> None:
    bench, identity = MemoryBench(), STRANGER
    bench.set_attribute(identity, name, value)
    found = resolve(bench, identity)
    entry = found.document["verificationMethod"][1]  # type: ignore[index]
    assert shown.items() <= entry.items()
    assert (entry["id"], entry["controller"]) == (f"{did_of(identity)}#delegate-1", str(did_of(identity)))
    assert entry["id"] in found.document[role]  # type: ignore[operator]
    usable = methods(found).get("delegate-1")
    assert (usable and usable.public_key) == key
    assert usable is None or usable.relationships == {role}
    bench.revoke_attribute(identity, name, value)
    assert set(methods(resolve(bench, identity))) == {"controller"}


NO_KEYS = {
    "an Ed25519 key cut short": ("did/pub/Ed25519/veriKey", ED25519[:31]),
    "a secp256k1 key off the curve": ("did/pub/Secp256k1/veriKey", b"\x02" + b"\xff" * 32),
    "a purpose that there is not": ("did/pub/Ed25519/whatever", ED25519),
    "a key without purpose": ("did/pub/Ed25519", ED25519),
    "a name that is none": ("did/pub//veriKey", ED25519),
    "a name in other letters": ("DID/pub/Ed25519/veriKey", ED25519),
    "a name that goes on": ("did/pub/Ed25519/veriKey/hex/x", ED25519),
    "a value beyond all keys": ("did/pub/Multikey/veriKey", bytes(5000)),
    "a service that is no text": ("did/svc/Files", b"\xff\xfe"),
}


@pytest.mark.parametrize(("name", "value"), NO_KEYS.values(), ids=NO_KEYS.keys())
def test_what_is_no_key_is_passed_over_and_the_rest_stays(name: str, value: bytes) -> None:
    bench = MemoryBench()
    bench.set_attribute(STRANGER, name, value)
    bench.add_delegate(STRANGER, "veriKey", NOBODY)
    found = resolve(bench, STRANGER)
    counted = name.startswith("did/pub/")
    assert set(methods(found)) == {"controller", "delegate-2" if counted else "delegate-1"}
    assert "service" not in found.document


def test_services_are_texts_or_objects_and_can_be_revoked(bench: Bench) -> None:
    identity = bench.account(1)
    endpoint = {"uri": "https://files.example/", "accept": ["a"]}
    bench.set_attribute(identity, "did/svc/Files", b"https://files.example/")
    bench.set_attribute(identity, "did/svc/Inbox", json.dumps(endpoint).encode())
    bench.set_attribute(identity, "did/svc/Odd", b'{"a": 1, "a": 2}')
    did = did_of(identity)
    assert resolve(bench, identity).document["service"] == [
        {"id": f"{did}#service-1", "type": "Files", "serviceEndpoint": "https://files.example/"},
        {"id": f"{did}#service-2", "type": "Inbox", "serviceEndpoint": endpoint},
        {"id": f"{did}#service-3", "type": "Odd", "serviceEndpoint": '{"a": 1, "a": 2}'},
    ]
    bench.revoke_attribute(identity, "did/svc/Files", b"https://files.example/")
    left = resolve(bench, identity).document["service"]
    assert [service["type"] for service in left] == ["Inbox", "Odd"]  # type: ignore[union-attr,call-overload,index]


# --- versions ---


def test_an_older_version_is_as_it_was(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate, validity=600)
    first = str(resolve(bench, identity).metadata["versionId"])
    bench.advance(3600)
    bench.change_owner(identity, delegate)
    second = resolve(bench, identity)
    assert set(methods(second)) == {"controller"}
    older = resolve(bench, identity, versionId=first)
    assert set(methods(older)) == {"controller", "delegate-1"}
    assert methods(older)["controller"].public_key == account(identity)
    assert older.metadata == {
        "versionId": first,
        "updated": format_instant(bench.registry.block(int(first)).time),
        "nextVersionId": second.metadata["versionId"],
        "nextUpdate": second.metadata["updated"],
    }
    before = resolve(bench, identity, versionId=str(int(first) - 1))
    assert set(methods(before)) == {"controller"}
    assert before.metadata == {"nextVersionId": first, "nextUpdate": older.metadata["updated"]}


def test_a_time_picks_the_version_of_then(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "veriKey", delegate, validity=600)
    added = bench.registry.block().time
    bench.advance(3600)
    bench.revoke_delegate(identity, "veriKey", delegate)
    for when in (str(added), format_instant(added)):
        found = resolve(bench, identity, versionTime=when)
        assert set(methods(found)) == {"controller", "delegate-1"}
        assert found.metadata["updated"] == format_instant(added)
        assert "nextVersionId" in found.metadata
    assert set(methods(resolve(bench, identity, versionTime=str(added - 1)))) == {"controller"}
    assert set(methods(resolve(bench, identity, versionTime=str(added + 600)))) == {"controller"}


WRONG_OPTIONS = {
    "a version that is no number": ({"versionId": "latest"}, "did.options"),
    "a negative version": ({"versionId": "-1"}, "did.options"),
    "an endless version": ({"versionId": "9" * 30}, "did.options"),
    "a version to come": ({"versionId": "999999999"}, "did.version-not-found"),
    "a time that is none": ({"versionTime": "yesterday"}, "did.options"),
    "a time without zone": ({"versionTime": "2026-06-12T09:00:00"}, "did.options"),
    "a time to come": ({"versionTime": "2999-01-01T00:00:00Z"}, "did.version-not-found"),
    "version and time": ({"versionId": "1", "versionTime": "1"}, "did.options"),
}


@pytest.mark.parametrize(("options", "code"), WRONG_OPTIONS.values(), ids=WRONG_OPTIONS.keys())
def test_a_version_that_cannot_be_is_refused_and_not_replaced_by_the_newest(options: dict[str, str], code: str) -> None:
    assert code_of(lambda: resolve(MemoryBench(), STRANGER, **options)) == code


# --- many changes ---


def test_changes_of_one_block_follow_each_other(bench: Bench) -> None:
    identity, delegate = bench.account(1), bench.account(2)
    bench.add_delegate(identity, "sigAuth", delegate)
    with bench.together():
        bench.set_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
        bench.add_delegate(identity, "veriKey", delegate)
        bench.revoke_attribute(identity, "did/pub/Ed25519/veriKey", ED25519)
    with bench.together():
        bench.set_attribute(identity, "did/svc/Files", b"https://files.example/")
        bench.change_owner(identity, delegate)
    found = resolve(bench, identity)
    assert set(methods(found)) == {"controller", "delegate-1", "delegate-3"}
    assert methods(found)["controller"].public_key == account(delegate)
    changes = ethr.history(bench.registry, identity, bench.registry.block())
    assert [type(change) for change in changes] == [
        DelegateChanged,
        AttributeChanged,
        DelegateChanged,
        AttributeChanged,
        AttributeChanged,
        OwnerChanged,
    ]
    assert len({change.block.number for change in changes}) == 3


def test_changes_of_others_are_not_mixed_in(bench: Bench) -> None:
    one, other = bench.account(1), bench.account(2)
    with bench.together():
        bench.add_delegate(one, "veriKey", STRANGER)
        bench.change_owner(other, STRANGER)
    assert set(methods(resolve(bench, one))) == {"controller", "delegate-1"}
    assert set(methods(resolve(bench, other))) == {"controller"}


def test_an_endless_history_is_refused() -> None:
    bench = MemoryBench()
    with bench.together():
        for _ in range(MAX_CHANGES):
            bench.add_delegate(STRANGER, "other", NOBODY)
    assert set(methods(resolve(bench, STRANGER))) == {"controller"}
    bench.add_delegate(STRANGER, "other", NOBODY)
    assert code_of(lambda: resolve(bench, STRANGER)) == "did.ethr.history"


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


# --- networks and texts ---


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
        "print(sorted({'web3', 'coincurve', 'py_arkworks_bls12381', 'eth_abi'} & sys.modules.keys()))\n"
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


# --- whatever the registry says ---

BLOCKS = st.builds(lambda number, time: Block(number, Digest(bytes(32)), time), st.integers(1, 9), st.integers(0, 9))
NAMES = st.sampled_from(
    [b"did/pub/Ed25519/veriKey", b"did/pub/Secp256k1/sigAuth", b"did/pub/Multikey/enc", b"did/svc/A", b"did/pub/A/enc"]
) | st.binary(max_size=32)
CHANGES = st.lists(
    st.builds(OwnerChanged, BLOCKS, st.sampled_from([NOBODY, STRANGER]), st.just(0))
    | st.builds(
        DelegateChanged,
        BLOCKS,
        st.sampled_from([b"veriKey".ljust(32, b"\0"), b"sigAuth".ljust(32, b"\0")]) | st.binary(max_size=32),
        st.just(STRANGER),
        st.integers(0, 20),
        st.just(0),
    )
    | st.builds(
        AttributeChanged,
        BLOCKS,
        NAMES,
        st.binary(max_size=70) | st.sampled_from([ED25519, SECP256K1.format(), b'{"a": [1]}', b"[" * 60]),
        st.integers(0, 20),
        st.just(0),
    ),
    max_size=6,
)


@given(CHANGES, st.integers(0, 9), st.integers(0, 9))
def test_arbitrary_changes_make_a_document_that_can_be_read(changes: list[Change], block: int, time: int) -> None:
    did = did_of(STRANGER)
    found = build(Subject(did, CHAIN, STRANGER, None), changes, Moment(block, time))
    assert documents.read(did, json.loads(json.dumps(found.document)), found.metadata).methods == found.methods


@given(st.from_regex(r"did:ethr:[a-z0-9x:]{0,90}[a-f0-9]", fullmatch=True))
def test_arbitrary_did_ethrs_are_documents_or_errors_of_ours(text: str) -> None:
    registry = MemoryErc1056(ChainId(1), lambda: YEAR)
    code = code_of(lambda: DidEthr([registry]).resolve(Did(text), NoFetch()))
    assert code in {None, "value", "did.invalid", "did.method-not-supported"}
