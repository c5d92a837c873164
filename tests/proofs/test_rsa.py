"""RS256: what others signed with RSA is checked, by the published badges and another library; nothing is signed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as their_jws
from joserfc.jwk import RSAKey

from jikin.codec import jwk, points, rsa_keys
from jikin.codec.multibase import decode_base64url, encode_base64url
from jikin.dids import document as documents
from jikin.dids import jwk as did_jwk
from jikin.dids.standard import standard_methods
from jikin.dids.web_fetch import NoFetch
from jikin.errors import SettingsError
from jikin.proofs import rsa as scheme
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws
from jikin.values import Did, JsonObject, KeyType, PublicKey
from jikin.verification import policy, trust
from jikin.verification.document import Document
from jikin.verification.report import Report
from jikin.verification.verifying import verify
from tests.codes import code_of
from tests.conformance import sample_desk
from tests.envelope_samples import ALL_SIGNERS, raw_token, spoilt
from tests.shared_standards import standards

SECRET = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = rsa_keys.of(SECRET.public_key())
BADGES = standards() / "samples" / "1edtech-validator"
CARRIED = ("clr20/simple.jwt", "ob30/simple-jwt.svg", "ob30/simple-jwt.png")
# RFC 7515, appendix A.2.
RFC_KEY = {
    "kty": "RSA",
    "n": (
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2l"
        "ZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEM"
        "a2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2P"
        "AcDTW9gb54h4FRWyuXpoQ"
    ),
    "e": "AQAB",
}
RFC_TOKEN = (
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
    "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJd"
    "bF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6"
    "_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igc"
    "N_IoypGlUPQGe77Rw"
)


def signed(message: bytes, key: rsa.RSAPrivateKey = SECRET, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    return key.sign(message, padding.PKCS1v15(), algorithm or hashes.SHA256())


def token_in(name: str) -> str:
    found = re.search(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+", (BADGES / name).read_bytes())
    assert found is not None
    return found[0].decode("ascii")


# --- signature and key ---


def test_the_example_of_the_specification_verifies_and_with_a_byte_changed_does_not() -> None:
    key = jwk.decode(RFC_KEY)
    assert jws.verify(jws.read(RFC_TOKEN).statement, key)
    for place in (1, 2):
        assert not jws.verify(jws.read(spoilt(RFC_TOKEN.encode(), place)).statement, key)
    assert not jws.verify(jws.read(RFC_TOKEN).statement, KEY)


def test_another_library_s_signature_verifies_under_its_own_key_alone() -> None:
    theirs = RSAKey.import_key({**jwk.encode(KEY), **private_members()})
    token = their_jws.serialize_compact({"alg": "RS256"}, b"payload", theirs)
    statement = jws.read(token).statement
    assert jws.verify(statement, KEY)
    assert not jws.verify(statement, jwk.decode(RFC_KEY))
    assert not any(jws.verify(statement, signer.public_key) for signer in ALL_SIGNERS.values())
    assert not jws.verify(replace(statement, algorithm="ES256"), KEY)


def private_members() -> dict[str, str]:
    numbers = SECRET.private_numbers()
    members = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1}
    whole = {**members, "qi": numbers.iqmp}
    return {name: encode_base64url(one.to_bytes((one.bit_length() + 7) // 8, "big")) for name, one in whole.items()}


HASHES = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}


@pytest.mark.parametrize("name", HASHES)
def test_a_signature_counts_under_its_own_hash_alone(name: str) -> None:
    signature = signed(b"message", algorithm=HASHES[name])
    fitting = {
        one for one, hash_name in scheme.ALGORITHMS.items() if scheme.verify(KEY, b"message", signature, hash_name)
    }
    assert fitting == {name}
    assert not scheme.verify(KEY, b"massage", signature, scheme.ALGORITHMS[name])
    assert not scheme.verify(KEY, b"message", signature[:-1], scheme.ALGORITHMS[name])


def test_a_key_of_another_kind_or_with_other_bytes_is_false() -> None:
    signature = signed(b"message")
    assert scheme.verify(KEY, b"message", signature)
    for other in (
        PublicKey(KeyType.RSA, b""),
        PublicKey(KeyType.RSA, KEY.raw + b"\x00"),
        PublicKey(KeyType.RSA, KEY.raw[:-1]),
        PublicKey(KeyType.ED25519, KEY.raw),
        Ed25519Signer.generate().public_key,
    ):
        assert not scheme.verify(other, b"message", signature)


def test_nothing_is_ever_signed_with_rsa() -> None:
    class Signer:
        public_key = KEY

        def sign(self, message: bytes) -> bytes:
            return signed(message)

    assert code_of(jws.sign, b"{}", Signer(), {}) == "envelope.signer"
    assert code_of(jws.sign, b"{}", Signer(), {"alg": "RS256"}) == "envelope.signer"
    assert "RS256" not in jws.ALGORITHMS


def test_other_algorithms_of_rsa_are_not_read() -> None:
    for name in ("RS1", "RS384", "RS512", "PS256"):
        assert code_of(jws.read, raw_token(json.dumps({"alg": name}))) == "envelope.unsupported"


def test_a_key_comes_back_from_its_jwk_and_pem_as_the_same() -> None:
    pem = SECRET.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    old = SECRET.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode("ascii")
    assert KEY == jwk.decode(jwk.encode(KEY)) == rsa_keys.of_pem(pem) == rsa_keys.of_pem(old)
    assert jwk.encode(jwk.decode(RFC_KEY)) == RFC_KEY
    points.check(KEY)


def test_the_thumbprint_is_that_of_the_specification() -> None:
    # RFC 7638, section 3.1
    members = {
        "kty": "RSA",
        "n": (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4"
            "n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0z"
            "gdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF"
            "Cur-kEgU8awapJzKnqDKgw"
        ),
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert jwk.thumbprint(jwk.decode(members)) == jwk.THUMBPRINT + "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def number(value: int) -> str:
    return encode_base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


BROKEN = {
    "too short": ({**RFC_KEY, "n": number(1 << 2046 | 1)}, "codec.jwk.unsupported"),
    "too long": ({**RFC_KEY, "n": number(1 << 8192 | 1)}, "codec.jwk.unsupported"),
    "an even modulus": ({**RFC_KEY, "n": number(1 << 2047)}, "codec.jwk"),
    "an even exponent": ({**RFC_KEY, "e": number(65536)}, "codec.jwk"),
    "the exponent 1": ({**RFC_KEY, "e": number(1)}, "codec.jwk"),
    "an exponent as long as its maker likes": ({**RFC_KEY, "e": number((1 << 2000) + 1)}, "codec.jwk"),
    "zeros in front": ({**RFC_KEY, "e": "AAEAAQ"}, "codec.jwk"),
    "no exponent": ({"kty": "RSA", "n": RFC_KEY["n"]}, "codec.jwk"),
    "a modulus that is no text": ({**RFC_KEY, "n": 7}, "codec.jwk"),
    "padding": ({**RFC_KEY, "e": "AQAB="}, "codec.jwk"),
    "no end": ({**RFC_KEY, "n": "A" * 100_000}, "codec.jwk"),
}


@pytest.mark.parametrize(("members", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_a_key_that_cannot_count_is_refused(members: JsonObject, code: str) -> None:
    assert jwk.decode(RFC_KEY).type is KeyType.RSA
    assert code_of(jwk.decode, members) == code


@given(st.binary(max_size=80) | st.binary(max_size=20).map(lambda tail: KEY.raw[: -len(tail) or None] + tail))
def test_any_bytes_are_a_key_or_refused(raw: bytes) -> None:
    assert (code_of(rsa_keys.opened, PublicKey(KeyType.RSA, raw)) or "codec.rsa").startswith("codec.rsa")


@given(st.text(max_size=100))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    assert code_of(rsa_keys.of_pem, text) == "codec.rsa"
    assert code_of(rsa_keys.of_pem, f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n") == "codec.rsa"


def test_a_pem_of_another_kind_is_no_rsa_key() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    assert code_of(rsa_keys.of_pem, pem) == "codec.rsa"


# --- where keys are named ---


def test_an_rsa_key_in_a_did_document_is_usable_in_each_of_its_notations() -> None:
    did = "did:web:issuer.example"
    pem = SECRET.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    shown: dict[str, JsonObject] = {
        "JsonWebKey": {"publicKeyJwk": jwk.encode(KEY)},
        "JsonWebKey2020": {"publicKeyJwk": jwk.encode(KEY)},
        "RsaVerificationKey2018": {"publicKeyPem": pem},
    }
    for kind, members in shown.items():
        method = {"id": f"{did}#1", "type": kind, "controller": did, **members}
        value: JsonObject = {"id": did, "verificationMethod": [method], "assertionMethod": ["#1"]}
        (found,) = documents.read(Did(did), value).methods
        assert (found.public_key, found.relationships) == (KEY, {"assertionMethod"})
    wrong = {"id": f"{did}#1", "type": "RsaVerificationKey2018", "controller": did, "publicKeyJwk": ed25519_jwk()}
    assert documents.read(Did(did), {"id": did, "verificationMethod": [wrong]}).methods == ()


def ed25519_jwk() -> JsonObject:
    return jwk.encode(Ed25519Signer.generate().public_key)


def test_an_rsa_key_of_the_greatest_length_has_a_did_jwk() -> None:
    great = rsa_keys.of_numbers((1 << 8191) + 1, 65537)
    assert standard_methods().resolve(did_jwk.did_of(great), NoFetch()).methods[0].public_key == great


# --- the published badges ---


@cache
def report_on(token: str, *trusted: str) -> Report:
    sources = sample_desk.desk("proof").sources
    issuer = jws.read(token).claims()["iss"]
    told = trust.parse({"issuers": {str(issuer): list(trusted)}}) if trusted else {}
    session = replace(sources, trust=told).at_newest()
    return verify(Document.of(token), session, policy.packaged("proof"), sample_desk.NOW)


def codes(token: str, *trusted: str) -> set[str]:
    return {finding.code for finding in report_on(token, *trusted).findings}


def members_of(token: str) -> dict[str, Any]:
    members = jws.read(token).header["jwk"]
    assert isinstance(members, dict)
    return dict(members)


@pytest.mark.parametrize("name", CARRIED)
def test_a_published_badge_verifies_where_an_entry_names_the_key_it_carries(name: str) -> None:
    token = token_in(name)
    key = jwk.decode(members_of(token))
    spelt = json.dumps({"use": "sig", **members_of(token)}).encode()  # as others write it, which is not as we would
    for entry in (jwk.thumbprint(key), str(did_jwk.did_of(key)), f"did:jwk:{encode_base64url(spelt)}"):
        assert {"proof.valid", "key.valid"} <= codes(token, entry), entry
    expected = "unknown" if name.startswith("clr20") else "passed"  # the context of the former is pinned nowhere
    assert report_on(token, jwk.thumbprint(key)).outcome.value == expected


@pytest.mark.parametrize("name", CARRIED)
def test_the_key_that_a_badge_carries_counts_for_nothing_by_itself(name: str) -> None:
    token = token_in(name)
    for trusted in ((), (jwk.thumbprint(KEY),), (str(did_jwk.did_of(KEY)),)):
        assert "key.unbound" in codes(token, *trusted)
        assert "proof.valid" not in codes(token, *trusted)
        assert report_on(token, *trusted).outcome.value != "passed"


@pytest.mark.parametrize("place", [1, 2], ids=["payload", "signature"])
@pytest.mark.parametrize("name", CARRIED)
def test_one_byte_changed_is_a_mismatch(name: str, place: int) -> None:
    token = token_in(name)
    parts = token.split(".")
    data = bytearray(decode_base64url(parts[place]))
    at = data.index(b"Example") if place == 1 and b"Example" in data else len(data) // 2
    data[at] = data[at] ^ 1 if place == 2 else ord("e" if chr(data[at]).isupper() else "E")
    changed = ".".join([*parts[:place], encode_base64url(bytes(data)), *parts[place + 1 :]])
    entry = jwk.thumbprint(jwk.decode(members_of(token)))
    if place == 1 and code_of(lambda: jws.read(changed).claims()):
        pytest.fail("the change broke the JSON, so that nothing was learned")
    assert "proof.mismatch" in codes(changed, entry)
    assert report_on(changed, entry).outcome.value == "failed"


def test_another_key_in_the_header_is_nobody_s() -> None:
    token = token_in("ob30/simple-jwt.svg")
    payload = jws.read(token).payload
    header = encode_base64url(json.dumps({"alg": "RS256", "jwk": dict(jwk.encode(KEY))}).encode())
    text = f"{header}.{encode_base64url(payload)}"
    forged = f"{text}.{encode_base64url(signed(text.encode()))}"
    entry = jwk.thumbprint(jwk.decode(members_of(token)))
    assert {"key.unbound"} <= codes(forged, entry)
    assert report_on(forged, entry).outcome.value == "failed"


def test_a_badge_that_names_no_key_is_bound_to_none() -> None:
    token = token_in("ob30/simple.jwt")
    assert "jwk" not in jws.read(token).header
    assert "key.unbound" in codes(token, jwk.thumbprint(KEY))


def test_a_trust_entry_is_a_did_or_a_thumbprint() -> None:
    with pytest.raises(SettingsError, match="thumbprint"):
        trust.parse({"issuers": {"https://issuer.example": ["urn:uuid:1"]}})
    entry = {"issuers": {"https://issuer.example": ["did:jwk:AAAA", "did:jwk:not base64"]}}
    assert trust.parse(entry) == {"https://issuer.example": ("did:jwk:AAAA", "did:jwk:not base64")}
