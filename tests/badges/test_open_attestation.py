"""OpenCerts and OpenAttestation: whether the values are those that were hashed; contract and domain are not asked."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.badges import open_attestation
from jikin.badges.foreign import Kind
from jikin.badges.imported import Imported, ImportOutcome
from jikin.proofs.ethereum_account import EthereumAccountSigner
from jikin.values import keccak256
from tests.codes import code_of
from tests.examples import tries
from tests.shared_standards import standards

NOW = 1_780_000_000  # 2026-05-28
STORE = "hash.holds path.holds store.unasked revocation.unknown domain.unasked time.current"
SIGNED = "hash.holds path.holds signature.holds issuer-key.holds {} domain.unasked time.current"
SAMPLES = {
    "opencerts/homestead.opencert": ("imported", STORE),
    "opencerts/sepolia.opencert": ("imported", STORE),
    # Never issued: only the contract knows.
    "opencerts/unissued.opencert": ("imported", STORE),
    "opencerts/tampered.opencert": ("broken", "hash.differs path.holds store.unasked revocation.unknown time.current"),
    # Its root has an odd number of digits.
    "opencerts/wrong-merkle-odd-length.opencert": (
        "broken",
        "hash.holds path.broken store.unasked revocation.unknown time.current",
    ),
    "opencerts/dns-did-signed.json": ("imported", SIGNED.format("revocation.unstated")),
    # Revoked or not: only the contract knows.
    "opencerts/oa-v2-dnsdid-revocation-store-signed-not-revoked.json": (
        "imported",
        SIGNED.format("revocation.unknown"),
    ),
    "opencerts/oa-v2-dnsdid-revocation-store-signed-revoked.json": ("imported", SIGNED.format("revocation.unknown")),
    "opencerts/oa-v3-did-signed.json": ("imported", SIGNED.format("revocation.unstated")),
    # The account signed it; that its domain does not name the account, only the domain's record shows.
    "opencerts/oa-v3-did-invalid-signed.json": ("imported", SIGNED.format("revocation.unstated")),
    "opencerts/oa-v3-documentStore-issued.json": ("imported", STORE),
    "trustvc/pol-oa-token-registry-minted.json": ("imported", STORE),
}


def sample(name: str) -> Any:
    return json.loads((standards() / "real-samples" / name).read_bytes())


def read(document: Any) -> Imported:
    return open_attestation.read(document, NOW)


@pytest.mark.parametrize(("name", "expected"), SAMPLES.items())
def test_a_published_document_is_imported_with_what_holds_of_it(name: str, expected: tuple[str, str]) -> None:
    found = read(sample(name))
    assert (found.outcome.value, " ".join(found.codes)) == expected
    assert found.kind is (Kind.OPEN_ATTESTATION_3 if "v3" in name else Kind.OPEN_ATTESTATION_2)
    assert found.issuer


def test_a_published_document_says_what_it_is_without_its_salts() -> None:
    found = read(sample("opencerts/homestead.opencert"))
    assert (found.title, found.issuer, found.issuer_id) == (
        "Opencerts Demo Certificate",
        "Opencerts",
        "0x641bDE53Df8C249dD123e532764420Ed82cfb664",
    )
    assert found.issued_at == 1_748_448_000  # 2025-05-29 in Singapore


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for name, member in value.items() for found in leaves(member, (*path, name))]
    if isinstance(value, list):
        return [found for position, member in enumerate(value) for found in leaves(member, (*path, position))]
    return [path]


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copied = copy.deepcopy(document)
    holder = copied
    for token in path[:-1]:
        holder = holder[token]
    holder[path[-1]] = value
    return copied


@pytest.mark.parametrize("name", ["opencerts/unissued.opencert", "opencerts/oa-v3-did-signed.json"])
def test_any_value_changed_breaks_a_published_document(name: str) -> None:
    document = sample(name)
    places = [
        path for path in leaves(document) if path[0] not in ("signature", "proof", "version", "$schema", "privacy")
    ]
    assert len(places) > 20
    for path in places:
        holder: Any = document
        for token in path:
            holder = holder[token]
        found = read(changed(document, path, f"{holder}x"))
        assert (found.outcome, found.codes[0]) == (ImportOutcome.BROKEN, "hash.differs"), path


V2 = "opencerts/oa-v2-dnsdid-revocation-store-signed-not-revoked.json"  # with a path of two steps
V3 = "opencerts/oa-v3-did-signed.json"
FORGED: dict[str, tuple[str, tuple[Any, ...], Any, str]] = {
    "another root": (V2, ("signature", "merkleRoot"), "00" * 32, "path.broken"),
    "another neighbour": (V2, ("signature", "proof", 0), "00" * 32, "path.broken"),
    "a neighbour that is no hash": (V2, ("signature", "proof", 0), "left", "path.broken"),
    "another target": (V2, ("signature", "targetHash"), "00" * 32, "hash.differs"),
    "another signature": (V2, ("proof", 0, "signature"), "0x" + "11" * 64 + "1b", "signature.broken"),
    "a signature that is none": (V2, ("proof", 0, "signature"), "0x11", "signature.unchecked"),
    "another account": (
        V2,
        ("proof", 0, "verificationMethod"),
        f"did:ethr:0x{'11' * 20}#controller",
        "issuer-key.foreign",
    ),
    "a key of another kind": (V2, ("proof", 0, "verificationMethod"), "did:web:a.example#1", "signature.unchecked"),
    "another neighbour, version 3": (V3, ("proof", "proofs", 0), "00" * 32, "path.broken"),
    "a signature of version 3": (V3, ("proof", "signature"), "0x" + "11" * 64 + "1c", "signature.broken"),
    "a value more": (V3, ("credentialSubject", "grade"), "1급", "hash.uncovered"),
}


@pytest.mark.parametrize(("name", "path", "value", "code"), FORGED.values(), ids=FORGED.keys())
def test_a_forged_document_is_told_by_what_does_not_hold(
    name: str, path: tuple[Any, ...], value: Any, code: str
) -> None:
    assert code in read(changed(sample(name), path, value)).codes


# Documents of our own making, hashed as the specification says


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


SALT = "9a472a0a-42db-4559-baf2-90d6fcc2b113"


def version_2(data: dict[str, Any], hidden: tuple[str, ...] = ()) -> dict[str, Any]:
    hashes = [keccak256(compact({path: value})).hex() for path, value in data.items()]
    target = keccak256(compact(sorted([*hashes, *hidden]))).hex()
    nested: dict[str, Any] = {}
    for path, value in data.items():
        *parents, last = path.split(".")
        holder = nested
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[last] = value
    signature = {"type": "SHA3MerkleProof", "targetHash": target, "proof": [], "merkleRoot": target}
    return {"data": nested, "signature": signature, "privacy": {"obfuscatedData": list(hidden)}}


DATA = {
    "name": f"{SALT}:string:수료증",
    "recipient.name": f"{SALT}:string:김하늘",
    "score": f"{SALT}:number:85",
    "issuers.name": f"{SALT}:string:시험원",
    "expiresOn": f"{SALT}:string:2026-01-01T00:00:00Z",
}


def test_a_document_with_korean_words_is_hashed_as_it_is_written() -> None:
    found = read(version_2(DATA))
    assert (found.outcome, found.title, found.issuer) == (ImportOutcome.ENDED, "수료증", "시험원")
    assert "김하늘" not in repr(found)


def test_what_a_holder_hides_stays_hashed() -> None:
    whole = version_2(DATA)
    hidden = keccak256(compact({"recipient.name": DATA["recipient.name"]})).hex()
    rest = {path: value for path, value in DATA.items() if path != "recipient.name"}
    shown = version_2(rest, (hidden,))
    assert shown["signature"] == whole["signature"]
    assert read(shown).codes[:2] == ("hash.holds", "path.holds")
    shown["privacy"]["obfuscatedData"] = []
    assert read(shown).codes[0] == "hash.differs"


def version_3(values: dict[str, Any], **written: str) -> dict[str, Any]:
    """Return a version 3 document of *values* by name; *written* are those that JSON and JavaScript write otherwise."""
    salts = [{"value": f"{position:064x}", "path": path} for position, path in enumerate(values)]
    texts = {path: json.dumps(value) if not isinstance(value, str) else value for path, value in values.items()}
    texts |= written
    hashes = [keccak256(compact({one["path"]: f"{one['value']}:{texts[one['path']]}"})).hex() for one in salts]
    target = keccak256(compact(sorted(hashes))).hex()
    proof = {
        "type": "OpenAttestationMerkleProofSignature2018",
        "targetHash": target,
        "proofs": [],
        "merkleRoot": target,
        "salts": base64.b64encode(json.dumps(salts).encode()).decode(),
        "privacy": {"obfuscated": []},
    }
    return {**values, "proof": proof}


def test_numbers_and_truths_are_hashed_as_javascript_writes_them() -> None:
    values = {"name": "수료증", "score": 85, "half": 0.5, "passed": True, "nothing": None, "small": 1e-7, "whole": 3.0}
    assert read(version_3(values, small="1e-7", whole="3")).codes[0] == "hash.holds"
    assert read(version_3(values)).codes[0] == "hash.differs"  # 1e-07 and 3.0, as Python writes them


def test_a_document_signed_by_an_account_holds_by_that_account() -> None:
    signer = EthereumAccountSigner.generate()
    did = f"did:ethr:0x{signer.public_key.raw.hex()}"
    made = version_2(DATA | {"issuers.id": f"{SALT}:string:{did}"})
    digest = keccak256(b"\x19Ethereum Signed Message:\n32" + bytes.fromhex(made["signature"]["merkleRoot"]))
    signature = f"0x{signer.sign(digest).hex()}"
    made["proof"] = [{"verificationMethod": f"{did}#controller", "signature": signature}]
    assert read(made).codes[2:4] == ("signature.holds", "issuer-key.holds")


NONE = {
    "a shopping list": ({"shopping": ["milk"]}, "badge.open-attestation"),
    "another system's": ({"type": "Assertion", "badge": {}, "verification": {}}, "badge.foreign.open-badges-2"),
    "data in words": ({"data": "x", "signature": {"type": "SHA3MerkleProof"}}, "badge.open-attestation"),
    "no target": ({"data": {}, "signature": {"type": "SHA3MerkleProof"}}, "badge.open-attestation"),
}


@pytest.mark.parametrize(("document", "code"), NONE.values(), ids=NONE.keys())
def test_what_is_no_document_of_this_kind_is_refused(document: Any, code: str) -> None:
    assert code_of(read, document) == code


def salts(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


BROKEN: dict[str, tuple[tuple[Any, ...], Any]] = {
    "no salts": (("proof", "salts"), None),
    "salts that are no base64": (("proof", "salts"), "?"),
    "salts that are no JSON": (("proof", "salts"), base64.b64encode(b"{").decode()),
    "salts that are no salts": (("proof", "salts"), salts([7])),
    "salts for one place twice": (("proof", "salts"), salts([{"path": "name", "value": "0"}] * 2)),
    "a salt for nothing": (("proof", "salts"), salts([{"path": "nothing", "value": "0"}])),
    "a salt far behind a list": (("proof", "salts"), salts([{"path": "type[99]", "value": "0"}])),
    "a hidden value that is no hash": (("proof", "privacy", "obfuscated"), ["x"]),
    "a path without end": (("proof", "proofs"), ["00" * 32] * 65),
}


@pytest.mark.parametrize(("path", "value"), BROKEN.values(), ids=BROKEN.keys())
def test_a_document_that_cannot_be_read_is_refused(path: tuple[Any, ...], value: Any) -> None:
    assert code_of(read, changed(sample(V3), path, value)) == "badge.open-attestation"


def test_a_document_of_too_many_values_is_refused() -> None:
    made = version_2(DATA)
    made["data"]["many"] = ["x"] * 20_001
    assert code_of(read, made) == "badge.open-attestation"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(["data", "signature", "privacy", "proof", "openAttestationMetadata", "issuer", "issuanceDate"])


@settings(max_examples=tries(80))
@given(
    PLACES,
    JSON,
    st.sampled_from(["targetHash", "merkleRoot", "proof", "proofs", "salts", "privacy", "signature", "key"]),
)
def test_any_document_gives_an_import_or_a_badge_error(member: str, value: Any, inner: str) -> None:
    second, third = version_2(DATA), version_3({"name": "x"})
    for document in (
        {**second, member: value},
        {**third, member: value},
        {**second, "signature": {**second["signature"], inner: value}},
        {**third, "proof": {**third["proof"], inner: value}},
    ):
        code = code_of(read, document)
        assert code is None or code.startswith("badge.")
