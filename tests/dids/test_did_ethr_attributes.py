"""did:ethr: the keys and services that an identity states of itself, and whatever else a registry may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from jikin.anchoring.chain import Block
from jikin.anchoring.erc1056 import AttributeChanged, Change, DelegateChanged, OwnerChanged
from jikin.codec import multibase, multikey
from jikin.dids import document as documents
from jikin.dids.ethr import NOBODY, DidEthr
from jikin.dids.ethr_document import Moment, Subject, build
from jikin.dids.web_fetch import NoFetch
from jikin.testing.erc1056 import MemoryErc1056
from jikin.values import ChainId, Did, Digest, KeyType, PublicKey
from tests.codes import code_of
from tests.erc1056_bench import CHAIN, STRANGER, YEAR, Bench, MemoryBench, did_of, methods, resolve

ED25519 = bytes(SigningKey(bytes(range(32))).verify_key)
SECP256K1 = PrivateKey(bytes(range(1, 33))).public_key

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
