"""A receipt is a hint: read strictly, and worth only the root to which it leads."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.anchoring import batch, merkle
from jikin.anchoring.acts import LeafKind
from jikin.anchoring.chain import AnchorSlot, RegistryPins
from jikin.anchoring.digest import ProofHash, credential_digest
from jikin.anchoring.receipt import Receipt
from jikin.anchoring.statements import context_hash, leaf
from jikin.errors import AnchorError
from jikin.values import Address, ChainId, Did, Digest, Form, SignedStatement

CHAIN = ChainId(31337)
REGISTRY = Address(b"\x42" * 20)
ISSUER = Did("did:web:exam.example").issuer_id
CONTEXT = context_hash(CHAIN, REGISTRY, ISSUER)
EDDSA = SignedStatement(Form.DATA_INTEGRITY, "eddsa-rdfc-2022", b"\x11" * 64, b"\x22" * 64)
POST_QUANTUM = SignedStatement(Form.DATA_INTEGRITY, "mldsa44-jcs-2024", b"\x33" * 64, b"\x44" * 2420)


def issued(proofs: list[SignedStatement]) -> Receipt:
    source = random.Random(11)
    salt = batch.new_salt(source)
    filled = batch.fill(CONTEXT, [leaf(LeafKind.CREDENTIAL, CONTEXT, salt, credential_digest(proofs))], source=source)
    tree = merkle.Tree(filled.leaves)
    index = filled.indexes[0]
    return Receipt(
        chain=CHAIN,
        registry=REGISTRY,
        issuer_id=ISSUER,
        root=tree.root,
        tree_size=tree.size,
        index=index,
        path=tree.path(index),
        salt=salt,
        block=7,
        time=1_780_000_000,
    )


RECEIPT = issued([EDDSA])
BOTH = issued([EDDSA, POST_QUANTUM])
PINS = RegistryPins(CHAIN, REGISTRY, Digest(bytes(32)), Digest(bytes(32)), 1)
SLOT = AnchorSlot(time=RECEIPT.time, block=7, tree_size=64, sequence=1, kind=1)


def as_json(**changed: Any) -> Any:
    return json.loads(json.dumps(RECEIPT.to_json())) | changed


def without(member: str) -> Any:
    return {name: value for name, value in as_json().items() if name != member}


ABSENT = {"form": 1, "alg": "mldsa44-jcs-2024", "signed": "0x" + "01" * 32, "sig": "0x" + "02" * 32}
REFUSED = {
    "not an object": ([], "shape"),
    "a text": ("receipt", "shape"),
    "nothing": (None, "shape"),
    "an unknown member": (as_json(note="hello"), "shape"),
    "another version": (as_json(v=2), "v"),
    "a version that is true": (as_json(v=True), "v"),
    "a chain that is none": (as_json(chain="solana:1"), "chain"),
    "a chain that is a number": (as_json(chain=31337), "chain"),
    "a registry with capitals": (as_json(registry="0x" + "4B" * 20), "registry"),
    "a short registry": (as_json(registry="0x42"), "registry"),
    "an issuer without 0x": (as_json(issuerId="42" * 32), "issuerId"),
    "a root of 31 bytes": (as_json(root="0x" + "42" * 31), "root"),
    "a root with a blank": (as_json(root="0x" + "42" * 31 + "4 "), "root"),
    "a root that is a number": (as_json(root=42), "root"),
    "a size that is a text": (as_json(treeSize="64"), "treeSize"),
    "a size that is a fraction": (as_json(treeSize=64.0), "treeSize"),
    "an index below zero": (as_json(index=-1), "index"),
    "a path that is a text": (as_json(path="0x"), "path"),
    "a path that is an object": (as_json(path={}), "path"),
    "a path that is too long by far": (as_json(path=["0x" + "42" * 32] * 1000), "path"),
    "a path with one step too few": (as_json(path=as_json()["path"][:-1]), "path"),
    "a path with one step too many": (as_json(path=[*as_json()["path"], "0x" + "42" * 32]), "path"),
    "a step of 31 bytes": (as_json(path=["0x" + "42" * 31] * 6), "path"),
    "a salt of 31 bytes": (as_json(salt="0x" + "42" * 31), "salt"),
    "a full of 33 bytes": (as_json(full="0x" + "42" * 33), "full"),
    "absent proofs that are none": (as_json(absentProofs=None), "absentProofs"),
    "nine absent proofs": (as_json(absentProofs=[ABSENT] * 9), "absentProofs"),
    "an absent proof of form 0": (as_json(absentProofs=[ABSENT | {"form": 0}]), "absentProofs"),
    "an absent proof of form 6": (as_json(absentProofs=[ABSENT | {"form": 6}]), "absentProofs"),
    "an absent proof without name": (as_json(absentProofs=[ABSENT | {"alg": ""}]), "absentProofs"),
    "an absent proof with more": (as_json(absentProofs=[ABSENT | {"x": 1}]), "absentProofs"),
    "a block beyond 40 bits": (as_json(block=1 << 40), "block"),
    "a time below zero": (as_json(time=-1), "time"),
    "a time that is true": (as_json(time=True), "time"),
    **{f"without {member}": (without(member), "shape") for member in RECEIPT.to_json()},
}


def test_a_receipt_reads_back_as_written() -> None:
    assert Receipt.parse(as_json()) == RECEIPT
    assert Receipt.parse(as_json()).to_json() == RECEIPT.to_json()
    with_absent = Receipt.parse(as_json(absentProofs=[ABSENT]))
    assert with_absent.to_json()["absentProofs"] == [ABSENT]


@pytest.mark.parametrize(("value", "member"), REFUSED.values(), ids=REFUSED.keys())
def test_a_receipt_that_is_not_as_written_is_refused(value: Any, member: str) -> None:
    with pytest.raises(AnchorError) as refused:
        Receipt.parse(value)
    assert refused.value.code == f"anchor.receipt.{member}"


@pytest.mark.parametrize("changed", [{"treeSize": 0}, {"index": 64}, {"treeSize": (1 << 22) + 1}])
def test_a_place_that_cannot_be_is_refused(changed: dict[str, int]) -> None:
    with pytest.raises(AnchorError):
        Receipt.parse(as_json(**changed))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(RECEIPT.to_json())), json_values, min_size=1))
def test_whatever_a_stranger_writes_only_anchor_errors_come_out(changed: dict[str, Any]) -> None:
    try:
        parsed = Receipt.parse(as_json(**changed))
    except AnchorError:
        return
    assert json.loads(json.dumps(parsed.to_json())) == as_json(**changed)


def test_the_receipt_leads_its_credential_to_the_anchored_root() -> None:
    assert RECEIPT.root_of([EDDSA], CONTEXT) == RECEIPT.root
    own_leaf = leaf(LeafKind.CREDENTIAL, CONTEXT, RECEIPT.salt, credential_digest([EDDSA]))
    assert RECEIPT.root_for(own_leaf) == RECEIPT.root


def test_another_signature_leads_elsewhere() -> None:
    forged = SignedStatement(EDDSA.form, EDDSA.algorithm, EDDSA.signed, b"\x99" * 64)
    assert RECEIPT.root_of([forged], CONTEXT) != RECEIPT.root
    assert RECEIPT.root_of([EDDSA, POST_QUANTUM], CONTEXT) != RECEIPT.root


def test_another_issuer_or_chain_cannot_adopt_the_leaf() -> None:
    for context in (
        context_hash(ChainId(1), REGISTRY, ISSUER),
        context_hash(CHAIN, Address(b"\x43" * 20), ISSUER),
        context_hash(CHAIN, REGISTRY, Did("did:web:other.example").issuer_id),
    ):
        assert RECEIPT.root_of([EDDSA], context) != RECEIPT.root


@pytest.mark.parametrize("shown", [EDDSA, POST_QUANTUM], ids=["the first is shown", "the second is shown"])
def test_a_credential_shown_without_one_proof_keeps_its_anchor(shown: SignedStatement) -> None:
    hidden = POST_QUANTUM if shown is EDDSA else EDDSA
    value = json.loads(json.dumps(BOTH.to_json()))
    value["absentProofs"] = [
        {
            "form": hidden.form.value,
            "alg": hidden.algorithm,
            "signed": ProofHash.of(hidden).signed.hex(),
            "sig": ProofHash.of(hidden).signature.hex(),
        }
    ]
    assert Receipt.parse(value).root_of([shown], CONTEXT) == BOTH.root
    assert BOTH.root_of([shown], CONTEXT) != BOTH.root


def test_the_salt_is_not_shown_by_accident() -> None:
    assert RECEIPT.salt.hex() not in repr(RECEIPT)
    assert repr(RECEIPT.salt) not in repr(RECEIPT)


FOREIGN = {
    "chain": as_json(chain="eip155:1"),
    "registry": as_json(registry="0x" + "43" * 20),
    "issuerId": as_json(issuerId="0x" + "43" * 32),
    "block": as_json(block=8),
    "time": as_json(time=1_780_000_001),
}


def test_a_receipt_that_agrees_with_the_registry_is_not_foreign() -> None:
    assert RECEIPT.disagreement(PINS, ISSUER, SLOT) is None


@pytest.mark.parametrize(("member", "value"), FOREIGN.items(), ids=FOREIGN.keys())
def test_a_receipt_that_says_otherwise_names_the_member(member: str, value: Any) -> None:
    assert Receipt.parse(value).disagreement(PINS, ISSUER, SLOT) == member


def test_a_receipt_of_another_tree_size_is_foreign() -> None:
    other = AnchorSlot(time=RECEIPT.time, block=7, tree_size=128, sequence=1, kind=1)
    assert RECEIPT.disagreement(PINS, ISSUER, other) == "treeSize"
