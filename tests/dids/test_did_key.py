"""did:key: the key follows from the DID, as in the published documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import multibase, multikey
from jikin.dids import document as documents
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import DidError
from jikin.values import Did, DidUrl, KeyType, PublicKey
from tests.codes import code_of
from tests.shared_standards import standards

METHODS = standard_methods()
VECTORS = standards() / "vectors" / "did-key"


def published() -> dict[str, dict[str, Any]]:
    """Return every DID document in the vectors, by its DID."""
    found: dict[str, dict[str, Any]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if str(value.get("id", "")).startswith("did:key:") and "#" not in value["id"]:
                found[value["id"]] = value
            for inner in value.values():
                walk(inner)

    for file in sorted(VECTORS.rglob("*.json")):
        walk(json.loads(file.read_bytes()))
    return found


PUBLISHED = published()
# X25519 agrees on keys and signs nothing; P-521 and keys wrapped as jwk_jcs are kinds Jikin has no suite for.
UNSUPPORTED = {did for did in PUBLISHED if did.startswith(("did:key:z6LS", "did:key:z2J9", "did:key:z2dm"))}
SUPPORTED = sorted(PUBLISHED.keys() - UNSUPPORTED)


def test_the_vectors_hold_all_kinds() -> None:
    kinds = {METHODS.resolve(Did(did), NoFetch()).methods[0].public_key.type for did in SUPPORTED}
    assert kinds == {KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.SECP256K1, KeyType.BLS12_381_G2}
    assert (len(SUPPORTED), len(UNSUPPORTED)) == (17, 3)


@pytest.mark.parametrize("did", SUPPORTED)
def test_the_key_is_that_of_the_published_document(did: str) -> None:
    resolved = METHODS.resolve(Did(did), NoFetch())
    (method,) = resolved.methods
    assert method.id == DidUrl(f"{did}#{did.removeprefix('did:key:')}")
    assert method.controller == Did(did)
    assert method.relationships == {
        "assertionMethod",
        "authentication",
        "capabilityInvocation",
        "capabilityDelegation",
    }
    theirs = documents.read(Did(did), PUBLISHED[did]).method(method.id)
    if theirs is not None:
        assert theirs.public_key == method.public_key
    for listed in PUBLISHED[did].get("verificationMethod", []):
        if "publicKeyBase58" in listed and "X25519" not in listed["type"]:
            assert multibase.decode_base58btc(listed["publicKeyBase58"]) == method.public_key.raw


@pytest.mark.parametrize("did", sorted(UNSUPPORTED))
def test_kinds_of_key_that_verify_nothing_here_are_named(did: str) -> None:
    assert code_of(METHODS.resolve, Did(did), NoFetch()) == "did.unsupported-public-key-type"


def test_the_document_reads_like_any_other() -> None:
    did = Did(SUPPORTED[0])
    resolved = METHODS.resolve(did, NoFetch())
    assert documents.read(did, resolved.document) == resolved


WRONG = {
    "too short": ("did:key:" + multibase.encode(b"\xed\x01" + bytes(31)), "did.invalid-public-key-length"),
    "no multibase": ("did:key:abc", "did.invalid"),
    "base64url": ("did:key:" + multibase.encode(b"\xed\x01" + bytes(32), "u"), "did.invalid"),
    "with a version": ("did:key:1.1:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did.invalid"),
    "a letter that base58 has not": ("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do0", "did.invalid"),
    "another method": ("did:example:123", "did.method-not-supported"),
}


@pytest.mark.parametrize(("did", "code"), WRONG.values(), ids=WRONG.keys())
def test_another_text_is_no_did_key(did: str, code: str) -> None:
    with pytest.raises(DidError) as refused:
        METHODS.resolve(Did(did), NoFetch())
    assert refused.value.code == code


@given(st.binary(min_size=32, max_size=32))
def test_every_ed25519_key_has_a_did(raw: bytes) -> None:
    text = multikey.encode(PublicKey(KeyType.ED25519, raw))
    (method,) = METHODS.resolve(Did(f"did:key:{text}"), NoFetch()).methods
    assert method.public_key.raw == raw


@given(st.from_regex(r"z[1-9A-Za-z]{0,60}", fullmatch=True))
def test_arbitrary_did_keys_are_documents_or_errors_of_ours(text: str) -> None:
    assert (code_of(METHODS.resolve, Did(f"did:key:{text}"), NoFetch()) or "did.").startswith("did.")
