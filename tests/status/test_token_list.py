"""The IETF Token Status List: ours is read by others and theirs by us, and a list that breaks the rules is no list."""

from __future__ import annotations

import json
import re
import zlib
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvc.status import token_status_list as theirs

from jikin.codec import bits
from jikin.codec.multibase import decode_base64url, encode_base64url
from jikin.credentials import sd_jwt_vc
from jikin.errors import JikinError, StatusError
from jikin.status import token_list
from jikin.status.array import State, StatusArray
from jikin.status.bitstring import BitstringEntry, read_entry
from jikin.status.token_list import TokenList
from tests.codes import code_of
from tests.shared_standards import standards

URL = "https://exam.example/lists/1"
NOW = 1_780_000_000
SMALLEST = 1 << 17
STATES = {0: State.REVOKED, 1: State.SUSPENDED, 5: State.REPLACED, 6: State.REVOKED, SMALLEST - 1: State.REPLACED}
ARRAY = StatusArray.all_valid(SMALLEST).with_states(STATES)
VALUES = {State.VALID: 0, State.REVOKED: 1, State.SUSPENDED: 2, State.REPLACED: 1}


def claims_of(raw: bytes, size: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the claims of a list token of *raw* with *changes*; None leaves a claim out."""
    status = {"bits": size, "lst": encode_base64url(zlib.compress(raw))}
    claims = {"sub": URL, "iat": NOW, "status_list": status} | changes
    return {name: value for name, value in claims.items() if value is not None}


def test_every_state_of_an_array_is_written_as_strangers_read_it() -> None:
    found = TokenList.parse(token_list.list_claims(ARRAY, url=URL, issued_at=NOW), URL)
    assert (found.entries, found.size) == (SMALLEST, 2)
    assert {index: found.get(index) for index in STATES} == {index: VALUES[state] for index, state in STATES.items()}
    assert {found.get(index) for index in range(SMALLEST) if index not in STATES} == {0}


def test_a_list_says_where_it_lies_and_how_long_it_lasts() -> None:
    claims = token_list.list_claims(ARRAY, url=URL, issued_at=NOW, expires=NOW + 900, ttl_seconds=60)
    assert {name: claims[name] for name in ("sub", "iat", "exp", "ttl")} == {
        "sub": URL,
        "iat": NOW,
        "exp": NOW + 900,
        "ttl": 60,
    }
    found = TokenList.parse(claims, URL)
    assert (found.url, found.issued_at, found.expires, found.ttl_seconds) == (URL, NOW, NOW + 900, 60)
    assert TokenList.parse(claims_of(b"\0"), URL).expires is None
    assert (token_list.TYPE, token_list.MEDIA_TYPE) == ("statuslist+jwt", "application/statuslist+jwt")


def test_a_credential_names_its_entry_as_it_is_read() -> None:
    claims = {"vct": "x:y", "iss": "https://exam.example", "status": token_list.status_claim(URL, 5)}
    (entry,) = sd_jwt_vc.parse(claims).status
    assert (entry.index, entry.list_credential, entry.types) == (5, URL, (sd_jwt_vc.STATUS_ENTRY_TYPE,))


def test_another_implementation_reads_ours_and_ours_theirs() -> None:
    lst: Any = token_list.list_claims(ARRAY, url=URL, issued_at=NOW)["status_list"]
    data = theirs.decode_status_list(lst["lst"])
    assert [theirs.get_status(data, index, bits=2) for index in range(8)] == [1, 2, 0, 0, 0, 1, 1, 0]
    for size in (1, 2, 4, 8):
        made = theirs.new_status_list(100, bits=size)
        theirs.set_status(made, 37, 1, bits=size)
        theirs.set_status(made, 99, (1 << size) - 1, bits=size)
        status = {"bits": size, "lst": theirs.encode_status_list(bytes(made))}
        found = TokenList.parse({"sub": URL, "iat": NOW, "status_list": status}, URL)
        assert {index: found.get(index) for index in range(100) if found.get(index)} == {37: 1, 99: (1 << size) - 1}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "made for another URL": (claims_of(b"\0", sub=f"{URL}0"), "status.list"),
    "made for no URL": (claims_of(b"\0", sub=None), "status.list"),
    "without list": (claims_of(b"\0", status_list=None), "status.list"),
    "a list that is a text": (claims_of(b"\0", status_list="x"), "status.list"),
    "three bits": (claims_of(b"\0", 3), "status.list"),
    "no bits": (claims_of(b"\0", status_list={"lst": "eNpjAAAAAQAB"}), "status.list"),
    "true bits": (claims_of(b"\0", status_list={"bits": True, "lst": "eNpjAAAAAQAB"}), "status.list"),
    "bits with a fraction": (claims_of(b"\0", status_list={"bits": 1.0, "lst": "eNpjAAAAAQAB"}), "status.list"),
    "no lst": (claims_of(b"\0", status_list={"bits": 1}), "status.list"),
    "lst with padding": (claims_of(b"\0", status_list={"bits": 1, "lst": "eNpjAAAAAQAB="}), "status.list"),
    "lst that is no zlib": (claims_of(b"\0", status_list={"bits": 1, "lst": "AAAA"}), "status.list"),
    "lst that is gzip": (claims_of(b"\0", status_list={"bits": 1, "lst": bits.compress(b"\0")[1:]}), "status.list"),
    "lst cut off": (claims_of(b"\0", status_list={"bits": 1, "lst": "eNpjAAAA"}), "status.list"),
    "lst with bytes behind its end": (
        claims_of(b"\0", status_list={"bits": 1, "lst": encode_base64url(zlib.compress(b"\0") + b"x")}),
        "status.list",
    ),
    "a list that unpacks without end": (claims_of(bytes((1 << 22) + 1)), "status.list"),
    "a text that is too long": (claims_of(b"\0", status_list={"bits": 1, "lst": "A" * (1 << 24)}), "status.list"),
    "never issued": (claims_of(b"\0", iat=None), "status.list"),
    "issued at a text": (claims_of(b"\0", iat="now"), "status.list"),
    "an end that is true": (claims_of(b"\0", exp=True), "status.list"),
    "a lifetime of nothing": (claims_of(b"\0", ttl=0), "status.list"),
}


@pytest.mark.parametrize(("claims", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_list_is_refused(claims: dict[str, Any], code: str) -> None:
    assert code_of(TokenList.parse, claims, URL) == code


@pytest.mark.parametrize(("size", "entries"), [(1, 16), (2, 8), (4, 4), (8, 2)])
def test_an_entry_beyond_the_list_is_refused(size: int, entries: int) -> None:
    found = TokenList.parse(claims_of(b"\xff\xff", size), URL)
    assert found.entries == entries
    assert found.get(entries - 1) == (1 << size) - 1
    for index in (entries, -1, True, 10**30):
        assert code_of(found.get, index) == "status.index"


def test_the_largest_list_of_one_bit_is_read() -> None:
    found = TokenList.parse(claims_of(bytes((1 << 22) - 1) + b"\x80"), URL)
    assert found.get((1 << 25) - 1) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["bits", "lst"]), inner),
)


@given(st.dictionaries(st.sampled_from(["sub", "iat", "exp", "ttl", "status_list"]), JSON), st.binary(max_size=20))
def test_any_claims_are_read_or_refused_on_purpose(claims: dict[str, Any], packed: bytes) -> None:
    whole = {**claims_of(b"\0", status_list={"bits": 1, "lst": encode_base64url(packed)}), **claims}
    with suppress(JikinError):
        TokenList.parse(whole, URL).get(0)


@given(st.lists(st.tuples(st.integers(0, SMALLEST - 1), st.sampled_from(State)), max_size=20))
def test_any_array_comes_back(changes: list[tuple[int, State]]) -> None:
    array = StatusArray.all_valid(SMALLEST).with_states(dict(changes))
    found = TokenList.parse(token_list.list_claims(array, url=URL, issued_at=NOW), URL)
    for index, _ in changes:
        assert found.get(index) == VALUES[array.state(index)]


# --- the blocks of the draft ---

DRAFT = standards() / "vectors" / "token-status-list"
# What the draft says of its examples; of the long ones, every entry that is not 0 (appendix C of the draft).
SHORT = {
    "status_list_encoding": [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1],
    "status_list_encoding2": [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3],
}
LONG_INDEXES = (0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345)
LONG = {
    "status_list_encoding1_long": dict.fromkeys(LONG_INDEXES, 1),
    "status_list_encoding2_long": dict(zip(LONG_INDEXES, (1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3), strict=True)),
}


def draft_claims(name: str) -> dict[str, Any]:
    """Return the JSON block *name* of the draft, whose long texts are broken into lines."""
    text = (DRAFT / f"{name}_json.md").read_text()
    status = json.loads("{" + re.sub(r"\n\s*", "", text.split("{", 1)[1]))
    return {"sub": URL, "iat": NOW, "status_list": status}


def draft_cbor(name: str) -> dict[str, Any]:
    """Return the CBOR block *name* of the draft: the same list, its bytes as they are."""
    text = (DRAFT / f"{name}_cbor.md").read_text().rpartition("encoded:")[2]
    found: dict[str, Any] = dict(cbor2.loads(bytes.fromhex(text)))
    return found


@pytest.mark.parametrize(("name", "expected"), SHORT.items())
def test_the_short_lists_of_the_draft_are_read_as_it_says(name: str, expected: list[int]) -> None:
    found = TokenList.parse(draft_claims(name), URL)
    assert [found.get(index) for index in range(found.entries)] == expected
    diagnosed = (DRAFT / f"{name}_cbor_diag.md").read_text()
    packed = draft_cbor(name)["lst"]
    assert packed.hex() in diagnosed
    assert zlib.decompress(packed) == found.raw


@pytest.mark.parametrize(("name", "expected"), LONG.items())
def test_the_long_lists_of_the_draft_are_read_as_it_says(name: str, expected: dict[int, int]) -> None:
    found = TokenList.parse(draft_claims(name), URL)
    assert found.entries == 1 << 20
    assert {index: found.get(index) for index in expected} == expected
    assert sum(map(int.bit_count, found.raw)) == sum(map(int.bit_count, expected.values()))


EVERY = {
    "status_list_encoding": 1,
    "status_list_encoding1_long": 1,
    "status_list_encoding2": 2,
    "status_list_encoding2_long": 2,
    "status_list_encoding4": 4,
    "status_list_encoding8": 8,
}


@pytest.mark.parametrize(("name", "size"), EVERY.items())
def test_json_and_cbor_of_the_draft_are_one_list(name: str, size: int) -> None:
    claims, binary = draft_claims(name), draft_cbor(name)
    found = TokenList.parse(claims, URL)
    assert (binary["bits"], found.size) == (size, size)
    assert decode_base64url(claims["status_list"]["lst"]) == binary["lst"]


def test_the_lists_of_four_and_eight_bits_hold_every_value() -> None:
    four = TokenList.parse(draft_claims("status_list_encoding4"), URL)
    assert [four.get(index) for index in (0, 1993, 35460, 459495, 595669, 754353, 845645, 923232)] == [*range(1, 9)]
    assert sum(map(bool, four.raw)) >= 14
    eight = TokenList.parse(draft_claims("status_list_encoding8"), URL)
    assert set(eight.raw) == set(range(256))


def test_the_token_of_the_draft_is_read() -> None:
    token = "".join((DRAFT / "status_list_jwt_raw.md").read_text().split())
    payload = json.loads(decode_base64url(token.split(".")[1]))
    shown = (DRAFT / "status_list_jwt.md").read_text().split("\n.\n")[1]
    # the text in words leaves out who signed it
    assert payload == json.loads(shown) | {"iss": "https://example.com"}
    assert json.loads(decode_base64url(token.split(".")[0]))["typ"] == token_list.TYPE
    found = TokenList.parse(payload, "https://example.com/statuslists/1")
    assert (found.issued_at, found.expires, found.ttl_seconds) == (1_686_920_170, 2_291_720_170, 43_200)
    assert code_of(TokenList.parse, payload, "https://example.com/statuslists/2") == "status.list"


# --- the lists of walt.id and SpruceID ---

WALT = standards() / "vectors" / "status-list" / "walt-id"
SPRUCE = standards() / "vectors" / "status-list" / "spruceid"


def walt(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return payload of the list token and the credential of a file of walt.id."""
    document = json.loads((WALT / name).read_text())
    payload = json.loads(decode_base64url(document["status-credential"].split(".")[1]))
    return payload, document["holder-credential"]


@pytest.mark.parametrize(("name", "expected"), [("revoked", token_list.INVALID), ("unrevoked", token_list.VALID)])
def test_token_lists_of_walt_id_are_read_as_their_makers_say(name: str, expected: int) -> None:
    payload, credential = walt(f"tokenstatuslist/{name}.json")
    found = TokenList.parse(payload, payload["sub"])
    assert found.get(credential["status"]["status_list"]["idx"]) == expected


def test_a_token_list_with_a_multibase_header_is_refused_as_its_makers_say() -> None:
    payload, _ = walt("tokenstatuslist/wrong-list-encoding.json")
    with pytest.raises(StatusError, match="cannot be unpacked") as refused:
        TokenList.parse(payload, payload["sub"])
    assert refused.value.code == "status.list"


@pytest.mark.parametrize("name", ["revoked", "unrevoked"])
def test_lists_and_entries_of_2020_are_not_taken_for_today_s(name: str) -> None:
    payload, credential = walt(f"revocationlist2020/{name}.json")
    entry = credential["credentialStatus"]
    assert code_of(BitstringEntry.parse, entry) == "status.entry"
    today = BitstringEntry("revocation", int(entry["statusListIndex"]), "x")
    assert code_of(read_entry, payload["vc"], today) == "status.list"


@pytest.mark.parametrize("name", ["revocationList.json", "statusList.json"])
def test_older_lists_of_spruceid_are_unpacked_but_not_taken_for_today_s(name: str) -> None:
    document = json.loads((SPRUCE / name).read_text())
    data = bits.expand(document["credentialSubject"]["encodedList"], max_bytes=1 << 20)
    assert (len(data), sum(map(int.bit_count, data))) == (16_384, 1)
    for older in (False, True):  # the one of 2021 states no purpose
        entry = BitstringEntry("revocation", 1, "x", older=older)
        assert code_of(read_entry, document, entry) == "status.list"


@pytest.mark.parametrize(("index", "expected"), [(1, 0), (3, 1)])
def test_a_credential_of_spruceid_is_looked_up_in_its_list(index: int, expected: int) -> None:
    credential = json.loads((SPRUCE / f"status_list_revocable_{index}.jsonld").read_text())
    entry = BitstringEntry.parse(credential["credentialStatus"])
    assert entry.index == index
    assert read_entry(json.loads((SPRUCE / "local-status-list-credential.jsonld").read_text()), entry) == expected
