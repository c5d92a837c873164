"""Digests, DIDs, chains and instants refuse what they cannot be."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.errors import ValueRefusedError
from jikin.values import Address, ChainId, Did, DidUrl, Digest, KeyId, format_instant, keccak256, parse_instant, sha256

REFUSED: dict[str, Callable[[], object]] = {
    "a digest of 31 bytes": lambda: Digest(b"\x00" * 31),
    "a digest with blanks inside": lambda: Digest.from_hex("0x" + "00 " * 21 + "0"),
    "a digest of 63 digits": lambda: Digest.from_hex("0" * 63),
    "a DID without identifier": lambda: Did("did:web:"),
    "a DID with a fragment": lambda: Did("did:web:a.example#key"),
    "a DID with a blank": lambda: Did("did:web:a b"),
    "a DID with a line feed at its end": lambda: Did("did:web:a\n"),
    "a DID with letters outside ASCII": lambda: Did("did:web:기관"),
    "a DID of 3000 letters": lambda: Did("did:web:" + "a" * 3000),
    "a DID URL that is a URL": lambda: DidUrl("https://a.example#key"),
    "a chain of another family": lambda: ChainId.parse("bip122:000000000019d6689c085ae165831e93"),
    "chain zero": lambda: ChainId.parse("eip155:0"),
    "a short address": lambda: Address.parse("0x1234"),
    "a day that does not exist": lambda: parse_instant("2026-02-30T00:00:00Z"),
    "an instant without time zone": lambda: parse_instant("2026-02-28T00:00:00"),
    "a date alone": lambda: parse_instant("2026-02-28"),
    "an instant in small letters": lambda: parse_instant("2026-02-28t00:00:00z"),
    "a leap second": lambda: parse_instant("2016-12-31T23:59:60Z"),
    "a second after the day's last midnight": lambda: parse_instant("2026-02-28T24:00:01Z"),
    "the last midnight and a fraction": lambda: parse_instant("2026-02-28T24:00:00.5Z"),
    "a time zone beyond fourteen hours": lambda: parse_instant("2026-02-28T00:00:00+14:01"),
    "a time zone of ninety minutes": lambda: parse_instant("2026-02-28T00:00:00+01:60"),
    "a fraction without digits": lambda: parse_instant("2026-02-28T00:00:00.Z"),
    "an instant before the year 1": lambda: parse_instant("0001-01-01T00:00:00+00:01"),
    "an instant after the year 9999": lambda: parse_instant("9999-12-31T23:59:59-00:01"),
    "an instant in other digits": lambda: parse_instant("２026-02-28T00:00:00Z"),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_value_that_breaks_its_rule_is_refused_when_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueRefusedError):
        make()


def test_keccak_is_ethereums_and_sha256_is_the_standards() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert sha256(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_issuer_id_does_not_depend_on_the_case_of_a_web_host() -> None:
    assert Did("did:web:HRDK.Example").issuer_id == Did("did:web:hrdk.example").issuer_id
    assert Did("did:web:hrdk.example:A").issuer_id != Did("did:web:hrdk.example:a").issuer_id
    assert Did("did:web:hrdk.example").issuer_id.raw == keccak256(b"did:web:hrdk.example")


def test_a_did_url_knows_its_did_and_fragment() -> None:
    url = DidUrl("did:web:localhost%3A8101:hrdk#z6Mk")
    assert url.did == Did("did:web:localhost%3A8101:hrdk")
    assert url.did.method == "web"
    assert url.fragment == "z6Mk"


def test_a_key_id_is_the_digest_of_the_multikey_text() -> None:
    assert KeyId.of("z6Mk").raw == sha256(b"z6Mk")


@given(st.integers(-62135596800, 253402300799))
def test_an_instant_survives_being_written_and_read(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant


def test_instants_in_other_zones_and_with_fractions_are_the_same_second() -> None:
    assert parse_instant("2026-06-12T09:00:00.999+09:00") == parse_instant("2026-06-12T00:00:00Z")


def test_the_last_midnight_of_a_day_is_the_first_of_the_next() -> None:
    assert parse_instant("2026-02-28T24:00:00.000+09:00") == parse_instant("2026-03-01T00:00:00+09:00")


@pytest.mark.parametrize(("zone", "hours"), [("+14:00", -14), ("-14:00", 14), ("-13:30", 13.5), ("-00:00", 0)])
def test_a_time_zone_reaches_as_far_as_xml_schema_says(zone: str, hours: float) -> None:
    assert parse_instant(f"2026-06-12T09:00:00{zone}") == parse_instant("2026-06-12T09:00:00Z") + hours * 3600


@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([+-][0-9]{2}:[0-9]{2}|Z)"))
def test_what_looks_like_an_instant_is_one_that_can_be_written_or_is_refused(text: str) -> None:
    try:
        instant = parse_instant(text)
    except ValueRefusedError:
        return
    assert parse_instant(format_instant(instant)) == instant


@given(st.text(max_size=60))
def test_arbitrary_text_is_a_did_or_refused(text: str) -> None:
    for kind in (Did, DidUrl):
        try:
            made = kind(text)
        except ValueRefusedError:
            continue
        assert str(made) == text
