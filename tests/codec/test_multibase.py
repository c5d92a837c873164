"""Base58, base64url, multibase, multikey, JWK and base45 read exactly one text per value."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import base45, jwk, multibase, multikey
from jikin.errors import CodecError, MultibaseError
from jikin.values import KeyType, PublicKey
from tests.codes import code_of

BASE58 = {b"": "", b"Hello World!": "2NEpo7TZRRrLZSi2U", b"\0\0(\x7f\xb4\xcd": "11233QC4", b"\0": "1"}


@pytest.mark.parametrize(("data", "text"), BASE58.items())
def test_base58_is_written_and_read(data: bytes, text: str) -> None:
    assert multibase.encode_base58btc(data) == text
    assert multibase.decode_base58btc(text) == data


@given(st.binary(max_size=120), st.sampled_from("zu"))
def test_multibase_comes_back(data: bytes, header: str) -> None:
    text = multibase.encode(data, header)
    assert text[0] == header
    assert multibase.decode(text) == data


@given(st.binary(max_size=60))
def test_base64url_is_the_standard_one_without_padding(data: bytes) -> None:
    assert multibase.encode_base64url(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")


NOT_MULTIBASE = [
    "",
    "1abc",
    "M2A=",
    "z0",
    "zO",
    "zI",
    "zl",
    "z ",
    "uA",
    "uAB",
    "uAAAA=",
    "u+/",
    "u\n",
    "z" + "1" * 9000,
]


@pytest.mark.parametrize("text", NOT_MULTIBASE, ids=[text[:8] for text in NOT_MULTIBASE])
def test_other_texts_are_no_multibase(text: str) -> None:
    with pytest.raises(MultibaseError):
        multibase.decode(text)


def test_no_second_base64url_text_stands_for_the_same_bytes() -> None:
    assert multibase.decode_base64url("_w") == b"\xff"
    for text in ("_x", "_w==", "_w=", "/w"):
        with pytest.raises(MultibaseError):
            multibase.decode_base64url(text)


KEYS = {
    KeyType.ED25519: ("z6Mk", bytes(range(32))),
    KeyType.P256: ("zDn", b"\x02" + bytes(32)),
    KeyType.P384: ("z82", b"\x03" + bytes(48)),
    KeyType.P521: ("z2J9", b"\x03" + bytes(66)),
    KeyType.SECP256K1: ("zQ3s", b"\x02" + bytes(32)),
    KeyType.BLS12_381_G2: ("zUC", bytes(96)),
    KeyType.ML_DSA_44: ("z", bytes(1312)),
}


@pytest.mark.parametrize(("kind", "expected"), KEYS.items(), ids=[kind.value for kind in KEYS])
def test_a_multikey_names_its_kind_and_comes_back(kind: KeyType, expected: tuple[str, bytes]) -> None:
    start, raw = expected
    text = multikey.encode(PublicKey(kind, raw))
    assert text.startswith(start)
    assert multikey.decode(text) == PublicKey(kind, raw)


def test_every_kind_of_key_has_a_multikey_form() -> None:
    assert KEYS.keys() == set(KeyType) - {KeyType.ETHEREUM_ACCOUNT, KeyType.RSA}


def test_an_ethereum_account_has_none() -> None:
    with pytest.raises(MultibaseError) as refused:
        multikey.encode(PublicKey(KeyType.ETHEREUM_ACCOUNT, bytes(20)))
    assert refused.value.code == "codec.multikey.unsupported"


NOT_MULTIKEY = {
    "too short": ("z" + multibase.encode_base58btc(b"\xed\x01" + bytes(31)), "codec.multikey.length"),
    "too long": ("z" + multibase.encode_base58btc(b"\xed\x01" + bytes(33)), "codec.multikey.length"),
    "X25519": ("z6LSbgq3GejX88eiAYWmZ9EiddS3GaXodvm8MJJyEH7bqXgz", "codec.multikey.unsupported"),
    "nothing in it": ("z", "codec.multikey.unsupported"),
    "in base64url": ("u7QEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "codec.multibase"),
    "an uncompressed point": ("z" + multibase.encode_base58btc(b"\x80\x24\x04" + bytes(32)), "codec.multibase"),
    "empty": ("", "codec.multibase"),
}


@pytest.mark.parametrize(("text", "code"), NOT_MULTIKEY.values(), ids=NOT_MULTIKEY.keys())
def test_another_text_is_no_multikey(text: str, code: str) -> None:
    with pytest.raises(MultibaseError) as refused:
        multikey.decode(text)
    assert refused.value.code == code


def test_a_key_of_the_wrong_length_is_not_written() -> None:
    with pytest.raises(MultibaseError):
        multikey.encode(PublicKey(KeyType.ED25519, bytes(31)))


CURVES = {
    KeyType.P256: ec.SECP256R1(),
    KeyType.P384: ec.SECP384R1(),
    KeyType.P521: ec.SECP521R1(),
    KeyType.SECP256K1: ec.SECP256K1(),
}


@pytest.mark.parametrize("kind", CURVES, ids=lambda kind: kind.value)
def test_the_point_of_a_jwk_is_compressed_as_the_library_does(kind: KeyType) -> None:
    for _ in range(8):  # both parities
        key = ec.generate_private_key(CURVES[kind]).public_key()
        numbers, size = key.public_numbers(), (key.key_size + 7) // 8
        value = {
            "kty": "EC",
            "crv": kind.value,
            "x": multibase.encode_base64url(numbers.x.to_bytes(size, "big")),
            "y": multibase.encode_base64url(numbers.y.to_bytes(size, "big")),
        }
        assert jwk.decode(value).raw == key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


P256 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns",
    "y": "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM",
}
NOT_JWK = {
    "another kind": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    "another curve": {**P256, "crv": "P-224"},
    "a point of another curve": {**P256, "crv": "P-521"},
    "an unhashable curve": {**P256, "crv": ["P-256"]},
    "a point off the curve": {**P256, "y": P256["x"]},
    "x cut short": {**P256, "x": P256["x"][:-4]},
    "x with padding": {**P256, "x": P256["x"] + "="},
    "no y": {name: value for name, value in P256.items() if name != "y"},
    "x a number": {"kty": "OKP", "crv": "Ed25519", "x": 5},
    "nothing": {},
}


@pytest.mark.parametrize("value", NOT_JWK.values(), ids=NOT_JWK.keys())
def test_a_broken_or_foreign_jwk_is_refused(value: dict[str, str]) -> None:
    assert jwk.decode(P256).type is KeyType.P256
    with pytest.raises(CodecError) as refused:
        jwk.decode(value)
    assert refused.value.code.startswith("codec.jwk")


BASE45 = {b"AB": "BB8", b"Hello!!": "%69 VD92EX0", b"base-45": "UJCLQE7W581", b"ietf!": "QED8WEX0", b"": ""}


@pytest.mark.parametrize(("data", "text"), BASE45.items())
def test_base45_is_that_of_its_rfc(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@pytest.mark.parametrize("text", ["GGW", "::", "A", "BB8A", "bb8", "BB_", "\n\n\n"])
def test_other_texts_are_no_base45(text: str) -> None:
    with pytest.raises(MultibaseError) as refused:
        base45.decode(text)
    assert refused.value.code == "codec.base45"


@given(st.binary(max_size=100))
def test_base45_comes_back(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
JWKS = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y"]),
    st.sampled_from(["EC", "OKP", "Ed25519", "P-256", "P-384", "secp256k1", "A" * 43, "AA"]) | JSON,
)


@given(st.text(max_size=120) | st.text("z123abcABCu-_", max_size=120))
def test_arbitrary_texts_are_values_or_errors_of_ours(text: str) -> None:
    for read in (multibase.decode, multikey.decode, base45.decode, multibase.decode_base64url):
        assert (code_of(read, text) or "codec.").startswith("codec.")


@given(JWKS)
def test_arbitrary_jwks_are_keys_or_errors_of_ours(value: dict[str, object]) -> None:
    assert (code_of(jwk.decode, value) or "codec.jwk").startswith("codec.jwk")
