"""The W3C Bitstring Status List: our lists as strangers read them, strangers' lists as we read them."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import bits
from jikin.errors import JikinError, StatusError
from jikin.status.array import State, StatusArray
from jikin.status.bitstring import (
    BitstringEntry,
    Purpose,
    entry_json,
    list_credential,
    list_id_of,
    list_url,
    read_entry,
    read_listed,
)
from jikin.values import Json, ListId
from tests.shared_standards import standards

LIST = ListId(b"\xab" * 32)
BASE = "https://hrdk.example"
ENTRIES = 1 << 17
STATES = {5: State.REVOKED, 6: State.SUSPENDED, 7: State.REPLACED, ENTRIES - 1: State.REVOKED}
ARRAY = StatusArray.all_valid(ENTRIES).with_states(STATES)


def ours(purpose: Purpose) -> dict[str, Json]:
    url = list_url(BASE, LIST, purpose)
    return dict(
        list_credential(ARRAY, url=url, issuer="did:web:hrdk.example", purpose=purpose, valid_from=1_780_000_000)
    )


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("index", [0, 4, 5, 6, 7, 8, ENTRIES - 1])
def test_our_list_says_what_the_array_says(purpose: Purpose, index: int) -> None:
    entry = BitstringEntry.parse(entry_json(list_url(BASE, LIST, purpose), purpose, index))
    assert read_entry(ours(purpose), entry) == (STATES.get(index, State.VALID) in purpose.states)


def test_our_list_credential_is_as_the_recommendation_shows_it() -> None:
    credential = ours(Purpose.SUSPENSION)
    subject: Any = credential["credentialSubject"]
    packed = base64.urlsafe_b64decode(subject["encodedList"][1:] + "==")
    assert credential["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert credential["@context"] == ["https://www.w3.org/ns/credentials/v2"]
    assert credential["validFrom"] == "2026-05-28T20:26:40Z"
    assert {key: subject[key] for key in ("id", "type", "statusPurpose", "ttl")} == {
        "id": f"{credential['id']}#list",
        "type": "BitstringStatusList",
        "statusPurpose": "suspension",
        "ttl": 300_000,
    }
    assert subject["encodedList"].startswith("u")
    assert len(gzip.decompress(packed)) * 8 == 131_072


def test_the_list_is_named_in_its_url_and_nowhere_else_is_one_read() -> None:
    url = list_url(BASE, LIST, Purpose.REVOCATION)
    assert url == f"{BASE}/status/{'ab' * 32}/revocation"
    assert list_id_of(url) == LIST
    for other in (
        url + "/",
        url + "?x",
        url.replace("revocation", "refresh"),
        url.upper(),
        BASE,
        url.replace("ab", "a"),
    ):
        assert list_id_of(other) is None


MALFORMED_ENTRIES: dict[str, dict[str, Json]] = {
    "an index that is a number below zero": {"statusListIndex": -5},
    "an index that is a fraction": {"statusListIndex": 5.0},
    "an index that is true": {"statusListIndex": True},
    "an index below zero": {"statusListIndex": "-5"},
    "an index with zeros in front": {"statusListIndex": "05"},
    "an index in other digits": {"statusListIndex": "５"},
    "no index": {"statusListIndex": None},
    "no purpose": {"statusPurpose": None},
    "another type": {"type": "RevocationList2020Status"},
    "types in an array": {"type": ["BitstringStatusListEntry"]},
    "no list": {"statusListCredential": ""},
    "a list that is an object": {"statusListCredential": {"id": "x"}},
    "entries of no bits": {"statusSize": 0},
    "entries of true bits": {"statusSize": True},
}


@pytest.mark.parametrize("change", MALFORMED_ENTRIES.values(), ids=MALFORMED_ENTRIES.keys())
def test_a_malformed_entry_is_refused(change: dict[str, Json]) -> None:
    with pytest.raises(StatusError) as refused:
        BitstringEntry.parse({**entry_json("https://x.example/1", Purpose.REVOCATION, 5), **change})
    assert refused.value.code == "status.entry"


def test_an_index_that_is_a_number_is_read_and_remembered() -> None:
    entry = BitstringEntry.parse(
        {**entry_json("https://x.example/1", Purpose.REVOCATION, 5), "statusListIndex": 131_071}
    )
    assert (entry.index, entry.numeric) == (131_071, True)
    assert not BitstringEntry.parse(entry_json("https://x.example/1", Purpose.REVOCATION, 5)).numeric


def test_an_entry_of_the_older_kind_is_read_from_either_kind_of_list_and_no_other_from_the_older() -> None:
    older = {**entry_json("https://x.example/1", Purpose.REVOCATION, 5), "type": "StatusList2021Entry"}
    listed = ours(Purpose.REVOCATION)
    subject: Any = listed["credentialSubject"]
    bare = {**subject, "type": "StatusList2021", "encodedList": subject["encodedList"][1:]}
    old_list = {**listed, "type": ["VerifiableCredential", "StatusList2021Credential"], "credentialSubject": bare}
    assert read_entry(old_list, BitstringEntry.parse(older)) == 1
    assert read_entry(listed, BitstringEntry.parse(older)) == 1
    with pytest.raises(StatusError, match="no BitstringStatusListCredential"):
        read_entry(old_list, BitstringEntry("revocation", 5, "x"))
    mixed = {**old_list, "credentialSubject": {**bare, "type": "BitstringStatusList"}}
    with pytest.raises(StatusError, match="is one StatusList2021"):
        read_entry(mixed, BitstringEntry.parse(older))


def packed(data: bytes) -> str:
    return bits.compress(data)


MALFORMED_LISTS: dict[str, dict[str, Json]] = {
    "for another purpose": {"statusPurpose": "suspension"},
    "for no purpose": {"statusPurpose": None},
    "too short to hide in": {"encodedList": packed(bytes(12_500))},
    "too large to unpack": {"encodedList": packed(bytes((1 << 22) + 1))},
    "without its header": {"encodedList": packed(bytes(16_384))[1:]},
    "in base58": {"encodedList": "z" + packed(bytes(16_384))[1:]},
    "not packed": {"encodedList": "u" + base64.urlsafe_b64encode(bytes(99)).decode().rstrip("=")},
    "cut off": {"encodedList": packed(bytes(16_384))[:-9]},
    "a number": {"encodedList": 7},
    "of another type": {"type": "StatusList2021"},
}


@pytest.mark.parametrize("change", MALFORMED_LISTS.values(), ids=MALFORMED_LISTS.keys())
def test_a_list_that_cannot_be_relied_on_is_refused(change: dict[str, Json]) -> None:
    credential = ours(Purpose.REVOCATION)
    subject: Any = credential["credentialSubject"]
    with pytest.raises(StatusError) as refused:
        read_entry({**credential, "credentialSubject": {**subject, **change}}, BitstringEntry("revocation", 5, "x"))
    assert refused.value.code == "status.list"


def test_an_entry_beyond_the_list_is_refused() -> None:
    with pytest.raises(StatusError, match="none with the number 131,072"):
        read_entry(ours(Purpose.REVOCATION), BitstringEntry("revocation", ENTRIES, "x"))
    with pytest.raises(StatusError, match="65,536 entries"):
        read_entry(ours(Purpose.REVOCATION), BitstringEntry("revocation", 5, "x", size=2))


def test_entries_of_several_bits_are_read_highest_first() -> None:
    data = bytearray(1 << 15)
    data[1] = 0b0001_1011
    credential = ours(Purpose.REVOCATION)
    subject: Any = credential["credentialSubject"]
    wide = {**credential, "credentialSubject": {**subject, "encodedList": packed(bytes(data))}}
    assert [read_entry(wide, BitstringEntry("revocation", index, "x", size=2)) for index in (4, 5, 6, 7)] == [
        0,
        1,
        2,
        3,
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["type", "credentialSubject"]), st.sampled_from(["encodedList", "statusPurpose", "type"]))
def test_no_list_breaks_the_reader(value: Json, member: str, inner: str) -> None:
    credential = ours(Purpose.REVOCATION)
    subject: Any = credential["credentialSubject"]
    for document in ({**credential, member: value}, {**credential, "credentialSubject": {**subject, inner: value}}):
        try:
            read_entry(document, BitstringEntry("revocation", 5, "x"))
        except JikinError:
            continue


# --- published lists ---

FOLDER = "vectors/status-list/walt-id/bitstringstatuslist"
PUBLISHED = {
    "custom-invalid.json": [0],
    "custom-valid.json": [3],
    "multi-status-all-valid.json": [0, 0],
    "multi-status-first-not-valid.json": [1, 0],
    "multi-status-last-not-valid.json": [0, 1],
    "revoked.json": [1],
    "unrevoked.json": [0],
}


def published(name: str) -> list[tuple[dict[str, Json], dict[str, Json]]]:
    """Return pairs of list credential and entry: the lists are JWTs, whose payload is all that is read here."""
    document: Any = json.loads((standards() / FOLDER / name).read_text())
    lists, entries = document["status-credential"], document["holder-credential"]["credentialStatus"]
    tokens = [lists] if isinstance(lists, str) else [entry["content"] for entry in lists]
    bodies = [json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")) for token in tokens]
    return list(zip([body["vc"] for body in bodies], entries if isinstance(entries, list) else [entries], strict=True))


@pytest.mark.parametrize(("name", "values"), PUBLISHED.items(), ids=PUBLISHED.keys())
def test_published_lists_are_read_as_their_makers_say(name: str, values: list[int]) -> None:
    pairs = published(name)
    assert [read_entry(credential, BitstringEntry.parse(entry)) for credential, entry in pairs] == values


def test_a_published_list_without_multibase_header_is_refused_as_its_makers_say() -> None:
    ((credential, entry),) = published("wrong-list-encoding.json")
    with pytest.raises(StatusError, match="multibase header u"):
        read_entry(credential, BitstringEntry.parse(entry))


LISTS = {
    "vectors/status-list/spruceid/status-list-credential.jsonld": {1: 0, 3: 0},
    "vectors/status-list/spruceid/local-status-list-credential.jsonld": {1: 0, 3: 1},
    "samples/1edtech-validator/ob30/bit-string-list/testlist": {1: 0, 3: 0},
}


def test_the_lists_of_other_makers_are_read() -> None:
    said = {
        path: {
            index: read_entry(json.loads((standards() / path).read_text()), BitstringEntry("revocation", index, "x"))
            for index in expected
        }
        for path, expected in LISTS.items()
    }
    assert said == LISTS


def test_a_list_of_100_000_entries_seen_in_the_field_is_too_short_and_says_what_it_says() -> None:
    path = standards() / "real-samples/dcc/status-list-e5WK8CbZ1GjycuPombrj.json"
    listed = json.loads(path.read_text())
    with pytest.raises(StatusError, match="the list has 100,000 entries"):
        read_entry(listed, BitstringEntry("revocation", 1, "x"))
    said = [read_listed(listed, BitstringEntry("revocation", index, "x")) for index in range(10)]
    assert [place for place, one in enumerate(said) if one.value] == [2, 6, 8]
    assert {one.entries for one in said} == {100_000}
    assert all(one.too_short for one in said)


STATUS_LIST_2021 = ("revoked.07.ebsi", "revoked.42.ebsi", "revoked.waltid", "unrevoked.waltid")


@pytest.mark.parametrize("name", STATUS_LIST_2021)
def test_lists_of_the_older_kind_are_read_as_their_makers_say(name: str) -> None:
    document = json.loads((standards() / f"vectors/status-list/walt-id/statuslist2021/{name}.json").read_text())
    body = json.loads(base64.urlsafe_b64decode(document["status-credential"].split(".")[1] + "=="))
    entry = BitstringEntry.parse(document["holder-credential"]["credentialStatus"])
    assert read_listed(body["vc"], entry).value == int(name.startswith("revoked"))
