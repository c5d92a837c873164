"""A holder shows a part of a badge: what is mandatory always, what is chosen, and nothing that was not signed."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jikin.codec import multibase, multikey
from jikin.codec.contexts import Contexts
from jikin.proofs import ecdsa_sd_value, securing
from jikin.proofs.ecdsa_sd_2023 import EcdsaSd2023, EcdsaSdStatement
from jikin.proofs.ecdsa_sd_value import BaseValue, DerivedValue
from jikin.proofs.ed25519 import Ed25519Signer
from jikin.proofs.eddsa_jcs_2022 import EddsaJcs2022
from jikin.proofs.p256 import P256Signer
from jikin.proofs.p384 import P384Signer
from jikin.proofs.suite import ProofOptions, SelectiveSuite, Suites, is_base
from jikin.values import DidUrl, JsonObject, KeyType
from tests.badge_sample import badge
from tests.codes import code_of
from tests.examples import tries
from tests.forging import pointers_into

SUITE = EcdsaSd2023(Contexts.packaged())
SUITES = Suites((SUITE, EddsaJcs2022()))
ISSUER = P256Signer.generate()
METHOD = DidUrl(f"did:web:exam.example#{multikey.encode(ISSUER.public_key)}")
MANDATORY = ("/issuer", "/validUntil", "/credentialSubject/achievement/name")
OPTIONS = ProofOptions(METHOD, created=1_780_000_000, mandatory_pointers=MANDATORY)
CHOSEN = ["/name", "/credentialSubject/result/1", "/credentialSubject/achievement/criteria/narrative"]


def secured(document: JsonObject | None = None, **options: Any) -> dict[str, Any]:
    return dict(securing.secure(document or badge(), SUITE, replace(OPTIONS, **options), ISSUER))


def derived(base: JsonObject, pointers: list[str]) -> dict[str, Any]:
    return dict(SUITE.derive(base, pointers, {}))


def verdict(document: JsonObject) -> str:
    """Return ``verified``, ``mismatch``, or the code of what is wrong before any signature is looked at."""
    found: list[bool] = []
    key = ISSUER.public_key
    code = code_of(lambda: found.extend(SUITE.verify(one, key) for one in securing.statements(document, SUITES)))
    return code or ("verified" if all(found) else "mismatch")


def statement(document: JsonObject) -> EcdsaSdStatement:
    unsecured, (proof,) = securing.split(document)
    return SUITE.statement(unsecured, proof)


BASE = secured()
DERIVED = derived(BASE, CHOSEN)


def test_a_part_shows_what_is_mandatory_and_what_is_chosen_and_no_more() -> None:
    assert isinstance(SUITE, SelectiveSuite)
    subject, whole = DERIVED["credentialSubject"], badge()["credentialSubject"]
    assert {*DERIVED} == {"@context", "id", "type", "name", "issuer", "validUntil", "credentialSubject", "proof"}
    assert DERIVED["issuer"] == badge()["issuer"]
    assert {*subject} == {"id", "type", "achievement", "result"}
    assert subject["result"] == whole["result"][1:]
    achievement = {name: whole["achievement"][name] for name in ("id", "type", "name", "criteria")}
    assert subject["achievement"] == achievement
    assert verdict(DERIVED) == "verified"
    assert verdict(BASE) == "verified"


def test_the_proof_of_a_part_keeps_its_options_and_shows_no_label_key() -> None:
    options = {name: value for name, value in BASE["proof"].items() if name != "proofValue"}
    assert {name: value for name, value in DERIVED["proof"].items() if name != "proofValue"} == options
    value = ecdsa_sd_value.read(BASE["proof"])
    assert isinstance(value, BaseValue)
    assert value.hmac_key not in multibase.decode(DERIVED["proof"]["proofValue"])
    assert "hmac" not in repr(value)


def test_nothing_chosen_shows_what_is_mandatory_and_everything_chosen_shows_all() -> None:
    mandatory = derived(BASE, [])
    assert {*mandatory} == {"@context", "id", "type", "issuer", "validUntil", "credentialSubject", "proof"}
    assert statement(mandatory).messages == ()
    everything = derived(BASE, [""])
    assert {name: value for name, value in everything.items() if name != "proof"} == badge()
    assert [verdict(document) for document in (mandatory, everything)] == ["verified"] * 2


def test_a_statement_says_whether_its_proof_is_the_holders_alone() -> None:
    assert is_base(statement(BASE))
    assert not is_base(statement(DERIVED))
    # What is anchored is the same for the base credential and for every part of it.
    assert statement(BASE).signed == statement(DERIVED).signed == statement(derived(BASE, ["/name"])).signed
    assert statement(BASE).signature == statement(DERIVED).signature
    assert len(statement(BASE).signed) == 32 + 35 + 32


def test_each_proof_has_keys_of_its_own_and_the_one_time_key_is_gone() -> None:
    kept = P256Signer.generate()
    first, second = (ecdsa_sd_value.read(document["proof"]) for document in (secured(), secured()))
    assert isinstance(first, BaseValue)
    assert isinstance(second, BaseValue)
    assert first.hmac_key != second.hmac_key
    assert first.public_key != second.public_key
    gc.collect()
    held = [thing.public_key for thing in gc.get_objects() if isinstance(thing, P256Signer)]
    assert kept.public_key in held
    assert first.public_key not in held
    assert second.public_key not in held


def test_the_sets_of_two_badges_do_not_mix() -> None:
    forged = badge()
    forged["credentialSubject"]["result"][1]["value"] = "100"
    other = derived(secured(forged), CHOSEN)
    assert verdict(other) == "verified"
    assert verdict(DERIVED | {"credentialSubject": other["credentialSubject"]}) == "mismatch"
    assert verdict(DERIVED | {"proof": other["proof"]}) == "mismatch"
    mine, theirs = (ecdsa_sd_value.read(document["proof"]) for document in (DERIVED, other))
    assert isinstance(mine, DerivedValue)
    assert isinstance(theirs, DerivedValue)
    mixed = replace(theirs, base_signature=mine.base_signature)
    assert verdict(other | {"proof": other["proof"] | {"proofValue": mixed.to_text()}}) == "mismatch"


Change = Callable[[DerivedValue], DerivedValue]


def signatures(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    return lambda value: replace(value, signatures=tuple(change(list(value.signatures))))


def indexes(change: Callable[[list[int]], list[int]]) -> Change:
    return lambda value: replace(value, mandatory_indexes=tuple(change(list(value.mandatory_indexes))))


def labels(change: Callable[[dict[str, str]], dict[str, str]]) -> Change:
    return lambda value: replace(value, label_map=change(dict(value.label_map)))


def label(number: int) -> str:
    return multibase.encode(bytes([number]) * 32, "u")


MISMATCHES: dict[str, Change] = {
    "a signature is altered": signatures(lambda all_: [bytes([all_[0][0] ^ 1]) + all_[0][1:], *all_[1:]]),
    "a signature stands twice": signatures(lambda all_: [all_[0], *all_]),
    "a signature stands in for another": signatures(lambda all_: [all_[0], all_[0], *all_[2:]]),
    "the signatures are in another order": signatures(lambda all_: [all_[1], all_[0], *all_[2:]]),
    "the last signature is missing": signatures(lambda all_: all_[:-1]),
    "all signatures are missing": signatures(lambda all_: []),
    "a signature of nothing": signatures(lambda all_: [bytes(64), *all_[1:]]),
    "an index is out of range": indexes(lambda all_: [*all_, 9999]),
    "an index is missing": indexes(lambda all_: all_[1:]),
    "there are no indexes": indexes(lambda all_: []),
    "an index more": indexes(lambda all_: sorted({*all_, min({*range(99)} - {*all_})})),
    "a label more": labels(lambda all_: all_ | {f"c14n{len(all_)}": label(7)}),
    "a label less": labels(lambda all_: dict([*all_.items()][:-1])),
    "another label": labels(lambda all_: all_ | {"c14n0": label(7)}),
    "labels changed about": labels(lambda all_: all_ | {"c14n0": all_["c14n1"], "c14n1": all_["c14n0"]}),
    "another one-time key": lambda value: replace(value, public_key=P256Signer.generate().public_key),
    "another base signature": lambda value: replace(value, base_signature=ISSUER.sign(b"")),
}


@pytest.mark.parametrize("change", MISMATCHES.values(), ids=MISMATCHES.keys())
def test_a_derived_proof_that_is_changed_does_not_verify(change: Change) -> None:
    value = ecdsa_sd_value.read(DERIVED["proof"])
    assert isinstance(value, DerivedValue)
    assert len(value.signatures) > 2
    assert len(value.label_map) > 1
    proof = DERIVED["proof"] | {"proofValue": change(value).to_text()}
    assert verdict(DERIVED | {"proof": proof}) == "mismatch"


def test_claims_added_taken_away_or_changed_do_not_verify() -> None:
    for member in ("name", "issuer", "validUntil"):
        for document in (DERIVED, BASE):
            assert verdict({name: value for name, value in document.items() if name != member}) == "mismatch"
    assert verdict(DERIVED | {"description": badge()["description"]}) == "mismatch"  # true, but not shown
    assert verdict(DERIVED | {"awardedDate": "2026-02-28T09:00:00Z"}) == "mismatch"
    assert verdict(DERIVED | {"issuer": badge()["issuer"] | {"name": "다른시험원"}}) == "mismatch"
    better = copy.deepcopy(DERIVED)
    better["credentialSubject"]["result"][0]["value"] = "100"
    assert verdict(better) == "mismatch"
    both = copy.deepcopy(DERIVED)
    both["credentialSubject"]["result"].append({"type": ["Result"], "value": "92"})
    assert verdict(both) == "mismatch"


def components(document: JsonObject) -> tuple[bytes, list[Any]]:
    _, (proof,) = securing.split(document)
    data = multibase.decode(str(proof["proofValue"]))
    return data[:3], list(cbor2.loads(data[3:]))


def text(header: bytes, body: bytes) -> str:
    return multibase.encode(header + body, "u")


def with_component(document: JsonObject, number: int, value: Any) -> str:
    header, parts = components(document)
    parts[number] = value
    return text(header, cbor2.dumps(parts, canonical=True))


D, B = b"\xd9\x5d\x01", b"\xd9\x5d\x00"
PARTS, BASE_PARTS = components(DERIVED)[1], components(BASE)[1]
LABELS: dict[int, bytes] = PARTS[3]
MALFORMED: dict[str, str] = {
    "the header of neither": text(b"\xd9\x5d\x02", cbor2.dumps(PARTS, canonical=True)),
    "the header of the other": text(B, cbor2.dumps(PARTS, canonical=True)),
    "a base proof with the header of a derived one": text(D, cbor2.dumps(BASE_PARTS, canonical=True)),
    "a header alone": text(D, b""),
    "less than a header": text(b"\xd9\x5d", b""),
    "four components": text(D, cbor2.dumps(PARTS[:4], canonical=True)),
    "six components": text(D, cbor2.dumps([*PARTS, 0], canonical=True)),
    "a map in place of an array": text(D, cbor2.dumps(dict(enumerate(PARTS)), canonical=True)),
    "a byte after the end": text(D, cbor2.dumps(PARTS, canonical=True) + b"\x00"),
    "a second array after the end": text(D, cbor2.dumps(PARTS, canonical=True) * 2),
    "an array of indefinite length": text(D, b"\x9f" + cbor2.dumps(PARTS, canonical=True)[1:] + b"\xff"),
    "a length in more bytes than it needs": text(D, b"\x98\x05" + cbor2.dumps(PARTS, canonical=True)[1:]),
    "a tag around all": text(D, b"\xd9\xd9\xf7" + cbor2.dumps(PARTS, canonical=True)),
    "tagged bytes": with_component(DERIVED, 0, cbor2.CBORTag(64, PARTS[0])),
    "no CBOR": text(D, b"\xff\xff"),
    "a base signature of 63 bytes": with_component(DERIVED, 0, PARTS[0][:-1]),
    "a base signature of 65 bytes": with_component(BASE, 0, BASE_PARTS[0] + b"\0"),
    "a base signature that is a text": with_component(DERIVED, 0, "x" * 64),
    "a key of 34 bytes": with_component(DERIVED, 1, PARTS[1][:-1]),
    "a key of another kind": with_component(DERIVED, 1, b"\x81\x24" + PARTS[1][2:]),
    "signatures that are bytes": with_component(DERIVED, 2, PARTS[2][0]),
    "a signature of 63 bytes": with_component(DERIVED, 2, [PARTS[2][0][:-1]]),
    "a signature that is a number": with_component(DERIVED, 2, [5]),
    "more signatures than are read": with_component(DERIVED, 2, [bytes(64)] * (ecdsa_sd_value.MAX_SIGNATURES + 1)),
    "labels that are a list": with_component(DERIVED, 3, list(LABELS.values())),
    "a label of 31 bytes": with_component(DERIVED, 3, LABELS | {0: bytes(31)}),
    "a label that is a text": with_component(DERIVED, 3, LABELS | {0: "u" * 32}),
    "a label whose key is a text": with_component(DERIVED, 3, LABELS | {"c14n9": bytes(32)}),
    "labels that do not begin at 0": with_component(DERIVED, 3, {key + 1: value for key, value in LABELS.items()}),
    "labels with a gap": with_component(DERIVED, 3, LABELS | {99: bytes(32)}),
    "a label for a truth": with_component(DERIVED, 3, {False: bytes(32)}),
    "one label for two nodes": with_component(DERIVED, 3, dict.fromkeys(LABELS, bytes(32))),
    "indexes that are bytes": with_component(DERIVED, 4, b"\0"),
    "an index below nothing": with_component(DERIVED, 4, [-1, *PARTS[4]]),
    "an index that is a text": with_component(DERIVED, 4, ["0"]),
    "an index that is a truth": with_component(DERIVED, 4, [False]),
    "an index that is a fraction": with_component(DERIVED, 4, [0.5]),
    "an index twice": with_component(DERIVED, 4, [PARTS[4][0], *PARTS[4]]),
    "indexes that fall": with_component(DERIVED, 4, PARTS[4][::-1]),
    "an HMAC key of 31 bytes": with_component(BASE, 2, bytes(31)),
    "a pointer that is no text": with_component(BASE, 4, [5]),
    "pointers that are a text": with_component(BASE, 4, "/issuer"),
    "base58 in place of base64url": multibase.encode(D + cbor2.dumps(PARTS[:1], canonical=True), "z"),
    "base64url with padding": text(D, cbor2.dumps(PARTS, canonical=True)) + "==",
    "a text without end": "u" + "A" * 2_000_000,
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_proof_value_that_is_not_exactly_one_is_refused(value: str) -> None:
    for document in (DERIVED, BASE):
        assert verdict(document | {"proof": document["proof"] | {"proofValue": value}}) == "proof.malformed"


def test_a_label_map_in_another_order_is_refused() -> None:
    header, parts = components(DERIVED)
    backwards = cbor2.dumps([*parts[:3], dict(reversed(parts[3].items())), parts[4]])
    proof = DERIVED["proof"] | {"proofValue": text(header, backwards)}
    assert verdict(DERIVED | {"proof": proof}) == "proof.malformed"


NO_BASE: dict[str, tuple[Callable[[], JsonObject], str]] = {
    "a part": (lambda: DERIVED, "proof.base"),
    "no proof": (badge, "proof.missing"),
    "another suite's proof": (
        lambda: securing.secure(
            badge(), EddsaJcs2022(), replace(OPTIONS, mandatory_pointers=()), Ed25519Signer.generate()
        ),
        "proof.base",
    ),
    "two base proofs": (lambda: BASE | {"proof": [BASE["proof"], secured()["proof"]]}, "proof.base"),
    "a proof that signs another along": (
        lambda: BASE | {"proof": BASE["proof"] | {"previousProof": "urn:example:1"}},
        "proof.base",
    ),
    "a base proof of another document": (lambda: BASE | {"inLanguage": "ko"}, "proof.base"),
    "a base proof with another context": (
        lambda: BASE | {"proof": BASE["proof"] | {"@context": BASE["@context"][:1]}},
        "proof.context",
    ),
    "a base proof without purpose": (
        lambda: BASE | {"proof": {name: value for name, value in BASE["proof"].items() if name != "proofPurpose"}},
        "proof.malformed",
    ),
    "what is mandatory is gone": (
        lambda: {name: value for name, value in BASE.items() if name != "validUntil"},
        "proof.selection",
    ),
}


@pytest.mark.parametrize(("document", "code"), NO_BASE.values(), ids=NO_BASE.keys())
def test_nothing_is_derived_from_what_is_no_sound_base(document: Callable[[], JsonObject], code: str) -> None:
    assert code_of(lambda: SUITE.derive(document(), CHOSEN, {})) == code


def test_what_cannot_be_shown_is_refused() -> None:
    for pointers in (["/nobody"], ["/credentialSubject/result/2"], ["name"], ["/proof/proofValue"], ["/@context/0"]):
        assert code_of(SUITE.derive, BASE, pointers, {}) == "proof.selection"
    free = secured(mandatory_pointers=())
    assert code_of(SUITE.derive, free, [], {}) == "proof.selection"
    assert verdict(derived(free, ["/name"])) == "verified"
    assert code_of(SUITE.derive, BASE, CHOSEN, {"presentation_header": b"x"}) == "proof.option"


def test_other_proofs_are_left_out_of_a_part() -> None:
    unsecured, (proof,) = securing.split(BASE)
    whole = EddsaJcs2022().create_proof(unsecured, replace(OPTIONS, mandatory_pointers=()), Ed25519Signer.generate())
    part = derived(BASE | {"proof": [whole, proof]}, CHOSEN)
    assert part == DERIVED


def test_what_cannot_be_signed_is_refused() -> None:
    def code(document: JsonObject, signer: Any = ISSUER, **options: Any) -> str | None:
        return code_of(SUITE.create_proof, document, replace(OPTIONS, **options), signer)

    assert code(badge(), Ed25519Signer.generate()) == "proof.malformed"
    assert code(badge(), P384Signer.generate()) == "proof.malformed"
    assert code(badge(), previous_proof=("urn:example:1",)) == "proof.malformed"
    assert code(badge(), mandatory_pointers=("/nobody",)) == "proof.selection"
    assert code(badge(), mandatory_pointers=("issuer",)) == "proof.selection"
    assert code(badge(), mandatory_pointers=("/issuer",) * 257) == "proof.selection"
    assert code(badge() | {"grade": "1급"}) == "codec.undefined-term"
    inside = badge()
    inside["issuer"]["@context"] = "https://www.w3.org/ns/credentials/v2"
    assert code(inside) == "proof.context"
    many = badge() | {"name": [f"{number}" for number in range(ecdsa_sd_value.MAX_SIGNATURES + 1)]}
    assert code(many) == "proof.malformed"


def test_a_list_is_shown_whole() -> None:
    document = badge()
    description = document["credentialSubject"]["achievement"]["resultDescription"][0]
    description["allowedValue"] = ["합격", "불합격", "합격"]
    base = secured(document)
    place = "/credentialSubject/achievement/resultDescription/0"
    part = derived(base, [f"{place}/allowedValue"])
    assert verdict(part) == "verified"
    shown = part["credentialSubject"]["achievement"]["resultDescription"]
    assert shown == [{name: description[name] for name in ("id", "type", "allowedValue")}]
    assert code_of(SUITE.derive, base, [f"{place}/allowedValue/1"], {}) == "proof.selection"
    shown[0]["allowedValue"] = ["합격"]
    assert verdict(part) == "mismatch"


def test_the_statement_of_another_suite_or_with_another_count_does_not_verify() -> None:
    genuine = statement(DERIVED)
    key = ISSUER.public_key
    assert SUITE.verify(genuine, key)
    assert not SUITE.verify(replace(genuine, fits=False), key)
    assert not SUITE.verify(replace(genuine, messages=genuine.messages[:-1]), key)
    assert not SUITE.verify(replace(genuine, messages=(), signatures=genuine.signatures), key)
    assert not SUITE.verify(replace(genuine, algorithm="ecdsa-rdfc-2019"), key)
    assert not SUITE.verify(replace(genuine, one_time_key=P256Signer.generate().public_key), key)
    off_the_curve = replace(genuine.one_time_key, raw=b"\x02" + b"\xff" * 32)
    assert not SUITE.verify(replace(genuine, one_time_key=off_the_curve), key)
    assert not SUITE.verify(genuine, Ed25519Signer.generate().public_key)
    assert SUITE.key_types == {KeyType.P256}


EVERYWHERE = pointers_into(badge())


@settings(max_examples=tries(40), deadline=None)
@given(st.lists(st.sampled_from(EVERYWHERE), max_size=6))
def test_any_choice_verifies_and_shows_all_that_was_chosen(pointers: list[str]) -> None:
    part = derived(BASE, pointers)
    assert verdict(part) == "verified"
    assert derived(BASE, [*pointers, *MANDATORY]) == part


COMPONENT = st.recursive(
    st.binary(max_size=70) | st.integers(-3, 2**64) | st.text(max_size=4) | st.floats() | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 4) | st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=tries(200), deadline=None)
@given(
    st.sampled_from([BASE, DERIVED]),
    st.dictionaries(st.integers(0, 4), COMPONENT, max_size=2),
    st.integers(0, 200),
    st.binary(max_size=3),
)
def test_arbitrary_components_are_read_or_refused(
    document: dict[str, Any], changes: dict[int, Any], cut: int, tail: bytes
) -> None:
    header, parts = components(document)
    genuine = cbor2.dumps(parts, canonical=True)
    for number, value in changes.items():
        parts[number] = value
    body = cbor2.dumps(parts, canonical=True)
    body = body[:cut] + tail if cut % 3 == 0 else body + tail
    found = verdict(document | {"proof": document["proof"] | {"proofValue": text(header, body)}})
    assert found in ("verified", "mismatch", "proof.malformed")
    assert (found == "verified") == (body == genuine)
