"""Whatever a stranger sends, a parser reads it or refuses it by name: nothing else is ever raised."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.errors import ProtocolError
from jikin.openid4vc import jose, key_proof, offer, presentation, response
from jikin.proofs.ed25519 import Ed25519Signer
from tests.examples import tries

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
OFFER = st.fixed_dictionaries(
    {
        "credential_issuer": st.just("https://a.example") | JSON,
        "credential_configuration_ids": st.just(["a"]) | JSON,
        "grants": st.dictionaries(
            st.sampled_from([offer.PRE_AUTHORIZED, offer.AUTHORIZATION_CODE, "x"]),
            st.fixed_dictionaries({"pre-authorized_code": st.just("x") | JSON, "tx_code": JSON}) | JSON,
        )
        | JSON,
    }
)
SIGNER = Ed25519Signer.generate()


@given(OFFER | JSON)
def test_offers(value: Any) -> None:
    with suppress(ProtocolError):
        found = offer.CredentialOffer.parse(value)
        assert offer.CredentialOffer.parse(found.to_json()).configurations == found.configurations


@given(st.text(max_size=100), st.sampled_from(["", "openid-credential-offer://?", "https://w?offer=", "haip-vci://?"]))
@settings(max_examples=tries(200))
def test_offer_links(text: str, start: str) -> None:
    with suppress(ProtocolError):
        offer.parse_uri(start + text)


@given(
    st.dictionaries(st.sampled_from(["typ", "alg", "kid", "jwk", "x5c", "crit", "key_attestation"]), JSON),
    st.dictionaries(st.sampled_from(["aud", "nonce", "iat", "iss"]), JSON),
    st.booleans(),
)
@settings(max_examples=tries(200))
def test_key_proofs(header: Any, claims: Any, typed: bool) -> None:
    whole = {"typ": key_proof.TYPE, **header} if typed else header
    with suppress(ProtocolError):
        key_proof.check(jose.sign(whole, claims, SIGNER), "https://a.example", 0, accept_nonce=lambda _: True)


@given(JSON | st.text("abcXYZ019-_.=", max_size=60))
def test_tokens(value: Any) -> None:
    with suppress(ProtocolError):
        key_proof.check_all({"jwt": [value]}, "https://a.example", 0, accept_nonce=lambda _: True)
    with suppress(ProtocolError):
        key_proof.check_all(value, "https://a.example", 0, accept_nonce=lambda _: True)


@given(st.dictionaries(st.sampled_from(["vp_token", "state", "response", "error", "x"]), st.text(max_size=60)))
def test_answers(fields: Any) -> None:
    with suppress(ProtocolError):
        response.parse_form(fields)


@given(JSON, st.lists(st.sampled_from(["ECDH-ES", "A128GCM", "A256GCM", "x"])))
def test_keys_of_a_request(jwks: Any, encryptions: Any) -> None:
    with suppress(ProtocolError):
        response.encrypt({"q": [1]}, "s", jwks, encryptions)
    with suppress(ProtocolError):
        response.encrypt({"q": [1]}, "s", {"keys": [jwks]}, encryptions)


@given(JSON | st.fixed_dictionaries({"type": st.just(presentation.TYPE), "verifiableCredential": JSON}))
def test_presentations(value: Any) -> None:
    with suppress(ProtocolError):
        assert len(presentation.credentials_in(value)) > 0
