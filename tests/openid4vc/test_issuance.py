"""The messages of issuing are written as the standard has them and read strictly, each refusal under its own name."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ProtocolError
from jikin.openid4vc import issuance
from jikin.openid4vc.door import Answer
from jikin.openid4vc.errors import OAuthError, error_json, refusal
from jikin.openid4vc.issuance import (
    CredentialRequest,
    CredentialResponse,
    Notification,
    NotificationEvent,
    TokenRequest,
    TokenResponse,
)
from jikin.openid4vc.offer import PRE_AUTHORIZED


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        call(*arguments)
    return caught.value.oauth


def test_a_token_is_asked_for_and_given() -> None:
    asked = TokenRequest("code-1", "123456")
    assert TokenRequest.parse(asked.to_form()) == asked
    assert TokenRequest.parse(TokenRequest("code-1").to_form()).tx_code is None
    given = TokenResponse("token-1", 300)
    assert TokenResponse.parse(given.to_json()) == given
    for secret in ("code-1", "123456", "token-1"):
        assert secret not in repr(asked) + repr(given)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": PRE_AUTHORIZED}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": ""}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "x" * 5000}, "invalid_request"),
    ],
)
def test_a_token_request_that_breaks_a_rule_is_refused(fields: dict[str, str], name: str) -> None:
    assert refused(TokenRequest.parse, fields) == name


def test_identifiers_of_a_strangers_token_are_read() -> None:
    found = TokenResponse.parse(
        {
            "access_token": "t",
            "token_type": "bearer",
            "expires_in": 60.0,
            "authorization_details": [
                {"type": "openid_credential", "credential_configuration_id": "a", "credential_identifiers": ["a1"]},
                {"type": "other"},
            ],
        }
    )
    assert (found.identifiers, found.expires_in) == ({"a": ("a1",)}, 60)
    assert refused(TokenResponse.parse, {"access_token": "t", "token_type": "DPoP"}) == "invalid_request"
    assert refused(TokenResponse.parse, {"token_type": "Bearer"}) == "invalid_request"
    assert issuance.parse_nonce({"c_nonce": "n"}) == "n"
    assert refused(issuance.parse_nonce, {}) == "invalid_request"


def test_a_credential_is_asked_for_and_given() -> None:
    asked = CredentialRequest("a", None, {"jwt": ["x"]})
    assert CredentialRequest.parse(asked.to_json()) == asked
    named = CredentialRequest(None, "a1", {"jwt": ["x"]})
    assert CredentialRequest.parse(named.to_json()) == named
    given = CredentialResponse(({"type": ["VerifiableCredential"]},), "n-1")
    assert CredentialResponse.parse(given.to_json()) == given
    assert given.status == 200
    later = CredentialResponse(transaction_id="t-1", interval=5)
    assert CredentialResponse.parse(later.to_json()) == later
    assert later.status == 202
    assert "t-1" not in repr(later)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (None, "invalid_credential_request"),
        ([], "invalid_credential_request"),
        ({}, "invalid_credential_request"),
        ({"credential_configuration_id": "a", "credential_identifier": "b"}, "invalid_credential_request"),
        ({"credential_configuration_id": 7}, "invalid_credential_request"),
        ({"credential_configuration_id": "a", "proof": {"proof_type": "jwt"}}, "invalid_proof"),
        (
            {"credential_configuration_id": "a", "credential_response_encryption": {"enc": "A128GCM"}},
            "invalid_encryption_parameters",
        ),
    ],
)
def test_a_credential_request_that_breaks_a_rule_is_refused(body: Any, name: str) -> None:
    assert refused(CredentialRequest.parse, body) == name


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"credentials": []},
        {"credentials": [{}]},
        {"credentials": [{"credential": 7}]},
        {"credentials": ["x"]},
        {"credentials": [{"credential": {}}], "transaction_id": "t"},
        {"credentials": [{"credential": {}}] * 65},
        {"transaction_id": 7},
        {"transaction_id": "t", "interval": "soon"},
    ],
)
def test_an_answer_that_breaks_a_rule_is_refused(body: Any) -> None:
    assert refused(CredentialResponse.parse, body) == "invalid_request"


def test_notifications_and_deferred_requests() -> None:
    told = Notification("n-1", NotificationEvent.ACCEPTED)
    assert Notification.parse(told.to_json()) == told
    assert refused(Notification.parse, {"notification_id": "n", "event": "eaten"}) == "invalid_notification_request"
    assert refused(Notification.parse, {"event": "credential_accepted"}) == "invalid_notification_request"
    assert issuance.parse_deferred_request({"transaction_id": "t"}) == "t"
    assert refused(issuance.parse_deferred_request, {}) == "invalid_credential_request"


def answer(status: int, body: object, media: str = "application/json") -> Answer:
    return Answer(status, {"content-type": media}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_what_the_other_side_refuses_is_said_under_its_own_name() -> None:
    issuance.raise_for_error(answer(200, {}), "the token")
    issuance.raise_for_error(answer(204, b""), "the token")
    with pytest.raises(ProtocolError) as caught:
        issuance.raise_for_error(answer(400, {"error": "invalid_grant", "error_description": "틀린 코드"}), "the token")
    assert (caught.value.oauth, caught.value.code) == ("invalid_grant", "openid.refused")
    assert "틀린 코드" in str(caught.value)
    for strange in (answer(500, b"<html>", "text/html"), answer(400, {"error": 7}), answer(400, {"error": "a b"})):
        assert refused(issuance.raise_for_error, strange, "the token") == "invalid_request"


def test_a_refusal_is_written_in_printable_ascii_without_quotes() -> None:
    error = refusal("x", '한글 "quoted" back\\slash\ttab', oauth=OAuthError.INVALID_PROOF)
    assert error_json(error) == {"error": "invalid_proof", "error_description": "?? 'quoted' back?slash?tab"}
    assert error.code == "openid.x"
    assert ProtocolError("x").oauth == "invalid_request"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *("access_token", "token_type", "expires_in", "authorization_details", "credentials", "transaction_id"),
        *("interval", "notification_id", "event", "credential_configuration_id", "proofs", "c_nonce"),
    ]
)


@given(st.dictionaries(NAMES, JSON | st.just("Bearer")) | JSON)
def test_no_message_raises_anything_but_a_refusal(body: Any) -> None:
    for parse in (
        TokenResponse.parse,
        CredentialRequest.parse,
        CredentialResponse.parse,
        Notification.parse,
        issuance.parse_nonce,
        issuance.parse_deferred_request,
    ):
        with suppress(ProtocolError):
            parse(body)
    with suppress(ProtocolError):
        issuance.raise_for_error(answer(400, body), "it")
