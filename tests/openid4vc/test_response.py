"""Answers are posted plainly or encrypted to the request's own key, and read back strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey

from jikin.codec import multibase
from jikin.errors import ProtocolError, ValueRefusedError
from jikin.openid4vc import response
from jikin.openid4vc.response import Answer, Declined, ResponseKey, Sealed

TOKEN = {"degree": [{"type": ["VerifiablePresentation"], "이름": "김하늘"}]}
KEY = ResponseKey.generate()
JWKS: dict[str, Any] = {"keys": [KEY.to_jwk()]}


def sealed(**options: Any) -> Sealed:
    fields = response.encrypt(TOKEN, "state-1", options.pop("jwks", JWKS), **options)
    found = response.parse_form(fields)
    assert isinstance(found, Sealed)
    return found


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        call(*arguments)
    return caught.value.code


def test_a_plain_answer_comes_back() -> None:
    found = response.parse_form(response.encode(TOKEN, "state-1"))
    assert found == Answer({"degree": tuple(TOKEN["degree"])}, "state-1")
    assert "김하늘" not in repr(found)
    assert response.parse_form(response.encode(TOKEN, None)) == Answer({"degree": tuple(TOKEN["degree"])}, None)


@pytest.mark.parametrize("method", response.ENCRYPTIONS)
def test_an_encrypted_answer_comes_back_and_shows_nothing_on_the_way(method: str) -> None:
    found = sealed(encryptions=[method])
    assert found.kid == KEY.kid
    assert "김하늘" not in found.jwe
    assert response.decrypt(found, KEY) == Answer({"degree": tuple(TOKEN["degree"])}, "state-1")
    header = json.loads(multibase.decode_base64url(found.jwe.partition(".")[0]))
    assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", method, KEY.kid)


def test_without_a_word_on_it_the_encryption_is_a128gcm() -> None:
    assert json.loads(multibase.decode_base64url(sealed().jwe.partition(".")[0]))["enc"] == "A128GCM"


def test_the_key_can_be_kept_and_never_shows_itself() -> None:
    secret = KEY.export_secret()
    assert len(secret) == 32
    assert response.decrypt(sealed(), ResponseKey.from_secret(secret)) == response.decrypt(sealed(), KEY)
    assert secret.hex() not in repr(KEY)
    assert set(KEY.to_jwk()) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    with pytest.raises(ValueRefusedError):
        ResponseKey.from_secret(b"short")
    with pytest.raises(ValueRefusedError):
        ResponseKey.from_secret(bytes(32))


def test_unusable_keys_are_passed_over_and_a_key_without_use_is_taken() -> None:
    bare = {name: value for name, value in KEY.to_jwk().items() if name not in ("use", "alg", "kid")}
    keys = {"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}, 7, {"kty": "EC", "crv": "P-256"}, {"use": "sig"}, bare]}
    found = sealed(jwks=keys)
    assert found.kid is None
    assert isinstance(response.decrypt(found, KEY), Answer)


@pytest.mark.parametrize("jwks", [None, {}, {"keys": []}, {"keys": "x"}, {"keys": [{"kty": "oct", "k": "AA"}]}, []])
def test_without_a_usable_key_nothing_is_sent(jwks: Any) -> None:
    assert refused(response.encrypt, TOKEN, None, jwks) == "openid.response.encryption"


def test_without_a_known_encryption_nothing_is_sent() -> None:
    assert refused(response.encrypt, TOKEN, None, JWKS, ["A128CBC-HS256"]) == "openid.response.encryption"


def test_an_answer_to_another_key_or_under_other_algorithms_does_not_open() -> None:
    other = ResponseKey.generate()
    assert refused(response.decrypt, sealed(jwks={"keys": [other.to_jwk()]}), KEY) == "openid.response"
    unnamed = {name: value for name, value in other.to_jwk().items() if name != "kid"}
    assert refused(response.decrypt, sealed(jwks={"keys": [unnamed]}), KEY) == "openid.response"
    assert refused(response.decrypt, sealed(encryptions=["A128GCM"]), KEY, ["A256GCM"]) == "openid.response"
    public: Any = {name: value for name, value in KEY.to_jwk().items() if name in ("kty", "crv", "x", "y")}
    key = ECKey.import_key(public)
    plain = json.dumps({"vp_token": TOKEN})
    for header in (
        {"alg": "ECDH-ES+A128KW", "enc": "A128GCM"},
        {"alg": "ECDH-ES", "enc": "A128CBC-HS256"},
        {"alg": "ECDH-ES", "enc": "A128GCM", "zip": "DEF"},
    ):
        token = jwe.encrypt_compact(
            header, plain, key, algorithms=["ECDH-ES", "ECDH-ES+A128KW", "A128GCM", "A128CBC-HS256", "DEF"]
        )
        assert refused(response.decrypt, Sealed(token, None), KEY) == "openid.response"
    direct = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A128GCM"}, plain, OctKey.generate_key(128), algorithms=["dir", "A128GCM"]
    )
    assert refused(response.decrypt, Sealed(direct, None), KEY) == "openid.response"


def test_what_is_encrypted_is_read_as_strictly_as_what_is_not() -> None:
    for payload in ({}, {"vp_token": {}}, {"vp_token": {"q": "x"}}, {"vp_token": {"q": []}}, {"vp_token": []}):
        token = response.encrypt_payload(payload, JWKS)
        assert refused(response.decrypt, Sealed(token, None), KEY) == "openid.response"


def test_a_refusal_is_read_plain_and_encrypted() -> None:
    plain = response.parse_form(response.encode_error("access_denied", "s", "no, thank you"))
    assert plain == Declined("access_denied", "no, thank you", "s")
    token = response.encrypt_payload({"error": "access_denied", "state": "s"}, JWKS)
    assert response.decrypt(Sealed(token, None), KEY) == Declined("access_denied", None, "s")
    assert response.parse_form({"error": "something_else"}) == Declined("invalid_request", None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"state": "s"},
        {"vp_token": ""},
        {"vp_token": "text"},
        {"vp_token": "[]"},
        {"vp_token": "{}"},
        {"vp_token": '{"q": {}}'},
        {"vp_token": '{"q": []}'},
        {"vp_token": '{"q": [1], "q": [2]}'},
        {"vp_token": '{"q": [1]}', "response": "x"},
        {"vp_token": '{"q": [1]}', "state": "s" * 1000},
        {"vp_token": "[" * 100_000},
        {"vp_token": json.dumps({f"q{n}": [1] for n in range(100)})},
        {"response": ""},
        {"response": "a.b.c"},
        {"response": "....."},
        {"response": "e30=.a.b.c.d"},
        {"response": "bm8.a.b.c.d"},
        {"error": ""},
    ],
)
def test_what_is_no_answer_is_refused(fields: dict[str, str]) -> None:
    assert refused(response.parse_form, fields) == "openid.response"


PARTS = st.lists(st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_", max_size=20), min_size=4, max_size=4)
HEADER = st.fixed_dictionaries(
    {"alg": st.just("ECDH-ES"), "enc": st.sampled_from(response.ENCRYPTIONS)},
    optional={
        "epk": st.sampled_from(
            [7, {}, {"kty": "EC"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, KEY.to_jwk(), None, []]
        ),
        "apu": st.sampled_from(["x", "!", 7, None, {}]),
        "apv": st.sampled_from(["x", "!", 7]),
        "kid": st.sampled_from([KEY.kid, None]),
    },
)


@given(HEADER, PARTS)
def test_no_mangled_jwe_raises_anything_but_a_refusal(header: dict[str, Any], parts: list[str]) -> None:
    token = ".".join([multibase.encode_base64url(json.dumps(header).encode()), *parts])
    with pytest.raises(ProtocolError):
        response.decrypt(Sealed(token, None), KEY)


@given(st.integers(0, 4), st.binary(max_size=24))
def test_no_changed_part_of_a_jwe_raises_anything_but_a_refusal(place: int, data: bytes) -> None:
    parts = SEALED.jwe.split(".")
    if parts[place] == multibase.encode_base64url(data):
        return
    parts[place] = multibase.encode_base64url(data)
    with pytest.raises(ProtocolError):
        response.decrypt(Sealed(".".join(parts), None), KEY)


SEALED = sealed()
