"""PNG pictures as a row of chunks: what is baked into them, and how a credential gets in without touching a pixel.

Open Badges 3.0 keeps the credential in an ``iTXt`` chunk with the keyword ``openbadgecredential``; 1.0 and 2.0 kept
the assertion, or its address, in ``iTXt`` or ``tEXt`` with ``openbadges``. Nothing is decoded here but these chunks.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from jikin.badges.baked import MAX_CONTENT_BYTES, Baked, Edition, single
from jikin.errors import DocumentError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 20_000  # a picture of 20 MiB in pieces of 8 KiB has 2,600
_KIND = re.compile(rb"[A-Za-z]{4}")
_HEAD, _TAIL = 8, 4  # length and kind before the data, CRC behind it
_KEYWORDS = {b"openbadgecredential": Edition.V3, b"openbadges": Edition.V2}


class Chunk(NamedTuple):
    """One chunk: its kind, where it begins and ends in the file, its data."""

    kind: bytes
    start: int
    end: int
    data: memoryview


def chunks(picture: bytes) -> Iterator[Chunk]:
    """Yield the chunks of *picture* from IHDR to IEND; what comes after is no part of it (PNG, 5.2 to 5.6).

    Raises DocumentError: ``document.png`` for what is cut off, out of order, or fails a chunk's checksum.
    """
    view, at, count = memoryview(picture), len(SIGNATURE), 0
    if not picture.startswith(SIGNATURE):
        raise _damaged("it does not begin as a PNG picture")
    while True:
        size = int.from_bytes(view[at : at + 4], "big")
        kind, end = bytes(view[at + 4 : at + 8]), at + _HEAD + size + _TAIL
        if end > len(view) or not _KIND.fullmatch(kind):
            raise _damaged("it ends in the middle, or a part of it is no chunk")
        data = view[at + _HEAD : end - _TAIL]
        if zlib.crc32(data, zlib.crc32(kind)) != int.from_bytes(view[end - _TAIL : end], "big"):
            raise _damaged(f"the checksum of its {kind.decode()} chunk is wrong")
        if (count == 0) != (kind == b"IHDR") or (kind == b"IHDR" and size != 13):
            raise _damaged("it has no single IHDR chunk in front")
        yield Chunk(kind, at, end, data)
        if kind == b"IEND":
            return
        at, count = end, count + 1
        if count > MAX_CHUNKS:
            raise _damaged(f"it has more than {MAX_CHUNKS} chunks")


def read(picture: bytes) -> Baked | None:
    """Return what is baked into *picture*, None for nothing; Open Badges 3.0 counts where both are there.

    Raises DocumentError: ``document.png``, ``document.ambiguous`` for two of one edition, ``document.too-large``.
    """
    return single([found for chunk in chunks(picture) if (found := _baked(chunk)) is not None])


def insert(picture: bytes, content: str, *, replace: bool = False) -> bytes:
    """Return *picture* with *content* as its Open Badges 3.0 credential; every other byte stays as it is.

    The chunk goes behind IHDR, so that the beginning of the file is enough to find it, and is not compressed (Open
    Badges 3.0, 5.3.1). Raises DocumentError: ``document.baked`` where one is there and *replace* is not said,
    ``document.trailing`` for bytes behind the picture, which nobody would see being handed on.
    """
    found = list(chunks(picture))
    if found[-1].end != len(picture):
        raise DocumentError(
            f"{len(picture) - found[-1].end} bytes lie behind the end of the picture",
            code="document.trailing",
            hint="Save the picture anew with a drawing program.",
        )
    old = [chunk for chunk in found if chunk.kind in (b"iTXt", b"tEXt", b"zTXt") and _keyword(chunk) in _KEYWORDS]
    if old and not replace:
        raise DocumentError("a badge is baked into this picture already", code="document.baked")
    left_out = {chunk.start for chunk in old}
    kept = [picture[chunk.start : chunk.end] for chunk in found if chunk.start not in left_out]
    data = b"openbadgecredential\0\0\0\0\0" + content.encode("utf-8")
    return b"".join((SIGNATURE, kept[0], _chunk(b"iTXt", data), *kept[1:]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(data, zlib.crc32(kind)).to_bytes(4, "big")


def _keyword(chunk: Chunk) -> bytes:
    return bytes(chunk.data[:80]).partition(b"\0")[0]


def _baked(chunk: Chunk) -> Baked | None:
    edition = _KEYWORDS.get(_keyword(chunk)) if chunk.kind in (b"iTXt", b"tEXt") else None
    if edition is None:
        return None
    _, _, rest = bytes(chunk.data).partition(b"\0")
    if chunk.kind == b"tEXt":
        # Latin-1 text can hold an address; a credential of ours in it would have lost its Korean.
        return None if edition is Edition.V3 else Baked(edition, _text(rest))
    flag, method = rest[:1], rest[1:2]
    parts = rest[2:].split(b"\0", 2)  # language, keyword in that language, text
    if flag not in (b"\0", b"\1") or method != b"\0" or len(parts) != 3:
        raise _damaged("its iTXt chunk breaks the format")
    return Baked(edition, _text(_inflate(parts[2]) if flag == b"\1" else parts[2]))


def _inflate(data: bytes) -> bytes:
    """Return the unpacked text, at most as much as a credential may have: a kilobyte can hold a gigabyte of zeros."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, MAX_CONTENT_BYTES + 1)
    except zlib.error as error:
        raise _damaged("its compressed text cannot be unpacked") from error
    if len(text) <= MAX_CONTENT_BYTES and (not unpacking.eof or unpacking.unused_data):
        raise _damaged("its compressed text is cut off, or followed by something else")
    return text


def _text(data: bytes) -> str:
    if len(data) > MAX_CONTENT_BYTES:
        raise DocumentError(
            f"a credential of more than {MAX_CONTENT_BYTES} bytes is not read", code="document.too-large"
        )
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise _damaged("the text baked into it is not UTF-8") from error


def _damaged(why: str) -> DocumentError:
    return DocumentError(f"the PNG picture cannot be read: {why}", code="document.png")
