"""RLP, the encoding of Ethereum's blocks and tries: strict and bounded, for bytes that a stranger chose.

An item is a byte string or a list of items. Every item has exactly one encoding here: a length that could have been
written shorter, a single byte with a prefix, and anything behind the item are refused.
"""

from __future__ import annotations

from typing import TypeAlias

from jikin.errors import StateProofError

Item: TypeAlias = "bytes | list[Item]"

_MAX_DEPTH = 8  # trie nodes inside of nodes: each level takes a byte off the 31 that such a node may have
_SHORT = 55


def encode(item: Item) -> bytes:
    """Return the one encoding of *item*."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    body = b"".join(map(encode, item))
    return _prefix(len(body), 0xC0) + body


def number(value: int) -> bytes:
    """Return a number as RLP writes numbers: big-endian without leading zeros, 0 as the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def parse_number(item: Item, what: str, size: int = 32) -> int:
    """Return the number that *item* is, of at most *size* bytes; raises StateProofError naming *what* it is."""
    if not isinstance(item, bytes) or len(item) > size or item[:1] == b"\x00":
        raise _refuse(f"{what} is a number of at most {size} bytes without leading zeros")
    return int.from_bytes(item, "big")


def decode(data: bytes) -> Item:
    """Return the item that *data* is, all of it; raises StateProofError (``state-proof.rlp``) for any other bytes."""
    item, end = _item(data, 0, len(data), _MAX_DEPTH)
    if end != len(data):
        raise _refuse(f"{len(data) - end} bytes follow the item")
    return item


def decode_list(data: bytes) -> list[Item]:
    """Return the list that *data* is; raises StateProofError as ``decode``, also for a byte string."""
    item = decode(data)
    if isinstance(item, bytes):
        raise _refuse("a list was expected")
    return item


def _prefix(length: int, base: int) -> bytes:
    if length <= _SHORT:
        return bytes((base + length,))
    size = number(length)
    return bytes((base + _SHORT + len(size),)) + size


def _item(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """Return the item that begins at *at* and ends no later than *end*, with the place behind it."""
    if at >= end:
        raise _refuse("the data ends where an item was expected")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    is_list = first >= 0xC0
    start, length = _length(data, at, end, first - (0xC0 if is_list else 0x80))
    stop = start + length
    if stop > end:
        raise _refuse(f"an item of {length} bytes does not fit into {end - start}")
    if not is_list:
        if length == 1 and data[start] < 0x80:
            raise _refuse("a byte below 0x80 stands for itself")
        return data[start:stop], stop
    if depth == 0:
        raise _refuse(f"lists nest deeper than {_MAX_DEPTH}")
    found: list[Item] = []
    while start < stop:
        item, start = _item(data, start, stop, depth - 1)
        found.append(item)
    return found, stop


def _length(data: bytes, at: int, end: int, said: int) -> tuple[int, int]:
    """Return where the content begins and how long it is."""
    if said <= _SHORT:
        return at + 1, said
    start = at + 1 + said - _SHORT
    size = data[at + 1 : start]
    if start > end or size[:1] == b"\x00" or len(size) > 4:
        raise _refuse("the length of an item is cut, too long, or has a leading zero")
    length = int.from_bytes(size, "big")
    if length <= _SHORT:
        raise _refuse("a short item is written with a long length")
    return start, length


def _refuse(message: str) -> StateProofError:
    return StateProofError(f"not canonical RLP: {message}", code="state-proof.rlp")
