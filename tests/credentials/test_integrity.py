"""Digests that documents state of what they point at: read in every notation, and compared."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import multibase
from jikin.credentials import editions
from jikin.credentials.integrity import Integrity
from jikin.errors import CredentialError

DATA = b"a file that a credential refers to"


def sri(algorithm: str, data: bytes = DATA) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def multihash(header: str, algorithm: str, base: str = "u", data: bytes = DATA) -> str:
    return multibase.encode(bytes.fromhex(header) + hashlib.new(algorithm, data).digest(), "z" if base == "z" else "u")


RIGHT: dict[str, dict[str, Any]] = {
    "SHA-256 as SRI": {"digestSRI": sri("sha256")},
    "SHA-384 as SRI": {"digestSRI": sri("sha384")},
    "SHA-512 as SRI": {"digestSRI": sri("sha512")},
    "SRI in the alphabet of URLs": {"digestSRI": sri("sha384").replace("+", "-").replace("/", "_")},
    "SRI without padding": {"digestSRI": sri("sha256").rstrip("=")},
    "SRI with an option": {"digestSRI": sri("sha384") + "?ct=text/plain"},
    "SRI of two kinds, of which the stronger counts": {"digestSRI": f"{sri('sha256', b'x')} {sri('sha384')}"},
    "SRI of one kind, of which one has to fit": {"digestSRI": f"{sri('sha384', b'x')}  {sri('sha384')}"},
    "a multihash of SHA-256": {"digestMultibase": multihash("1220", "sha256")},
    "a multihash of SHA-384": {"digestMultibase": multihash("2030", "sha384")},
    "a multihash of SHA-512": {"digestMultibase": multihash("1340", "sha512")},
    "a multihash in base58": {"digestMultibase": multihash("1220", "sha256", "z")},
    "a digest without header": {"digestMultibase": multihash("", "sha256")},
    "both members": {"digestSRI": sri("sha512"), "digestMultibase": multihash("1220", "sha256")},
}


@pytest.mark.parametrize("holder", RIGHT.values(), ids=RIGHT.keys())
def test_a_digest_fits_its_data_and_no_other(holder: dict[str, Any]) -> None:
    integrity = Integrity.of(holder, "the resource")
    assert integrity.comparable
    assert integrity.fits(DATA)
    assert not integrity.fits(DATA + b"!")


WRONG: dict[str, dict[str, Any]] = {
    "both members, of which one is wrong": {
        "digestSRI": sri("sha512"),
        "digestMultibase": multihash("1220", "sha256", data=b"x"),
    },
    "the weaker kind fits alone": {"digestSRI": f"{sri('sha256')} {sri('sha384', b'x')}"},
}


@pytest.mark.parametrize("holder", WRONG.values(), ids=WRONG.keys())
def test_every_member_and_the_strongest_digest_have_to_fit(holder: dict[str, Any]) -> None:
    assert not Integrity.of(holder, "the resource").fits(DATA)


NONE: dict[str, dict[str, Any]] = {
    "SRI that is a number": {"digestSRI": 5},
    "SRI that is empty": {"digestSRI": " "},
    "SRI of MD5": {"digestSRI": "md5-" + "A" * 22},
    "SRI that is too short": {"digestSRI": "sha384-" + "A" * 43},
    "SRI in other letters": {"digestSRI": "sha256-" + "ä" * 43},
    "SRI without end": {"digestSRI": (sri("sha512") + " ") * 20},
    "multibase that is a number": {"digestMultibase": 5},
    "multibase of another base": {"digestMultibase": "f" + "0" * 64},
    "multibase that is none": {"digestMultibase": "u*"},
    "a multihash that is cut off": {"digestMultibase": multihash("1220", "sha256")[:-4]},
    "a multihash of another length": {"digestMultibase": multihash("1230", "sha384")},
    "a multihash whose code never ends": {"digestMultibase": "u" + "_____w" * 2},
    "three bytes": {"digestMultibase": "uAAAA"},
}


@pytest.mark.parametrize("holder", NONE.values(), ids=NONE.keys())
def test_what_is_no_digest_is_refused(holder: dict[str, Any]) -> None:
    with pytest.raises(CredentialError) as refused:
        Integrity.of(holder, "the resource")
    assert refused.value.code == "model.resource"


def test_a_digest_of_an_unknown_kind_cannot_be_compared() -> None:
    sha3 = multibase.encode(b"\x16\x20" + hashlib.sha3_256(DATA).digest(), "u")
    integrity = Integrity.of({"digestMultibase": sha3}, "the resource")
    assert (integrity.stated, integrity.unknown, integrity.comparable) == ((), True, False)
    assert not Integrity.of({"digestMultibase": sha3, "digestSRI": sri("sha256")}, "x").comparable


def test_nothing_stated_is_nothing_to_compare() -> None:
    assert not Integrity.of({}, "the resource").comparable


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("https://www.w3.org/ns/credentials/v2", 2),
        ("https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", 2),
        ("https://www.w3.org/2018/credentials/v1", 1),
    ],
)
def test_every_edition_of_a_published_context_is_known_by_each_of_its_digests(url: str, count: int) -> None:
    known = editions._editions()[url]
    assert len(known) == count
    for edition in known:
        for algorithm, digest in edition.items():
            stated = f"{algorithm}-{base64.b64encode(bytes.fromhex(digest)).decode()}"
            assert editions.fits(url, Integrity.of({"digestSRI": stated}, "x"))
    assert not editions.fits(url, Integrity.of({"digestSRI": sri("sha256")}, "x"))


def test_what_is_not_listed_has_no_edition() -> None:
    assert not editions.known("https://files.example/a")
    assert not editions.fits("https://files.example/a", Integrity.of({"digestSRI": sri("sha256")}, "x"))


@given(st.sampled_from(["digestSRI", "digestMultibase"]), st.text(max_size=80) | st.integers() | st.none())
def test_any_value_is_a_digest_or_refused(member: str, value: Any) -> None:
    try:
        integrity = Integrity.of({member: value}, "the resource")
    except CredentialError:
        return
    assert integrity.stated or integrity.unknown


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_digest_fits_exactly_the_data_it_was_made_of(data: bytes, other: bytes) -> None:
    integrity = Integrity.of({"digestSRI": sri("sha384", data)}, "x")
    assert integrity.fits(data)
    assert integrity.fits(other) is (data == other)
