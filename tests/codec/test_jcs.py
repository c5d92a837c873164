"""Canonical JSON is RFC 8785's, byte for byte."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import jcs, strict_json
from jikin.errors import CanonicalizationError, JikinError
from tests.shared_standards import standards

VECTORS = standards() / "vectors" / "jcs"

# RFC 8785, appendix B: the bits of a double and its text.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555556": "333333333.3333334",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_published_vectors_come_out_byte_for_byte(name: str) -> None:
    value = strict_json.parse((VECTORS / "input" / f"{name}.json").read_bytes())
    canonical = jcs.canonicalize(value)
    assert canonical == bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text())
    published = (VECTORS / "output" / f"{name}.json").read_bytes()
    assert canonical == published
    assert jcs.canonicalize(strict_json.parse(published)) == published


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_appendix_says(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert jcs.canonicalize(number) == text.encode()


NOT_JSON = {
    "an integer that is another one in JavaScript": 2**53,
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "half a surrogate pair": "\ud800",
    "half a surrogate pair in a name": {"\ud800": 1},
    "a name that is a number": {1: 1},
    "bytes": b"",
    "a set": {1},
}


@pytest.mark.parametrize("value", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(CanonicalizationError) as refused:
        jcs.canonicalize(value)  # type: ignore[arg-type]  # the point of the test
    assert refused.value.code == "codec.jcs"


def test_endless_nesting_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(CanonicalizationError):
        jcs.canonicalize(value)  # type: ignore[arg-type]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_the_canonical_form_of_the_canonical_form_is_itself(value: object) -> None:
    try:
        canonical = jcs.canonicalize(value)  # type: ignore[arg-type]
    except JikinError:
        return
    # A double beyond 2^53 is written without a point; read as an integer it would be refused.
    assert jcs.canonicalize(json.loads(canonical, parse_int=float)) == canonical
