"""A key proof is taken when every rule of OpenID4VCI holds; each broken rule is refused under the protocol's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jikin.codec import jwk, multibase
from jikin.dids import jwk as did_jwk
from jikin.dids import key as did_key
from jikin.errors import ProtocolError
from jikin.openid4vc import jose, key_proof
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.p256 import P256Signer
from jikin.values import DidUrl, Signer

ISSUER = "https://certs.example/hrdk"
NOW = 1_790_000_000
NONCE = "wKI4LT17ac15ES9bw8ac4"
SIGNERS: dict[str, Callable[[], Signer]] = {"Ed25519": Ed25519Signer.generate, "P-256": P256Signer.generate}


def accept(nonce: str) -> bool:
    return nonce == NONCE


def signed(signer: Signer, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    """Return a proof as a wallet makes it, with the members given changed, and those given as None left out."""
    whole = {"typ": key_proof.TYPE, "kid": str(did_key.method_of(signer.public_key)), **(header or {})}
    said = {"aud": ISSUER, "iat": NOW, "nonce": NONCE, **(claims or {})}
    return jose.sign(
        {name: value for name, value in whole.items() if value is not None},
        {name: value for name, value in said.items() if value is not None},
        signer,
    )


def refused(jwt: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(ProtocolError) as caught:
        key_proof.check(jwt, ISSUER, NOW, **{"accept_nonce": accept, **options})
    assert caught.value.description.isascii()
    assert '"' not in caught.value.description
    assert "\\" not in caught.value.description
    return caught.value.oauth, caught.value.code


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_proof_of_ours_shows_the_key_by_its_did(kind: str) -> None:
    signer = SIGNERS[kind]()
    proof = key_proof.check(key_proof.make(signer, ISSUER, NONCE, NOW), ISSUER, NOW + 5, accept_nonce=accept)
    assert proof.did == did_key.did_of(signer.public_key)
    assert proof.public_key == signer.public_key
    assert proof.nonce == NONCE
    assert proof.issued_at == NOW
    assert NONCE not in repr(proof)


@pytest.mark.parametrize("kind", SIGNERS)
def test_a_key_may_be_shown_as_jwk_or_named_by_did_jwk(kind: str) -> None:
    signer = SIGNERS[kind]()
    by_jwk = signed(signer, {"kid": None, "jwk": jwk.encode(signer.public_key)})
    assert key_proof.check(by_jwk, ISSUER, NOW, accept_nonce=accept).did == did_key.did_of(signer.public_key)
    did = did_jwk.did_of(signer.public_key)
    by_did = key_proof.make(signer, ISSUER, NONCE, NOW, kid=DidUrl(f"{did}#0"))
    assert key_proof.check(by_did, ISSUER, NOW, accept_nonce=accept).did == did
    bare = signed(signer, {"kid": str(did_key.did_of(signer.public_key))})
    assert key_proof.check(bare, ISSUER, NOW, accept_nonce=accept).public_key == signer.public_key


def test_the_newer_name_of_the_algorithm_is_read() -> None:
    assert key_proof.check(signed(Ed25519Signer.generate(), {"alg": "Ed25519"}), ISSUER, NOW, accept_nonce=accept)


STRANGER = did_key.method_of(Ed25519Signer.generate().public_key)
HEADERS: dict[str, dict[str, Any]] = {
    "no typ": {"typ": None},
    "another typ": {"typ": "JWT"},
    "alg none": {"alg": "none"},
    "alg HS256": {"alg": "HS256"},
    "alg of another kind of key": {"alg": "ES256"},
    "alg that is no text": {"alg": 7},
    "no key": {"kid": None},
    "kid and jwk": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}},
    "x5c": {"kid": None, "x5c": ["AA"]},
    "key attestation": {"key_attestation": "e30.e30.AA"},
    "crit": {"crit": ["exp"], "exp": 1},
    "empty crit": {"crit": []},
    "kid that is no DID": {"kid": "key-1"},
    "kid of did:web": {"kid": "did:web:evil.example#key-1"},
    "kid of no such key": {"kid": f"{STRANGER.did}#other"},
    "kid of another key": {"kid": str(STRANGER)},
    "jwk that is no key": {"kid": None, "jwk": {"kty": "OKP"}},
    "jwk that is a text": {"kid": None, "jwk": "key"},
    "symmetric jwk": {"kid": None, "jwk": {"kty": "oct", "k": "AAAA"}},
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_that_breaks_a_rule_is_an_invalid_proof(what: str) -> None:
    oauth, code = refused(signed(Ed25519Signer.generate(), HEADERS[what]))
    assert (oauth, code) == ("invalid_proof", "openid.proof")


CLAIMS: dict[str, dict[str, Any]] = {
    "no aud": {"aud": None},
    "aud of another issuer": {"aud": "https://certs.example"},
    "aud with a slash more": {"aud": ISSUER + "/"},
    "aud of two": {"aud": [ISSUER, "https://other.example"]},
    "no nonce": {"nonce": None},
    "nonce that is no text": {"nonce": 7},
    "no iat": {"iat": None},
    "iat that is a text": {"iat": "1790000000"},
    "iat that is true": {"iat": True},
    "old": {"iat": NOW - 301},
    "from the future": {"iat": NOW + 301},
    "iss of an anonymous wallet": {"iss": "wallet"},
}


@pytest.mark.parametrize("what", CLAIMS)
def test_claims_that_break_a_rule_are_an_invalid_proof(what: str) -> None:
    oauth, code = refused(signed(Ed25519Signer.generate(), claims=CLAIMS[what]))
    assert (oauth, code) == ("invalid_proof", "openid.proof")


def test_a_private_key_in_the_header_is_refused_and_not_repeated() -> None:
    signer = Ed25519Signer.generate()
    secret = multibase.encode_base64url(signer.export_seed())
    header = {"kid": None, "jwk": {**jwk.encode(signer.public_key), "d": secret}}
    with pytest.raises(ProtocolError) as caught:
        key_proof.check(signed(signer, header), ISSUER, NOW, accept_nonce=accept)
    assert secret not in str(caught.value)
    assert caught.value.oauth == "invalid_proof"


def test_a_wrong_nonce_has_its_own_name_so_that_the_wallet_fetches_another() -> None:
    assert refused(signed(Ed25519Signer.generate(), claims={"nonce": "other"})) == (
        "invalid_nonce",
        "openid.proof.nonce",
    )


def test_the_client_is_the_one_the_token_was_given_to() -> None:
    signer = Ed25519Signer.generate()
    named = signed(signer, claims={"iss": "wallet"})
    assert key_proof.check(named, ISSUER, NOW, accept_nonce=accept, client_id="wallet")
    assert key_proof.check(signed(signer), ISSUER, NOW, accept_nonce=accept, client_id="wallet")
    assert refused(named, client_id="other")[0] == "invalid_proof"


def test_a_changed_proof_is_refused() -> None:
    jwt = signed(Ed25519Signer.generate())
    header, payload, signature = jwt.split(".")
    other = signed(Ed25519Signer.generate()).split(".")
    for changed in (
        f"{header}.{other[1]}.{other[2]}",
        f"{header}.{payload}.{other[2]}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature}=",
        f"{header}.{payload}",
        f"{jwt}.x",
        "",
        "...",
        jwt * 1000,
    ):
        assert refused(changed)[0] == "invalid_proof"


def test_only_algorithms_that_the_issuer_names_are_taken() -> None:
    assert refused(signed(Ed25519Signer.generate()), algorithms=("ES256",))[0] == "invalid_proof"


def test_the_nonce_is_used_up_only_by_a_signature_that_fits() -> None:
    asked: list[str] = []

    def note(nonce: str) -> bool:
        asked.append(nonce)
        return True

    signer = Ed25519Signer.generate()
    jwt = signed(signer)
    other = signed(Ed25519Signer.generate())
    with pytest.raises(ProtocolError):
        key_proof.check(jwt.rpartition(".")[0] + "." + other.rpartition(".")[2], ISSUER, NOW, accept_nonce=note)
    assert asked == []
    key_proof.check(jwt, ISSUER, NOW, accept_nonce=note)
    assert asked == [NONCE]


# --- several proofs ---


def batch(*tokens: str, size: int = 3) -> tuple[key_proof.KeyProof, ...]:
    spent: list[str] = []

    def once(nonce: str) -> bool:
        spent.append(nonce)
        return nonce == NONCE and len(spent) == 1

    return key_proof.check_all(key_proof.proofs_json(tokens), ISSUER, NOW, accept_nonce=once, batch_size=size)


def test_a_batch_uses_up_one_nonce_once() -> None:
    signers = [Ed25519Signer.generate(), P256Signer.generate(), Ed25519Signer.generate()]
    proofs = batch(*(signed(signer) for signer in signers))
    assert [proof.public_key for proof in proofs] == [signer.public_key for signer in signers]


def test_a_batch_has_distinct_keys_one_nonce_and_no_more_than_allowed() -> None:
    one, two = Ed25519Signer.generate(), Ed25519Signer.generate()
    for tokens, size, name in (
        ((signed(one), signed(one)), 3, "invalid_proof"),
        ((signed(one), signed(two)), 1, "invalid_proof"),
        ((signed(one), signed(two, claims={"nonce": "other"})), 3, "invalid_nonce"),
        ((signed(one), signed(one, {"kid": None, "jwk": jwk.encode(one.public_key)})), 3, "invalid_proof"),
    ):
        with pytest.raises(ProtocolError) as caught:
            batch(*tokens, size=size)
        assert caught.value.oauth == name


@pytest.mark.parametrize(
    "proofs",
    [
        None,
        {},
        [],
        "x",
        {"jwt": []},
        {"jwt": "x"},
        {"jwt": [7]},
        {"ldp_vp": [{}]},
        {"jwt": ["x"], "attestation": ["x"]},
    ],
)
def test_proofs_of_another_shape_are_refused(proofs: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        key_proof.check_all(proofs, ISSUER, NOW, accept_nonce=accept)
    assert caught.value.oauth == "invalid_proof"
