"""Compact JWS: the published examples, other implementations, and every second reading refused."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as their_jws
from joserfc.jwk import ECKey, OKPKey

from jikin.codec import jwk
from jikin.codec.multibase import decode_base64url, encode_base64url
from jikin.errors import EnvelopeError, JikinError
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.envelopes import jws
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.values import Form, KeyType, PublicKey
from tests.codes import code_of
from tests.envelope_samples import ALL_SIGNERS, SIGNER, raw_token, signed, spoilt

# RFC 7515, appendix A.3 (ES256), and RFC 8037, appendix A.4 (Ed25519).
ES256_EXAMPLE = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
    "Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
ED25519_EXAMPLE = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbh"
    "ijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
P256_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
ED25519_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
EXAMPLES = {"RFC 7515, A.3": (ES256_EXAMPLE, P256_KEY), "RFC 8037, A.4": (ED25519_EXAMPLE, ED25519_KEY)}
each_algorithm = pytest.mark.parametrize("name", ALL_SIGNERS)


@pytest.mark.parametrize(("token", "key"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_examples_of_the_specifications_verify(token: str, key: dict[str, str]) -> None:
    read = jws.read(token)
    assert jws.verify(read.statement, jwk.decode(key))
    assert read.statement.form is Form.JWS
    assert read.statement.signed == token.rpartition(".")[0].encode()
    assert read.statement.signature == decode_base64url(token.rpartition(".")[2])


@pytest.mark.parametrize(("token", "key"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_one_byte_changed_makes_an_example_another_s(token: str, key: dict[str, str]) -> None:
    for place in (1, 2):  # payload, signature
        changed = spoilt(token.encode(), place)
        assert not jws.verify(jws.read(changed).statement, jwk.decode(key))


def test_the_ed25519_example_is_made_byte_for_byte() -> None:
    signer = Ed25519Signer.from_seed(decode_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    assert jws.sign(b"Example of Ed25519 signing", signer, {}) == ED25519_EXAMPLE


@each_algorithm
def test_what_is_signed_is_read_and_verifies_under_its_own_key_alone(name: str) -> None:
    signer = ALL_SIGNERS[name]
    read = jws.read(jws.sign(b'{"a":1}', signer, {"typ": "vc+jwt", "kid": "k"}))
    assert (read.statement.algorithm, read.type, read.key_id) == (name, "vc+jwt", "k")
    assert read.claims() == {"a": 1}
    for other, one in ALL_SIGNERS.items():
        assert jws.verify(read.statement, one.public_key) == (other == name)
    assert not jws.verify(replace(read.statement, form=Form.COSE), signer.public_key)
    assert not jws.verify(replace(read.statement, signature=b""), signer.public_key)
    assert not jws.verify(replace(read.statement, algorithm="none"), signer.public_key)
    assert not jws.verify(read.statement, PublicKey(signer.public_key.type, b""))


@each_algorithm
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # it is what most software still writes
def test_another_implementation_reads_ours_and_ours_theirs(name: str) -> None:
    signer = ALL_SIGNERS[name]
    public = {member: str(value) for member, value in jwk.encode(signer.public_key).items()}
    registry = their_jws.JWSRegistry(algorithms=[name])
    key = OKPKey.import_key(dict(public)) if name == "EdDSA" else ECKey.import_key(dict(public))
    ours = jws.sign(b"payload", signer, {"typ": "x"})
    assert their_jws.deserialize_compact(ours, key, registry=registry).payload == b"payload"
    their_key = OKPKey.generate_key("Ed25519") if name == "EdDSA" else ECKey.generate_key(public["crv"])
    theirs = [their_jws.serialize_compact({"alg": name}, b"payload", their_key, registry=registry) for _ in range(30)]
    their_public = jwk.decode(dict(their_key.as_dict(private=False)))
    verified = sum(jws.verify(jws.read(one).statement, their_public) for one in theirs)
    # their ES256K does not choose the lower s, without which it is no signature here
    assert verified == 30 if name != "ES256K" else 0 < verified < 30


def test_ed25519_goes_by_its_newer_name_too() -> None:
    signer = ALL_SIGNERS["EdDSA"]
    read = jws.read(jws.sign(b"{}", signer, {"alg": "Ed25519"}))
    assert read.statement.algorithm == "Ed25519"
    assert jws.verify(read.statement, signer.public_key)


def test_a_key_signs_under_its_own_algorithms_only() -> None:
    for alg in ("ES256", "ES384", "none", "HS256", 5):
        assert code_of(jws.sign, b"{}", ALL_SIGNERS["EdDSA"], {"alg": alg}) == "envelope.signer"
    assert code_of(jws.sign, b"{}", Mldsa44Signer.from_seed(bytes(32)), {}) == "envelope.signer"


REFUSED = {
    "no dots": (b"abc", "envelope.malformed"),
    "two parts": (b"e30.e30", "envelope.malformed"),
    "four parts": (b"e30.e30.e30.e30", "envelope.malformed"),
    "five parts, as JWE": (b"e30....", "envelope.malformed"),
    "nothing": (b"", "envelope.malformed"),
    "no ASCII": ("김.하.늘".encode(), "envelope.malformed"),
    "padding": (raw_token('{"alg":"ES256"}') + b"=", "envelope.malformed"),
    "a blank": (raw_token('{"alg":"ES256"}') + b" ", "envelope.malformed"),
    "a line's end": (raw_token('{"alg":"ES256"}') + b"\n", "envelope.malformed"),
    "bits left over": (raw_token('{"alg":"ES256"}')[:-1] + b"B", "envelope.malformed"),
    "a header that is a list": (raw_token("[]"), "envelope.malformed"),
    "a header that is no JSON": (raw_token("{"), "envelope.malformed"),
    "a header with a member twice": (raw_token('{"alg":"ES256","alg":"none"}'), "envelope.malformed"),
    "a deep header": (raw_token('{"alg":"ES256","x":' + "[" * 9 + "]" * 9 + "}"), "envelope.malformed"),
    "a header that is too long": (raw_token(json.dumps({"alg": "ES256", "x": "x" * (1 << 15)})), "envelope.malformed"),
    "too long": (b"e30.e30." + b"A" * (1 << 20), "envelope.too-long"),
    "no alg": (raw_token("{}"), "envelope.header"),
    "alg is a list": (raw_token('{"alg":["ES256"]}'), "envelope.header"),
    "alg none": (raw_token('{"alg":"none"}', signature=b""), "envelope.algorithm"),
    "alg None": (raw_token('{"alg":"None"}', signature=b""), "envelope.algorithm"),
    "alg HS256": (raw_token('{"alg":"HS256"}'), "envelope.algorithm"),
    "alg hs512": (raw_token('{"alg":"hs512"}'), "envelope.algorithm"),
    "alg RS384": (raw_token('{"alg":"RS384"}'), "envelope.unsupported"),
    "alg es256": (raw_token('{"alg":"es256"}'), "envelope.unsupported"),
    "a critical parameter": (raw_token('{"alg":"ES256","crit":["exp"],"exp":1}'), "envelope.unsupported"),
    "an unencoded payload": (raw_token('{"alg":"ES256","crit":["b64"],"b64":false}'), "envelope.unsupported"),
    "b64 without crit": (raw_token('{"alg":"ES256","b64":false}'), "envelope.unsupported"),
    "crit names nothing": (raw_token('{"alg":"ES256","crit":[]}'), "envelope.header"),
    "crit names what is not there": (raw_token('{"alg":"ES256","crit":["x"]}'), "envelope.header"),
    "crit is a text": (raw_token('{"alg":"ES256","crit":"alg"}'), "envelope.header"),
    "a secret in jwk": (raw_token('{"alg":"ES256","jwk":{"kty":"EC","d":"x"}}'), "envelope.header"),
    "a symmetric jwk": (raw_token('{"alg":"ES256","jwk":{"kty":"oct"}}'), "envelope.header"),
    "a shared secret in jwk": (raw_token('{"alg":"ES256","jwk":{"k":"x"}}'), "envelope.header"),
    "jwk is a text": (raw_token('{"alg":"ES256","jwk":"x"}'), "envelope.header"),
    "typ is a number": (raw_token('{"alg":"ES256","typ":1}'), "envelope.header"),
    "cty is a list": (raw_token('{"alg":"ES256","cty":["vc"]}'), "envelope.header"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_or_protects_nothing_is_refused(data: bytes, code: str) -> None:
    assert code_of(jws.read, data) == code


def test_the_message_says_what_was_read() -> None:
    with pytest.raises(EnvelopeError, match="alg of the token is 'PS256'; read are EdDSA, Ed25519, ES256"):
        jws.read(raw_token('{"alg":"PS256"}'), "the token")


def test_a_public_jwk_in_the_header_does_no_harm_and_is_not_used() -> None:
    header = {"jwk": jwk.encode(SIGNER.public_key)}
    assert jws.read(signed({}, header)).claims() == {}


def test_certificates_come_out_as_der_leaf_first() -> None:
    header = {"x5c": jws.x5c([b"\x30\x01leaf", b"\x30\x02above"])}
    assert jws.read(signed({}, header)).certificates == (b"\x30\x01leaf", b"\x30\x02above")
    assert jws.read(signed({})).certificates == ()


NO_CERTIFICATES = {
    "a text": base64.b64encode(b"leaf").decode(),
    "an empty list": [],
    "a number in it": [5],
    "base64url": ["_-8="],
    "no padding": ["MA"],
    "too many": ["MAA="] * 9,
}


@pytest.mark.parametrize("chain", NO_CERTIFICATES.values(), ids=NO_CERTIFICATES.keys())
def test_a_chain_that_is_none_is_refused(chain: object) -> None:
    read = jws.read(signed({}, {"x5c": chain}))
    assert code_of(lambda: read.certificates) == "envelope.header"


def test_a_kid_that_is_no_text_is_refused() -> None:
    for kid in (5, ["x"], "x" * 3000):
        read = jws.read(signed({}, {"kid": kid}))
        assert code_of(lambda read=read: read.key_id) == "envelope.header"


def test_a_type_counts_without_application_and_case() -> None:
    read = jws.read(signed({}, {"typ": "application/VC+JWT", "cty": "Application/vc"}))
    assert (read.type, read.content_type) == ("vc+jwt", "vc")
    read.check_type("vp+jwt", "vc+jwt")
    assert code_of(read.check_type, "kb+jwt") == "envelope.type"
    assert code_of(jws.read(signed({})).check_type, "kb+jwt") == "envelope.type"


PAYLOADS = {"a list": b"[]", "no JSON": b"x", "a member twice": b'{"a":1,"a":2}', "no UTF-8": b'{"a":"\xff"}'}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a_payload_that_is_no_object_has_no_claims(payload: bytes) -> None:
    assert code_of(jws.read(jws.sign(payload, SIGNER, {})).claims) == "envelope.malformed"


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {"a": float("inf")}])
def test_what_has_no_json_form_is_not_written(value: object) -> None:
    assert code_of(jws.write, value) == "envelope.malformed"


def test_a_jwk_of_a_claim_is_public_and_of_a_kind_that_is_known() -> None:
    key = SIGNER.public_key
    assert jws.public_key(jwk.encode(key), "cnf.jwk") == key
    assert jws.public_key({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "cnf.jwk") is None
    for wrong in ("x", {**jwk.encode(key), "d": "AQ"}, {**jwk.encode(key), "x": "AQ"}, {"kty": "oct", "k": "AQ"}):
        assert code_of(jws.public_key, wrong, "cnf.jwk") == "envelope.key"


def test_every_algorithm_is_written_by_one_kind_of_key() -> None:
    written = {jws.read(jws.sign(b"{}", signer, {})).statement.algorithm for signer in ALL_SIGNERS.values()}
    assert written | {"Ed25519"} == set(jws.ALGORITHMS)
    assert {scheme.key_type for scheme in jws.ALGORITHMS.values()} == {
        KeyType.ED25519,
        KeyType.P256,
        KeyType.P384,
        KeyType.P521,
        KeyType.SECP256K1,
    }


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_any_bytes_are_read_or_refused_on_purpose(data: bytes) -> None:
    with suppress(JikinError):
        jws.read(data)
    jws.peek(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["alg", "typ", "cty", "kid", "x5c", "jwk", "crit", "b64", "x"])


@given(st.dictionaries(NAMES, JSON, max_size=4), st.binary(max_size=40))
def test_any_header_is_read_or_refused_on_purpose(header: dict[str, object], payload: bytes) -> None:
    token = raw_token(json.dumps({"alg": "ES256", **header}), payload)
    with suppress(JikinError):
        read = jws.read(token)
        _ = read.key_id, read.certificates, read.type, read.claims()
    found = jws.peek(token)
    assert found is None or encode_base64url(payload) in token.decode()
