"""COSE_Sign1: the specification's example, another implementation, and every second encoding refused."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvc import cbor as their_cbor
from openvc import cose as their_cose

from jikin.codec import jwk
from jikin.credentials.model import Credential
from jikin.errors import JikinError
from jikin.proofs.envelopes import cose_sign1, vc_cose
from jikin.proofs.envelopes.vc_cose import VcCose
from jikin.proofs.mldsa44 import Mldsa44Signer
from jikin.values import Form, KeyType, PublicKey, Signer
from tests.codes import code_of
from tests.envelope_samples import ALL_SIGNERS, HOLDER, ISSUER, KEY_ID, NOW, SIGNER, credential, flipped, presentation

FORMAT = VcCose()
# RFC 9052, appendix C.2.1, and the key "11" of its appendix C.7.1.
EXAMPLE = bytes.fromhex(
    "d28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c0831"
    "06c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"
)
EXAMPLE_KEY = PublicKey(
    KeyType.P256, b"\x02" + bytes.fromhex("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff")
)
JSON = b'{"type":["VerifiableCredential"]}'


def message(
    protected: Any = None, unprotected: Any = None, payload: Any = JSON, signature: Any = bytes(64), *, tag: bool = True
) -> bytes:
    """Return a COSE_Sign1 of any parts, signed by nobody."""
    head = protected if isinstance(protected, bytes) else cbor2.dumps({1: -7} if protected is None else protected)
    array = [head, {} if unprotected is None else unprotected, payload, signature]
    return (b"\xd2" if tag else b"") + cbor2.dumps(array)


def test_the_example_of_the_specification_verifies() -> None:
    read = cose_sign1.read(EXAMPLE)
    assert (read.payload, read.key_id, read.certificates) == (b"This is the content.", "11", ())
    assert (read.statement.form, read.statement.algorithm) == (Form.COSE, "ES256")
    assert read.statement.signed == cbor2.dumps(["Signature1", bytes.fromhex("a10126"), b"", b"This is the content."])
    assert cose_sign1.verify(read.statement, EXAMPLE_KEY)
    assert not cose_sign1.verify(read.statement, SIGNER.public_key)


def test_it_is_read_without_its_tag_too() -> None:
    assert cose_sign1.read(EXAMPLE[1:]).statement == cose_sign1.read(EXAMPLE).statement


@pytest.mark.parametrize("place", [30, -1], ids=["payload", "signature"])
def test_one_bit_turned_makes_the_example_another_s(place: int) -> None:
    assert not cose_sign1.verify(cose_sign1.read(flipped(EXAMPLE, place)).statement, EXAMPLE_KEY)


def test_one_bit_turned_in_the_headers_is_noticed() -> None:
    signed = vc_cose.issue(credential(), SIGNER, key_id=KEY_ID)
    changed = signed.replace(KEY_ID.encode(), KEY_ID.replace("key-1", "key-2").encode())
    assert cose_sign1.read(changed).key_id != KEY_ID
    assert not FORMAT.verify(FORMAT.open(changed).statement, SIGNER.public_key)


@pytest.mark.parametrize("name", ALL_SIGNERS)
def test_what_is_signed_is_read_and_verifies_under_its_own_key_alone(name: str) -> None:
    signer = ALL_SIGNERS[name]
    signed = vc_cose.issue(credential(), signer, key_id=KEY_ID, certificates=[b"\x30leaf", b"\x30above"])
    assert FORMAT.recognizes(signed)
    opened = FORMAT.open(signed)
    assert (opened.format, opened.content, opened.document) == ("vc+cose", "credential", credential())
    assert (opened.key_id, opened.issuer, opened.statement.algorithm) == (KEY_ID, ISSUER, name)
    assert opened.certificates == (b"\x30leaf", b"\x30above")
    assert Credential.parse(opened.document).issuer == ISSUER
    for other, one in ALL_SIGNERS.items():
        assert FORMAT.verify(opened.statement, one.public_key) == (other == name)


@pytest.mark.parametrize("name", ["EdDSA", "ES256", "ES384"])
def test_another_implementation_verifies_ours(name: str) -> None:
    signer: Signer = ALL_SIGNERS[name]
    public = dict(jwk.encode(signer.public_key))
    signed = vc_cose.issue(credential(), signer, key_id=KEY_ID)
    verified = [
        their_cose.verify_sign1(their_cose.parse_sign1(their_cbor.decode(data)), public_jwk=public)
        for data in (signed, flipped(signed))
    ]
    assert verified == [True, False]


def test_the_headers_are_those_of_the_specification() -> None:
    headers = cbor2.loads(cbor2.loads(vc_cose.issue(credential(), SIGNER, key_id=KEY_ID)).value[0])
    assert dict(headers) == {1: -7, 3: "application/vc", 4: KEY_ID.encode(), 16: "application/vc+cose"}
    headers = cbor2.loads(cbor2.loads(vc_cose.issue(presentation(), HOLDER, certificates=[b"\x30"])).value[0])
    assert dict(headers) == {1: -7, 3: "application/vp", 16: "application/vp+cose", 33: b"\x30"}


FULLY_SPECIFIED = {-9: "ES256", -51: "ES384", -52: "ES512", -19: "EdDSA"}


@pytest.mark.parametrize(("number", "name"), FULLY_SPECIFIED.items())
def test_the_newer_numbers_of_algorithms_are_read(number: int, name: str) -> None:
    signer = ALL_SIGNERS[name]
    protected = cbor2.dumps({1: number})
    signature = signer.sign(cose_sign1.sig_structure(protected, JSON))
    assert cose_sign1.verify(cose_sign1.read(message(protected, signature=signature)).statement, signer.public_key)


def test_a_presentation_has_its_own_type() -> None:
    opened = FORMAT.open(vc_cose.issue(presentation(), HOLDER))
    assert (opened.content, opened.document, opened.issuer) == ("presentation", presentation(), "did:example:haneul")


def test_a_key_of_another_kind_signs_nothing() -> None:
    assert code_of(vc_cose.issue, credential(), Mldsa44Signer.from_seed(bytes(32))) == "envelope.signer"


def document(headers: dict[Any, Any], body: dict[str, Any] | None = None) -> bytes:
    """Return a signed message of *body* with these further headers."""
    payload = vc_cose.jws.write(credential() if body is None else body)
    return cose_sign1.sign(payload, SIGNER, headers)


TYPES: dict[str, tuple[dict[Any, Any], dict[str, Any] | None, str | None]] = {
    "no types": ({}, None, None),
    "without application/": ({16: "vc+cose", 3: "vc"}, None, None),
    "in capitals": ({16: "application/VC+COSE"}, None, None),
    "another content type": ({16: "vc+cose", 3: "application/ld+json"}, None, None),
    "another type": ({16: "really/bad"}, None, "envelope.type"),
    "a presentation called vc": ({16: "vc+cose"}, presentation(), "envelope.type"),
    "a credential called vp": ({16: "vp+cose"}, None, "envelope.type"),
    "a credential of content vp": ({3: "application/vp"}, None, "envelope.type"),
    "a type that is a number": ({16: 50}, None, "envelope.header"),
    "a content type that is bytes": ({3: b"vc"}, None, "envelope.header"),
}


@pytest.mark.parametrize(("headers", "body", "code"), TYPES.values(), ids=TYPES.keys())
def test_the_type_says_what_is_in_it(headers: dict[Any, Any], body: dict[str, Any] | None, code: str | None) -> None:
    assert code_of(FORMAT.open, document(headers, body)) == code


CLAIMS: dict[str, tuple[Any, str | None]] = {
    "all that agree": ({1: ISSUER, 2: "did:example:haneul", 4: NOW, 5: 1_772_409_600, 6: NOW}, None),
    "a number with a fraction": ({6: 1.5}, None),
    "what is not known": ({10: "n", "x": 1}, None),
    "another issuer": ({1: "https://other.example"}, "envelope.issuer"),
    "another subject": ({2: "did:example:other"}, "envelope.claims"),
    "another beginning": ({5: NOW}, "envelope.claims"),
    "an issuer that is bytes": ({1: b"x"}, "envelope.claims"),
    "no map": ([1], "envelope.claims"),
    "true for one": ({True: ISSUER}, "envelope.claims"),
}


@pytest.mark.parametrize(("claims", "code"), CLAIMS.values(), ids=CLAIMS.keys())
def test_claims_in_the_header_say_what_the_document_says(claims: Any, code: str | None) -> None:
    assert code_of(FORMAT.open, document({15: claims})) == code


def test_claims_of_the_header_are_handed_on() -> None:
    opened = FORMAT.open(document({15: {1: ISSUER, 4: NOW + 9, 6: NOW}}))
    assert (opened.issuer, opened.issued_at, opened.expires) == (ISSUER, NOW, NOW + 9)
    assert (opened.claims["iss"], opened.claims["exp"]) == (ISSUER, NOW + 9)
    assert opened.document == credential()


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "envelope.malformed"),
    "a tag alone": (b"\xd2", "envelope.malformed"),
    "another tag": (b"\xd1" + EXAMPLE[1:], "envelope.malformed"),
    "two tags": (b"\xd2" + EXAMPLE, "envelope.malformed"),
    "an array of three": (b"\xd2" + cbor2.dumps([b"", {}, b""]), "envelope.malformed"),
    "cut off": (EXAMPLE[:-1], "envelope.malformed"),
    "bytes behind its end": (EXAMPLE + b"\0", "envelope.malformed"),
    "a length longer than need be": (b"\xd2\x84\x58\x03\xa1\x01\x26" + EXAMPLE[6:], "envelope.malformed"),
    "an open array": (b"\xd2\x9f" + EXAMPLE[2:] + b"\xff", "envelope.malformed"),
    "an open byte string": (b"\x84\x5f\x43\xa1\x01\x26\xff" + EXAMPLE[6:], "envelope.malformed"),
    "a payload that is text": (message(payload="x"), "envelope.malformed"),
    "a signature that is a number": (message(signature=5), "envelope.malformed"),
    "a tag inside": (message(unprotected={9: cbor2.CBORTag(1, 5)}), "envelope.malformed"),
    "a deep header": (message(unprotected={9: [[[[[[[[[1]]]]]]]]]}), "envelope.malformed"),
    "very many items": (message(unprotected={9: [0] * 5000}), "envelope.malformed"),
    "a label twice": (message(b"\xa2\x01\x26\x01\x26"), "envelope.malformed"),
    "a map for a label": (b"\x84\x43\xa1\x01\x26\xa1\xa0\x00\x41\x7b\x40", "envelope.header"),
    "protected headers that are no CBOR": (message(b"\xa1"), "envelope.malformed"),
    "bytes behind the protected headers": (message(b"\xa1\x01\x26\x00"), "envelope.malformed"),
    "too long": (message(payload=bytes(1 << 20)), "envelope.too-long"),
    "protected headers that are too long": (message({1: -7, 9: bytes(1 << 15)}), "envelope.too-long"),
    "protected headers that are a list": (message([1]), "envelope.header"),
    "unprotected headers that are a list": (message(unprotected=[]), "envelope.header"),
    "no algorithm": (message(b""), "envelope.header"),
    "an algorithm that is not protected": (message({}, {1: -7}), "envelope.header"),
    "an algorithm that is true": (message({1: True}), "envelope.header"),
    "a label that is true": (message({True: -7}), "envelope.header"),
    "a label that is 1.0": (message({1.0: -7}), "envelope.header"),
    "a header in both": (message({1: -7, 4: b"a"}, {4: b"b"}), "envelope.header"),
    "message authentication": (message({1: 5}), "envelope.algorithm"),
    "RSA": (message({1: -257}), "envelope.unsupported"),
    "an algorithm by name": (message({1: "ES256"}), "envelope.unsupported"),
    "a detached payload": (message(payload=None), "envelope.unsupported"),
    "a critical header": (message({1: -7, 2: [99], 99: 1}), "envelope.unsupported"),
    "a critical header that is not there": (message({1: -7, 2: [99]}), "envelope.header"),
    "no critical header": (message({1: -7, 2: []}), "envelope.header"),
    "crit is a number": (message({1: -7, 2: 1}), "envelope.header"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_or_protects_nothing_is_refused(data: bytes, code: str) -> None:
    assert code_of(cose_sign1.read, data) == code


def test_what_every_reader_understands_may_be_critical() -> None:
    assert cose_sign1.read(message({1: -7, 2: [1, 3], 3: "vc"})).content_type == "vc"


HEADERS: dict[str, tuple[dict[Any, Any], str]] = {
    "a kid that is text": ({4: "x"}, "key_id"),
    "a kid that is no text": ({4: b"\xff"}, "key_id"),
    "a kid that is too long": ({4: bytes(3000)}, "key_id"),
    "a chain that is a number": ({33: 5}, "certificates"),
    "an empty chain": ({33: []}, "certificates"),
    "a chain of texts": ({33: ["x"]}, "certificates"),
    "a long chain": ({33: [b"\x30"] * 9}, "certificates"),
}


@pytest.mark.parametrize(("headers", "name"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_cannot_be_right_are_refused(headers: dict[Any, Any], name: str) -> None:
    read = cose_sign1.read(message(unprotected=headers))
    assert code_of(lambda: getattr(read, name)) == "envelope.header"


PAYLOADS = {"no JSON": b"x", "a list": b"[]", "a member twice": b'{"a":1,"a":1}', "no UTF-8": b"\xff"}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    assert code_of(FORMAT.open, message(payload=payload)) == "envelope.malformed"


def test_it_is_recognised_by_its_beginning() -> None:
    assert FORMAT.recognizes(EXAMPLE)
    assert FORMAT.recognizes(EXAMPLE[1:])
    for data in (b"", b"\xd2", b"\x84", b"\xd2\x84", b"{}", b"eyJ.e30.AA", base64.b64encode(EXAMPLE), b"\x84\xa0"):
        assert not FORMAT.recognizes(data)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(0, 40) | st.text(max_size=2), inner),
    max_leaves=6,
)
LABELS = st.sampled_from([1, 2, 3, 4, 15, 16, 33, 99])


@given(
    protected=st.dictionaries(LABELS, VALUES, max_size=4),
    unprotected=st.dictionaries(LABELS, VALUES, max_size=2) | VALUES,
    payload=st.sampled_from([JSON, b"{}"]) | VALUES,
    tag=st.booleans(),
)
def test_any_message_is_opened_or_refused_on_purpose(protected: Any, unprotected: Any, payload: Any, tag: bool) -> None:
    data = message({1: -7, **protected}, unprotected, payload, tag=tag)
    assert FORMAT.recognizes(data)
    with suppress(JikinError):
        FORMAT.open(data)


@given(st.binary(max_size=60))
def test_any_cbor_is_read_or_refused_on_purpose(data: bytes) -> None:
    for whole in (data, b"\xd2\x84\x40" + data, b"\x84" + data):
        with suppress(JikinError):
            cose_sign1.read(whole)


@given(st.integers(0, len(EXAMPLE) - 1), st.integers(1, 255))
def test_no_second_message_has_the_example_s_statement(place: int, change: int) -> None:
    changed = bytearray(EXAMPLE)
    changed[place] ^= change
    with suppress(JikinError):
        read = cose_sign1.read(bytes(changed))
        # the unprotected key id is not signed
        assert read.statement != cose_sign1.read(EXAMPLE).statement or read.key_id != "11"
