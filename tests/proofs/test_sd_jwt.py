"""SD-JWT: the reference implementation's examples, and every way to show what the issuer did not make (RFC 9901)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jwk
from jikin.codec.multibase import encode_base64url
from jikin.credentials import sd_jwt_vc as sd_jwt_credentials
from jikin.credentials.model import Model
from jikin.errors import JikinError
from jikin.proofs.envelopes import disclosures as sd
from jikin.proofs.envelopes import jws, sd_jwt, sd_jwt_vc, vc_sd_jwt
from jikin.proofs.envelopes.disclosures import Disclosure, Path, conceal, process
from jikin.proofs.envelopes.sd_jwt_vc import SdJwtVc
from jikin.proofs.envelopes.vc_sd_jwt import VcSdJwt
from tests.codes import code_of
from tests.envelope_samples import (
    HOLDER,
    ISSUER,
    KEY_ID,
    NOW,
    SIGNER,
    credential,
    payload_of,
    presentation,
    signed,
    spoilt,
)
from tests.shared_standards import folder

FORMAT = SdJwtVc()
W3C = VcSdJwt()
VCT = "https://exam.example/types/forklift"
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "vct": VCT,
    "iat": NOW,
    "exp": NOW + 86_400,
    "status": {"status_list": {"idx": 7, "uri": "https://exam.example/lists/1"}},
    "name": "김하늘",
    "address": {"city": "서울", "street": "종로 1"},
    "nationalities": ["KR", "DE"],
    "results": [{"part": "필기", "points": 80}, {"part": "실기", "points": 90}],
}
DISCLOSABLE: tuple[Path, ...] = (
    ("name",),
    ("address",),
    ("address", "street"),
    ("nationalities", None),
    ("results", 0),
    ("results", None, "points"),
)


def issued(**options: Any) -> str:
    return sd_jwt_vc.issue(CLAIMS, DISCLOSABLE, SIGNER, key_id=KEY_ID, holder_key=HOLDER.public_key, **options)


ISSUED = issued()


def numbered() -> Callable[[], str]:
    numbers = count()
    return lambda: f"salt-{next(numbers)}"


# --- issuing and presenting ---


def test_a_holder_gets_everything_and_shows_a_part() -> None:
    whole = sd_jwt.read(ISSUED)
    assert whole.claims == {**CLAIMS, "cnf": {"jwk": jwk.encode(HOLDER.public_key)}}
    assert len(whole.disclosures) == 8
    shown = sd_jwt.read(sd_jwt.present(ISSUED, [("name",)]))
    assert shown.claims["name"] == "김하늘"
    assert [one.name for one in shown.disclosures] == ["name"]
    assert "address" not in shown.claims
    assert shown.claims["nationalities"] == []


SHOWN: dict[str, tuple[list[Path], dict[str, Any]]] = {
    "nothing": ([], {"nationalities": [], "results": [{"part": "실기"}]}),
    "what is shown anyway": ([("vct",)], {"nationalities": [], "results": [{"part": "실기"}]}),
    "a claim inside another, and what is around it": (
        [("address", "street")],
        {"address": {"city": "서울", "street": "종로 1"}, "nationalities": [], "results": [{"part": "실기"}]},
    ),
    "a claim with all that is in it": (
        [("address",)],
        {"address": {"city": "서울", "street": "종로 1"}, "nationalities": [], "results": [{"part": "실기"}]},
    ),
    "one element": ([("nationalities", 1)], {"nationalities": ["DE"], "results": [{"part": "실기"}]}),
    "all elements": ([("nationalities", None)], {"nationalities": ["KR", "DE"], "results": [{"part": "실기"}]}),
    "a claim of every element": (
        [("results", None, "points")],
        {"nationalities": [], "results": [{"part": "필기", "points": 80}, {"part": "실기", "points": 90}]},
    ),
}


@pytest.mark.parametrize(("paths", "expected"), SHOWN.values(), ids=SHOWN.keys())
def test_what_is_shown_is_what_was_chosen_and_no_more(paths: list[Path], expected: dict[str, Any]) -> None:
    always = {"iss", "vct", "iat", "exp", "status", "cnf"}
    claims = sd_jwt.read(sd_jwt.present(ISSUED, paths)).claims
    assert {name: value for name, value in claims.items() if name not in always} == expected


def test_what_was_shown_once_can_be_shown_in_part() -> None:
    part = sd_jwt.present(ISSUED, [("name",), ("address",)])
    assert sd_jwt.read(sd_jwt.present(part, [("name",)])).claims.keys() >= {"name"}
    assert code_of(sd_jwt.present, part, [("nationalities", 0)]) == "envelope.path"


def test_what_is_withheld_leaves_no_trace_in_what_is_signed() -> None:
    payload = json.dumps(payload_of(ISSUED), ensure_ascii=False)
    for text in ("김하늘", "서울", "필기", '"name"', '"points"'):
        assert text not in payload
    assert payload_of(ISSUED)["_sd_alg"] == "sha-256"


def test_salts_are_fresh_and_of_128_bits() -> None:
    first, second = sd_jwt.read(ISSUED), sd_jwt.read(issued())
    texts = [one.text for read in (first, second) for one in read.disclosures]
    assert len(set(texts)) == 16
    assert len(sd.fresh_salt()) == 22


def test_decoys_stand_beside_digests_and_mean_nothing() -> None:
    token = issued(decoys=3)
    payload = payload_of(token)
    assert len(payload["_sd"]) == 2 + 3
    assert len(payload["nationalities"]) == 2 + 3
    assert sd_jwt.read(token).claims == sd_jwt.read(ISSUED).claims
    assert payload["_sd"] == sorted(payload["_sd"])


@pytest.mark.parametrize("hash_name", sd.HASHES)
def test_every_hash_of_the_specification_works(hash_name: str) -> None:
    token = sd_jwt.issue({"a": 1, "b": {"c": 2}}, [("a",), ("b", "c")], SIGNER, {}, hash_name=hash_name)
    assert payload_of(token)["_sd_alg"] == hash_name
    assert sd_jwt.read(token).claims == {"a": 1, "b": {"c": 2}}
    bound = sd_jwt.bind(token, HOLDER, audience="x", nonce="n", now=NOW)
    binding = sd_jwt.read(bound).key_binding
    assert binding is not None
    assert binding.hash_fits


def test_a_token_without_disclosures_ends_in_a_tilde() -> None:
    token = sd_jwt.issue({"a": 1}, [], SIGNER, {})
    assert token.count("~") == 1
    assert "_sd_alg" not in payload_of(token)
    assert sd_jwt.read(token).claims == {"a": 1}
    assert code_of(sd_jwt.read, token.rstrip("~")) == "envelope.malformed"


NOT_ISSUED: dict[str, tuple[dict[str, Any], list[Path], str]] = {
    "a path that leads nowhere": ({"a": 1}, [("b",)], "envelope.path"),
    "a place that is not there": ({"a": [1]}, [("a", 1)], "envelope.path"),
    "a path through a text": ({"a": "x"}, [("a", 0)], "envelope.path"),
    "every element of no array": ({"a": {"b": 1}}, [("a", None)], "envelope.path"),
    "everything": ({"a": 1}, [()], "envelope.path"),
    "a claim called _sd": ({"a": {"_sd": []}}, [], "envelope.disclosure.reserved"),
    "a claim called ...": ({"...": 1}, [], "envelope.disclosure.reserved"),
    "a claim called _sd_alg": ({"_sd_alg": "sha-256"}, [], "envelope.disclosure.reserved"),
    "half a surrogate pair": ({"a": "\ud800"}, [("a",)], "envelope.malformed"),
}


@pytest.mark.parametrize(("claims", "paths", "code"), NOT_ISSUED.values(), ids=NOT_ISSUED.keys())
def test_what_cannot_be_concealed_is_not_issued(claims: dict[str, Any], paths: list[Path], code: str) -> None:
    assert code_of(sd_jwt.issue, claims, paths, SIGNER, {}) == code


def test_claims_beyond_the_depth_are_not_issued() -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    assert code_of(sd_jwt.issue, {"a": deep}, [("a",)], SIGNER, {}) == "envelope.disclosure.depth"
    assert code_of(lambda: conceal({"a": 1}, [("a",)], decoys=257)) == "envelope.path"
    assert code_of(lambda: conceal({"a": 1}, [("a",)], hash_name="md5")) == "envelope.path"


# --- what section 7.1 refuses ---


def forged(payload: dict[str, Any], *disclosures: str) -> bytes:
    return b"~".join([signed(payload), *(one.encode() for one in disclosures), b""])


def named(name: str, value: Any = 1, salt: str = "s") -> Disclosure:
    return Disclosure.make(name, value, salt)


def element(value: Any, salt: str = "s") -> Disclosure:
    return Disclosure.make(None, value, salt)


def raw(value: Any) -> str:
    return encode_base64url(json.dumps(value).encode())


A, ELEMENT = named("a"), element(1)
INNER = named("inner")
OUTER = named("outer", {"_sd": [INNER.digest()]})
FORGED: dict[str, tuple[bytes, str]] = {
    "a disclosure that nothing refers to": (forged({"x": 1}, A.text), "unreferenced"),
    "a disclosure whose parent is withheld": (forged({"_sd": [OUTER.digest()]}, INNER.text), "unreferenced"),
    "a disclosure sent twice": (forged({"_sd": [A.digest()]}, A.text, A.text), "twice"),
    "a digest that stands twice": (forged({"_sd": [A.digest(), A.digest()]}, A.text), "twice"),
    "a digest that stands twice without disclosure": (forged({"_sd": ["x"], "b": {"_sd": ["x"]}}), "twice"),
    "a digest as claim and as element": (forged({"_sd": ["x"], "b": [{"...": "x"}]}), "twice"),
    "a digest again inside a disclosure": (
        forged({"_sd": [OUTER.digest(), INNER.digest()]}, OUTER.text, INNER.text),
        "twice",
    ),
    "a claim that is there already": (forged({"a": 0, "_sd": [A.digest()]}, A.text), "clash"),
    "two disclosures of one name": (
        forged({"_sd": [A.digest(), named("a", 2).digest()]}, A.text, named("a", 2).text),
        "clash",
    ),
    "a disclosed _sd_alg": (forged({"_sd": [named("_sd_alg").digest()]}, named("_sd_alg").text), "clash"),
    "a disclosure called _sd": (forged({"_sd": ["x"]}, raw(["s", "_sd", []])), "reserved"),
    "a disclosure called ...": (forged({"_sd": ["x"]}, raw(["s", "...", "x"])), "reserved"),
    "an ellipsis outside of an array": (forged({"a": {"...": "x"}}), "reserved"),
    "an ellipsis with company": (forged({"a": [{"...": "x", "b": 1}]}), "reserved"),
    "an element where a claim belongs": (forged({"_sd": [ELEMENT.digest()]}, ELEMENT.text), ""),
    "a claim where an element belongs": (forged({"a": [{"...": A.digest()}]}, A.text), ""),
    "a digest that is a number": (forged({"_sd": [5]}), ""),
    "an element that is a number": (forged({"a": [{"...": 5}]}), ""),
    "an _sd that is a text": (forged({"_sd": "x"}), ""),
    "an _sd that is an object": (forged({"_sd": {}}), ""),
    "a disclosure of one": (forged({"_sd": ["x"]}, raw(["s"])), ""),
    "a disclosure of four": (forged({"_sd": ["x"]}, raw(["s", "a", 1, 2])), ""),
    "a disclosure that is an object": (forged({"_sd": ["x"]}, raw({"s": 1})), ""),
    "a salt that is a number": (forged({"_sd": ["x"]}, raw([1, "a", 1])), ""),
    "a name that is a number": (forged({"_sd": ["x"]}, raw(["s", 1, 1])), ""),
    "a disclosure that is no JSON": (forged({"_sd": ["x"]}, encode_base64url(b"[")), ""),
    "a disclosure with a member twice": (forged({}, encode_base64url(b'["s","a",{"b":1,"b":2}]')), ""),
    "a disclosure that is no base64url": (forged({"_sd": ["x"]}, "=="), ""),
    "an empty disclosure": (forged({"_sd": ["x"]}, ""), ""),
    "an _sd_alg that is a number": (forged({"_sd_alg": 5}), "algorithm"),
}


@pytest.mark.parametrize(("data", "code"), FORGED.values(), ids=FORGED.keys())
def test_what_the_issuer_did_not_make_is_refused(data: bytes, code: str) -> None:
    assert code_of(sd_jwt.read, data) == f"envelope.disclosure.{code}".rstrip(".")


def test_an_unknown_hash_is_unsupported_and_not_broken() -> None:
    assert code_of(sd_jwt.read, forged({"_sd_alg": "sha3-256"})) == "envelope.unsupported"


def test_disclosures_inside_disclosures_end_at_a_depth() -> None:
    inner = named("a")
    chain = [inner]
    for number in range(80):
        inner = named("a", {"_sd": [inner.digest()]}, f"s{number}")
        chain.append(inner)
    data = forged({"_sd": [inner.digest()]}, *(one.text for one in chain))
    assert code_of(sd_jwt.read, data) == "envelope.disclosure.depth"


def test_there_are_limits_to_size_and_number() -> None:
    assert code_of(sd_jwt.read, signed({}) + b"~" * 2100) == "envelope.too-long"
    assert code_of(sd_jwt.read, b"a" * (1 << 20) + b"~") == "envelope.too-long"
    assert code_of(process, {}, [A] * 3000) == "envelope.too-long"
    assert code_of(sd_jwt.read, "김~") == "envelope.malformed"
    assert code_of(sd_jwt.read, "김~".encode()) == "envelope.malformed"


def test_decoys_are_not_missed() -> None:
    assert sd_jwt.read(forged({"_sd": ["decoy"], "a": [{"...": "decoy-2"}, 1]})).claims == {"a": [1]}


def test_one_bit_turned_in_a_disclosure_makes_it_another_s() -> None:
    first, *parts = ISSUED.split("~")
    for place in range(len(parts) - 1):
        changed = Disclosure.parse(parts[place])
        other = raw(["another salt", *([] if changed.name is None else [changed.name]), changed.value])
        assert code_of(sd_jwt.read, "~".join([first, *parts[:place], other, *parts[place + 1 :]])) == (
            "envelope.disclosure.unreferenced"
        )


# --- the holder's signature ---


def bound(**changes: Any) -> str:
    options: dict[str, Any] = {"audience": "https://verifier.example", "nonce": "n-1", "now": NOW, **changes}
    return sd_jwt.bind(sd_jwt.present(ISSUED, [("name",)]), HOLDER, **options)


def test_a_key_binding_says_to_whom_and_when_and_signs_what_is_shown() -> None:
    opened = FORMAT.open(bound().encode())
    binding = opened.key_binding
    assert binding is not None
    assert (binding.audience, binding.nonce, binding.issued_at) == ("https://verifier.example", "n-1", NOW)
    assert binding.hash_fits
    assert opened.holder_key == HOLDER.public_key
    assert FORMAT.verify(binding.statement, HOLDER.public_key)
    assert not FORMAT.verify(binding.statement, SIGNER.public_key)


def test_a_key_binding_fits_nothing_else() -> None:
    binding = bound().rpartition("~")[2]
    for shown in (ISSUED, sd_jwt.present(ISSUED, []), sd_jwt.present(ISSUED, [("name",), ("nationalities", 0)])):
        opened = FORMAT.open((shown + binding).encode())
        assert opened.key_binding is not None
        assert not opened.key_binding.hash_fits
    other = spoilt(binding.encode(), 2)
    found = FORMAT.open((bound().rpartition("~")[0] + "~").encode() + other).key_binding
    assert found is not None
    assert not FORMAT.verify(found.statement, HOLDER.public_key)


def test_what_was_bound_is_neither_presented_nor_bound_again() -> None:
    assert code_of(sd_jwt.present, bound(), []) == "envelope.key-binding"
    assert code_of(lambda: sd_jwt.bind(bound(), HOLDER, audience="x", nonce="n", now=NOW)) == "envelope.key-binding"


GOOD_BINDING = {"iat": NOW, "aud": "x", "nonce": "n", "sd_hash": "h"}
BINDINGS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "of another type": (GOOD_BINDING, {"typ": "JWT"}, "envelope.type"),
    "of no type": (GOOD_BINDING, {}, "envelope.type"),
    "without audience": (GOOD_BINDING | {"aud": None}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "with two audiences": (GOOD_BINDING | {"aud": ["x", "y"]}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "without nonce": (GOOD_BINDING | {"nonce": ""}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "without hash": (GOOD_BINDING | {"sd_hash": 5}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "without time": (GOOD_BINDING | {"iat": None}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "at no time": (GOOD_BINDING | {"iat": True}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "before time": (GOOD_BINDING | {"iat": -1}, {"typ": "kb+jwt"}, "envelope.key-binding"),
    "with a critical parameter": (GOOD_BINDING, {"typ": "kb+jwt", "crit": ["x"], "x": 1}, "envelope.unsupported"),
}


@pytest.mark.parametrize(("claims", "header", "code"), BINDINGS.values(), ids=BINDINGS.keys())
def test_a_key_binding_that_cannot_be_right_is_refused(
    claims: dict[str, Any], header: dict[str, Any], code: str
) -> None:
    assert code_of(FORMAT.open, ISSUED.encode() + signed(claims, header, HOLDER)) == code


def test_a_key_binding_by_nobody_is_refused() -> None:
    unsigned = f"{raw({'alg': 'none', 'typ': 'kb+jwt'})}.{raw(GOOD_BINDING)}."
    assert code_of(FORMAT.open, (ISSUED + unsigned).encode()) == "envelope.algorithm"


# --- SD-JWT VC ---


def test_an_sd_jwt_vc_is_opened_with_all_that_names_its_keys() -> None:
    token = issued(certificates=[b"\x30leaf"]).encode()
    assert FORMAT.recognizes(token)
    assert not W3C.recognizes(token)
    opened = FORMAT.open(token)
    assert (opened.format, opened.content, opened.issuer, opened.key_id) == (
        "dc+sd-jwt",
        "credential",
        ISSUER,
        KEY_ID,
    )
    assert (opened.issued_at, opened.not_before, opened.expires) == (NOW, None, NOW + 86_400)
    assert (opened.certificates, opened.holder_key, opened.key_binding) == ((b"\x30leaf",), HOLDER.public_key, None)
    assert opened.document is opened.claims
    assert FORMAT.verify(opened.statement, SIGNER.public_key)
    assert opened.statement.signed == token.split(b"~")[0].rpartition(b".")[0]


def test_the_older_name_counts_where_there_is_a_vct() -> None:
    older = signed({"iss": ISSUER, "vct": VCT}, {"typ": "vc+sd-jwt"}) + b"~"
    assert (FORMAT.recognizes(older), W3C.recognizes(older)) == (True, False)
    assert FORMAT.open(older).claims["vct"] == VCT
    w3c = signed(credential(), {"typ": "vc+sd-jwt"}) + b"~"
    assert (FORMAT.recognizes(w3c), W3C.recognizes(w3c)) == (False, True)
    assert not FORMAT.recognizes(signed({"vct": VCT}, {"typ": "JWT"}) + b"~")


@pytest.mark.parametrize("name", sorted(sd_jwt_vc.ALWAYS_SHOWN))
def test_what_limits_a_credential_cannot_be_withheld(name: str) -> None:
    claims = CLAIMS | {"nbf": NOW, "aka_vcts": ["x"], "vct#integrity": "sha256-x", "cnf": {"jwk": {}}}
    code = "envelope.disclosure.always-shown"
    assert code_of(sd_jwt_vc.issue, claims, [(name,)], SIGNER) == code
    assert code_of(sd_jwt_vc.issue, CLAIMS, [("status", "status_list")], SIGNER) == code
    token = sd_jwt.issue({**claims, "vct": VCT}, [(name,)], SIGNER, {"typ": "dc+sd-jwt"})
    assert code_of(FORMAT.open, token.encode()) == code


NO_SD_JWT_VC: dict[str, tuple[dict[str, Any], str]] = {
    "without vct": ({"iss": ISSUER}, "envelope.claims"),
    "a vct that is a number": ({"iss": ISSUER, "vct": 5}, "envelope.claims"),
    "an issuer in quotation marks": ({"iss": f'"{ISSUER}"', "vct": VCT}, "envelope.issuer"),
    "a holder's key with its secret": ({"vct": VCT, "cnf": {"jwk": {"kty": "EC", "d": "x"}}}, "envelope.key"),
    "a holder's key off its curve": (
        {"vct": VCT, "cnf": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}}},
        "envelope.key",
    ),
    "an end that is a text": ({"vct": VCT, "exp": "never"}, "envelope.claims"),
}


@pytest.mark.parametrize(("claims", "code"), NO_SD_JWT_VC.values(), ids=NO_SD_JWT_VC.keys())
def test_claims_that_make_no_sd_jwt_vc_are_refused(claims: dict[str, Any], code: str) -> None:
    assert code_of(FORMAT.open, signed(claims, {"typ": "dc+sd-jwt"}) + b"~") == code


def test_nothing_is_issued_without_vct() -> None:
    assert code_of(sd_jwt_vc.issue, {"iss": ISSUER}, [], SIGNER) == "envelope.claims"


def test_its_claims_are_a_credential() -> None:
    found = sd_jwt_credentials.parse(FORMAT.open(ISSUED.encode()).claims)
    assert (found.model, found.types, found.issuer) == (Model.SD_JWT_VC, (VCT,), ISSUER)
    assert (found.valid_from, found.valid_until) == (NOW, NOW + 86_400)
    (entry,) = found.status
    assert (entry.types, entry.purpose, entry.index) == (("TokenStatusListEntry",), None, 7)
    assert entry.list_credential == "https://exam.example/lists/1"
    later = sd_jwt_credentials.parse({**CLAIMS, "nbf": NOW + 5})
    assert later.valid_from == NOW + 5


MALFORMED_CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "no vct": ({"vct": None}, "model.type"),
    "no issuer": ({"iss": None}, "model.issuer"),
    "an issuer that is no URL": ({"iss": "exam"}, "model.issuer"),
    "an end before its beginning": ({"nbf": NOW, "exp": NOW - 1}, "model.dates"),
    "an end that is a text": ({"exp": "x"}, "model.dates"),
    "a status that is a text": ({"status": "x"}, "model.status"),
}


@pytest.mark.parametrize(("claims", "code"), MALFORMED_CLAIMS.values(), ids=MALFORMED_CLAIMS.keys())
def test_claims_that_make_no_credential_are_refused(claims: dict[str, Any], code: str) -> None:
    assert code_of(sd_jwt_credentials.parse, CLAIMS | claims) == code


# --- W3C credentials in an SD-JWT ---


def test_a_credential_shows_a_part_of_its_subject() -> None:
    names = [("credentialSubject", "name")]
    token = vc_sd_jwt.issue(credential(), names, SIGNER, holder_key=HOLDER.public_key, issued_at=NOW)
    assert W3C.recognizes(token.encode())
    assert W3C.open(token.encode()).document == credential()
    opened = W3C.open(sd_jwt.bind(sd_jwt.present(token, []), HOLDER, audience="x", nonce="n", now=NOW).encode())
    assert (opened.format, opened.content, opened.issuer) == ("vc+sd-jwt", "credential", ISSUER)
    assert opened.document == credential(credentialSubject={"id": "did:example:haneul"})
    assert (opened.holder_key, opened.issued_at) == (HOLDER.public_key, NOW)
    assert opened.key_binding is not None
    assert opened.key_binding.hash_fits


@pytest.mark.parametrize("name", ["@context", "type", "issuer", "validFrom", "validUntil"])
def test_what_judging_needs_is_not_made_disclosable(name: str) -> None:
    assert code_of(vc_sd_jwt.issue, credential(), [(name,)], SIGNER) == "envelope.disclosure.always-shown"


def test_a_presentation_has_its_own_type() -> None:
    token = vc_sd_jwt.issue(presentation(), [("holder",)], HOLDER).encode()
    assert jws.read(token.split(b"~")[0]).type == "vp+sd-jwt"
    opened = W3C.open(token)
    assert (opened.content, opened.document) == ("presentation", presentation())


W3C_REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://other.example"}, {"typ": "vc+sd-jwt"}, "envelope.issuer"),
    "a claim vc": ({"vc": {}}, {"typ": "vc+sd-jwt"}, "envelope.claims"),
    "called a presentation": ({}, {"typ": "vp+sd-jwt"}, "envelope.type"),
}


@pytest.mark.parametrize(("claims", "header", "code"), W3C_REFUSED.values(), ids=W3C_REFUSED.keys())
def test_claims_that_say_something_else_are_refused(claims: dict[str, Any], header: dict[str, Any], code: str) -> None:
    assert code_of(W3C.open, signed({**credential(), **claims}, header) + b"~") == code


# --- examples and any input ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text("abcd", min_size=1, max_size=2), JSON, max_size=4)


def all_paths(value: Any, at: Path = ()) -> list[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for step, one in inner for path in ((*at, step), *all_paths(one, (*at, step)))]


@given(claims=OBJECTS, data=st.data())
def test_whatever_is_concealed_comes_back(claims: dict[str, Any], data: st.DataObject) -> None:
    paths = all_paths(claims)
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    payload, disclosures = conceal(claims, chosen, decoys=data.draw(st.integers(0, 2)), salt=numbered())
    assert len(disclosures) == len(chosen)
    processed = process(payload, disclosures)
    assert processed.claims == claims
    assert set(processed.paths) == set(chosen)


PARTS = st.one_of(
    st.text("abc._sd-~ ", max_size=8),
    JSON.map(raw),
    st.lists(JSON, max_size=4).map(raw),
    st.sampled_from([A.text, INNER.text, OUTER.text, ELEMENT.text]),
)
SD_NAMES = st.sampled_from(["_sd", "...", "_sd_alg", "a", "b"])
DIGESTS = st.sampled_from([A.digest(), INNER.digest(), OUTER.digest(), ELEMENT.digest(), "x"])
PAYLOADS = st.recursive(
    JSON | DIGESTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SD_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(payload=st.dictionaries(SD_NAMES, PAYLOADS, max_size=4), parts=st.lists(PARTS, max_size=4))
def test_any_sd_jwt_is_read_or_refused_on_purpose(payload: dict[str, Any], parts: list[str]) -> None:
    data = "~".join([signed(payload, {"typ": "dc+sd-jwt"}).decode(), *parts, ""])
    with suppress(JikinError):
        _ = sd_jwt.read(data).key_binding
    for form in (FORMAT, W3C):
        form.recognizes(data.encode())
        with suppress(JikinError):
            form.open(data.encode())


def examples() -> dict[str, Any]:
    found = folder()
    if found is None:
        return {}
    return {
        f"{kind} {case.name}": case
        for kind in ("rfc9901-generated", "sd-jwt-vc-generated")
        for case in sorted((found / "vectors" / "sd-jwt" / kind).iterdir())
        if (case / "sd_jwt_presentation.txt").exists()
    }


EXAMPLES = examples()
# The keys that the specification's examples share.
EXAMPLE_ISSUER = jwk.decode(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }
)
each_example = pytest.mark.parametrize("case", EXAMPLES.values(), ids=EXAMPLES.keys())


def text_of(case: Any, name: str) -> str:
    return "".join((case / name).read_text().split())


@each_example
def test_the_examples_verify_and_say_what_their_makers_say(case: Any) -> None:
    read = sd_jwt.read(text_of(case, "sd_jwt_presentation.txt"))
    assert jws.verify(read.jwt.statement, EXAMPLE_ISSUER)
    assert read.claims == json.loads((case / "verified_contents.json").read_text())
    assert (read.binding is not None) == (case / "kb_jwt_serialized.txt").exists()
    if read.binding is not None:
        binding = read.key_binding
        holder = jws.public_key(json.loads((case / "verified_contents.json").read_text())["cnf"]["jwk"], "cnf.jwk")
        assert binding is not None
        assert holder is not None
        assert (binding.hash_fits, jws.verify(binding.statement, holder)) == (True, True)
        assert read.binding == text_of(case, "kb_jwt_serialized.txt")
        assert binding.nonce == json.loads((case / "kb_jwt_payload.json").read_text())["nonce"]


@each_example
def test_an_example_that_was_tampered_with_does_not_verify(case: Any) -> None:
    text = text_of(case, "sd_jwt_presentation.txt")
    first, *parts = text.split("~")
    assert not jws.verify(jws.read(spoilt(first.encode(), 2)).statement, EXAMPLE_ISSUER)
    for place in range(len(parts) - 1):
        changed = "~".join([first, *parts[:place], raw(["s", "name", 1]), *parts[place + 1 :]])
        assert code_of(sd_jwt.read, changed) is not None


@each_example
def test_a_holder_of_an_example_makes_the_same_presentation(case: Any) -> None:
    whole = text_of(case, "sd_jwt_issuance.txt")
    presented = sd_jwt.read(text_of(case, "sd_jwt_presentation.txt"))
    chosen = {one.text for one in presented.disclosures}
    read = sd_jwt.read(whole)
    paths = [path for path, one in zip(read.paths, read.disclosures, strict=True) if one.text in chosen]
    # ours shows a claim with all that is in it: leave out what stands around another
    leaves = [path for path in paths if not any(sd.is_within(other, path) and other != path for other in paths)]
    inside = {path for path in read.paths for leaf in leaves if sd.is_within(path, leaf)}
    expected = [one.text for path, one in zip(read.paths, read.disclosures, strict=True) if path in {*paths, *inside}]
    assert [one.text for one in sd_jwt.read(sd_jwt.present(whole, leaves)).disclosures] == expected
    assert chosen <= set(expected)


def test_there_are_examples_where_the_vectors_are() -> None:
    if folder() is None:
        pytest.skip("published vectors are not at hand")
    assert len(EXAMPLES) == 16
