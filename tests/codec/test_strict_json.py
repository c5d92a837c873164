"""JSON is read in one way, or refused with a code."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import strict_json
from jikin.errors import JsonError
from tests.codes import code_of

REFUSED = {
    "a name stands twice": (b'{"a": 1, "a": 1}', "codec.json.duplicate-name"),
    "a name stands twice deep inside": (b'[{"b": {"a": 1, "\\u0061": 2}}]', "codec.json.duplicate-name"),
    "NaN": (b"[NaN]", "codec.json.number"),
    "minus infinity": (b"-Infinity", "codec.json.number"),
    "a number beyond a double": (b"[1e400]", "codec.json.number"),
    "half a surrogate pair in a value": (b'["\\ud800"]', "codec.json.text"),
    "half a surrogate pair in a name": (b'{"\\udfff": 1}', "codec.json.text"),
    "bytes that are not UTF-8": (b'["\xff"]', "codec.json.text"),
    "a byte order mark": (b"\xef\xbb\xbf[]", "codec.json"),
    "UTF-16": ('"a"'.encode("utf-16"), "codec.json.text"),
    "a comment": (b"[1] // one", "codec.json"),
    "a trailing comma": (b"[1,]", "codec.json"),
    "two values": (b"{} {}", "codec.json"),
    "nothing": (b"", "codec.json"),
    "an integer of five thousand digits": (b"9" * 5000, "codec.json"),
    "65 nested arrays": (b"[" * 65 + b"]" * 65, "codec.json.too-deep"),
    "a hundred thousand nested arrays": (b"[" * 100_000, "codec.json.too-deep"),
    "65 nested objects": (b'{"a":' * 65 + b"1" + b"}" * 65, "codec.json.too-deep"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_json_with_more_than_one_reading_or_none_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(JsonError) as refused:
        strict_json.parse(data)
    assert refused.value.code == code


def test_sixty_four_levels_are_read_and_the_limit_can_be_moved() -> None:
    assert strict_json.parse(b"[" * 64 + b"]" * 64) is not None
    with pytest.raises(JsonError, match="deeper than 3"):
        strict_json.parse("[[[[]]]]", max_depth=3)


def test_the_length_is_counted_in_bytes_for_texts_too() -> None:
    assert strict_json.parse('"직인"', max_bytes=8) == "직인"
    for data in ('"직인"', '"직인"'.encode()):
        with pytest.raises(JsonError) as refused:
            strict_json.parse(data, max_bytes=7)
        assert refused.value.code == "codec.json.too-long"


def test_whole_surrogate_pairs_and_korean_are_read_as_they_are() -> None:
    assert strict_json.parse(b'{"\\ud83d\\ude00": "\\ud55c"}') == {"😀": "한"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    assert strict_json.parse(json.dumps(value)) == value


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_arbitrary_input_is_a_value_or_an_error_of_ours(data: bytes | str) -> None:
    assert (code_of(strict_json.parse, data) or "codec.json").startswith("codec.json")


DEEP = {
    "arrays": b"[" * 200_000,
    "objects": b'{"a":' * 100_000,
    "behind a string with brackets": b'["]]]]", ' + b"[" * 200_000,
    "behind an escaped quote": b'["\\"", ' + b"[" * 200_000,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_nesting_is_refused_even_where_a_library_has_lifted_the_recursion_limit(text: bytes) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)  # what importing a chain library does
    try:
        with pytest.raises(JsonError) as refused:
            strict_json.parse(text)
    finally:
        sys.setrecursionlimit(before)
    assert refused.value.code == "codec.json.too-deep"


@pytest.mark.parametrize("text", [b'"' + b'\\"' * 400_000, b'"' * 500_001, b"[" * 70 + b'"' * 900_000])
def test_strings_that_never_end_are_refused_in_time_that_grows_with_their_length(text: bytes) -> None:
    with pytest.raises(JsonError):
        strict_json.parse(text)
