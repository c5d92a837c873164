"""Passkeys: what a true answer gives and how every false one is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ProtocolError
from jikin.testing.authenticator import SoftwareAuthenticator
from jikin.web.passkeys import NewPasskey, RelyingParty, credential_id

ORIGIN = "http://localhost:8101"
PARTY = RelyingParty("localhost", "Jikin", ORIGIN)


def _made() -> tuple[SoftwareAuthenticator, NewPasskey]:
    device = SoftwareAuthenticator(ORIGIN)
    options, challenge = PARTY.creation_options(b"user-1", "officer")
    return device, PARTY.verify_creation(device.create(options), challenge)


def test_a_passkey_is_made_and_signs_a_challenge_of_ours() -> None:
    device, passkey = _made()
    options, challenge = PARTY.request_options(b"c" * 32, [passkey.credential_id])
    assert challenge == b"c" * 32
    response = device.get(options)
    assert credential_id(response) == passkey.credential_id
    assertion = PARTY.verify_assertion(response, challenge, passkey)
    assert assertion.user_handle == b"user-1"
    assert assertion.sign_count > passkey.sign_count or assertion.sign_count == 0
    signed = json.loads(assertion.client_data_json)
    assert base64.urlsafe_b64decode(signed["challenge"] + "=") == challenge
    assert signed["origin"] == ORIGIN
    assert len(assertion.authenticator_data) >= 37
    assert assertion.signature


def test_verification_of_the_user_is_demanded() -> None:
    made, _ = PARTY.creation_options(b"user-1", "officer")
    asked, _ = PARTY.request_options()
    assert made["authenticatorSelection"]["userVerification"] == "required"  # type: ignore[index, call-overload]
    assert made["authenticatorSelection"]["residentKey"] == "required"  # type: ignore[index, call-overload]
    assert asked["userVerification"] == "required"


def test_challenges_are_new_and_long() -> None:
    challenges = {PARTY.request_options()[1] for _ in range(20)} | {
        PARTY.creation_options(b"u", "n")[1] for _ in range(20)
    }
    assert len(challenges) == 40
    assert {len(challenge) for challenge in challenges} == {32}


def test_the_prf_of_a_salt_is_asked_for_where_it_is_wanted() -> None:
    asked, _ = PARTY.request_options(prf_salt=b"s" * 32)
    assert asked["extensions"] == {"prf": {"eval": {"first": base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("=")}}}
    assert "extensions" not in PARTY.request_options()[0]


def test_known_passkeys_are_excluded_and_allowed() -> None:
    made, _ = PARTY.creation_options(b"u", "n", [b"one", b"two"])
    asked, _ = PARTY.request_options(None, [b"one"])
    assert [entry["id"] for entry in made["excludeCredentials"]] == ["b25l", "dHdv"]  # type: ignore[union-attr, index, call-overload]
    assert [entry["id"] for entry in asked["allowCredentials"]] == ["b25l"]  # type: ignore[union-attr, index, call-overload]


def test_nothing_secret_or_signed_stands_in_a_repr() -> None:
    _, passkey = _made()
    assert "public_key_cose" not in repr(passkey)


def _answer() -> tuple[dict[str, Any], bytes, NewPasskey]:
    device, passkey = _made()
    options, challenge = PARTY.request_options(None, [passkey.credential_id])
    response: Any = device.get(options)
    return (json.loads(response) if isinstance(response, str) else dict(response)), challenge, passkey


def test_an_answer_to_another_challenge_is_refused() -> None:
    response, _, passkey = _answer()
    with pytest.raises(ProtocolError) as caught:
        PARTY.verify_assertion(response, b"x" * 32, passkey)
    assert caught.value.code == "passkey.refused"


def test_an_answer_of_another_passkey_is_refused() -> None:
    response, challenge, _ = _answer()
    _, other = _made()
    with pytest.raises(ProtocolError, match="another passkey"):
        PARTY.verify_assertion(response, challenge, other)


@pytest.mark.parametrize(
    "party", [RelyingParty("localhost", "J", "http://localhost:9999"), RelyingParty("evil.example", "J", ORIGIN)]
)
def test_an_answer_for_another_site_is_refused(party: RelyingParty) -> None:
    response, challenge, passkey = _answer()
    with pytest.raises(ProtocolError):
        party.verify_assertion(response, challenge, passkey)


def _flip(text: str) -> str:
    data = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    data[len(data) // 2] ^= 1
    return base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")


@pytest.mark.parametrize("member", ["signature", "authenticatorData", "clientDataJSON"])
def test_one_changed_bit_is_refused(member: str) -> None:
    response, challenge, passkey = _answer()
    response["response"][member] = _flip(response["response"][member])
    with pytest.raises(ProtocolError):
        PARTY.verify_assertion(response, challenge, passkey)


def test_an_answer_without_verified_user_is_refused() -> None:
    response, challenge, passkey = _answer()
    data = bytearray(base64.urlsafe_b64decode(response["response"]["authenticatorData"] + "=="))
    data[32] &= ~0x04
    response["response"]["authenticatorData"] = base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")
    with pytest.raises(ProtocolError):
        PARTY.verify_assertion(response, challenge, passkey)


@pytest.mark.parametrize("act", [lambda r, c, p: PARTY.verify_creation(r, c), PARTY.verify_assertion])
@given(
    response=st.one_of(
        st.text(max_size=80),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=8),
            lambda inner: st.dictionaries(
                st.sampled_from(
                    ["id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "signature"]
                ),
                inner,
                max_size=7,
            ),
        ).map(json.dumps),
        st.just("[" * 100_000),
    )
)
def test_no_answer_at_all_is_a_fault_of_ours(act: Callable[..., object], response: str) -> None:
    with pytest.raises(ProtocolError):
        act(response, b"c" * 32, NewPasskey(b"id", b"key", 0, ()))


@given(st.text(max_size=40))
def test_an_answer_that_names_no_passkey_is_refused_or_read(raw: str) -> None:
    with suppress(ProtocolError):
        assert isinstance(credential_id({"rawId": raw}), bytes)
