"""The public issuer profile: one profile, one spelling, one hash; strict when read."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.credentials.profile import MAX_BYTES, Names, Profile
from jikin.errors import CredentialError
from jikin.values import Did, Digest, sha256

PROFILE = Profile(
    did=Did("did:web:certs.example"),
    names=Names(ko="한국산업인력공단", en="Human Resources Development Service of Korea"),
    domain="certs.example",
    number_code="KR12",
    types=("machine-safety-certification", "national-technical-qualification"),
    logo=Digest(sha256(b"logo")),
)


def test_a_profile_survives_the_way_through_its_bytes() -> None:
    assert Profile.parse(PROFILE.to_bytes()) == PROFILE
    plain = replace(PROFILE, logo=None)
    assert Profile.parse(plain.to_bytes()) == plain
    assert PROFILE.hash == Digest(sha256(PROFILE.to_bytes()))
    assert PROFILE.hash != plain.hash


def test_the_bytes_are_canonical_json_of_at_most_600() -> None:
    data = PROFILE.to_bytes()
    assert data == json.dumps(json.loads(data), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert len(data) <= MAX_BYTES == 600


def test_public_files_lie_under_https_and_on_this_machine_under_http() -> None:
    assert PROFILE.base_url == "https://certs.example"
    assert replace(PROFILE, domain="localhost:8101").base_url == "http://localhost:8101"


def test_the_name_is_given_in_the_language_asked_for() -> None:
    assert PROFILE.names.in_language("ko") == "한국산업인력공단"
    assert PROFILE.names.in_language("en").startswith("Human")


def other_bytes(**changes: Any) -> bytes:
    document = {**json.loads(PROFILE.to_bytes()), **changes}
    document = {name: value for name, value in document.items() if value is not ...}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


REFUSED_BYTES = {
    "another version": other_bytes(v=2),
    "true for a version": other_bytes(v=True),
    "a member more": other_bytes(colour="red"),
    "a member less": other_bytes(domain=...),
    "a third language": other_bytes(names={"ko": "가", "en": "a", "fr": "b"}),
    "a null logo": other_bytes(logo=None),
    "a short logo digest": other_bytes(logo="ab"),
    "a logo digest with 0x": other_bytes(logo="0x" + "ab" * 32),
    "a DID that is none": other_bytes(did="certs.example"),
    "types that are a text": other_bytes(types="machine-safety-certification"),
    "blanks in it": PROFILE.to_bytes().replace(b":", b": ", 1),
    "a member twice": PROFILE.to_bytes().replace(b'{"did"', b'{"did":"did:web:other.example","did"'),
    "an array": b"[]",
    "nothing": b"",
    "too many bytes": other_bytes(
        names={"ko": "가" * 80, "en": "a" * 80}, types=[f"type-{n:03d}" * 3 for n in range(16)]
    ),
}


@pytest.mark.parametrize("data", REFUSED_BYTES.values(), ids=REFUSED_BYTES.keys())
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CredentialError) as refused:
        Profile.parse(data)
    assert refused.value.code == "profile"


REFUSED_PARTS: dict[str, dict[str, Any]] = {
    "a domain with a scheme": {"domain": "https://certs.example"},
    "a domain in capitals": {"domain": "Certs.example"},
    "a domain with an empty part of a path": {"domain": "certs.example//a"},
    "a domain that ends in a slash": {"domain": "certs.example/a/"},
    "a domain whose path leads upwards": {"domain": "certs.example/.."},
    "a scheme before another host than this machine": {"domain": "https://certs.example"},
    "a domain with a user": {"domain": "user@certs.example"},
    "a domain that ends in a line": {"domain": "certs.example\n"},
    "a long number code": {"number_code": "KR123"},
    "a number code with a look-alike": {"number_code": "KRI2"},
    "no types": {"types": ()},
    "a type twice": {"types": ("a", "a")},
    "types out of order": {"types": ("b", "a")},
    "a type with a path": {"types": ("../a",)},
}


@pytest.mark.parametrize("changes", REFUSED_PARTS.values(), ids=REFUSED_PARTS.keys())
def test_a_part_that_breaks_its_rule_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CredentialError) as refused:
        replace(PROFILE, **changes)
    assert refused.value.code == "profile"


@pytest.mark.parametrize(
    "name",
    ["", " 공단", "공단 ", "공단\u202e", "공\u200b단", unicodedata.normalize("NFD", "공단"), "공\n단", "가" * 81],
    ids=["empty", "blank before", "blank after", "turned", "zero width", "decomposed", "line end", "too long"],
)
def test_a_name_that_hides_something_is_refused(name: str) -> None:
    with pytest.raises(CredentialError):
        Names(ko=name, en="Service")


@given(st.binary(max_size=700))
def test_any_bytes_are_a_profile_or_refused(data: bytes) -> None:
    try:
        profile = Profile.parse(data)
    except CredentialError as error:
        code = error.code
    else:
        assert profile.to_bytes() == data
        return
    assert code == "profile"


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_accepted_name_comes_back_the_same(ko: str, en: str) -> None:
    try:
        profile = replace(PROFILE, names=Names(ko=ko, en=en))
    except CredentialError:
        return
    assert Profile.parse(profile.to_bytes()).names == Names(ko=ko, en=en)
