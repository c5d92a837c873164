"""Compressed bit strings are read within limits."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jikin.codec import bits, multibase
from jikin.errors import CodecError
from tests.codes import code_of


@given(st.binary(max_size=500))
def test_bits_come_back_and_are_written_in_one_way(data: bytes) -> None:
    text = bits.compress(data)
    assert text == bits.compress(data)
    assert text.startswith("uH4sI")
    assert bits.expand(text, max_bytes=500) == data


def test_a_list_without_multibase_header_is_read() -> None:
    assert bits.expand(bits.compress(bytes(16384))[1:], max_bytes=16384) == bytes(16384)


def test_exactly_the_limit_is_unpacked_and_not_a_byte_more() -> None:
    assert bits.expand(bits.compress(bytes(1000)), max_bytes=1000) == bytes(1000)
    with pytest.raises(CodecError) as refused:
        bits.expand(bits.compress(bytes(1001)), max_bytes=1000)
    assert refused.value.code == "codec.bits.too-long"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = bits.compress(bytes(64 << 20))
    assert len(bomb) < 100_000
    with pytest.raises(CodecError) as refused:
        bits.expand(bomb, max_bytes=1 << 17)
    assert refused.value.code == "codec.bits.too-long"


GOOD = gzip.compress(bytes(100), mtime=0)
BROKEN = {
    "cut off": GOOD[:-1],
    "cut off in the middle": GOOD[:15],
    "with a byte behind its end": GOOD + b"\0",
    "two streams": GOOD + GOOD,
    "a wrong checksum": GOOD[:-8] + bytes(4) + GOOD[-4:],
    "zlib instead of gzip": zlib.compress(bytes(100)),
    "empty": b"",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_stream_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError) as refused:
        bits.expand(multibase.encode(data, "u"), max_bytes=1000)
    assert refused.value.code == "codec.bits"


def test_a_text_far_longer_than_the_list_is_not_even_decoded() -> None:
    with pytest.raises(CodecError) as refused:
        bits.expand("u" + "A" * 10_000, max_bytes=100)
    assert refused.value.code == "codec.bits.too-long"


@given(st.text(max_size=100) | st.binary(max_size=80).map(lambda data: multibase.encode(GOOD[:10] + data, "u")))
def test_arbitrary_texts_are_bits_or_errors_of_ours(text: str) -> None:
    code = code_of(lambda: bits.expand(text, max_bytes=64))
    assert code is None or code.startswith("codec.bits")
    assert code is not None or len(bits.expand(text, max_bytes=64)) <= 64
